/* SPDX-License-Identifier: MIT */
/* The text of an InRelease, and a Release with its detached signature. */
#include "archive/release.h"
#include "archive/suite-release.h"
#include "fuzz.h"

static void judge(const struct release *release)
{
	static const struct release_clock clocks[] = { { 1787976000, false },
						       { 1787976000, true } };

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		CLEANUP(err_release) struct err date = { 0 };
		CLEANUP(err_release) struct err valid = { 0 };
		CLEANUP(err_release) struct err suite = { 0 };

		(void)release_check_date(release, "x", &clocks[i], 1787900000, &date);
		(void)release_check_valid(release, "x", &clocks[i], &valid);
		(void)release_check_suite(release, "x", "trixie", &suite);
	}
	for (size_t i = 0; i < release->file_count; i++)
		assert(release_find(release, release->file[i].path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	CLEANUP(release_release) struct release release = { 0 };
	CLEANUP(text_release) struct text joined = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err join = { 0 };

	/* Not a piece, which has a NUL behind it. */
	if (release_parse("x", (const char *)data, size, &release, &err) == 0)
		judge(&release);
	(void)suite_join("x", &pieces.item[0], &pieces.item[1], &joined, &join);
	return 0;
}
