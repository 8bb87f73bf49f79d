/* SPDX-License-Identifier: MIT */
#include "rootfs/recipe-input.h"

#include "base/io.h"
#include "recipe/reach.h"

#define FILE_SIZE_MAX ((size_t)16 << 20)

int recipe_input_read(const struct recipe *recipe, const struct recipe_file *file, struct text *ret,
		      struct err *err)
{
	char digest[DIGEST_HEX];
	cleanup_fd int fd = -1;
	int r = reach_open(recipe->reach, &file->at, REACH_FILE, "file", file->path, &fd, err);

	if (r < 0)
		return r;
	r = read_fd(fd, file->path, FILE_SIZE_MAX, ret, err);

	if (r < 0)
		return r;
	digest_bytes(ret->data, ret->length, digest);
	if (!streq(digest, file->digest))
		return err_set(err, ERR_TRUST, "changed while the image was being built");
	return 0;
}
