/* SPDX-License-Identifier: MIT */
/* What cases cannot show: what the digest depends on, limits, the recipes we ship, the
 * documentation. */
#include "case.h"

#include "recipe/recipe.h"
#include "recipe/schema.h"
#include "rootfs/overlay.h"
#include "base/err-report.h"

#define HEAD "name: x\nsuite: trixie\nautologin: {terminals: [tty1]}\n"

static void load(const char *path, struct recipe *r)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (recipe_load(path, r, &err) < 0)
		fail_msg("%s", case_printed(&err));
}

/* Digest of a recipe in the scratch directory. */
static void digest_of(const char *path, char ret[DIGEST_HEX])
{
	CLEANUP(recipe_release) struct recipe r = { 0 };
	cleanup_free char *full = xasprintf("%s/%s", scratch_path, path);

	load(full, &r);
	memcpy(ret, r.digest, DIGEST_HEX);
}

static void assert_same(const char *a, const char *b)
{
	char x[DIGEST_HEX], y[DIGEST_HEX];

	digest_of(a, x);
	digest_of(b, y);
	assert_string_equal(x, y);
}

static void assert_different(const char *a, const char *b)
{
	char x[DIGEST_HEX], y[DIGEST_HEX];

	digest_of(a, x);
	digest_of(b, y);
	assert_string_not_equal(x, y);
}

static void make_dir(const char *path)
{
	assert_int_equal(mkdirat(scratch_fd, path, 0755), 0);
}

static void chmod_file(const char *path, mode_t mode)
{
	assert_int_equal(fchmodat(scratch_fd, path, mode, 0), 0);
}

/* A recipe with an overlay and a script in directory DIR, made in an order of its own. */
static void make_checkout(const char *dir, bool backwards)
{
	static const char *const files[] = { "tree/b", "tree/a", "tree/c.d/z", "tree/c.d/y" };
	cleanup_free char *tree = xasprintf("%s/tree", dir);
	cleanup_free char *sub = xasprintf("%s/tree/c.d", dir);
	cleanup_free char *link = xasprintf("%s/tree/link", dir);
	cleanup_free char *script = xasprintf("%s/s.sh", dir);
	cleanup_free char *recipe = xasprintf("%s/recipe.yaml", dir);

	make_dir(dir);
	make_dir(tree);
	make_dir(sub);
	for (size_t i = 0; i < 4; i++) {
		const char *name = files[backwards ? 3 - i : i];
		cleanup_free char *path = xasprintf("%s/%s", dir, name);

		scratch_file(path, name);
	}
	assert_int_equal(symlinkat("../a", scratch_fd, link), 0);
	scratch_file(script, "#!/bin/sh\n");
	scratch_file(recipe, HEAD "overlays: [tree]\nscripts: [s.sh]\n");
}

static void digest_ignores_the_checkout(void **state)
{
	struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	(void)state;
	make_checkout("one", false);
	make_dir("deeper");
	make_checkout("deeper/two", true);
	assert_same("one/recipe.yaml", "deeper/two/recipe.yaml");

	/* another umask, another time */
	chmod_file("deeper/two/tree/a", 0600);
	chmod_file("deeper/two/tree/c.d", 0700);
	chmod_file("deeper/two/s.sh", 0755);
	assert_int_equal(utimensat(scratch_fd, "deeper/two/tree/b", old, 0), 0);
	assert_same("one/recipe.yaml", "deeper/two/recipe.yaml");

	/* group and others may execute, the owner not: git does not record it */
	chmod_file("deeper/two/tree/a", 0655);
	assert_same("one/recipe.yaml", "deeper/two/recipe.yaml");
}

static void digest_ignores_the_working_directory(void **state)
{
	CLEANUP(recipe_release) struct recipe r = { 0 };
	cleanup_fd int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char before[DIGEST_HEX];

	(void)state;
	make_checkout("one", false);
	digest_of("one/recipe.yaml", before);
	assert_int_equal(fchdir(scratch_fd), 0);
	load("one/recipe.yaml", &r);
	assert_int_equal(fchdir(here), 0);
	assert_string_equal(r.digest, before);
}

static void digest_ignores_comments_names_and_mirrors(void **state)
{
	(void)state;
	scratch_file("a.yaml", HEAD "packages: [vim, less]\n");
	scratch_file("b.yaml", "# other words\n" HEAD "packages:\n  - 'vim'\n  - less # pager\n"
			       "mirrors: [http://a.example]\nkeymap: us\n");
	scratch_file("base.yaml",
		     HEAD "packages: [vim]\nmirrors: [http://mirror.example/debian]\n");
	scratch_file("c.yaml", "extends: base.yaml\npackages: [less]\n");
	assert_same("a.yaml", "b.yaml");
	assert_same("a.yaml", "c.yaml");
}

static void digest_sees_content(void **state)
{
	char before[DIGEST_HEX], after[DIGEST_HEX];

	(void)state;
	make_checkout("one", false);
	digest_of("one/recipe.yaml", before);

	chmod_file("one/tree/a", 0755);
	digest_of("one/recipe.yaml", after);
	assert_string_not_equal(before, after);
	chmod_file("one/tree/a", 0644);

	assert_int_equal(unlinkat(scratch_fd, "one/tree/link", 0), 0);
	assert_int_equal(symlinkat("../b", scratch_fd, "one/tree/link"), 0);
	digest_of("one/recipe.yaml", after);
	assert_string_not_equal(before, after);
	assert_int_equal(unlinkat(scratch_fd, "one/tree/link", 0), 0);
	assert_int_equal(symlinkat("../a", scratch_fd, "one/tree/link"), 0);
	digest_of("one/recipe.yaml", after);
	assert_string_equal(before, after);

	scratch_file("one/tree/.overlay", "mode 0600 a\n");
	digest_of("one/recipe.yaml", after);
	assert_string_not_equal(before, after);
	assert_int_equal(unlinkat(scratch_fd, "one/tree/.overlay", 0), 0);

	scratch_file("one/s.sh", "#!/bin/bash\n");
	digest_of("one/recipe.yaml", after);
	assert_string_not_equal(before, after);
}

/* A file `ab` with content `c` must not look like a file `a` with content `bc`. */
static void digest_keeps_names_and_content_apart(void **state)
{
	(void)state;
	make_dir("t1");
	make_dir("t2");
	make_dir("t3");
	scratch_file("t1/ab", "c");
	scratch_file("t2/a", "bc");
	make_dir("t3/ab");
	scratch_file("1.yaml", HEAD "overlays: [t1]\n");
	scratch_file("2.yaml", HEAD "overlays: [t2]\n");
	scratch_file("3.yaml", HEAD "overlays: [t3]\n");
	assert_different("1.yaml", "2.yaml");
	assert_different("1.yaml", "3.yaml");
}

static void digest_sees_order(void **state)
{
	(void)state;
	make_dir("t1");
	make_dir("t2");
	scratch_file("t1/a", "1");
	scratch_file("t2/a", "2");
	scratch_file("1.yaml", HEAD "overlays: [t1, t2]\n");
	scratch_file("2.yaml", HEAD "overlays: [t2, t1]\n");
	assert_different("1.yaml", "2.yaml");
	scratch_file("3.yaml", HEAD "title: \"a b\"\n");
	scratch_file("4.yaml", HEAD "title: \"a  b\"\n");
	assert_different("3.yaml", "4.yaml");
}

static void expect_refused(const char *path, const char *message)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(recipe_release) struct recipe r = { 0 };
	cleanup_free char *full = xasprintf("%s/%s", scratch_path, path);

	assert_true(recipe_load(full, &r, &err) < 0);
	assert_int_equal(err_exit_code(&err), 2);
	assert_non_null(strstr(err.message, message));
}

static void sizes_have_limits(void **state)
{
	CLEANUP(text_release) struct text big = { 0 };

	(void)state;
	while (big.length <= 1024 * 1024)
		text_add(&big, "# a line of sixty-four bytes, of which a recipe has not so many\n");
	text_add(&big, HEAD);
	scratch_file("big.yaml", big.data);
	expect_refused("big.yaml", "larger than 1 MiB");

	text_release(&big);
	text_add(&big, HEAD "packages:\n");
	for (unsigned i = 0; i < 4097; i++)
		text_printf(&big, "- p%u\n", i);
	scratch_file("long.yaml", big.data);
	expect_refused("long.yaml", "more than 4096 items");

	text_release(&big);
	text_add(&big, HEAD "title: ");
	while (big.length < 70000)
		text_add(&big, "abcdefghi ");
	scratch_file("wide.yaml", big.data);
	expect_refused("wide.yaml", "this text is longer than 64 KiB");

	assert_int_equal(mkfifoat(scratch_fd, "fifo.yaml", 0600), 0);
	expect_refused("fifo.yaml", "not a regular file");
	expect_refused("absent.yaml", "No such file");
}

/* Two recipes that append to one list reach its limit together. */
static void merged_lists_have_limits(void **state)
{
	CLEANUP(text_release) struct text base = { 0 };
	CLEANUP(text_release) struct text over = { 0 };

	(void)state;
	text_add(&base, HEAD "packages:\n");
	text_add(&over, "extends: base.yaml\npackages:\n");
	for (unsigned i = 0; i < 3000; i++) {
		text_printf(&base, "- a%u\n", i);
		text_printf(&over, "- b%u\n", i);
	}
	scratch_file("base.yaml", base.data);
	scratch_file("recipe.yaml", over.data);
	expect_refused("recipe.yaml", "more than 4096 items");
}

/* Every prefix of a good recipe is either a recipe or an error; none is a crash. */
static void cut_recipes_are_errors(void **state)
{
	CLEANUP(text_release) struct text all = { 0 };
	CLEANUP(err_release) struct err none = { 0 };

	(void)state;
	assert_int_equal(read_file(AT_FDCWD, "recipes/minimal.yaml", 65536, &all, &none), 0);
	for (size_t length = 0; length < all.length; length += 7) {
		CLEANUP(err_release) struct err err = { 0 };
		CLEANUP(recipe_release) struct recipe r = { 0 };
		cleanup_free char *path = xasprintf("%s/cut.yaml", scratch_path);
		cleanup_free char *cut = xstrndup(all.data, length);

		scratch_file("cut.yaml", cut);
		if (recipe_load(path, &r, &err) < 0)
			assert_int_equal(err_exit_code(&err), 2);
	}
}

static void items_know_their_place(void **state)
{
	CLEANUP(recipe_release) struct recipe r = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = xasprintf("%s/recipe.yaml", scratch_path);
	cleanup_free char *base = xasprintf("%s/base.yaml", scratch_path);

	(void)state;
	scratch_file("base.yaml", HEAD "packages: [vim]\n");
	scratch_file("recipe.yaml", "extends: base.yaml\npackages:\n  - less\n");
	load(path, &r);
	assert_int_equal(r.packages.count, 2);
	assert_string_equal(r.packages.item[0].value, "vim");
	assert_string_equal(r.packages.item[0].at.file, base);
	assert_int_equal(r.packages.item[0].at.line, 4);
	assert_int_equal(r.packages.item[0].at.column, 12);
	assert_string_equal(r.packages.item[1].at.file, path);
	assert_int_equal(r.packages.item[1].at.line, 3);
	assert_int_equal(r.priorities.item[0].at.line, 0);
	assert_int_equal(r.files.count, 2);
	position_error(&r.packages.item[1].at, &err, "no package '%s'", "less");
	cleanup_free char *printed = case_printed(&err);
	assert_string_equal(printed, "recipe.yaml:3:5: error: no package 'less'\n"
				     "    3 |   - less\n"
				     "      |     ^\n");
}

static void defaults_are_filled(void **state)
{
	CLEANUP(recipe_release) struct recipe r = { 0 };
	cleanup_free char *path = xasprintf("%s/recipe.yaml", scratch_path);

	(void)state;
	scratch_file("recipe.yaml", HEAD "server: {address: 192.168.1.7}\n"
					 "mirrors: ['http://mirror.example/debian//']\n");
	load(path, &r);
	assert_string_equal(r.title, "x");
	assert_string_equal(r.hostname, "x");
	assert_string_equal(r.kernel, "linux-image-amd64");
	assert_string_equal(r.nfs.path, "/srv/pxe/x");
	assert_string_equal(r.server.router, "192.168.1.7");
	assert_string_equal(r.server.range_first, "192.168.1.200");
	assert_string_equal(r.server.range_last, "192.168.1.220");
	assert_string_equal(r.root.password, "locked");
	assert_string_equal(r.default_locale, "C.UTF-8");
	assert_string_equal(r.mirrors.item[0].value, "http://mirror.example/debian");
	assert_null(r.apt_sources);
	assert_int_equal(r.menu.entry_count, 1);
	assert_int_equal(r.menu.entry[0].kind, MENU_RESCUE);
	assert_int_equal(r.menu.timeout, 300);
	assert_int_equal(r.compression_level, 3);
	assert_true(digest_is_valid(r.digest));
}

/* The recipes we ship load, and so do the overlays they name. */
static void shipped_recipe(void **state)
{
	CLEANUP(recipe_release) struct recipe r = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	const char *path = *state;

	load(path, &r);
	cleanup_free char *named = xasprintf("recipes/%s.yaml", r.name);
	assert_string_equal(named, path);
	if (overlays_check(&r, &err) < 0)
		fail_msg("%s", case_printed(&err));
}

static char *written(int (*write)(FILE *))
{
	char *data = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&data, &size);

	assert_non_null(to);
	assert_int_equal(write(to), 0);
	assert_int_equal(fclose(to), 0);
	return data;
}

static void documentation_is_current(void **state)
{
	CLEANUP(text_release) struct text page = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *markdown = written(schema_write_markdown);

	(void)state;
	assert_int_equal(read_file(AT_FDCWD, "docs/recipe.md", 1024 * 1024, &page, &err), 0);
	assert_string_equal(page.data, markdown);
}

/* The example is a recipe as it is, and one whose keys are all right when every '#' is taken
 * away. */
static void example_is_a_recipe(void **state)
{
	CLEANUP(recipe_release) struct recipe r = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text active = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };
	CLEANUP(node_cleanup) struct node *root = NULL;
	cleanup_free char *example = written(schema_write_example);
	cleanup_free char *path = xasprintf("%s/recipe.yaml", scratch_path);

	(void)state;
	scratch_file("recipe.yaml", example);
	load(path, &r);
	strv_split(&lines, example, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.item[i];
		const bool prose = starts_with(line, "# ");

		text_printf(&active, "%s\n",
			    *line == '#' && (!prose || line[2] == ' ') ? line + 1 : line);
	}
	assert_int_equal(node_parse("all", active.data, active.length, &root, &err), 0);
	for (size_t i = 0; i < schema_count; i++) {
		const struct schema_key *k = &schema[i];
		cleanup_free char *parent = xstrdup(k->path);
		char *dot = strrchr(parent, '.');

		if (dot)
			*dot = '\0';
		if (dot && schema_find(parent)->type == SCHEMA_ENTRIES) {
			const struct node *list = node_find(root, parent);

			assert_non_null(list);
			assert_non_null(node_get(list->item[0], schema_leaf(k)));
		} else if (!node_find(root, k->path)) {
			fail_msg("the example has no '%s'", k->path);
		}
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
#define SHIPPED(path)                                                                              \
	{                                                                                          \
		path, shipped_recipe, scratch_setup, scratch_teardown, (void *)(uintptr_t)(path)   \
	}
	const struct CMUnitTest tests[] = {
		TEST(digest_ignores_the_checkout),
		TEST(digest_ignores_the_working_directory),
		TEST(digest_ignores_comments_names_and_mirrors),
		TEST(digest_sees_content),
		TEST(digest_keeps_names_and_content_apart),
		TEST(digest_sees_order),
		TEST(sizes_have_limits),
		TEST(merged_lists_have_limits),
		TEST(cut_recipes_are_errors),
		TEST(items_know_their_place),
		TEST(defaults_are_filled),
		SHIPPED("recipes/rescue64.yaml"),
		SHIPPED("recipes/rescue64-sysvinit.yaml"),
		SHIPPED("recipes/rescue64-bookworm.yaml"),
		SHIPPED("recipes/minimal.yaml"),
		TEST(documentation_is_current),
		TEST(example_is_a_recipe),
	};

	return cmocka_run_group_tests_name("recipe", tests, NULL, NULL);
}
