/* SPDX-License-Identifier: MIT */
/* Who made the files of a result's tree that no package brought: what sbom.cdx.json says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct file_maker {
	char *path;	/* without a slash in front */
	char *text;	/* "by overlay 'base'", "named by a script of bind9", … */
	bool dark;	/* neither a package nor a stage of the build accounts for the file */
	bool initramfs; /* made of others' files, by the stage of that name */
};

struct file_makers {
	struct file_maker *item; /* sorted by path */
	size_t count;
	size_t allocated;
};

/* Reads the bill of materials of the result in that directory; if it has none that can be read,
 * nothing is known of any file. */
void file_makers_read(int dir_fd, struct file_makers *ret);
/* NULL: a package's file as the package brought it, or nothing is known. */
const struct file_maker *file_makers_find(const struct file_makers *makers, const char *path);
void file_makers_release(struct file_makers *makers);
