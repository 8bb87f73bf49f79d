/* SPDX-License-Identifier: MIT */
/* YAML: a whole recipe, a single value, and the KEY=VALUE of --set. */
#include "fuzz.h"
#include "recipe/override.h"
#include "recipe/schema.h"

static void check(const struct node *n, unsigned depth)
{
	char buffer[64];

	assert(depth <= NODE_DEPTH_MAX && n->count <= NODE_LIST_MAX);
	assert(node_text(n, buffer));
	for (size_t i = 0; i < n->count; i++)
		check(n->item[i], depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(node_cleanup) struct node *recipe = NULL;
	CLEANUP(node_cleanup) struct node *value = NULL;
	CLEANUP(node_cleanup) struct node *override = NULL;
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err of_value = { 0 };
	CLEANUP(err_release) struct err of_override = { 0 };
	cleanup_free char *text = fuzz_string(data, size);
	cleanup_free char *place = override_place(text, NULL);

	if (node_parse("x.yaml", (const char *)data, size, &recipe, &err) == 0) {
		check(recipe, 0);
		(void)schema_check(recipe, &err);
	}
	if (node_parse_value("x.yaml", (const char *)data, size, &value, &of_value) == 0)
		check(value, 0);
	(void)override_parse(text, place, &override, &of_override);
	return 0;
}
