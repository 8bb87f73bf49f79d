/* SPDX-License-Identifier: MIT */
/*
 * A result that is about to be deployed. What deploy copies are the files whose sums
 * result_refuse_damaged() has seen, and the server compares what has arrived with these.
 */
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "publish/result-files.h"

struct deployable {
	char *path; /* what the user calls it */
	int dir_fd;
	struct result_files files;
	json_t *manifest;
	const char *recipe, *version; /* of the manifest, like the others */
	const char *nfs_path, *tftp_root, *tar_sha256;
	uint64_t tar_size;
	uint64_t members; /* of the root file system */
};
#define DEPLOYABLE_INIT                                                                            \
	{                                                                                          \
		.dir_fd = -1                                                                       \
	}

/* signed_by: whose signature SHA256SUMS must have (signature.h), or NULL. ERR_USAGE for what is no
 * result, ERR_TRUST for a damaged one. */
int deployable_open(const char *path, const char *signed_by, struct deployable *ret,
		    struct err *err);
void deployable_release(struct deployable *d);

/* Whether a file of the result is the kernel's or initramfs's of this version, or a loader. */
bool deployable_is_kernel(const struct deployable *d, const struct result_file *f);
bool deployable_is_loader(const struct deployable *d, const struct result_file *f);
