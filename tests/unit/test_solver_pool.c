/* SPDX-License-Identifier: MIT */
/* Indices into the pool: the parsed form in the store gives what the text gave; what is
 * refused. */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>

#include "solve/request-find.h"
#include "solve/request.h"
#include "solve/resolve.h"
#include "solve/solver-pool.h"
#include "base/memory.h"
#include "base/store-parts.h"

#define STANZA(name, more)                                                                         \
	"Package: " name "\nVersion: 1:2.0-1\nInstalled-Size: 12\nArchitecture: amd64\n" more      \
	"Filename: pool/main/" name "_2.0-1_amd64.deb\nSize: 5000000000\nSHA256: "                 \
	"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n\n"

static const char packages_text[] = STANZA("apt", "Priority: important\nDepends: libapt (>= 1:2)\n")
	STANZA("debconf", "Essential: yes\nPriority: required\n") STANZA("libapt", "")
		STANZA("zstd", "Priority: optional\n");

/* Packages.xz in the store, as index.c leaves it. */
static void put_index(struct store *s, const char *text, struct index_file *ret)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	assert_int_equal(store_put_begin(s, &put, &err), 0);
	archive_write_set_format_raw(a);
	archive_write_add_filter_xz(a);
	assert_int_equal(archive_write_open_fd(a, put.fd), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, text, strlen(text)), strlen(text));
	archive_entry_free(entry);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	*ret = (struct index_file){ .suite = xstrdup("trixie"),
				    .component = xstrdup("main"),
				    .repository = xstrdup(""),
				    .pin_priority = PIN_PRIORITY_DEFAULT };
	assert_int_equal(store_put_commit(&put, NULL, ret->sha256, &err), 0);
}

static void release_index(struct index_file *f)
{
	free(f->suite);
	free(f->component);
	free(f->repository);
}

static void check_package(const struct package *p)
{
	assert_non_null(p);
	assert_string_equal(p->version, "1:2.0-1");
	assert_string_equal(p->architecture, "amd64");
	assert_string_equal(p->suite, "trixie");
	assert_string_equal(p->component, "main");
	assert_string_equal(p->repository, "");
	assert_int_equal(p->size, 5000000000);
	assert_int_equal(p->installed_size, 12 * 1024);
	assert_memory_equal(p->sha256, "9f86d081", 8);
}

static void solve_once(struct store *s, const struct index_file *file)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(packages_release) struct packages packages = { 0 };
	CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };
	struct recipe recipe = { .path = NULL };
	const struct package *apt;

	solver_pool_new(&pool, "amd64");
	if (solver_pool_add_index(&pool, s, file, &err) < 0)
		fail_msg("%s", err.message);
	solver_pool_index(&pool);
	if (resolve_pool(&pool, &recipe, &packages, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(packages.count, 4);
	apt = packages_find(&packages, "apt", ROLE_IMAGE);
	check_package(apt);
	assert_string_equal(apt->path, "pool/main/apt_2.0-1_amd64.deb");
	assert_true(apt->base);
	check_package(packages_find(&packages, "libapt", ROLE_IMAGE));
	check_package(packages_find(&packages, "zstd", ROLE_BOOT));
	assert_true(packages_find(&packages, "debconf", ROLE_IMAGE)->essential);
}

static int remove_text(struct store *s, const struct index_file *file)
{
	cleanup_free char *path = xasprintf("sha256/%.2s/%s", file->sha256, file->sha256);

	return unlinkat(s->dirfd, path, 0);
}

static void keeps_what_it_parsed(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(release_index) struct index_file file = { 0 };
	cleanup_free char *path = xasprintf("%s/store", scratch_path);

	(void)state;
	assert_int_equal(store_open(path, &s, &err), 0);
	put_index(s, packages_text, &file);
	solve_once(s, &file);
	/* Without the text, only the parsed form can answer. */
	assert_int_equal(remove_text(s, &file), 0);
	solve_once(s, &file);
}

/* The names of the answer for apt with these dependencies, with blanks between. */
static void solve_apt(struct store *s, const struct index_file *file, struct text *ret)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(packages_release) struct packages packages = { 0 };
	CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };
	struct recipe recipe = { .path = NULL };

	solver_pool_new(&pool, "amd64");
	if (solver_pool_add_index(&pool, s, file, &err) < 0)
		fail_msg("%s", err.message);
	solver_pool_index(&pool);
	if (resolve_pool(&pool, &recipe, &packages, &err) < 0)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < packages.count; i++)
		text_printf(ret, "%s ", packages.item[i].name);
}

/* The first answer comes from the text, the second from the parsed form. */
static void check_order(const char *text, const char *expected)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(release_index) struct index_file file = { 0 };
	CLEANUP(text_release) struct text cold = { 0 };
	CLEANUP(text_release) struct text warm = { 0 };
	cleanup_free char *path = xasprintf("%s/store", scratch_path);

	assert_int_equal(store_open(path, &s, &err), 0);
	put_index(s, text, &file);
	solve_apt(s, &file, &cold);
	assert_int_equal(remove_text(s, &file), 0);
	solve_apt(s, &file, &warm);
	assert_string_equal(cold.data, expected);
	assert_string_equal(warm.data, expected);
}

/* "one | two" brings nothing where "two" was taken before it, and brings "one" where it comes
 * first. */
#define ORDERED(relation)                                                                          \
	STANZA("apt", "Priority: important\n" relation)                                            \
	STANZA("debconf", "") STANZA("zstd", "") STANZA("one", "") STANZA("two", "")

static void keeps_the_order_of_dependencies(void **state)
{
	(void)state;
	check_order(ORDERED("Depends: two, one | two\n"), "apt debconf two zstd ");
	check_order(ORDERED("Depends: one | two, two\n"), "apt debconf one two zstd ");
	check_order(ORDERED("Pre-Depends: two, one | two\n"), "apt debconf two zstd ");
	check_order(ORDERED("Pre-Depends: two\nDepends: one | two\n"), "apt debconf two zstd ");
	check_order(ORDERED("Pre-Depends: one | two\nDepends: two\n"), "apt debconf one two zstd ");
}

#define BEGIN(name, version, architecture)                                                         \
	"Package: " name "\nVersion: " version "\nArchitecture: " architecture "\nFilename: x.deb\n"

static const char odd_text[] = STANZA("apt", "") STANZA("debconf", "") STANZA("zstd", "")
	STANZA("BigTool", "") STANZA("my_tool", "") STANZA("dup", "Depends: x\nDepends: y\n")
		BEGIN("nosum", "1", "amd64") "Size: 1\n\n" BEGIN(
			"version", "v1.0", "all") "Size: 1\n\nno field\n\n" BEGIN("foreign", "v1",
										  "i386") "\n";

/* As third parties' archives have them, and apt takes or leaves alone. */
static void leaves_out_odd_stanzas(void **state)
{
	static char version[] = "version";
	const struct recipe_name wanted = { .value = version };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(release_index) struct index_file file = { 0 };
	cleanup_free char *path = xasprintf("%s/store", scratch_path);

	(void)state;
	assert_int_equal(store_open(path, &s, &err), 0);
	put_index(s, odd_text, &file);
	/* The second time as well: what is not kept cannot be forgotten. */
	for (int i = 0; i < 2; i++) {
		CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };

		solver_pool_new(&pool, "amd64");
		assert_int_equal(solver_pool_add_index(&pool, s, &file, &err), 0);
		solver_pool_index(&pool);
		assert_int_equal(pool.count, 3);
		assert_int_equal(pool.skipped.count, 6);
		assert_string_equal(pool.skipped.item[0].name, "BigTool");
		assert_string_equal(pool.skipped.item[2].name, "dup");
		assert_non_null(strstr(pool.skipped.item[2].reason, "given twice: 'Depends'"));
		assert_string_equal(pool.skipped.item[5].name, "");
		assert_true(request_unknown(&pool, &wanted, &err) < 0);
		assert_non_null(strstr(err.message, "not a version: 'v1.0'"));
		err_release(&err);
	}
}

static void refuse(const char *text, const char *why)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };
	cleanup_free char *copy = xstrdup(text);
	const struct solver_source source = { .pin_priority = PIN_PRIORITY_DEFAULT,
					      .suite = "trixie",
					      .component = "main",
					      .repository = "" };
	FILE *f = fmemopen(copy, strlen(copy), "r");

	solver_pool_new(&pool, "amd64");
	assert_true(solver_pool_add_text(&pool, &source, f, "Packages", &err) < 0);
	fclose(f);
	if (!strstr(err.message, why))
		fail_msg("'%s' lacks '%s'", err.message, why);
	assert_string_equal(err.file, "Packages");
}

static void refuses_wrong_stanzas(void **state)
{
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	refuse("Package: x y\n\n", "package name");
	refuse("Package: bash\nPackage: bash\n\n", "twice");
	refuse("Package: bash\nVersion: one\n\n", "version");
	refuse("Package: bash\nSize: -1\n\n", "size");
	refuse("Package: bash\nSize: 0\n\n", "size");
	refuse("Package: bash\nFilename: /etc/passwd\n\n", "path");
	refuse("Package: bash\nFilename: ../x\n\n", "path");
	refuse("Package: bash\nFilename: x/..\n\n", "path");
	refuse("Package: bash\nFilename: a?b\n\n", "path");
	refuse("Package: bash\nFilename: .//etc/passwd\n\n", "path");
	refuse("Package: bash\nFilename: ././../x\n\n", "path");
	refuse("Package: bash\nFilename: x/%2e%2E/y\n\n", "path");
	refuse("Package: bash\nFilename: x\\..\\y\n\n", "path");
	refuse("Package: bash\nFilename: x\x1b[2J\n\n", "path");
	refuse("Package: bash\nSHA256: 12\n\n", "SHA-256");
	refuse("no field\n\n", "Field: value");
	refuse("Package: bash\nVersion: 1\n\n", "Architecture");
	text_add(&t, "Package: bash\nDepends: a0");
	for (int i = 0; i < 2000; i++)
		text_printf(&t, " | a%d", i);
	text_add(&t, "\n\n");
	refuse(t.data, "alternatives");
	text_release(&t);
	text_add(&t, "Package: bash\nDescription: ");
	for (int i = 0; i < 20000; i++)
		text_add(&t,
			 "0123456789012345678901234567890123456789012345678901234567890123456789");
	text_add(&t, "\n\n");
	refuse(t.data, "too long");
}

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(keeps_what_it_parsed),
		scratch_test(keeps_the_order_of_dependencies),
		scratch_test(leaves_out_odd_stanzas),
		cmocka_unit_test(refuses_wrong_stanzas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
