/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/err.h"
#include "lab/image.h"

/* Whether QEMU may serve the image's tftp/ over TFTP, as it does with --simple: it follows links
 * wherever they lead, with the rights of the user, and a client that can reach the network could
 * pass on what it gets. So there may be nothing but files, directories, and links that stay below
 * tftp/. ERR_USAGE names the first that is something else;
 * ERR_BUILD if that cannot be found out, as where openat2(2) is forbidden. */
int served_check(const struct image *i, struct err *err);
