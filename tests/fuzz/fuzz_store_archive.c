/* SPDX-License-Identifier: MIT */
/* An archive of `netrescue store export`. What it brings into the store has the digests of its lock. */
#include "archive/store-archive.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct store_archive_report report;
	cleanup_free char *path = fuzz_path("x.tar.zst");

	fuzz_file("x.tar.zst", data, size);
	(void)store_import(fuzz_store(), path, &report, &err);
	return 0;
}
