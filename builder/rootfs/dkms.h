/* SPDX-License-Identifier: MIT */
/*
 * Kernel modules that packages bring as source, /usr/src/NAME-VERSION/dkms.conf, and that their
 * scripts have built by dkms(8) in the tree. Those scripts succeed as well when nothing was built:
 * without the kernel's headers, or where a module says that it is not for this kernel. So the
 * outcome is looked at: dkms keeps what it has built in /var/lib/dkms/NAME/VERSION/KERNEL/ARCH.
 */
#pragma once

#include "base/err.h"
#include "rootfs/rootfs.h"

/* After everything is configured: each source has a module for the recipe's own kernel. If not, it
 * is an error that shows why, with the end of dkms' make.log where there is one, at the place of
 * the package in the recipe. Only a module that excludes this kernel (BUILD_EXCLUSIVE_… in its
 * dkms.conf) is no more than a warning if nobody has asked for its package by name. So is a
 * module that is missing for another kernel of the image.
 *
 * Then depmod runs again, because dkms may have built modules after it has run, or in the script of
 * a kernel, where it is held back. Nothing happens in an image without dkms or without a kernel. */
int dkms_check(struct rootfs *rootfs, struct err *err);

/* Adds to the error of a dpkg that failed what dkms' make.log says, if there is one. Returns the
 * error's negative value. */
int dkms_explain(struct rootfs *rootfs, struct err *err);
