/* SPDX-License-Identifier: MIT */
/* An overlay: its rules, a template in it, and the accounts of the tree that its owners are looked
 * up in. */
#include <unistd.h>

#include "fuzz.h"
#include "recipe/template.h"
#include "rootfs/account.h"
#include "rootfs/overlay.h"
#include "rootfs/overlay-rules.h"

static void write_tar(const struct fuzz_pieces *pieces)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = fuzz_path("overlay");
	cleanup_fd int out = fuzz_fd(NULL, 0);
	const struct overlay_context context = {
		.passwd = pieces->item[2].data,
		.group = pieces->item[3].data,
		.epoch = 1787976000,
	};

	(void)overlay_write_tar(fuzz_recipe(), &(struct recipe_name){ .value = path }, &context,
				out, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	CLEANUP(strv_release) struct strv names = { 0 };
	CLEANUP(text_release) struct text expanded = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	uint32_t number;

	fuzz_file("overlay/" OVERLAY_RULES, pieces.item[0].data, pieces.item[0].length);
	fuzz_file("overlay/etc/a", pieces.item[1].data, pieces.item[1].length);
	write_tar(&pieces);
	(void)template_expand(fuzz_recipe(), "a", pieces.item[1].data, &expanded, NULL, &err);
	account_names(pieces.item[2].data, &names);
	for (size_t i = 0; i < names.count; i++)
		(void)account_number(pieces.item[2].data, names.item[i], &number);
	cleanup_free char *name = account_name(pieces.item[2].data, 1000);
	assert(!name || strv_has(&names, name));
	return 0;
}
