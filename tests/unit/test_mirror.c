/* SPDX-License-Identifier: MIT */
/* Which mirrors apt's configuration and the recipe make, over a made-up root directory. */
#include "unit.h"

#include "archive/mirror.h"
#include "base/memory.h"
#include "base/tree.h"

static char suite_trixie[] = "trixie";

static void apt_file(const char *path, const char *content)
{
	CLEANUP(err_release) struct err err = { 0 };

	assert_int_equal(make_dirs(scratch_fd, "etc/apt/sources.list.d", 0755, &err), 0);
	scratch_file(path, content);
}

static void expect_list(const struct strv *list, const char *expected)
{
	cleanup_free char *joined = strv_join(list, " ");

	assert_string_equal(joined, expected);
}

static void expect(const char *command_line, const char *recipe_mirror, const char *archive,
		   const char *security)
{
	struct recipe_name name = {
		.value = recipe_mirror ? xstrdup(recipe_mirror) : NULL,
		.at = { .file = "test.yaml", .line = 3, .column = 5 },
	};
	const struct recipe recipe = {
		.suite = suite_trixie,
		.mirrors = { .item = &name, .count = recipe_mirror ? 1 : 0 },
	};
	CLEANUP(mirrors_release) struct mirrors m = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	int r = mirrors_find(command_line, scratch_path, &recipe, &m, &err);

	if (r == 0)
		r = mirrors_require(&m, &err);
	free(name.value);
	if (!archive) {
		assert_true(r < 0);
		assert_int_equal(err.class, ERR_USAGE);
		return;
	}
	assert_int_equal(r, 0);
	expect_list(&m.archive, archive);
	expect_list(&m.security, security);
	assert_null(m.network.proxy);
}

static void test_one_line(void **state)
{
	(void)state;
	apt_file("etc/apt/sources.list",
		 "# deb http://off.example/debian trixie main\n"
		 "deb cdrom:[Debian GNU/Linux 13]/ trixie main\n"
		 "deb-src http://src.example/debian trixie main\n"
		 "deb http://m.example/debian/ trixie main contrib # note\n"
		 "deb http://m.example/debian trixie-updates main\n"
		 "deb [ arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg ] "
		 "https://s.example/security trixie-security main\n"
		 "deb [trusted=yes] http://s2.example/debian-security trixie/updates main\n"
		 "deb http://broken.example\n"
		 "deb http:/// trixie main\n"
		 "deb https:////x trixie main\n"
		 "deb file:/// trixie main\n"
		 "deb [unclosed http://broken.example/debian trixie main\n");
	expect(NULL, NULL, "http://m.example/debian",
	       "https://s.example/security http://s2.example/debian-security");
}

static void test_deb822(void **state)
{
	(void)state;
	apt_file("etc/apt/sources.list.d/a.sources",
		 "Types: deb deb-src\nURIs: http://m.example/debian http://n.example/debian/\n"
		 "Suites: trixie trixie-updates\nComponents: main\n# a comment\n"
		 "Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp\n\n"
		 "Types: deb\nURIs: http://s.example/debian-security\nSuites: trixie-security\n"
		 "Components: main\n\n"
		 "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: trixie\n"
		 "Components: main\n\n"
		 "Types: deb-src\nURIs: http://src.example/debian\nSuites: trixie\n"
		 "Components: main\n");
	apt_file("etc/apt/sources.list.d/b.sources.off",
		 "Types: deb\nURIs: http://off.example/debian\nSuites: trixie\nComponents: main\n");
	expect(NULL, NULL, "http://m.example/debian http://n.example/debian",
	       "http://s.example/debian-security");
}

static void test_third_parties(void **state)
{
	(void)state;
	apt_file("etc/apt/sources.list",
		 "deb http://docker.example/linux/debian trixie stable\n"
		 "deb http://node.example/node nodistro main\n"
		 "deb http://pg.example/apt trixie-pgdg main\n"
		 "deb http://flat.example/ ./\n"
		 "deb [signed-by=/etc/apt/keyrings/other.asc] http://other.example/debian "
		 "trixie main\n"
		 "deb http://m.example/debian trixie main\n");
	apt_file("etc/apt/sources.list.d/x.sources",
		 "Types: deb\nURIs: http://key.example/debian\nSuites: trixie\nComponents: main\n"
		 "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n x\n");
	expect(NULL, NULL, "http://m.example/debian", "http://m.example/debian-security");
}

static void test_other_suite_of_debian(void **state)
{
	(void)state;
	apt_file("etc/apt/sources.list", "deb http://old.example/debian bookworm main\n"
					 "deb http://new.example/debian trixie main\n"
					 "deb http://sec.example/x bookworm-security main\n");
	expect(NULL, NULL, "http://new.example/debian http://old.example/debian",
	       "http://sec.example/x");
}

static void test_order_of_files(void **state)
{
	(void)state;
	apt_file("etc/apt/sources.list.d/b.list", "deb http://b.example/debian trixie main\n");
	apt_file("etc/apt/sources.list.d/a.list", "deb http://a.example/debian trixie main\n");
	apt_file("etc/apt/sources.list.d/.hidden.list",
		 "deb http://h.example/debian trixie main\n");
	apt_file("etc/apt/sources.list", "deb http://0.example/debian trixie main\n");
	expect(NULL, "http://r.example/debian/",
	       "http://0.example/debian http://a.example/debian http://b.example/debian "
	       "http://r.example/debian",
	       "http://0.example/debian-security http://a.example/debian-security "
	       "http://b.example/debian-security http://r.example/debian-security");
}

static void test_transports(void **state)
{
	(void)state;
	apt_file("etc/apt/mirrors.list",
		 "http://one.example/debian\tpriority:1\n"
		 "# no\nftp://no.example/debian\nhttps://two.example/debian/\n");
	apt_file("etc/apt/sources.list", "deb mirror+file:/etc/apt/mirrors.list trixie main\n"
					 "deb mirror+file:/etc/apt/missing.list trixie main\n"
					 "deb tor+http://tor.example/debian trixie main\n"
					 "deb file:/srv/debian trixie main\n"
					 "deb file:///srv/other trixie main\n");
	expect(NULL, NULL,
	       "http://one.example/debian https://two.example/debian file:///srv/debian "
	       "file:///srv/other",
	       "http://one.example/debian-security https://two.example/debian-security "
	       "file:///srv/debian-security file:///srv/other");
}

static void test_command_line(void **state)
{
	(void)state;
	apt_file("etc/apt/sources.list", "deb http://m.example/debian trixie main\n");
	expect("http://127.0.0.1:8000/", "http://r.example/debian", "http://127.0.0.1:8000",
	       "http://127.0.0.1:8000");
	expect("http://x.example/debian", NULL, "http://x.example/debian",
	       "http://x.example/debian-security");
	expect("x.example/debian", NULL, NULL, NULL);
	expect("gopher://x.example/debian", NULL, NULL, NULL);
}

static void test_recipe_only(void **state)
{
	(void)state;
	expect(NULL, NULL, NULL, NULL);
	expect(NULL, "https://r.example/debian", "https://r.example/debian",
	       "https://r.example/debian-security");
	expect(NULL, "r.example", NULL, NULL);
}

static void test_broken_file_is_left_out(void **state)
{
	(void)state;
	apt_file("etc/apt/sources.list.d/a.sources", "this is no field\n");
	apt_file("etc/apt/sources.list.d/b.list", "deb http://b.example/debian trixie main\n");
	expect(NULL, NULL, "http://b.example/debian", "http://b.example/debian-security");
}

#define MIRROR_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

/* Archives of old states are asked last, and need a time. */
static void test_snapshot(void **state)
{
	struct recipe_name name[] = {
		{ .value = xstrdup("http://m.example/debian/") },
		{ .value = xstrdup("http://s.example/archive/debian/{timestamp}/") },
	};
	char moment[] = "20260801T000000Z", path[] = "test.yaml";
	struct recipe recipe = {
		.path = path,
		.suite = suite_trixie,
		.mirrors = { .item = name, .count = 2 },
	};
	CLEANUP(mirrors_release) struct mirrors m = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(strv_release) struct strv at = { 0 };

	(void)state;
	assert_int_equal(mirrors_find(NULL, scratch_path, &recipe, &m, &err), 0);
	expect_list(&m.archive, "http://m.example/debian");
	expect_list(&m.last, "http://s.example/archive/debian/{timestamp}");
	expect_list(&m.last_security, "http://s.example/archive/debian-security/{timestamp}");
	mirrors_at(&m.last_security, 1700000000, &at);
	assert_int_equal(at.count, 4);
	assert_string_equal(at.item[0],
			    "http://s.example/archive/debian-security/20231115T221320Z");
	assert_string_equal(at.item[3],
			    "http://s.example/archive/debian-security/20231114T221320Z");

	mirrors_release(&m);
	assert_int_equal(mirrors_find("http://c.example/debian", scratch_path, &recipe, &m, &err),
			 0);
	expect_list(&m.archive, "http://c.example/debian");
	expect_list(&m.last, "http://m.example/debian http://s.example/archive/debian/{timestamp}");
	expect_list(&m.dated, "");

	/* A recipe that means a moment. */
	mirrors_release(&m);
	recipe.snapshot = moment;
	assert_int_equal(mirrors_find(NULL, scratch_path, &recipe, &m, &err), 0);
	expect_list(&m.dated, "http://s.example/archive/debian/20260801T000000Z");
	expect_list(&m.dated_security, "http://s.example/archive/debian-security/20260801T000000Z");
	assert_int_equal(mirrors_require_suites(&m, &recipe, &err), 0);
	mirrors_release(&m);
	recipe.mirrors.count = 1;
	assert_int_equal(mirrors_find(NULL, scratch_path, &recipe, &m, &err), 0);
	assert_true(mirrors_require_suites(&m, &recipe, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	free(name[0].value);
	free(name[1].value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MIRROR_TEST(test_one_line),
		MIRROR_TEST(test_deb822),
		MIRROR_TEST(test_third_parties),
		MIRROR_TEST(test_other_suite_of_debian),
		MIRROR_TEST(test_order_of_files),
		MIRROR_TEST(test_transports),
		MIRROR_TEST(test_command_line),
		MIRROR_TEST(test_recipe_only),
		MIRROR_TEST(test_broken_file_is_left_out),
		MIRROR_TEST(test_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
