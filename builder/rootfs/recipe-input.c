/* SPDX-License-Identifier: MIT */
#include "rootfs/recipe-input.h"

#include <fcntl.h>

#include "base/io.h"

#define SIZE_MOST ((size_t)16 << 20)

int recipe_input_read(const struct recipe_file *file, struct text *ret, struct err *err)
{
	char digest[DIGEST_HEX];
	int r = read_file(AT_FDCWD, file->path, SIZE_MOST, ret, err);

	if (r < 0)
		return r;
	digest_bytes(ret->data, ret->length, digest);
	if (!streq(digest, file->digest))
		return err_set(err, ERR_TRUST, "changed while the image was being built");
	return 0;
}
