/* SPDX-License-Identifier: MIT */
/*
 * Two archives of two results that are compared member by member, as tars or, if the first piece
 * begins with an i, as initrds.
 */
#include <unistd.h>

#include "diff/diff-file.h"
#include "fuzz.h"
#include "tar/members.h"
#include "verify/difference-parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	CLEANUP(variations_release) struct variations variations = { 0 };
	CLEANUP(differences_release) struct differences differences = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text report = { 0 };
	struct comparison comparison = { &variations, &differences };
	const struct text *a = &pieces.item[1], *b = &pieces.item[2];
	cleanup_fd int one = fuzz_fd((const uint8_t *)a->data, a->length);
	cleanup_fd int two = fuzz_fd((const uint8_t *)b->data, b->length);
	const int fd[2] = { one, two };

	(void)archive_diff(&comparison, "x", "", fd, starts_with(pieces.item[0].data, "i"), &err);
	differences_text(&differences, &report);
	return 0;
}
