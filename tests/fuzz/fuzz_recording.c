/* SPDX-License-Identifier: MIT */
/* A recording out of the store, whose paths a package's script has chosen: none of them leads out of the tree, and what
 * was taken is written again as it was. */
#include <string.h>

#include "fuzz.h"
#include "sandbox/recording.h"

static void check_path(const char *path)
{
	assert(*path && *path != '/');
	assert(!streq(path, "..") && !starts_with(path, "../") && !ends_with(path, "/.."));
	assert(!strstr(path, "/../") && !strstr(path, "//"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(recording_release) struct recording r = { 0 };
	CLEANUP(text_release) struct text again = { 0 };

	if (recording_parse((const char *)data, size, &r, &err) < 0) {
		assert(err.class == ERR_BUILD && r.count == 0);
		return 0;
	}
	for (size_t i = 0; i < r.count; i++) {
		check_path(r.item[i].path);
		assert(i == 0 || strcmp(r.item[i - 1].path, r.item[i].path) < 0);
		assert(r.item[i].look >= LOOK_WAY && r.item[i].look <= LOOK_CONTENT);
	}
	for (size_t i = 0; i < r.removed.count; i++)
		check_path(r.removed.item[i]);
	recording_format(&r, &again);
	assert(again.length == size && memcmp(again.data, data, size) == 0);
	return 0;
}
