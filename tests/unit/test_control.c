/* SPDX-License-Identifier: MIT */
/* Local .debs: their control file as a stanza, and their part in a package set. */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>

#include "deb/control.h"
#include "solve/resolve.h"
#include "base/memory.h"

/* An archive of one file, in memory. */
static void make_archive(struct archive *a, const char *name, const void *data, size_t size,
			 struct text *ret)
{
	static char buffer[1024 * 1024];
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	assert_int_equal(archive_write_open_memory(a, buffer, sizeof(buffer), &used), ARCHIVE_OK);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, 1600000000, 0);
	archive_entry_set_size(entry, (la_int64_t)size);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, size), size);
	archive_entry_free(entry);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	text_append(ret, buffer, used);
}

static void make_deb(const char *file, const char *control, int (*filter)(struct archive *),
		     const char *member)
{
	CLEANUP(text_release) struct text tar = { 0 };
	CLEANUP(text_release) struct text deb = { 0 };
	struct archive *inner = archive_write_new(), *outer = archive_write_new();
	int fd = openat(scratch_fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	archive_write_set_format_ustar(inner);
	if (filter)
		assert_int_equal(filter(inner), ARCHIVE_OK);
	make_archive(inner, "./control", control, strlen(control), &tar);
	archive_write_set_format_ar_svr4(outer);
	make_archive(outer, member, tar.data, tar.length, &deb);
	assert_int_equal(write(fd, deb.data, deb.length), deb.length);
	close(fd);
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

static void reads_every_compression(void **state)
{
	static const struct {
		int (*filter)(struct archive *);
		const char *member;
	} form[] = {
		{ NULL, "control.tar" },
		{ archive_write_add_filter_gzip, "control.tar.gz" },
		{ archive_write_add_filter_xz, "control.tar.xz" },
		{ archive_write_add_filter_zstd, "control.tar.zst" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(form) / sizeof(*form); i++) {
		CLEANUP(err_release) struct err err = { 0 };
		CLEANUP(release_file) struct recipe_file file = { 0 };
		CLEANUP(text_release) struct text got = { 0 };

		make_deb("mine.deb", control, form[i].filter, form[i].member);
		describe("mine.deb", &file);
		if (control_stanza(&file, &got, &err) < 0)
			fail_msg("%s: %s", form[i].member, err.message);
		assert_non_null(strstr(got.data, "Depends: lib (>= 1)\n"));
		assert_non_null(strstr(got.data, "\nFilename: mine.deb\n"));
		assert_non_null(strstr(got.data, file.digest));
	}
}

static void refuse(const char *file, enum err_class class, const char *why)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(release_file) struct recipe_file deb = { 0 };
	CLEANUP(text_release) struct text got = { 0 };

	describe(file, &deb);
	if (class == ERR_TRUST)
		deb.digest[0] = deb.digest[0] == '0' ? '1' : '0';
	assert_true(control_stanza(&deb, &got, &err) < 0);
	assert_int_equal(err.class, class);
	if (!strstr(err.message, why))
		fail_msg("'%s' lacks '%s'", err.message, why);
}

static void refuses_what_is_no_package(void **state)
{
	(void)state;
	scratch_file("text.deb", "not an archive at all");
	refuse("text.deb", ERR_USAGE, "text.deb");
	make_deb("other.deb", control, NULL, "data.tar");
	refuse("other.deb", ERR_USAGE, "no control.tar");
	make_deb("good.deb", control, NULL, "control.tar");
	refuse("good.deb", ERR_TRUST, "changed");
}

static void load_archive(struct solver_pool *u)
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
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		text_printf(&text, stanzas, names[i], digest);
	f = fmemopen(text.data, text.length, "r");
	assert_int_equal(solver_pool_add_text(u, &source, f, "trixie", &err), 0);
	fclose(f);
}

/* Installed without being asked for, in place of the archive's newer or older one, with what it
 * needs. */
static void is_always_installed(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(release_file) struct recipe_file file = { 0 };
	CLEANUP(solver_pool_release) struct solver_pool u = { 0 };
	CLEANUP(packages_release) struct packages packages = { 0 };
	struct recipe recipe = { .debs = { .item = &file, .count = 1 } };
	const struct package *mine;

	(void)state;
	make_deb("mine_0.5_amd64.deb",
		 "Package: mine\nVersion: 0.5\nArchitecture: amd64\nDepends: lib\n", NULL,
		 "control.tar");
	describe("mine_0.5_amd64.deb", &file);
	solver_pool_new(&u, "amd64");
	load_archive(&u);
	assert_int_equal(solver_pool_add_debs(&u, &recipe.debs, &err), 0);
	solver_pool_index(&u);
	if (resolve_pool(&u, &recipe, &packages, &err) < 0)
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
	CLEANUP(solver_pool_release) struct solver_pool u = { 0 };
	struct recipe_files debs = { .item = &file, .count = 1 };

	(void)state;
	make_deb("arm.deb", "Package: arm\nVersion: 1\nArchitecture: arm64\n", NULL, "control.tar");
	describe("arm.deb", &file);
	solver_pool_new(&u, "amd64");
	assert_true(solver_pool_add_debs(&u, &debs, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_int_equal(err.line, 3);
}

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(reads_every_compression),
		scratch_test(refuses_what_is_no_package),
		scratch_test(is_always_installed),
		scratch_test(refuses_other_architectures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
