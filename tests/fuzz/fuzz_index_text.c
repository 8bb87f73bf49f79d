/* SPDX-License-Identifier: MIT */
/* A compressed Packages file. */
#include <sys/stat.h>
#include <unistd.h>

#include "archive/index.h"
#include "base/io.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int text = -1;
	cleanup_free char *title = xstrdup("x");
	struct index_file file = { .title = title };
	struct stat st;

	assert(store_put_begin(fuzz_store(), &put, &err) == 0);
	assert(write_all(put.fd, data, size) == 0);
	assert(store_put_commit(&put, NULL, file.sha256, &err) == 0);
	if (index_open_text(fuzz_store(), &file, &text, &err) == 0)
		assert(fstat(text, &st) == 0 && (size_t)st.st_size <= INDEX_TEXT_MAX);
	cleanup_free char *path = store_blob_path(fuzz_store(), file.sha256);
	assert(unlink(path) == 0);
	return 0;
}
