/* SPDX-License-Identifier: MIT */
/* A recipe, with a --set and a --site laid over it. One that is taken has one canonical text, whose
 * digest is the lock's. */
#include "base/digest.h"
#include "fuzz.h"
#include "recipe/recipe.h"

static void look(const struct recipe *recipe)
{
	CLEANUP(text_release) struct text canonical = { 0 };
	CLEANUP(strv_release) struct strv inputs = { 0 };
	char digest[DIGEST_HEX];

	recipe_canonical(recipe, &canonical);
	recipe_inputs(recipe, &inputs);
	digest_bytes(canonical.data, canonical.length, digest);
	assert(streq(digest, recipe->digest));
	assert(recipe->name && recipe->suite && recipe->architecture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	CLEANUP(recipe_release) struct recipe recipe = { 0 };
	CLEANUP(strv_release) struct strv set = { 0 };
	CLEANUP(strv_release) struct strv site = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = fuzz_path("x.yaml");
	cleanup_free char *site_path = fuzz_path("site.yaml");
	const struct recipe_source source = { .path = path, .site = &site, .set = &set };

	fuzz_file("x.yaml", pieces.item[0].data, pieces.item[0].length);
	fuzz_file("site.yaml", pieces.item[1].data, pieces.item[1].length);
	if (pieces.count > 1)
		strv_add(&site, site_path);
	if (pieces.count > 2)
		strv_add(&set, pieces.item[2].data);
	if (recipe_load_source(&source, &recipe, &err) == 0)
		look(&recipe);
	return 0;
}
