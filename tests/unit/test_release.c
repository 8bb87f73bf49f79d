/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "archive/release.h"
#include "base/memory.h"
#include "seed.h"

#define DIGEST_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DATE "Date: Sat, 12 Sep 2026 07:55:41 UTC\n"
#define DATE_SECONDS INT64_C(1789199741)
#define FILES "SHA256:\n " DIGEST_B "     99 main/binary-amd64/Packages.xz\n " DIGEST_A " 5 a/b\n"

static int parse(const char *text, struct release *ret, struct err *err)
{
	seed("release", text, strlen(text));
	return release_parse("test", text, strlen(text), ret, err);
}

static void test_parse(void **state)
{
	CLEANUP(release_release) struct release r = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	const struct release_file *file;

	(void)state;
	assert_int_equal(parse("Origin: Debian\nLabel: L\nSuite: stable\nCodename: trixie\n" DATE
			       "Valid-Until: Sat, 12 Sep 2026 08:55:41 UTC\nAcquire-By-Hash: yes\n"
			       "No-Support-for-Architecture-all: Packages\n"
			       "Architectures: all amd64\nComponents: main contrib\n" FILES,
			       &r, &err),
			 0);
	assert_string_equal(r.origin, "Debian");
	assert_string_equal(r.label, "L");
	assert_int_equal(r.date_seconds, DATE_SECONDS);
	assert_int_equal(r.valid_until_seconds, DATE_SECONDS + 3600);
	assert_true(r.by_hash);
	assert_false(r.all_apart);
	assert_int_equal(r.components.count, 2);
	assert_int_equal(r.file_count, 2);
	file = release_find(&r, "main/binary-amd64/Packages.xz");
	assert_non_null(file);
	assert_int_equal(file->size, 99);
	assert_string_equal(file->sha256, DIGEST_B);
	assert_null(release_find(&r, "main/binary-amd64/Packages"));
}

static void test_absent_fields(void **state)
{
	CLEANUP(release_release) struct release r = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(parse("Architectures: all amd64\n" DATE FILES, &r, &err), 0);
	assert_string_equal(r.origin, "");
	assert_null(r.valid_until);
	assert_false(r.by_hash);
	assert_true(r.all_apart);
}

static int pin_priority_of(const char *fields)
{
	CLEANUP(release_release) struct release r = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *text = xasprintf("%s" DATE FILES, fields);

	assert_int_equal(parse(text, &r, &err), 0);
	return r.pin_priority;
}

/* As `apt-cache policy` shows them for these files. */
static void test_pin_priority(void **state)
{
	(void)state;
	assert_int_equal(pin_priority_of(""), 500);
	assert_int_equal(pin_priority_of("NotAutomatic: no\n"), 500);
	assert_int_equal(pin_priority_of("ButAutomaticUpgrades: yes\n"), 500);
	assert_int_equal(pin_priority_of("NotAutomatic: yes\n"), 1);
	assert_int_equal(pin_priority_of("NotAutomatic: yes\nButAutomaticUpgrades: yes\n"), 100);
}

static void test_refused(void **state)
{
	static const char *const cases[] = {
		"",
		FILES,		       /* no Date */
		"Date: today\n" FILES, /* no date */
		DATE "Valid-Until: soon\n" FILES,
		DATE,
		DATE "SHA256:\n",
		DATE "SHA256:\n " DIGEST_A " 5\n",
		DATE "SHA256:\n " DIGEST_A " five a/b\n",
		DATE "SHA256:\n " DIGEST_A " 5 a/b c\n",
		DATE "SHA256:\n AA" DIGEST_A " 5 a/b\n",
		DATE "SHA256:\n " DIGEST_A " 5 a/b\n " DIGEST_B " 5 a/b\n",
		DATE "SHA256:\n " DIGEST_A " 5 ../a\n",
		DATE "SHA256:\n " DIGEST_A " 5 /etc/a\n",
		DATE "SHA256:\n " DIGEST_A " 5 a/%2e%2e/b\n",
		DATE "SHA256:\n " DIGEST_A " 5 a\\..\\b\n",
		DATE "SHA256:\n " DIGEST_A " 5 a/\x1b[2J\n",
		DATE FILES "\nDate: Sat, 12 Sep 2027 07:55:41 UTC\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(release_release) struct release r = { 0 };
		CLEANUP(err_release) struct err err = { 0 };

		assert_true(parse(cases[i], &r, &err) < 0);
		assert_int_equal(err.class, ERR_TRUST);
	}
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} cases[] = {
		{ "Sat, 12 Sep 2026 07:55:41 UTC", DATE_SECONDS },
		{ "Sat, 12 Sep 2026 07:55:41 GMT", DATE_SECONDS },
		{ "12 Sep 2026 07:55:41 Z", DATE_SECONDS },
		{ "Sat, 12 Sep 2026 09:55:41 +0200", DATE_SECONDS },
		{ "Sat, 12 Sep 2026 02:25:41 -0530", DATE_SECONDS },
		{ "Sat, 5 Sep 2026 07:55:41 UTC", DATE_SECONDS - 7 * 86400 },
		{ "Sat, 12 Sep 2026 07:55:41", -1 },
		{ "Sat, 12 Sep 2026 07:55:41 CEST", -1 },
		{ "Sat, 12 Sep 2026 07:55:41 UTC x", -1 },
		{ "Sat, 12 Foo 2026 07:55:41 UTC", -1 },
		{ "Sat, 12 Sep 2026 25:55:41 UTC", -1 },
		{ "Sat, 32 Sep 2026 07:55:41 UTC", -1 },
		{ "2026-09-12 07:55:41 UTC", -1 },
		{ "", -1 },
	};

	(void)state;
	assert_int_equal(setenv("TZ", "Europe/Berlin", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(release_release) struct release release = { 0 };
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_free char *text = xasprintf("Date: %s\n" FILES, cases[i].text);
		int r = parse(text, &release, &err);

		assert_int_equal(r < 0, cases[i].seconds < 0);
		if (r == 0)
			assert_int_equal(release.date_seconds, cases[i].seconds);
		else
			assert_non_null(strstr(err.message, "Date"));
	}
}

static void check_fresh(int64_t valid_until, int64_t now, int64_t seen, const char *message)
{
	char date[] = "Sat, 12 Sep 2026 07:55:41 UTC";
	struct release r = {
		.date = date,
		.date_seconds = DATE_SECONDS,
		.valid_until = valid_until ? date : NULL,
		.valid_until_seconds = valid_until,
	};
	CLEANUP(err_release) struct err err = { 0 };
	const struct release_clock clock = { .now = now };
	int k = release_check_date(&r, "test", &clock, seen, &err);

	if (k == 0)
		k = release_check_valid(&r, "test", &clock, &err);

	if (!message) {
		assert_int_equal(k, 0);
		return;
	}
	assert_true(k < 0);
	assert_int_equal(err.class, ERR_TRUST);
	assert_non_null(strstr(err.message, message));
	assert_non_null(err.hint);
}

static void test_fresh(void **state)
{
	(void)state;
	check_fresh(0, DATE_SECONDS + 900000000, 0, NULL); /* never expires */
	check_fresh(DATE_SECONDS + 60, DATE_SECONDS + 60, 0, NULL);
	check_fresh(DATE_SECONDS + 60, DATE_SECONDS + 61, 0, "valid until 2026-09-12 07:56:41 UTC");
	check_fresh(0, DATE_SECONDS - RELEASE_FUTURE_TOLERANCE, 0, NULL);
	check_fresh(0, DATE_SECONDS - RELEASE_FUTURE_TOLERANCE - 1, 0, "from the future");
	check_fresh(0, DATE_SECONDS, DATE_SECONDS, NULL);
	check_fresh(0, DATE_SECONDS, DATE_SECONDS + 1, "older than what was seen before");
}

static void test_suite(void **state)
{
	char stable[] = "stable", trixie[] = "trixie", none[] = "";
	const struct release r = { .suite = stable, .codename = trixie };
	const struct release empty = { .suite = none, .codename = none };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(release_check_suite(&r, "test", "stable", &err), 0);
	assert_int_equal(release_check_suite(&r, "test", "trixie", &err), 0);
	assert_true(release_check_suite(&r, "test", "bookworm", &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	assert_true(release_check_suite(&empty, "test", "bookworm", &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	     cmocka_unit_test(test_absent_fields),
		cmocka_unit_test(test_pin_priority), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_dates),	     cmocka_unit_test(test_fresh),
		cmocka_unit_test(test_suite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
