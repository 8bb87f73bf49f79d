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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_and_finds),
		cmocka_unit_test(reads_releases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
