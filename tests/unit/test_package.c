/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "deb/package.h"
#include "base/memory.h"
#include "base/text.h"

static void add(struct packages *p, const char *name, const char *version, enum package_role role)
{
	struct package *item = packages_add(p);

	item->name = xstrdup(name);
	item->version = xstrdup(version);
	item->architecture = xstrdup("amd64");
	item->role = role;
}

static void sorts_and_finds(void **state)
{
	CLEANUP(packages_release) struct packages p = { 0 };

	(void)state;
	packages_sort(&p);
	assert_null(packages_find(&p, "x", ROLE_IMAGE));
	add(&p, "zstd", "1", ROLE_BOOT);
	add(&p, "zstd", "1", ROLE_IMAGE);
	add(&p, "bash", "1", ROLE_IMAGE);
	packages_sort(&p);
	assert_string_equal(p.item[0].name, "bash");
	assert_int_equal(packages_find(&p, "zstd", ROLE_BOOT)->role, ROLE_BOOT);
	assert_int_equal(packages_find(&p, "zstd", ROLE_IMAGE)->role, ROLE_IMAGE);
	assert_null(packages_find(&p, "bash", ROLE_BOOT));
	assert_null(packages_find(&p, "aaa", ROLE_IMAGE));
	assert_null(packages_find(&p, "zzz", ROLE_IMAGE));
}

static void reads_releases(void **state)
{
	struct package p = { .name = NULL };
	cleanup_free char *name = xstrdup("linux-image-6.1.0-50-amd64-unsigned");
	cleanup_free char *meta = xstrdup("linux-image-amd64");
	cleanup_free char *release = NULL;

	(void)state;
	p.name = name;
	release = package_kernel_release(&p);
	assert_string_equal(release, "6.1.0-50-amd64");
	p.name = meta;
	assert_null(package_kernel_release(&p));
}

/* What leads out of an archive, as it stands or as a server reads it, and what only looks odd. */
static void judges_paths(void **state)
{
	static const char *const safe[] = {
		"pool/main/b/bash/bash_5.2~rc1+b1-2_amd64.deb",
		"bash_1%3a5.2_amd64.deb",
		"bash_1%3A5.2_amd64.deb",
		"a%b%",
		"./a",
		"a//b",
		"..a/b../...",
		"main/i18n/Translation-sr@latin.xz",
		"a%2bb",
	};
	static const char *const unsafe[] = {
		"",	    "/etc/passwd", "//etc/passwd", "..",       "../a",	     "a/..",
		"a/../b",   "a\\..\\b",	   "a?b",	   "a#b",      "a b",	     "a\tb",
		"a\nb",	    "a\x1b[2J",	   "a\x7f",	   "%2e%2e/a", "%2E./a",     ".%2e/a",
		"%2fetc/a", "a%5c..",	   "a%00",	   "a%0a",     "%252e%252e", "a%3fb",
		"a%23b",    "a%20b",
	};
	cleanup_free char *longest = xmalloc(1002);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(safe); i++)
		if (!package_path_is_safe(safe[i]))
			fail_msg("'%s' is refused", safe[i]);
	for (size_t i = 0; i < ARRAY_SIZE(unsafe); i++)
		if (package_path_is_safe(unsafe[i]))
			fail_msg("'%s' is let through", unsafe[i]);
	memset(longest, 'a', 1001);
	longest[1001] = '\0';
	assert_false(package_path_is_safe(longest));
	longest[1000] = '\0';
	assert_true(package_path_is_safe(longest));
}

static void judges_architectures(void **state)
{
	(void)state;
	assert_true(package_architecture_is_valid("amd64"));
	assert_true(package_architecture_is_valid("kfreebsd-amd64"));
	assert_false(package_architecture_is_valid(""));
	assert_false(package_architecture_is_valid("../x"));
	assert_false(package_architecture_is_valid("AMD64"));
	assert_false(package_architecture_is_valid("64"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_and_finds),
		cmocka_unit_test(reads_releases),
		cmocka_unit_test(judges_paths),
		cmocka_unit_test(judges_architectures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
