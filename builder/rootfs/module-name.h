/* SPDX-License-Identifier: MIT */
/* The names of kernel modules. The kernel takes `-` and `_` for the same, and the files have
 * either; here they all have `_`. */
#pragma once

#include "base/text.h"

/* The name of a module as a recipe writes it, "nfs-layout parameter=1" as "nfs_layout": a line of
 * /etc/initramfs-tools/modules may have parameters behind it. Caller frees. */
char *module_name(const char *written);
/* Appends the module of a file, ".../nfsv3.ko.xz" as "nfsv3"; nothing if it is no module. */
void module_name_add(struct strv *v, const char *path);
