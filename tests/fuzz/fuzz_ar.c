/* SPDX-License-Identifier: MIT */
/* The head of a .deb, which a range request fetches before anything is known of the file. */
#include "deb/ar.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(err_release) struct err err = { 0 };
	int64_t time = 0;

	if (size >= AR_HEAD && ar_time("x", (const char *)data, size, &time, &err) == 0)
		assert(time >= 0);
	return 0;
}
