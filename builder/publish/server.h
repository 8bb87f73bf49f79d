/* SPDX-License-Identifier: MIT */
/*
 * Snippets for a stock Debian server, filled from the recipe: ISC dhcpd, the kernel's NFS
 * server, tftpd-hpa, and a README that says how to install them and the image by hand. Each
 * function returns the text; the caller frees it.
 */
#pragma once

#include "base/err.h"
#include "recipe/recipe.h"

char *server_dhcpd(const struct recipe *recipe);   /* dhcpd.conf(5) */
char *server_exports(const struct recipe *recipe); /* exports(5) */
char *server_tftpd(const struct recipe *recipe);   /* /etc/default/tftpd-hpa */
char *server_readme(const struct recipe *recipe, const char *version);
