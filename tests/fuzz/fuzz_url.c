/* SPDX-License-Identifier: MIT */
/* URLs of recipes, sources, redirects and the command line. No password survives url_public(). */
#include <curl/curl.h>

#include "archive/url.h"
#include "fuzz.h"

/* A server that decodes a path has what was meant, and nothing of it means more in a URL. */
static void encode(const char *path)
{
	cleanup_free char *encoded = url_encode(path);
	char *decoded = curl_easy_unescape(NULL, encoded, 0, NULL);

	assert(decoded && strcmp(decoded, path) == 0);
	assert(!strpbrk(encoded, "?#\\ \n"));
	curl_free(decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	const char *url = pieces.item[0].data;
	CLEANUP(url_release) struct url parts = url_split(url);
	cleanup_free char *origin = url_origin(url);
	cleanup_free char *public = url_public(url);
	cleanup_free char *file = url_file(url);

	assert(parts.scheme && parts.host && parts.port && parts.path && origin && public);
	assert(!file || streq(parts.scheme, "file"));
	encode(url);
	(void)url_is_below(url, pieces.item[1].data);
	return 0;
}
