/* SPDX-License-Identifier: MIT */
/* URLs of recipes, sources, redirects and the command line. No password survives url_public(). */
#include "archive/url.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	const char *url = pieces.item[0].data;
	CLEANUP(url_release) struct url parts = url_split(url);
	cleanup_free char *origin = url_origin(url);
	cleanup_free char *public = url_public(url);

	assert(parts.scheme && parts.host && parts.port && parts.path && origin && public);
	(void)url_is_below(url, pieces.item[1].data);
	return 0;
}
