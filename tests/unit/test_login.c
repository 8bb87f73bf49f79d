/* SPDX-License-Identifier: MIT */
/* Which entry of apt_auth.conf(5) fits which URL: the examples of its manual page, and more. */
#include "unit.h"

#include <sys/stat.h>

#include "archive/login.h"
#include "base/log.h"
#include "base/memory.h"

static char *find(const char *content, const char *scope, const char *url)
{
	CLEANUP(logins_release) struct logins l = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = xasprintf("%s/auth.conf", scratch_path);
	const struct login *login;

	scratch_file("auth.conf", content);
	assert_int_equal(fchmodat(scratch_fd, "auth.conf", 0600, 0), 0);
	assert_int_equal(logins_read(&l, path, scope, &err), 0);
	login = logins_find(&l, url);
	return login ? xasprintf("%s:%s", login->user, login->password) : xstrdup("none");
}

static void expect(const char *content, const char *url, const char *expected)
{
	cleanup_free char *found = find(content, NULL, url);

	assert_string_equal(found, expected);
}

static void test_manual_page(void **state)
{
	static const char url[] = "https://example.org/debian/dists/bookworm/InRelease";
	static const struct {
		const char *machine;
		bool fits;
	} cases[] = {
		{ "example.org", true },
		{ "example.org/deb", true },
		{ "example.org/debian", true },
		{ "example.org/debian/", true },
		{ "https://example.org", true },
		{ "EXAMPLE.org", true },
		{ "example.org:443", false },
		{ "example.org/deb/", false },
		{ "example.org/ubuntu", false },
		{ "example.orga", false },
		{ "example.net", false },
		{ "http://example.org", false },
		{ "org", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *line =
			xasprintf("machine %s login apt password debian\n", cases[i].machine);

		expect(line, url, cases[i].fits ? "apt:debian" : "none");
	}
	expect("machine example.org\nlogin apt\n\tpassword debian\n", url, "apt:debian");
}

static void test_ports_and_protocols(void **state)
{
	(void)state;
	expect("machine a login u password p", "http://a/x", "none");
	expect("machine http://a login u password p", "http://a/x", "u:p");
	expect("machine http://a login u password p", "https://a/x", "none");
	expect("machine http://a login u password p", "http://a:8080/x", "u:p");
	expect("machine http://a:8080 login u password p", "http://a:8080/x", "u:p");
	expect("machine http://a:8080/y login u password p", "http://a:8080/x", "none");
	expect("machine http://a:81 login u password p", "http://a:8080/x", "none");
	expect("machine http://[::1]:81 login u password p", "http://[::1]:81/x", "u:p");
	expect("machine a login u password p", "file:///x", "none");
}

/* The first entry holds; a word that means nothing is passed over, and so is a comment. */
static void test_words(void **state)
{
	(void)state;
	expect("machine a/x login u password p\nmachine a login v password q\n", "https://a/x",
	       "u:p");
	expect("machine a/x login u password p\nmachine a login v password q\n", "https://a/y",
	       "v:q");
	expect("# machine a login u password p\nmachine b login v\n", "https://a/", "none");
	expect("machine a account z login u password machine", "https://a/", "u:machine");
	expect("machine a password p", "https://a/", ":p");
	expect("login u password p machine", "https://a/", "none");
	expect("", "https://a/", "none");
}

/* A file that an entry of the recipe names is for that entry's archive only. */
static void test_scope(void **state)
{
	static const char *const urls[] = { "https://a/debian/x", "https://a/debian-security/x",
					    "https://a/" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		cleanup_free char *found =
			find("machine a login u password p\n", "https://a/debian", urls[i]);

		assert_string_equal(found, i == 0 ? "u:p" : "none");
	}
}

static void test_unreadable(void **state)
{
	CLEANUP(logins_release) struct logins l = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_true(logins_read(&l, "/nonexistent", NULL, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	/* No file is no mistake, but a directory where one should be is. */
	logins_read_apt(&l, "/nonexistent", "/nonexistent");
	assert_int_equal(l.unreadable.count, 0);
	logins_read_apt(&l, scratch_path, NULL);
	assert_int_equal(l.unreadable.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manual_page), cmocka_unit_test(test_ports_and_protocols),
		cmocka_unit_test(test_words),	    cmocka_unit_test(test_scope),
		cmocka_unit_test(test_unreadable),
	};

	log_set_level(LOG_QUIET);
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
