/* SPDX-License-Identifier: MIT */
/* What .overlay files say: capabilities as bytes, names that templates know. */
#include "unit.h"

#include <fcntl.h>

#include "base/memory.h"
#include "recipe/recipe.h"
#include "tar/capability.h"
#include "rootfs/overlay-rules.h"
#include "recipe/recipe-view.h"
#include "recipe/template.h"

static void assert_capability(const char *text, const char *expected)
{
	unsigned char value[CAPABILITY_XATTR_SIZE];
	char hex[2 * CAPABILITY_XATTR_SIZE + 1];

	assert_true(capability_parse(text, value));
	for (size_t i = 0; i < sizeof(value); i++)
		snprintf(hex + 2 * i, 3, "%02x", value[i]);
	assert_string_equal(hex, expected);
}

/* What is written back is what getcap(8) prints, or nothing. */
static void assert_written(const unsigned char *value, const char *expected)
{
	CLEANUP(text_release) struct text text = { 0 };

	assert_int_equal(capability_to_text(value, CAPABILITY_XATTR_SIZE, &text), expected != NULL);
	if (expected)
		assert_string_equal(text.data, expected);
	else
		assert_int_equal(text.length, 0);
}

static void capabilities_are_written(void **state)
{
	unsigned char value[CAPABILITY_XATTR_SIZE];
	CLEANUP(text_release) struct text text = { 0 };

	(void)state;
	assert_true(capability_parse("cap_chown,cap_checkpoint_restore+ep", value));
	assert_written(value, "cap_chown,cap_checkpoint_restore=ep");
	assert_true(capability_parse("cap_net_raw=p", value));
	assert_written(value, "cap_net_raw=p");
	assert_false(capability_to_text(value, CAPABILITY_XATTR_SIZE - 1, &text));
	value[8] = 1; /* inheritable */
	assert_written(value, NULL);
	value[8] = 0;
	value[13] = 2; /* one that nobody knows */
	assert_written(value, NULL);
	value[13] = 0;
	value[3] = 3; /* of a user namespace */
	assert_written(value, NULL);
}

/* The expected values are what setcap(8) of libcap 2.66 stores. */
static void capabilities_are_encoded(void **state)
{
	unsigned char value[CAPABILITY_XATTR_SIZE];

	(void)state;
	assert_capability("cap_net_raw+ep", "0100000200200000000000000000000000000000");
	assert_capability("cap_net_raw=p", "0000000200200000000000000000000000000000");
	assert_capability("cap_chown,cap_checkpoint_restore+ep",
			  "0100000201000000000000000001000000000000");
	assert_false(capability_parse("cap_net_raw", value));
	assert_false(capability_parse("cap_net_raw+e", value));
	assert_false(capability_parse("cap_net_raw+eip", value));
	assert_false(capability_parse("cap_nonsense+ep", value));
	assert_false(capability_parse("cap_chown,,cap_kill+ep", value));
	assert_false(capability_parse("cap_chown,cap_chown+ep", value));
	assert_false(capability_parse("+ep", value));
	assert_false(capability_parse("", value));
}

/* The table that docs/recipe.md shows has a value for each of its names, and the right ones. */
/* Its key is the one that is read: a view that shows no other one gives the same value. */
static void check_key(struct recipe *r, const char *name, const char *value)
{
	CLEANUP(text_release) struct text seen = { 0 };
	CLEANUP(text_release) struct text again = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	struct recipe *view;

	strv_release(&r->template_keys);
	assert_int_equal(template_expand(r, "t", name, &again, &r->template_keys, &err), 0);
	assert_int_equal(r->template_keys.count, 1);
	assert_non_null(schema_find(r->template_keys.item[0]));
	view = recipe_view_new(r, READ_TREE);
	assert_int_equal(template_expand(view, "t", name, &seen, NULL, &err), 0);
	assert_string_equal(seen.data, value);
	recipe_view_free(view);
}

static void template_names_have_values(void **state)
{
	CLEANUP(recipe_release) struct recipe r = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text list = { 0 };
	CLEANUP(text_release) struct text out = { 0 };
	unsigned names = 0;

	(void)state;
	assert_int_equal(recipe_load("recipes/rescue64.yaml", &r, &err), 0);
	template_list(&list);
	for (const char *p = list.data; (p = strstr(p, "| `${"));) {
		CLEANUP(text_release) struct text value = { 0 };
		cleanup_free char *name = NULL;

		p += strlen("| `");
		name = xstrndup(p, strcspn(p, "`"));
		if (template_expand(&r, "t", name, &value, NULL, &err) < 0)
			fail_msg("%s", err.message);
		assert_null(strchr(value.data, '$'));
		check_key(&r, name, value.data);
		names++;
	}
	assert_true(names > 20);
	free(r.keymap);
	r.keymap = xstrdup("de(nodeadkeys)");
	assert_int_equal(template_expand(&r, "t",
					 "${recipe} ${init} ${nfs-access} ${keymap} "
					 "${keymap-layout} ${keymap-variant} $${x}",
					 &out, NULL, &err),
			 0);
	assert_string_equal(out.data, "rescue64 systemd ro de(nodeadkeys) de nodeadkeys ${x}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_are_encoded),
		cmocka_unit_test(capabilities_are_written),
		cmocka_unit_test(template_names_have_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
