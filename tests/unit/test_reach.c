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

/* The content of what a recipe names, or the error. The caller frees it. */
static char *look(const char *recipe, const struct strv *allow, const char *named)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(reach_cleanup) struct reach *r = NULL;
	CLEANUP(text_release) struct text content = { 0 };
	cleanup_free char *path = in_scratch(recipe);
	cleanup_free char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path + 1));
	cleanup_free char *opened =
		*named == '/' ? xstrdup(named) : xasprintf("%s%s", folder, named);
	const struct position at = { .file = path, .line = 1 };
	cleanup_fd int fd = -1;

	assert_int_equal(reach_new(path, allow, &r, &err), 0);
	if (reach_open(r, &at, REACH_FILE, "file", opened, &fd, &err) < 0) {
		assert_int_equal(err.class, ERR_USAGE);
		return take_ptr(err.message);
	}
	assert_int_equal(read_fd(fd, named, 100, &content, &err), 0);
	return text_take(&content);
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
		TEST(the_command_line_is_trusted),
		TEST(what_is_allowed_must_be_there),
		TEST(no_race_leads_out),
	};

	return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
