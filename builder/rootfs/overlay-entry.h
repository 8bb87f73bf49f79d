/* SPDX-License-Identifier: MIT */
/* What an overlay puts into the tree, checked and decided, before it is written as a tar stream. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "rootfs/overlay.h"
#include "rootfs/overlay-rules.h"

#define OVERLAY_TEMPLATE_SIZE_MAX ((size_t)1024 * 1024)

struct overlay_entry {
	char *path;
	mode_t type; /* S_IFREG, S_IFDIR, S_IFLNK */
	unsigned mode;
	uint32_t uid, gid;
	char *target;  /* of a link */
	char *content; /* of a template, expanded; NULL: the file's own bytes */
	size_t size;
	bool has_capability;
	unsigned char capability[CAPABILITY_XATTR_SIZE];
};

struct overlay_entries {
	struct overlay_entry *item; /* sorted by path */
	size_t count;
	size_t allocated;
};

/* context NULL: owners by name are not looked up. */
int overlay_collect(const struct recipe *recipe, const char *dir, int dirfd,
		    const struct overlay_context *context, struct overlay_entries *ret,
		    struct err *err);
void overlay_entries_release(struct overlay_entries *e);
