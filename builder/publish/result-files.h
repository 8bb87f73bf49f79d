/* SPDX-License-Identifier: MIT */
/*
 * Puts files into the result that is being filled, and lists those that are in one. Paths are
 * relative to the result; missing directories are made. Modes and times do not matter here:
 * result_commit() sets every file to 0644 and every directory to 0755, without what the umask
 * forbids, and every time stamp to SOURCE_DATE_EPOCH.
 */
#pragma once

#include <jansson.h>

#include "base/text.h"
#include "publish/result.h"

/* A new file, open for writing. */
int result_create(struct result *res, const char *path, int *ret_fd, struct err *err);
/* A new file with this content. */
int result_write(struct result *res, const char *path, const void *data, size_t size,
		 struct err *err);
/* The same of a JSON value, indented by two spaces a level. */
int result_write_json(struct result *res, const char *path, const json_t *value, struct err *err);
int result_symlink(struct result *res, const char *target, const char *path, struct err *err);

/* What is in the result, sorted by path: regular files and symbolic links. */
struct result_file {
	char *path;
	char *link; /* target of a symbolic link; NULL: a regular file */
	uint64_t size;
	char sha256[DIGEST_HEX]; /* of a regular file */
};
struct result_files {
	struct result_file *item;
	size_t count;
	size_t allocated;
};
/* Reads and hashes all of it but provenance.json and signatures. */
int result_files_read(int dir_fd, struct result_files *ret, struct err *err);
void result_files_release(struct result_files *f);
