/* SPDX-License-Identifier: MIT */
/*
 * What stage_pack() puts into a result: the packed tree, kernels and initrds. A build whose tree is
 * that of an earlier one takes them from the store (command/stage-cache.h).
 */
#pragma once

#include "publish/result.h"

/* Their paths in the result, always in the same order: RESULT_ROOTFS first. After
 * result_set_kernels(). */
void packed_paths(const struct result *res, struct strv *ret);
/* Puts such a file into the result, from where fd stands to its end. */
int packed_put(struct result *res, const char *path, int fd, struct err *err);
/* Where its files come from, out of what pack had read of the tree (result.look). rootfs: with the
 * file log of the build that packed it. */
int packed_origins(struct result *res, const struct rootfs *rootfs, const struct text *look,
		   struct err *err);
