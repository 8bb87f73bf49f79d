/* SPDX-License-Identifier: MIT */
/*
 * What the stages have left in struct rootfs beside the tree itself, as bytes, so that a build can
 * go on from a tree of the store: the file log and the ids that packages chose. The rest of struct
 * rootfs is found out again in every build (stage_inspect, stage_plan).
 *
 * The format is private: whoever keeps these bytes binds them to the code that wrote them.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "rootfs/rootfs.h"

void rootfs_state_write(const struct rootfs *rootfs, struct text *ret);
/* Replaces what is there. ERR_BUILD, and nothing is changed, if it is not whole. */
int rootfs_state_read(const struct text *state, struct rootfs *rootfs, struct err *err);
