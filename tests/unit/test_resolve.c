/* SPDX-License-Identifier: MIT */
/*
 * tests/cases/solve: small pools, a recipe, and the package set or the words that come out.
 *
 * `=== file SUITE` holds the stanzas of a Packages file; what a stanza leaves out has a default
 * (Version 1, Architecture all, Priority optional). `=== file i386` is trixie's for that
 * architecture, which its stanzas have if they say none. SUITE is trixie, trixie-updates,
 * trixie-security, vendor (somebody else's repository), trixie-backports or experimental (with the
 * priorities of such releases), or non-free-firmware for that component of trixie. Every pool has
 * apt, debconf and zstd, which the answer shows only if the case has stanzas of its own for them.
 * `=== recipe` is the recipe but for name, suite and what else a recipe must have; its kernel is
 * none unless it says so.
 *
 * `=== file pins` holds what a recipe cannot say: NAME=VERSION or NAME/SUITE, a line each.
 *
 * `=== packages`: a line each, "NAME[:i386] VERSION [SUITE] [automatic] [base] [essential] [boot]",
 * SUITE only if it is not trixie; then "left out: NAME?" of each optional one. `=== error`: what is
 * printed.
 */
#include "case.h"

#include "deb/deb822.h"
#include "solve/pins.h"
#include "solve/resolve.h"

static const struct {
	const char *name, *repository;
	int pin_priority;
	const char *archive, *origin, *label; /* of its Release; the Codename is its name */
} suites[] = {
	{ "trixie", "", PIN_PRIORITY_DEFAULT, "stable", "Debian", "Debian" },
	{ "trixie-updates", "", PIN_PRIORITY_DEFAULT, "stable-updates", "Debian", "Debian" },
	{ "trixie-security", "security", PIN_PRIORITY_DEFAULT, "stable-security", "Debian",
	  "Debian-Security" },
	{ "vendor", "http://vendor.example/debian", PIN_PRIORITY_DEFAULT, "tools", "Vendor",
	  "Tools" },
	{ "trixie-backports", "http://backports.example/debian", PIN_PRIORITY_UPGRADES,
	  "stable-backports", "Debian Backports", "Debian Backports" },
	{ "non-free-firmware", "", PIN_PRIORITY_DEFAULT, "stable", "Debian", "Debian" },
	{ "experimental", "http://experimental.example/debian", PIN_PRIORITY_NOT_AUTOMATIC,
	  "rc-buggy", "Debian", "Debian" },
	{ "i386", "", PIN_PRIORITY_DEFAULT, "stable", "Debian", "Debian" },
};
static const char *const implied[] = { "apt", "debconf", "zstd" };

static void add_default(const struct deb822_stanza *stanza, const char *name, const char *value,
			struct text *out)
{
	if (!deb822_find(stanza, name))
		text_printf(out, "%s: %s\n", name, value);
}

static void complete(const struct deb822_stanza *stanza, const char *architecture, struct text *out)
{
	cleanup_free char *path = NULL;
	char digest[DIGEST_HEX];

	for (size_t i = 0; i < stanza->count; i++)
		text_printf(out, "%s: %s\n", stanza->field[i].name, stanza->field[i].value);
	path = xasprintf("pool/%s_%s.deb", deb822_get(stanza, "Package"), architecture);
	digest_bytes(path, strlen(path), digest);
	add_default(stanza, "Version", "1", out);
	add_default(stanza, "Architecture", architecture, out);
	add_default(stanza, "Priority", "optional", out);
	add_default(stanza, "Filename", path, out);
	add_default(stanza, "Size", "1000", out);
	add_default(stanza, "SHA256", digest, out);
	text_add(out, "\n");
}

/* The suite's stanzas completed; `seen` gets their names. */
static void complete_suite(const char *suite, struct strv *seen, struct text *out)
{
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	struct deb822 reader = { .name = suite, .class = ERR_BUILD };

	text_add(out, "");
	if (faccessat(scratch_fd, suite, F_OK, 0) < 0)
		return;
	assert_int_equal(read_file(scratch_fd, suite, 1024 * 1024, &text, &err), 0);
	reader.data = text.data;
	reader.size = text.length;
	while (deb822_next(&reader, &stanza, &err) > 0) {
		complete(&stanza, streq(suite, "i386") ? suite : "all", out);
		strv_add(seen, deb822_get(&stanza, "Package"));
	}
	assert_int_equal(err.class, ERR_NONE);
}

static int load(struct solver_pool *pool, size_t i, struct text *text, struct err *err)
{
	const char *suite = suites[i].name;
	const bool i386 = streq(suite, "i386"), firmware = streq(suite, "non-free-firmware");
	const struct solver_source source = {
		.suite = i386 || firmware ? "trixie" : suite,
		.component = firmware ? suite : "main",
		.repository = suites[i].repository,
		.architecture = i386 ? suite : NULL,
		.about = { [PIN_ARCHIVE] = suites[i].archive,
			   [PIN_CODENAME] = i386 || firmware ? "trixie" : suite,
			   [PIN_FROM] = suites[i].origin,
			   [PIN_LABEL] = suites[i].label,
			   [PIN_COMPONENT] = firmware ? suite : "main" },
		.pin_priority = suites[i].pin_priority,
		.pocket = strchr(suite, '-') != NULL,
	};
	FILE *f = fmemopen(text->data, text->length, "r");
	int r;

	assert_non_null(f);
	r = solver_pool_add_text(pool, &source, f, suite, err);
	fclose(f);
	return r;
}

static int load_all(struct solver_pool *pool, struct strv *seen, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(suites) && r == 0; i++) {
		CLEANUP(text_release) struct text text = { 0 };

		complete_suite(suites[i].name, seen, &text);
		for (size_t k = 0; i == 0 && k < ARRAY_SIZE(implied); k++) {
			CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
			cleanup_free char *line = xasprintf("Package: %s\n", implied[k]);
			struct deb822 reader = { .name = "implied",
						 .data = line,
						 .size = strlen(line) };

			if (strv_has(seen, implied[k]))
				continue;
			assert_int_equal(deb822_next(&reader, &stanza, err), 1);
			complete(&stanza, "all", &text);
		}
		if (text.length > 0)
			r = load(pool, i, &text, err);
	}
	solver_pool_index(pool);
	return r;
}

static void print_packages(const struct packages *p, const struct strv *seen, struct text *out)
{
	text_add(out, "");
	for (size_t i = 0; i < p->count; i++) {
		const struct package *item = &p->item[i];

		if (!strv_has(seen, item->name))
			continue;
		text_printf(out, "%s%s %s%s%s%s%s%s%s\n", item->name,
			    streq(item->architecture, "i386") ? ":i386" : "", item->version,
			    streq(item->suite, "trixie") ? "" : " ",
			    streq(item->suite, "trixie") ? "" : item->suite,
			    item->automatic ? " automatic" : "", item->base ? " base" : "",
			    item->essential ? " essential" : "",
			    item->role == ROLE_BOOT ? " boot" : "");
	}
}

/* The recipe keeps its line numbers: what every recipe must have comes after it. */
static void complete_recipe(void)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text text = { 0 };

	assert_int_equal(read_file(scratch_fd, "recipe", 65536, &text, &err), 0);
	text_add(&text, "name: x\nsuite: trixie\nautologin: {terminals: [tty1]}\n");
	if (!strstr(text.data, "kernel:"))
		text_add(&text, "kernel: none\n");
	if (!strstr(text.data, "priorities:"))
		text_add(&text, "priorities: []\n");
	if (!strstr(text.data, "boot-packages:"))
		text_add(&text, "boot-packages: []\n");
	scratch_file("recipe.yaml", text.data);
}

static void add_pins(struct recipe *recipe)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(strv_release) struct strv words = { 0 };
	struct recipe_list *list = &recipe->packages;

	if (faccessat(scratch_fd, "pins", F_OK, 0) < 0)
		return;
	assert_int_equal(read_file(scratch_fd, "pins", 65536, &text, &err), 0);
	strv_split(&words, text.data, "\n");
	for (unsigned i = 0; i < words.count; i++) {
		GROW(list->item, list->count, list->allocated);
		list->item[list->count++] = (struct recipe_name){
			.value = xstrdup(words.item[i]),
			.at = { .file = "pins", .line = i + 1 },
		};
	}
}

static int answer(struct packages *packages, struct strv *seen, struct err *err)
{
	CLEANUP(recipe_release) struct recipe recipe = { 0 };
	CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };
	cleanup_free char *path = xasprintf("%s/recipe.yaml", scratch_path);
	int r;

	complete_recipe();
	if (recipe_load(path, &recipe, err) < 0)
		fail_msg("%s", case_printed(err));
	add_pins(&recipe);
	solver_pool_new(&pool, "amd64");
	solver_pool_set_foreign(&pool, &recipe.foreign_architectures);
	r = load_all(&pool, seen, err);
	if (r == 0)
		pins_apply(&pool, &recipe);
	return r < 0 ? r : resolve_pool(&pool, &recipe, packages, err);
}

static int answer_again(struct err *err)
{
	CLEANUP(packages_release) struct packages packages = { 0 };
	CLEANUP(strv_release) struct strv seen = { 0 };

	return answer(&packages, &seen, err);
}

static void run_case(void **state)
{
	const char *path_of_case = *state;
	CLEANUP(case_release) struct test_case c = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(packages_release) struct packages packages = { 0 };
	CLEANUP(strv_release) struct strv seen = { 0 };
	CLEANUP(text_release) struct text got = { 0 };
	int r;

	case_read(path_of_case, &c);
	r = answer(&packages, &seen, &err);
	if (streq(c.kind, "error")) {
		cleanup_free char *printed = case_printed(&err);

		assert_string_equal(printed, c.expected);
		assert_true(r < 0);
		case_check_hint(&c, answer_again);
		return;
	}
	assert_string_equal(c.kind, "packages");
	if (r < 0)
		fail_msg("%s", case_printed(&err));
	print_packages(&packages, &seen, &got);
	for (size_t i = 0; i < packages.left_out.count; i++)
		text_printf(&got, "left out: %s\n", packages.left_out.item[i]);
	assert_string_equal(got.data, c.expected);
}

int main(void)
{
	return case_run_all("solver cases", "tests/cases/solve/*.case", 35, run_case);
}
