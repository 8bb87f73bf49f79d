/* SPDX-License-Identifier: MIT */
/* A lock. One that is taken is what would be written, byte for byte. */
#include "archive/lock-format.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text_release) struct text text = fuzz_text(data, size);
	CLEANUP(lock_release) struct lock lock = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	if (lock_parse("x.lock", &text, &lock, &err) < 0)
		return 0;
	cleanup_free char *again = lock_text(&lock);
	cleanup_free char *version = lock_version(&lock);

	assert(strlen(again) == size && memcmp(again, data, size) == 0);
	assert(version);
	return 0;
}
