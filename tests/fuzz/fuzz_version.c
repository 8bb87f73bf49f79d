/* SPDX-License-Identifier: MIT */
/* Versions and names of packages, and paths in the archive. Whatever two versions are, their order
 * is one. */
#include "deb/package.h"
#include "deb/version.h"
#include "fuzz.h"

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	const char *a = pieces.item[0].data, *b = pieces.item[1].data, *c = pieces.item[2].data;
	const int order = sign(version_compare(a, b));

	assert(version_compare(a, a) == 0);
	assert(order == -sign(version_compare(b, a)));
	if (order <= 0 && version_compare(b, c) <= 0)
		assert(version_compare(a, c) <= 0);
	(void)version_is_valid(a);
	(void)package_name_is_valid(a);
	(void)package_path_is_safe(a);
	return 0;
}
