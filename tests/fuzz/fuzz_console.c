/* SPDX-License-Identifier: MIT */
/* A machine's serial line, and an error message that quotes it at a terminal. */
#include <stdio.h>

#include "base/err-report.h"
#include "fuzz.h"
#include "lab/console.h"

static void look(const struct console *c)
{
	const char *found = console_find(c, 0, "a");

	assert(console_end(c, 3));
	while (found) {
		cleanup_free char *line = console_line(c, found);

		assert(line);
		found = console_find(c, (size_t)(found - c->text.data) + 1, "a");
	}
}

/* No byte of it may move a terminal's cursor. */
static void print(const char *path, const char *said)
{
	CLEANUP(err_release) struct err err = { 0 };
	char *printed = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&printed, &length);

	assert(to);
	(void)err_at(&err, ERR_BOOT, path, 1, 2, "it said: %s", said);
	err_print(&err, to);
	assert(fclose(to) == 0);
	for (size_t i = 0; i < length; i++)
		assert((unsigned char)printed[i] >= 0x20 || printed[i] == '\n');
	free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(console_release) struct console console = { .fd = -1 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = fuzz_path("console");
	cleanup_free char *said = fuzz_string(data, size);

	fuzz_file("console", data, size);
	console_init(&console, path);
	if (console_poll(&console, &err) == 0)
		look(&console);
	print(path, said);
	return 0;
}
