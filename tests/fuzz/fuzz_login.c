/* SPDX-License-Identifier: MIT */
/* A file of apt_auth.conf(5), and URLs that a password is looked up for. */
#include "archive/login.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	CLEANUP(logins_release) struct logins logins = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = fuzz_path("auth.conf");

	fuzz_file("auth.conf", pieces.item[0].data, pieces.item[0].length);
	(void)logins_read(&logins, path, NULL, &err);
	(void)logins_find(&logins, pieces.item[1].data);
	(void)logins_find(&logins, "https://mirror.example/debian");
	cleanup_free char *hint = logins_hint(&logins, pieces.item[1].data, true);
	assert(hint);
	return 0;
}
