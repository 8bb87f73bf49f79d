/* SPDX-License-Identifier: MIT */
/* What an overlay puts into the tree: every file, link and directory with its mode and owner, after
 * the rules of `.overlay` (overlay-rules.h) were applied to it. overlay.c collects the entries, for
 * overlays_check() to see whether that works, for overlay_write_tar() to write them. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "rootfs/overlay.h"
#include "rootfs/overlay-rules.h"

#define OVERLAY_TEMPLATE_SIZE_MAX ((size_t)1024 * 1024) /* bytes */

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

/* Reads the overlay in dirfd; dir is its path, for messages. context NULL: owners are not looked
 * up. template_keys, unless it is NULL, gets the keys of the recipe that templates read. ERR_USAGE,
 * at the rule's line where there is one, for what an overlay may not have. */
int overlay_collect(const struct recipe *recipe, const char *dir, int dirfd,
		    const struct overlay_context *context, struct overlay_entries *ret,
		    struct strv *template_keys, struct err *err);
/* Writes the entries as a pax tar to out_fd (overlay.c). dirfd: where the files without content
 * are; dir: its path, for messages. */
int overlay_write_entries(const struct overlay_entries *entries, const char *dir, int dirfd,
			  int64_t epoch, int out_fd, struct err *err);
/* Whether the image can have no file, or no directory, at the path, which has no slash before it;
 * *ret_why goes on "'PATH' ", *ret_hint is the way out. */
bool overlay_refuses(const char *path, bool is_directory, const char **ret_why,
		     const char **ret_hint);
void overlay_entries_release(struct overlay_entries *e);
