/* SPDX-License-Identifier: MIT */
/* Which files a recipe may name, and that no change of them meanwhile leads out. */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"
#include "recipe/reach.h"
#include "recipe/recipe.h"

#define OUTSIDE "file '%s' lies outside of the folders that the recipe may read"

static char *in_scratch(const char *path)
{
	return xasprintf("%s/%s", scratch_path, path);
}

static void make_file(const char *path, const char *content)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *folder = xstrdup(path);

	*strrchr(folder, '/') = '\0';
	assert_int_equal(make_dirs(scratch_fd, folder, 0755, &err), 0);
	scratch_file(path, content);
}

/* project/recipes/x.yaml with overlays beside it, and somebody's home around the project. */
static void make_home(void)
{
	make_file("home/project/recipes/x.yaml", "");
	make_file("home/project/recipes/sub/own", "own");
	make_file("home/project/overlays/one/motd", "motd");
	make_file("home/project/secrets/key", "secret");
	make_file("home/key", "secret");
	make_file("allowed/deep/key", "allowed");
}

/* The content of what is opened for a recipe, or the error; *hint, if not NULL, is what it says to
 * do. The caller frees both. */
static char *look_by_path(const char *recipe, const struct strv *allow, const char *opened,
			  char **hint)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(reach_cleanup) struct reach *r = NULL;
	CLEANUP(text_release) struct text content = { 0 };
	const struct position at = { .file = recipe, .line = 1 };
	cleanup_fd int fd = -1;

	assert_int_equal(reach_new(recipe, allow, &r, &err), 0);
	if (reach_open(r, &at, REACH_FILE, "file", opened, &fd, &err) < 0) {
		assert_int_equal(err.class, ERR_USAGE);
		if (hint)
			*hint = take_ptr(err.hint);
		return take_ptr(err.message);
	}
	assert_int_equal(read_fd(fd, opened, 100, &content, &err), 0);
	return text_take(&content);
}

/* The same for a recipe of the scratch directory, and a path as it stands in that. */
static char *look(const char *recipe, const struct strv *allow, const char *named)
{
	cleanup_free char *path = in_scratch(recipe);
	cleanup_free char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path + 1));
	cleanup_free char *opened =
		*named == '/' ? xstrdup(named) : xasprintf("%s%s", folder, named);

	return look_by_path(path, allow, opened, NULL);
}

static void assert_seen(const char *named, const struct strv *allow, const char *expected)
{
	cleanup_free char *seen = look("home/project/recipes/x.yaml", allow, named);

	assert_string_equal(seen, expected);
}

static void assert_outside(const char *named, const struct strv *allow)
{
	cleanup_free char *path =
		*named == '/' ? xstrdup(named)
			      : xasprintf("%s/home/project/recipes/%s", scratch_path, named);
	cleanup_free char *expected = xasprintf(OUTSIDE, path);

	assert_seen(named, allow, expected);
}

static void its_own_folder_and_overlays_beside_it(void **state)
{
	cleanup_free char *absolute = in_scratch("home/project/recipes/sub/own");

	(void)state;
	make_home();
	assert_seen("sub/own", NULL, "own");
	assert_seen(absolute, NULL, "own");
	assert_seen("sub/../sub/./own", NULL, "own");
	assert_seen("../recipes/sub/own", NULL, "own");
	assert_seen("../overlays/one/motd", NULL, "motd");
	assert_outside("../secrets/key", NULL);
	assert_outside("../../key", NULL);
	assert_outside("/etc/passwd", NULL);
	assert_outside("../../../../../../../../../../etc/passwd", NULL);
}

/* Whether something is there is no business of the recipe's either. */
static void no_error_tells_what_exists(void **state)
{
	(void)state;
	make_home();
	assert_outside("../secrets/key/x", NULL);
	assert_outside("../missing", NULL);
	assert_outside("../missing/../recipes/sub/own", NULL);
	assert_outside("../secrets/../recipes/sub/own", NULL);
	assert_outside("/etc/missing", NULL);
	assert_outside("/etc/passwd/x", NULL);
}

static void a_folder_called_otherwise_has_none_beside_it(void **state)
{
	cleanup_free char *seen = NULL;

	(void)state;
	make_file("site/x.yaml", "");
	make_file("overlays/motd", "motd");
	seen = look("site/x.yaml", NULL, "../overlays/motd");
	assert_non_null(strstr(seen, "lies outside of the folders"));
}

static void overlays_that_are_a_link_are_not_beside_it(void **state)
{
	(void)state;
	make_file("home/project/recipes/x.yaml", "");
	make_file("home/key", "secret");
	assert_int_equal(symlinkat("..", scratch_fd, "home/project/overlays"), 0);
	assert_outside("../overlays/key", NULL);
}

static void what_the_user_allows(void **state)
{
	cleanup_free char *folder = in_scratch("allowed/");
	cleanup_free char *linked = in_scratch("linked");
	cleanup_free char *file = in_scratch("home/project/secrets/key");
	cleanup_free char *deep = in_scratch("allowed/deep/key");
	cleanup_free char *by_link = in_scratch("linked/deep/key");
	CLEANUP(strv_release) struct strv allow = { 0 };

	(void)state;
	make_home();
	make_file("home/project/secrets/other", "secret");
	assert_int_equal(symlinkat("allowed", scratch_fd, "linked"), 0);
	assert_outside(deep, NULL);
	strv_add(&allow, folder);
	assert_seen(deep, &allow, "allowed");
	assert_seen("../../../allowed/deep/key", &allow, "allowed");
	assert_outside(by_link, &allow);
	strv_add(&allow, linked);
	assert_seen(by_link, &allow, "allowed");
	strv_add(&allow, file);
	assert_seen(file, &allow, "secret");
	assert_seen("../secrets/key", &allow, "secret");
	assert_outside("../secrets/other", &allow);
}

static void a_folder_above_may_be_allowed(void **state)
{
	CLEANUP(strv_release) struct strv allow = { 0 };

	(void)state;
	make_home();
	strv_add(&allow, "/");
	assert_seen("../secrets/key", &allow, "secret");
	assert_seen("../../key", &allow, "secret");
}

static void links_count_by_what_they_lead_to(void **state)
{
	cleanup_free char *absolute = in_scratch("home/project/recipes/sub");
	cleanup_free char *allowed = in_scratch("allowed");
	CLEANUP(strv_release) struct strv allow = { 0 };

	(void)state;
	make_home();
	strv_add(&allow, allowed);
	assert_int_equal(symlinkat(absolute, scratch_fd, "home/project/recipes/a"), 0);
	assert_int_equal(symlinkat("../../secrets", scratch_fd, "home/project/recipes/sub/b"), 0);
	assert_int_equal(symlinkat(allowed, scratch_fd, "home/project/recipes/sub/c"), 0);
	assert_int_equal(symlinkat("loop", scratch_fd, "home/project/recipes/loop"), 0);
	assert_int_equal(symlinkat("/proc/self/root", scratch_fd, "home/project/recipes/root"), 0);
	assert_seen("a/own", NULL, "own");
	assert_seen("a/../sub/own", NULL, "own");
	cleanup_free char *out = look("home/project/recipes/x.yaml", NULL, "a/b/key");
	assert_non_null(strstr(out, "'b' is a link to '../../secrets'"));
	cleanup_free char *root = look("home/project/recipes/x.yaml", NULL, "root/etc/passwd");
	assert_non_null(strstr(root, "'root' is a link to '/proc/self/root'"));
	assert_seen("sub/c/deep/key", &allow, "allowed");
	cleanup_free char *loop = look("home/project/recipes/x.yaml", NULL, "loop");
	assert_non_null(strstr(loop, "Too many levels of symbolic links"));
}

/* site/x.yaml; ext/one/motd, to which links lead in two ways. */
static void make_linked(void)
{
	make_file("site/x.yaml", "");
	make_file("ext/one/motd", "motd");
	make_file("ext/key", "secret");
	make_file("far/away/motd", "motd");
	assert_int_equal(symlinkat("ext", scratch_fd, "near"), 0);
	assert_int_equal(symlinkat("far/away/back", scratch_fd, "round"), 0);
	assert_int_equal(symlinkat("../../ext", scratch_fd, "far/away/back"), 0);
}

/* Whether site/x.yaml reads what it names if the user allows that. */
static bool sees(const char *allowed, const char *named)
{
	CLEANUP(strv_release) struct strv allow = { 0 };
	cleanup_free char *seen = NULL;

	if (allowed)
		strv_add_take(&allow, in_scratch(allowed));
	seen = look("site/x.yaml", &allow, named);
	return streq(seen, "motd");
}

/* What the user names goes by the links on the user's way; the recipe may go there, too. */
static void links_that_the_user_has_named(void **state)
{
	(void)state;
	make_linked();
	assert_false(sees(NULL, "../near/one/motd"));
	assert_true(sees("near", "../near/one/motd"));
	assert_true(sees("near/", "../near/one/motd"));
	assert_true(sees("near/one", "../near/one/motd"));
	assert_true(sees("near/one/motd", "../near/one/motd"));
	assert_true(sees("site/../near", "../near/one/motd"));
	assert_true(sees("near", "../ext/one/motd"));
	assert_true(sees("round", "../round/one/motd"));
	assert_true(sees("round", "../far/away/back/one/motd"));
}

/* The others of the place are none of the recipe's business, wherever they lead. */
static void links_that_the_user_has_not_named(void **state)
{
	(void)state;
	make_linked();
	assert_int_equal(symlinkat("near", scratch_fd, "other"), 0);
	assert_false(sees("ext", "../near/one/motd"));
	assert_false(sees("near", "../other/one/motd"));
	assert_false(sees("near", "../far/away/back/one/motd"));
	assert_false(sees("round", "../far/away/motd"));
}

static void a_named_link_leads_no_further_than_what_is_allowed(void **state)
{
	CLEANUP(strv_release) struct strv allow = { 0 };
	cleanup_free char *seen = NULL;

	(void)state;
	make_linked();
	strv_add_take(&allow, in_scratch("near/one"));
	seen = look("site/x.yaml", &allow, "../near/key");
	assert_non_null(strstr(seen, "site/../near/key' lies outside of the folders"));
	free(seen);
	seen = look("site/x.yaml", &allow, "../near/missing");
	assert_non_null(strstr(seen, "lies outside of the folders"));
}

/* Whether the recipe reads own by its absolute path, in a directory that the shell calls so. */
static bool sees_its_own(const char *shell_says, const char *recipe, const struct strv *allow)
{
	cleanup_free char *directory = in_scratch("home/me/x");
	cleanup_free char *says = in_scratch(shell_says);
	cleanup_free char *own = in_scratch("home/me/x/own");
	cleanup_free char *before = get_current_dir_name();
	cleanup_free char *seen = NULL;

	assert_int_equal(chdir(directory), 0);
	assert_int_equal(setenv("PWD", says, 1), 0);
	seen = look_by_path(recipe, allow, own, NULL);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(setenv("PWD", before, 1), 0);
	return streq(seen, "own");
}

/* A home directory that is reached through a link, as /home -> /data/home. */
static void the_name_of_the_working_directory_has_links(void **state)
{
	cleanup_free char *elsewhere = in_scratch("other/x.yaml");
	CLEANUP(strv_release) struct strv allow = { 0 };

	(void)state;
	make_file("data/me/x/x.yaml", "");
	make_file("data/me/x/own", "own");
	make_file("other/x.yaml", "");
	assert_int_equal(symlinkat("data", scratch_fd, "home"), 0);
	assert_true(sees_its_own("home/me/x", "x.yaml", NULL));
	assert_true(sees_its_own("home/me/x", "./x.yaml", NULL));
	assert_true(sees_its_own("home/me/x", "../x/x.yaml", NULL));
	assert_false(sees_its_own("home/me", "x.yaml", NULL));
	assert_false(sees_its_own("data/me/x", "x.yaml", NULL));
	assert_false(sees_its_own("missing", "x.yaml", NULL));
	assert_false(sees_its_own("home/me/x", elsewhere, NULL));
	strv_add(&allow, ".");
	assert_true(sees_its_own("home/me/x", elsewhere, &allow));
}

/* The path that the hint says to allow, for what site/x.yaml names. */
static char *advice(const char *named)
{
	cleanup_free char *recipe = in_scratch("site/x.yaml");
	cleanup_free char *opened =
		*named == '/' ? xstrdup(named) : xasprintf("%s/site/%s", scratch_path, named);
	cleanup_free char *hint = NULL;
	cleanup_free char *seen = look_by_path(recipe, NULL, opened, &hint);
	const char *option = hint ? strstr(hint, "--allow '") : NULL;

	if (!option)
		fail_msg("%s: no folder in '%s'", seen, hint ? hint : "");
	return xstrndup(option + strlen("--allow '"), strcspn(option + strlen("--allow '"), "'"));
}

static void assert_advice(const char *named, const char *expected)
{
	CLEANUP(strv_release) struct strv allow = { 0 };
	cleanup_free char *given = advice(named);
	cleanup_free char *path = in_scratch(expected);
	cleanup_free char *seen = NULL;

	assert_string_equal(given, path);
	strv_add(&allow, given);
	seen = look("site/x.yaml", &allow, named);
	assert_string_equal(seen, "motd");
}

/* It is the folder; where that is the recipe's own, since the file itself is a link, that. */
static void what_the_hint_says_works(void **state)
{
	(void)state;
	make_linked();
	assert_int_equal(symlinkat("../near", scratch_fd, "site/in"), 0);
	assert_int_equal(symlinkat("last", scratch_fd, "site/first"), 0);
	assert_int_equal(symlinkat("../round/one/motd", scratch_fd, "site/last"), 0);
	assert_advice("../ext/one/motd", "site/../ext/one");
	assert_advice("../near/one/motd", "site/../near/one");
	assert_advice("../round/one/motd", "site/../round/one");
	assert_advice("in/one/motd", "site/in/one");
	assert_advice("first", "site/first");
	cleanup_free char *root = advice("/motd");
	assert_string_equal(root, "/motd");
}

/* What is called `recipes` may be a link, beside the folder that it leads to. */
static void overlays_beside_a_link_to_recipes(void **state)
{
	cleanup_free char *seen = NULL;

	(void)state;
	make_file("project/recipes.real/x.yaml", "");
	make_file("project/overlays/motd", "motd");
	assert_int_equal(symlinkat("recipes.real", scratch_fd, "project/recipes"), 0);
	seen = look("project/recipes/x.yaml", NULL, "../overlays/motd");
	assert_string_equal(seen, "motd");
}

/* A link to the folder that holds it would else open what lies beside that. */
static void no_overlays_elsewhere(void **state)
{
	cleanup_free char *seen = NULL;

	(void)state;
	make_file("home/project/x.yaml", "");
	make_file("home/overlays/motd", "secret");
	assert_int_equal(symlinkat(".", scratch_fd, "home/project/recipes"), 0);
	seen = look("home/project/recipes/x.yaml", NULL, "../overlays/motd");
	assert_non_null(strstr(seen, "leads out of the folders"));
}

/* --set and files of --site name what they want, also by links. */
static void the_command_line_is_trusted(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(recipe_release) struct recipe r = { 0 };
	CLEANUP(strv_release) struct strv site = { 0 };
	CLEANUP(strv_release) struct strv set = { 0 };
	cleanup_free char *path = in_scratch("project/x.yaml");
	cleanup_free char *script = in_scratch("elsewhere/set.sh");

	(void)state;
	make_file("project/x.yaml", "name: x\nsuite: trixie\nautologin: {terminals: [tty1]}\n");
	make_file("elsewhere/set.sh", "#!/bin/sh\n");
	make_file("home/site.sh", "#!/bin/sh\n");
	assert_int_equal(symlinkat("../home/site.sh", scratch_fd, "elsewhere/site.sh"), 0);
	make_file("home/site.yaml", "scripts: [../elsewhere/site.sh]\n");
	assert_int_equal(symlinkat("../home/site.yaml", scratch_fd, "project/site.yaml"), 0);
	strv_add_take(&site, in_scratch("project/site.yaml"));
	strv_addf(&set, "hooks.check+=%s", script);
	const struct recipe_source source = { .path = path, .site = &site, .set = &set };
	if (recipe_load_source(&source, &r, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(r.scripts.count, 1);
	assert_int_equal(r.hooks.check.count, 1);
}

static void what_is_allowed_must_be_there(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(reach_cleanup) struct reach *r = NULL;
	CLEANUP(strv_release) struct strv allow = { 0 };
	cleanup_free char *path = in_scratch("home/project/recipes/x.yaml");

	(void)state;
	make_home();
	strv_add(&allow, "/nonexistent");
	assert_true(reach_new(path, &allow, &r, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_string_equal(err.message, "--allow '/nonexistent': No such file or directory");
}

static atomic_bool stop;

/* Puts at the same place, in turn, a folder and a link that leads out. */
static void *exchange(void *data)
{
	(void)data;
	while (!atomic_load(&stop))
		(void)renameat2(scratch_fd, "home/project/recipes/sub", scratch_fd,
				"home/project/recipes/evil", RENAME_EXCHANGE);
	return NULL;
}

/* The name that leads out has a file of the same name behind it. */
static void no_race_leads_out(void **state)
{
	unsigned own = 0, refused = 0;
	pthread_t thread;

	(void)state;
	make_home();
	make_file("home/project/secrets/own", "secret");
	assert_int_equal(symlinkat("../secrets", scratch_fd, "home/project/recipes/evil"), 0);
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, exchange, NULL), 0);
	for (unsigned i = 0; (own < 50 || refused < 50) && i < 200000; i++) {
		cleanup_free char *seen = look("home/project/recipes/x.yaml", NULL, "sub/own");

		assert_string_not_equal(seen, "secret");
		own += streq(seen, "own");
		refused += strstr(seen, "leads out of the folders") != NULL;
	}
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(own >= 50 && refused >= 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_own_folder_and_overlays_beside_it),
		TEST(no_error_tells_what_exists),
		TEST(a_folder_called_otherwise_has_none_beside_it),
		TEST(overlays_that_are_a_link_are_not_beside_it),
		TEST(what_the_user_allows),
		TEST(a_folder_above_may_be_allowed),
		TEST(links_count_by_what_they_lead_to),
		TEST(links_that_the_user_has_named),
		TEST(links_that_the_user_has_not_named),
		TEST(a_named_link_leads_no_further_than_what_is_allowed),
		TEST(the_name_of_the_working_directory_has_links),
		TEST(what_the_hint_says_works),
		TEST(overlays_beside_a_link_to_recipes),
		TEST(no_overlays_elsewhere),
		TEST(the_command_line_is_trusted),
		TEST(what_is_allowed_must_be_there),
		TEST(no_race_leads_out),
	};

	return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
