/* SPDX-License-Identifier: MIT */
/* Names in the bill of materials: licences, package URLs, UUIDs, origins. */
#include "unit.h"

#include <time.h>

#include "base/memory.h"
#include "publish/licence.h"
#include "publish/generated-files.h"
#include "publish/purl.h"
#include "publish/sbom.h"
#include "seed.h"

#define HEAD "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"

static void assert_declared(const char *stanzas, const char *expected)
{
	CLEANUP(licence_refs_release) struct licence_refs refs = { 0 };
	cleanup_free char *copyright = xasprintf(HEAD "\n%s", stanzas);
	cleanup_free char *got = licence_declared(copyright, &refs);

	seed("licence", copyright, strlen(copyright));
	if (expected)
		assert_string_equal(got, expected);
	else
		assert_null(got);
}

static void test_expressions(void **state)
{
	(void)state;
	assert_declared("Files: *\nLicense: GPL-2+\n", "GPL-2.0-or-later");
	assert_declared("Files: *\nLicense: gpl-2+\n", "GPL-2.0-or-later");
	assert_declared("Files: *\nLicense: GPL-1+ or Artistic\n",
			"GPL-1.0-or-later OR Artistic-1.0");
	assert_declared("Files: *\nLicense: GPL-2+\n\nFiles: x\nLicense: Expat or GPL-2\n",
			"GPL-2.0-or-later AND (MIT OR GPL-2.0-only)");
	assert_declared("Files: *\nLicense: GPL-2+ or AFL-2.1, and Expat\n",
			"(GPL-2.0-or-later OR AFL-2.1) AND MIT");
	assert_declared("Files: *\nLicense: GPL-2 with Linux-syscall-note exception\n",
			"GPL-2.0-only WITH Linux-syscall-note");
	/* A licence's own stanza says nothing about files. */
	assert_declared("Files: *\nLicense: Expat\n\nLicense: ISC\n Permission.\n", "MIT");
	assert_declared("Files: *\nCopyright: nobody\n", NULL);
}

static void test_references(void **state)
{
	CLEANUP(licence_refs_release) struct licence_refs refs = { 0 };
	static const char one[] = HEAD "\nFiles: *\nLicense: my own\n\nLicense: my own\n One.\n";
	static const char two[] = HEAD "\nFiles: *\nLicense: my own\n Two.\n .\n More.\n";
	cleanup_free char *a = licence_declared(one, &refs);
	cleanup_free char *again = licence_declared(one, &refs);
	cleanup_free char *b = licence_declared(two, &refs);

	(void)state;
	assert_int_equal(strncmp(a, "LicenseRef-my-own-", 18), 0);
	assert_string_equal(a, again);
	/* The same name for another text is another licence. */
	assert_string_not_equal(a, b);
	assert_int_equal(refs.count, 2);
	assert_string_equal(refs.item[0].text, "One.");
	assert_string_equal(refs.item[1].text, "Two.\n.\nMore.");
}

/* A file of so many licences took minutes when each was compared with all before it. */
static void test_many(void **state)
{
	enum { MANY = 100000 };
	CLEANUP(licence_refs_release) struct licence_refs refs = { 0 };
	CLEANUP(text_release) struct text copyright = { 0 };
	const clock_t began = clock();

	(void)state;
	text_add(&copyright, HEAD);
	for (int i = 0; i < MANY; i++)
		text_printf(&copyright, "\nFiles: %d\nLicense: l%d\n Text.\n", i, i);
	cleanup_free char *declared = licence_declared(copyright.data, &refs);

	assert_non_null(declared);
	assert_int_equal(refs.count, MANY);
	/* The processor's time, which is the same on a busy machine. */
	assert_true((clock() - began) / CLOCKS_PER_SEC < 5);
}

static void test_unreadable(void **state)
{
	CLEANUP(licence_refs_release) struct licence_refs refs = { 0 };

	(void)state;
	assert_null(licence_declared("", &refs));
	assert_null(licence_declared("This package was debianized by nobody.\n", &refs));
	assert_null(licence_declared("License: GPL-2+\n\nFiles: *\nLicense: GPL-2+\n", &refs));
	assert_null(licence_declared(HEAD "\nFiles: *\nLicense: GPL-2+\nno field\n", &refs));
	assert_int_equal(refs.count, 0);
}

static void assert_purl(const char *name, const char *version, const char *repository,
			const char *expected)
{
	struct package p = { .name = xstrdup(name),
			     .version = xstrdup(version),
			     .architecture = xstrdup("amd64"),
			     .repository = xstrdup(repository),
			     .sha256 = "abc" };
	cleanup_free char *got = purl_of(&p, "trixie");

	assert_string_equal(got, expected);
	free(p.name);
	free(p.version);
	free(p.architecture);
	free(p.repository);
}

static void test_purls(void **state)
{
	(void)state;
	/* The specification's own examples, and its rule for "+", ":" and "~". */
	assert_purl("dpkg", "1.19.0.4", "",
		    "pkg:deb/debian/dpkg@1.19.0.4?arch=amd64&distro=trixie");
	assert_purl("attr", "1:2.4.47-2+b1", "security",
		    "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64&distro=trixie");
	assert_purl("libstdc++6", "14~rc1", "",
		    "pkg:deb/debian/libstdc%2B%2B6@14~rc1?arch=amd64&distro=trixie");
	assert_purl("tool", "1", "https://user:secret@apt.example:8443/deb",
		    "pkg:deb/apt.example/tool@1?arch=amd64&distro=trixie"
		    "&repository_url=https:%2F%2Fapt.example:8443%2Fdeb");
	assert_purl("own", "1", "local",
		    "pkg:deb/local/own@1?arch=amd64&checksum=sha256:abc&distro=trixie");
}

static void test_uuid(void **state)
{
	struct lock a = { .digest = "one" }, b = { .digest = "two" };
	char first[SBOM_UUID], again[SBOM_UUID], other[SBOM_UUID], kind[SBOM_UUID];

	(void)state;
	sbom_uuid(&a, "spdx", first);
	sbom_uuid(&a, "spdx", again);
	sbom_uuid(&b, "spdx", other);
	sbom_uuid(&a, "cyclonedx", kind);
	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
	assert_string_not_equal(first, kind);
	assert_int_equal(strlen(first), SBOM_UUID - 1);
	assert_int_equal(first[14], '5');
	assert_non_null(strchr("89ab", first[19]));
}

static bool is_installed(const char *pattern, const char **ret, void *data)
{
	*ret = data;
	return streq(pattern, data);
}

static bool has_origin(const char *path, const char *target, const char *package)
{
	cleanup_free char *name = xstrdup(package);
	const char *found;

	return generated_file_find(path, target, is_installed, name, &found) != NULL;
}

static void test_origins(void **state)
{
	(void)state;
	assert_true(has_origin("etc/ld.so.cache", NULL, "libc-bin"));
	assert_false(has_origin("etc/ld.so.cache", NULL, "bash"));
	assert_false(has_origin("opt/unexplained", NULL, "dpkg"));
	assert_true(has_origin("usr/bin/vi", "/etc/alternatives/vi", "dpkg"));
	assert_false(has_origin("usr/bin/vi", "/opt/vi", "dpkg"));
	assert_false(has_origin("usr/bin/vi", NULL, "dpkg"));
	assert_true(has_origin("etc/.updated", NULL, "bash"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expressions), cmocka_unit_test(test_references),
		cmocka_unit_test(test_many),	    cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_purls),	    cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
