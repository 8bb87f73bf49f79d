/* SPDX-License-Identifier: MIT */
/* Making and fetching locks, from a mirror in the file system. What lock_read() refuses:
 * test_lock_cases. */
#include "unit.h"
#include "deb.h"

#include "deb/ar.h"
#include "archive/lock.h"
#include "base/memory.h"

struct fixture {
	struct store *store;
	struct recipe recipe;
	struct mirrors mirrors;
	struct packages packages;
};

/* What is enough of a .deb for its date. */
static void make_deb(const char *time, const char *name, struct text *ret)
{
	cleanup_free char *control =
		xasprintf("Package: %s\nVersion: 1\nArchitecture: amd64\n", name);

	deb_of(time, control, ret);
}

static void add(struct fixture *f, const char *name, const char *time, const char *repository)
{
	CLEANUP(text_release) struct text deb = { 0 };
	cleanup_free char *file = xasprintf("%s%s.deb", repository, name);
	struct package *p = packages_add(&f->packages);

	make_deb(time, name, &deb);
	scratch_bytes(file, &deb);
	p->name = xstrdup(name);
	p->version = xstrdup("1");
	p->architecture = xstrdup("amd64");
	p->suite = xstrdup("trixie");
	p->component = xstrdup("main");
	p->path = xasprintf("%s.deb", name);
	p->repository = xstrdup(repository);
	p->size = deb.length;
	digest_bytes(deb.data, deb.length, p->sha256);
}

static void setup(struct fixture *f)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *store = xasprintf("%s/store", scratch_path);

	*f = (struct fixture){ .recipe = { .name = xstrdup("x"),
					   .suite = xstrdup("trixie"),
					   .architecture = xstrdup("amd64") } };
	digest_bytes("recipe", 6, f->recipe.digest);
	strv_addf(&f->mirrors.archive, "file://%s", scratch_path);
	strv_addf(&f->mirrors.security, "file://%s/security", scratch_path);
	assert_int_equal(mkdirat(scratch_fd, "security", 0755), 0);
	assert_int_equal(store_open(store, &f->store, &err), 0);
}

static void teardown(struct fixture *f)
{
	store_free(f->store);
	free(f->recipe.name);
	free(f->recipe.suite);
	free(f->recipe.architecture);
	free(f->recipe.debs.item);
	strv_release(&f->recipe.inputs);
	mirrors_release(&f->mirrors);
	packages_release(&f->packages);
}

static int make(struct fixture *f, bool offline, struct lock *ret, struct err *err)
{
	return lock_make(f->store, &f->recipe, &f->mirrors, offline, &f->packages, ret, err);
}

static void takes_the_newest_date(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };
	CLEANUP(lock_release) struct lock again = { 0 };
	cleanup_free char *text = NULL, *version = NULL, *path = NULL;

	(void)state;
	setup(&f);
	add(&f, "bb", "1600000000", "");
	add(&f, "aa", "1700000000", "");
	assert_int_equal(make(&f, false, &lock, &err), 0);
	assert_int_equal(lock.source_date_epoch, 1700000000);
	assert_string_equal(lock.packages.item[0].name, "aa");
	version = lock_version(&lock);
	assert_memory_equal(version, "20231114T221320Z-", 17);
	assert_memory_equal(version + 17, lock.digest, 8);

	text = lock_text(&lock);
	scratch_file("x.lock", text);
	path = xasprintf("%s/x.lock", scratch_path);
	assert_int_equal(lock_read(path, &again, &err), 0);
	assert_string_equal(again.digest, lock.digest);
	assert_int_equal(lock_check(&again, &f.recipe, &err), 0);
	assert_int_equal(lock_fetch(f.store, &again, &f.recipe, &f.mirrors, false, &err), 0);
	assert_int_equal(lock_fetch(f.store, &again, &f.recipe, &f.mirrors, true, &err), 0);
}

/* A machine that knows no mirror builds from a lock as long as the store has everything. */
static void needs_no_mirror_for_what_is_there(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(mirrors_release) struct mirrors none = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };

	(void)state;
	setup(&f);
	add(&f, "aa", "1700000000", "");
	assert_int_equal(make(&f, false, &lock, &err), 0);
	assert_true(lock_fetch(f.store, &lock, &f.recipe, &none, false, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_true(starts_with(err.message, "no mirror of Debian is known"));
	assert_non_null(strstr(err.hint, "--mirror"));
	err_release(&err);
	assert_int_equal(lock_fetch(f.store, &lock, &f.recipe, &f.mirrors, false, &err), 0);
	assert_int_equal(lock_fetch(f.store, &lock, &f.recipe, &none, false, &err), 0);
}

/* Security's mirror is another one; the date of a package in the store needs no mirror. */
static void asks_the_right_mirror(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };

	(void)state;
	setup(&f);
	add(&f, "cc", "1600000000", "security");
	assert_int_equal(renameat(scratch_fd, "securitycc.deb", scratch_fd, "security/cc.deb"), 0);
	assert_int_equal(make(&f, false, &lock, &err), 0);
	assert_int_equal(lock_fetch(f.store, &lock, &f.recipe, &f.mirrors, false, &err), 0);
	assert_int_equal(unlinkat(scratch_fd, "security/cc.deb", 0), 0);
	assert_int_equal(lock_fetch(f.store, &lock, &f.recipe, &f.mirrors, false, &err), 0);
}

static void needs_the_store_when_offline(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };

	(void)state;
	setup(&f);
	add(&f, "aa", "1600000000", "");
	assert_true(make(&f, true, &lock, &err) < 0);
	assert_int_equal(err.class, ERR_NETWORK);
	assert_non_null(strstr(err.message, "'aa'"));
	err_release(&err);
	assert_int_equal(make(&f, false, &lock, &err), 0);
	assert_true(lock_fetch(f.store, &lock, &f.recipe, &f.mirrors, true, &err) < 0);
	assert_int_equal(err.class, ERR_NETWORK);
}

/* The head of the file says another date when the lock is made than the file has in the end. */
static void finds_a_lying_mirror(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };
	CLEANUP(text_release) struct text lie = { 0 };
	CLEANUP(text_release) struct text truth = { 0 };

	(void)state;
	setup(&f);
	add(&f, "aa", "1600000000", "");
	make_deb("1600000001", "aa", &lie);
	make_deb("1600000000", "aa", &truth);
	scratch_bytes("aa.deb", &lie);
	assert_int_equal(make(&f, false, &lock, &err), 0);
	assert_int_equal(lock.source_date_epoch, 1600000001);
	scratch_bytes("aa.deb", &truth);
	assert_true(lock_fetch(f.store, &lock, &f.recipe, &f.mirrors, false, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	assert_non_null(strstr(err.message, "1600000001"));

	/* The next lock is right: what the bytes say is known by now. */
	err_release(&err);
	f.packages = lock.packages;
	lock.packages = (struct packages){ 0 };
	lock_release(&lock);
	assert_int_equal(make(&f, false, &lock, &err), 0);
	assert_int_equal(lock.source_date_epoch, 1600000000);
}

static void refuses_a_future_date(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };

	(void)state;
	setup(&f);
	add(&f, "aa", "99999999999", "");
	assert_true(make(&f, false, &lock, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	assert_non_null(strstr(err.message, "clock"));
}

/* The line of the lock, and the words for what is other than when it was made. */
static void says_what_changed(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(lock_release) struct lock made = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *text = NULL, *path = NULL;
	char one[DIGEST_HEX], two[DIGEST_HEX];

	(void)state;
	setup(&f);
	add(&f, "aa", "1600000000", "");
	digest_bytes("1", 1, one);
	digest_bytes("2", 1, two);
	strv_addf(&f.recipe.inputs, "menu %s", one);
	strv_addf(&f.recipe.inputs, "overlays[0] %s", one);
	strv_addf(&f.recipe.inputs, "packages %s", one);
	assert_int_equal(make(&f, false, &made, &err), 0);
	text = lock_text(&made);
	scratch_file("x.lock", text);
	path = xasprintf("%s/x.lock", scratch_path);
	assert_int_equal(lock_read(path, &lock, &err), 0);
	assert_int_equal(lock_check(&lock, &f.recipe, &err), 0);

	strv_release(&f.recipe.inputs);
	strv_addf(&f.recipe.inputs, "menu %s", one);
	strv_addf(&f.recipe.inputs, "overlays[0] %s", two);
	strv_addf(&f.recipe.inputs, "scripts[0] %s", two);
	assert_true(lock_check(&lock, &f.recipe, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	assert_string_equal(err.file, path);
	assert_int_equal(err.line, 6);
	assert_non_null(strstr(err.message, "'overlays[0]' has changed, 'packages' is gone, "
					    "'scripts[0]' is new"));
	assert_non_null(strstr(err.hint, "netrescue lock"));
}

static void refuses_another_recipe(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };
	struct err err = { 0 };

	(void)state;
	setup(&f);
	add(&f, "aa", "1600000000", "");
	assert_int_equal(make(&f, false, &lock, &err), 0);
	digest_bytes("other", 5, f.recipe.digest);
	assert_true(lock_check(&lock, &f.recipe, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	err_release(&err);
	digest_bytes("recipe", 6, f.recipe.digest);
	lock.bytes_epoch++;
	assert_true(lock_check(&lock, &f.recipe, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	assert_non_null(strstr(err.message, "bytes-epoch"));
	assert_non_null(strstr(err.hint, "of a later release"));
	err_release(&err);
	lock.bytes_epoch = 1;
	assert_true(lock_check(&lock, &f.recipe, &err) < 0);
	assert_non_null(strstr(err.hint, "bytes-epoch 1 is made by netrescue 0.1"));
	err_release(&err);
	lock.bytes_epoch = BYTES_EPOCH;
	f.recipe.suite[0] = 'T';
	assert_true(lock_check(&lock, &f.recipe, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	err_release(&err);
}

/* A local package comes from the recipe's file, and only while that is what it was. */
/* Where packages come from is the recipe's to say, and a lock that says it differs is not
 * followed. */
static void goes_where_the_recipe_says(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };
	char url[] = "https://vendor.example/debian";
	struct recipe_repository repository = { .url = url };

	(void)state;
	setup(&f);
	add(&f, "aa", "1700000000", "");
	assert_int_equal(make(&f, false, &lock, &err), 0);
	free(lock.packages.item[0].repository);
	lock.packages.item[0].repository = xstrdup(url);
	assert_true(lock_check(&lock, &f.recipe, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	assert_non_null(strstr(err.message, url));
	assert_non_null(err.hint);
	err_release(&err);
	f.recipe.repository = &repository;
	f.recipe.repository_count = 1;
	assert_int_equal(lock_check(&lock, &f.recipe, &err), 0);
}

/* Servers decode what they are asked for, and so does the file system's side of libcurl. */
static void writes_paths_as_urls(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };
	struct package *p;

	(void)state;
	setup(&f);
	add(&f, "aa", "1700000000", "");
	p = &f.packages.item[0];
	assert_int_equal(renameat(scratch_fd, "aa.deb", scratch_fd, "aa_1%3a2~x+y.deb"), 0);
	free(p->path);
	p->path = xstrdup("aa_1%3a2~x+y.deb");
	assert_int_equal(make(&f, false, &lock, &err), 0);
	assert_int_equal(lock_fetch(f.store, &lock, &f.recipe, &f.mirrors, false, &err), 0);
}

static void keeps_local_packages(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };
	struct err err = { 0 };
	cleanup_free char *path = xasprintf("%s/localmine.deb", scratch_path);
	struct recipe_file *deb;

	(void)state;
	setup(&f);
	add(&f, "mine", "1600000000", "local");
	f.recipe.debs.item = xcalloc(1, sizeof(*f.recipe.debs.item));
	f.recipe.debs.count = 1;
	deb = &f.recipe.debs.item[0];
	deb->path = path;
	deb->given = path;
	memcpy(deb->digest, f.packages.item[0].sha256, DIGEST_HEX);
	assert_int_equal(make(&f, true, &lock, &err), 0);
	assert_int_equal(lock.source_date_epoch, 1600000000);
	assert_int_equal(lock_fetch(f.store, &lock, &f.recipe, &f.mirrors, true, &err), 0);
	scratch_file("localmine.deb", "changed");
	assert_true(lock_fetch(f.store, &lock, &f.recipe, &f.mirrors, true, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	err_release(&err);
}

static void reads_dates(void **state)
{
	static const char *const wrong[] = {
		"", "x", "-1", "0", "253402300800", "1e9", "99999999999999"
	};
	static const struct {
		size_t at;
		const char *text;
	} damage[] = {
		{ 0, "x" }, { 8 + 13, "x" }, { 8 + 58, "x" }, { 8 + 60, "1" }, { 72, "x" },
	};
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text good = { 0 };
	int64_t time = 7;

	(void)state;
	make_deb("1600000000", "aa", &good);
	assert_int_equal(ar_time("x", good.data, AR_HEAD, &time, &err), 0);
	assert_int_equal(time, 1600000000);
	assert_true(ar_time("x", good.data, AR_HEAD - 1, &time, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		CLEANUP(text_release) struct text bad = { 0 };

		err_release(&err);
		make_deb(wrong[i], "aa", &bad);
		assert_true(ar_time("x", bad.data, AR_HEAD, &time, &err) < 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		CLEANUP(text_release) struct text bad = { 0 };

		err_release(&err);
		text_append(&bad, good.data, AR_HEAD);
		bad.data[damage[i].at] = damage[i].text[0];
		assert_true(ar_time("x", bad.data, AR_HEAD, &time, &err) < 0);
		assert_int_equal(err.class, ERR_TRUST);
	}
	assert_int_equal(time, 1600000000);
}

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(takes_the_newest_date),
		scratch_test(asks_the_right_mirror),
		scratch_test(needs_the_store_when_offline),
		scratch_test(finds_a_lying_mirror),
		scratch_test(refuses_a_future_date),
		scratch_test(refuses_another_recipe),
		scratch_test(says_what_changed),
		scratch_test(keeps_local_packages),
		scratch_test(goes_where_the_recipe_says),
		scratch_test(writes_paths_as_urls),
		cmocka_unit_test(reads_dates),
		scratch_test(needs_no_mirror_for_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
