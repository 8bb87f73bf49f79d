/* SPDX-License-Identifier: MIT */
/* Local .debs: their control file as a stanza, and their part in a package set. */
#include "unit.h"

#include "deb.h"
#include "deb/control.h"
#include "deb/deb-rewrite.h"
#include "solve/resolve.h"
#include "base/memory.h"
#include "seed.h"

/* A good package in a file of the scratch directory. */
static void make_deb(const char *file, const char *control)
{
	CLEANUP(text_release) struct text deb = { 0 };

	deb_of("1600000000", control, &deb);
	scratch_bytes(file, &deb);
	seed("deb", deb.data, deb.length);
}

static void describe(const char *file, struct recipe_file *ret)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = openat(scratch_fd, file, O_RDONLY | O_CLOEXEC);

	*ret = (struct recipe_file){
		.path = xasprintf("%s/%s", scratch_path, file),
		.given = xasprintf("../debs/%s", file),
		.at = { .file = "x.yaml", .line = 3, .column = 5 },
	};
	assert_int_equal(digest_fd(fd, ret->digest, &err), 0);
}

static void release_file(struct recipe_file *f)
{
	free(f->path);
	free(f->given);
}

static const char control[] =
	"Package: mine\nVersion: 2.0\nArchitecture: amd64\nDepends: lib (>= 1)\n"
	"Maintainer: x\nDescription: y\n more\n";

static const struct deb_entry good_control[] = {
	{ "./", AE_IFDIR, NULL, false, 0 },
	{ "./control", AE_IFREG, control, false, 0 },
	{ 0 },
};
static const struct deb_entry good_data[] = { { "./", AE_IFDIR, NULL, false, 0 }, { 0 } };

static void reads_every_compression(void **state)
{
	static const struct {
		int filter;
		const char *suffix;
	} form[] = {
		{ ARCHIVE_FILTER_NONE, "" },	  { ARCHIVE_FILTER_GZIP, ".gz" },
		{ ARCHIVE_FILTER_XZ, ".xz" },	  { ARCHIVE_FILTER_ZSTD, ".zst" },
		{ ARCHIVE_FILTER_BZIP2, ".bz2" }, { ARCHIVE_FILTER_LZMA, ".lzma" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(form); i++) {
		CLEANUP(err_release) struct err err = { 0 };
		CLEANUP(release_file) struct recipe_file file = { 0 };
		CLEANUP(text_release) struct text got = { 0 };
		CLEANUP(text_release) struct text deb = { 0 };
		CLEANUP(text_release) struct text tar = { 0 };
		cleanup_free char *first = xasprintf("control.tar%s", form[i].suffix);
		cleanup_free char *second = xasprintf("data.tar%s", form[i].suffix);

		deb_tar(good_control, form[i].filter, &tar);
		deb_start(&deb, "1600000000");
		deb_member(&deb, first, "1600000000", &tar);
		deb_member(&deb, second, "1600000000", &tar);
		scratch_bytes("mine.deb", &deb);
		describe("mine.deb", &file);
		if (control_stanza(&file, &got, &err) < 0)
			fail_msg("%s: %s", first, err.message);
		assert_non_null(strstr(got.data, "Depends: lib (>= 1)\n"));
		assert_non_null(strstr(got.data, "\nFilename: mine.deb\n"));
		assert_non_null(strstr(got.data, file.digest));
	}
}

/* The recipe's own .deb, the lock's and the one that is to be installed are refused with the same
 * words, each with its class. */
static void refuse(const char *file, const char *why)
{
	CLEANUP(err_release) struct err local = { 0 }, locked = { 0 }, installed = { 0 };
	CLEANUP(release_file) struct recipe_file deb = { 0 };
	CLEANUP(text_release) struct text got = { 0 };
	cleanup_fd int in = openat(scratch_fd, file, O_RDONLY | O_CLOEXEC);
	cleanup_fd int out = openat(scratch_fd, "plain.deb", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	describe(file, &deb);
	if (control_stanza(&deb, &got, &local) == 0)
		fail_msg("%s: was taken, not refused: %s", file, why);
	assert_int_equal(local.class, ERR_USAGE);
	assert_int_equal(local.line, 3);
	assert_true(control_read_as(in, "x.deb", ERR_TRUST, &got, &locked) < 0);
	assert_int_equal(locked.class, ERR_TRUST);
	assert_true(deb_rewrite(in, out, 0, &got, &installed) < 0);
	assert_int_equal(installed.class, ERR_BUILD);
	assert_int_equal(got.length, 0);
	if (!strstr(installed.message, why))
		fail_msg("%s: '%s' lacks '%s'", file, installed.message, why);
	assert_true(ends_with(local.message, installed.message));
	assert_true(ends_with(locked.message, installed.message));
	assert_non_null(strstr(local.message, "is not a Debian package: "));
	assert_non_null(strstr(locked.message, "'x.deb' is not a Debian package: "));
}

static void refuses_what_is_no_package(void **state)
{
	CLEANUP(text_release) struct text deb = { 0 };

	(void)state;
	scratch_file("text.deb", "not an archive at all");
	refuse("text.deb", "not a .deb");
	deb_of("1600000000", control, &deb);
	deb.length = 200;
	scratch_bytes("cut.deb", &deb);
	refuse("cut.deb", "control.tar");
}

static void refuses_a_file_that_changed(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(release_file) struct recipe_file deb = { 0 };
	CLEANUP(text_release) struct text got = { 0 };

	(void)state;
	make_deb("good.deb", control);
	describe("good.deb", &deb);
	deb.digest[0] = deb.digest[0] == '0' ? '1' : '0';
	assert_true(control_stanza(&deb, &got, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	assert_non_null(strstr(err.message, "changed while it was used"));
}

/* Members that a lenient reader, which looks for the first control.tar, would take. */
static void refuses_other_members(void **state)
{
	static const struct {
		const char *name[4]; /* after debian-binary, if that is not among them */
		const char *why;
	} bad[] = {
		{ { "data.tar", "control.tar" }, "'data.tar' where control.tar belongs" },
		{ { "control.tar", "control.tar", "data.tar" }, "'control.tar' where data.tar" },
		{ { "control.tar" }, "only 2 of 3 members" },
		{ { "extra", "control.tar", "data.tar" }, "'extra' where control.tar belongs" },
		{ { "control.tar.lzo", "data.tar" }, "'control.tar.lzo' has an unknown compr" },
		{ { "control.tar.old", "data.tar" }, "'control.tar.old' has an unknown compr" },
		{ { "control.tar", "data.tar.lz4" }, "'data.tar.lz4' has an unknown compression" },
	};
	CLEANUP(text_release) struct text tar = { 0 };
	CLEANUP(text_release) struct text headless = { 0 };

	(void)state;
	deb_tar(good_control, ARCHIVE_FILTER_NONE, &tar);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(text_release) struct text deb = { 0 };

		deb_start(&deb, "1600000000");
		for (size_t k = 0; k < ARRAY_SIZE(bad[i].name) && bad[i].name[k]; k++)
			deb_member(&deb, bad[i].name[k], "1600000000", &tar);
		scratch_bytes("bad.deb", &deb);
		refuse("bad.deb", bad[i].why);
	}
	text_add(&headless, "!<arch>\n");
	deb_member(&headless, "control.tar", "1600000000", &tar);
	deb_member(&headless, "data.tar", "1600000000", &tar);
	scratch_bytes("headless.deb", &headless);
	refuse("headless.deb", "starts with 'control.tar', not debian-binary");
}

/* As control.tar: what a lenient reader would take, or not look at. */
static void refuses_other_control_files(void **state)
{
	static const struct {
		struct deb_entry entry[3];
		const char *why;
	} bad[] = {
		{ { { "./md5sums", AE_IFREG, "", false, 0 } }, "there is no file 'control'" },
		{ { { "./control.old", AE_IFREG, control, false, 0 } }, "is no file 'control'" },
		{ { { "./control", AE_IFLNK, "md5sums", false, 0 } },
		  "'control' is not a regular file" },
		{ { { "./a", AE_IFREG, control, false, 0 },
		    { "./control", AE_IFREG, "./a", true, 0 } },
		  "'control' is not a regular file" },
		{ { { "./control", AE_IFREG, control, false, 0 },
		    { "control", AE_IFREG, "Package: other\n", false, 0 } },
		  "'control' appears twice" },
		{ { { "./control", AE_IFREG, control, false, 0 },
		    { "./../x", AE_IFREG, "", false, 0 } },
		  "leads out of the tree" },
		{ { { "./control", AE_IFREG, control, false, 0 },
		    { "./postinst", AE_IFLNK, "/bin/sh", false, 0 } },
		  "'postinst' is not a regular file" },
		{ { { "./control", AE_IFREG, NULL, false, (1 << 20) + 1 } },
		  "'control' has more than 1048576 bytes" },
		{ { { "./control", AE_IFREG, "\n\n", false, 0 } }, "'control' is empty" },
		{ { { "./control", AE_IFREG, "Package: a\n\nPackage: b\n", false, 0 } },
		  "more than one stanza" },
		{ { { "./control", AE_IFREG, "Package: a\nno field\n", false, 0 } },
		  "line 2 of 'control': " },
		{ { { "./control", AE_IFREG, "Package: a\nPackage: b\n", false, 0 } },
		  "field 'Package' is given twice" },
	};
	CLEANUP(text_release) struct text data = { 0 };

	(void)state;
	deb_tar(good_data, ARCHIVE_FILTER_XZ, &data);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(text_release) struct text deb = { 0 };
		CLEANUP(text_release) struct text tar = { 0 };

		deb_tar(bad[i].entry, ARCHIVE_FILTER_GZIP, &tar);
		deb_start(&deb, "1600000000");
		deb_member(&deb, "control.tar.gz", "1600000000", &tar);
		deb_member(&deb, "data.tar.xz", "1600000000", &data);
		scratch_bytes("bad.deb", &deb);
		refuse("bad.deb", bad[i].why);
	}
}

static void load_archive(struct solver_pool *pool)
{
	static const char stanzas[] =
		"Package: %s\nVersion: 1\nArchitecture: all\nFilename: p\nSize: 1\nSHA256: %s\n\n";
	static const char *const names[] = { "apt", "debconf", "zstd", "lib", "mine" };
	const struct solver_source source = { .pin_priority = PIN_PRIORITY_DEFAULT,
					      .suite = "trixie",
					      .component = "main",
					      .repository = "" };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	char digest[DIGEST_HEX];
	FILE *f;

	digest_bytes("", 0, digest);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		text_printf(&text, stanzas, names[i], digest);
	f = fmemopen(text.data, text.length, "r");
	assert_int_equal(solver_pool_add_text(pool, &source, f, "trixie", &err), 0);
	fclose(f);
}

/* Installed without being asked for, in place of the archive's newer or older one, with what it
 * needs. */
static void is_always_installed(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(release_file) struct recipe_file file = { 0 };
	CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };
	CLEANUP(packages_release) struct packages packages = { 0 };
	struct recipe recipe = { .debs = { .item = &file, .count = 1 } };
	const struct package *mine;

	(void)state;
	make_deb("mine_0.5_amd64.deb",
		 "Package: mine\nVersion: 0.5\nArchitecture: amd64\nDepends: lib\n");
	describe("mine_0.5_amd64.deb", &file);
	solver_pool_new(&pool, "amd64");
	load_archive(&pool);
	assert_int_equal(solver_pool_add_debs(&pool, &recipe.debs, &err), 0);
	solver_pool_index(&pool);
	if (resolve_pool(&pool, &recipe, &packages, &err) < 0)
		fail_msg("%s", err.message);
	mine = packages_find(&packages, "mine", ROLE_IMAGE);
	assert_non_null(mine);
	assert_string_equal(mine->version, "0.5");
	assert_string_equal(mine->repository, "local");
	assert_string_equal(mine->suite, "local");
	assert_string_equal(mine->path, "mine_0.5_amd64.deb");
	assert_string_equal(mine->sha256, file.digest);
	assert_false(mine->automatic);
	assert_true(packages_find(&packages, "lib", ROLE_IMAGE)->automatic);
}

static void refuses_other_architectures(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(release_file) struct recipe_file file = { 0 };
	CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };
	struct recipe_files debs = { .item = &file, .count = 1 };

	(void)state;
	make_deb("arm.deb", "Package: arm\nVersion: 1\nArchitecture: arm64\n");
	describe("arm.deb", &file);
	solver_pool_new(&pool, "amd64");
	assert_true(solver_pool_add_debs(&pool, &debs, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_int_equal(err.line, 3);
}

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(reads_every_compression),	   scratch_test(refuses_what_is_no_package),
		scratch_test(refuses_a_file_that_changed), scratch_test(refuses_other_members),
		scratch_test(refuses_other_control_files), scratch_test(is_always_installed),
		scratch_test(refuses_other_architectures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
