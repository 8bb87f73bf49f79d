/* SPDX-License-Identifier: MIT */
/* What pruning keeps, in a store whose content is older than the grace of a day. */
#include "unit.h"

#include <signal.h>
#include <sys/file.h>
#include <time.h>

#include "archive/gc.h"
#include "archive/lock.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/store-parts.h"
#include "base/tree.h"
#include "command/fileserver.h"

#define PACKAGES 200
#define DAY (24 * 3600)

struct fixture {
	struct store *store;
	struct lock lock; /* of all packages */
	char plain[PACKAGES][DIGEST_HEX];
	char stray[DIGEST_HEX], stray_plain[DIGEST_HEX];
	char release[DIGEST_HEX], index[DIGEST_HEX], solv[DIGEST_HEX];
	char *lock_path;
};

static void put(struct fixture *f, const char *text, char ret[DIGEST_HEX])
{
	CLEANUP(store_put_release) struct store_put p = STORE_PUT_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	const struct timespec old[2] = { { .tv_sec = time(NULL) - 2 * DAY },
					 { .tv_sec = time(NULL) - 2 * DAY } };

	assert_int_equal(store_put_begin(f->store, &p, &err), 0);
	assert_int_equal(write_all(p.fd, text, strlen(text)), 0);
	assert_int_equal(futimens(p.fd, old), 0);
	assert_int_equal(store_put_commit(&p, NULL, ret, &err), 0);
}

static void age_fact(const struct fixture *f, const char *kind, const char *key)
{
	const struct timespec old[2] = { { .tv_sec = time(NULL) - 2 * DAY },
					 { .tv_sec = time(NULL) - 2 * DAY } };
	char name[DIGEST_HEX];

	digest_bytes(key, strlen(key), name);
	cleanup_free char *path = xasprintf("known/%s/%.2s/%s", kind, name, key);
	assert_int_equal(utimensat(f->store->dirfd, path, old, 0), 0);
}

static void set_fact(struct fixture *f, const char *kind, const char *key, const char *value)
{
	CLEANUP(err_release) struct err err = { 0 };

	assert_int_equal(store_fact_set(f->store, kind, key, value, &err), 0);
	age_fact(f, kind, key);
}

static void add_package(struct fixture *f, size_t i)
{
	struct package *p = packages_add(&f->lock.packages);
	cleanup_free char *original = xasprintf("original %zu", i);
	cleanup_free char *plain = xasprintf("plain %zu", i);

	p->name = xasprintf("package%03zu", i);
	p->version = xstrdup("1");
	p->architecture = xstrdup("amd64");
	p->suite = xstrdup("trixie");
	p->component = xstrdup("main");
	p->path = xasprintf("pool/%s.deb", p->name);
	p->repository = xstrdup("");
	p->size = strlen(original);
	put(f, original, p->sha256);
	put(f, plain, f->plain[i]);
	set_fact(f, "plain", p->sha256, f->plain[i]);
}

static void setup(struct fixture *f)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *store = xasprintf("%s/store", scratch_path);

	*f = (struct fixture){ .lock = { .recipe_name = xstrdup("x"),
					 .suite = xstrdup("trixie"),
					 .architecture = xstrdup("amd64"),
					 .source_date_epoch = 1700000000,
					 .bytes_epoch = BYTES_EPOCH } };
	digest_bytes("recipe", 6, f->lock.recipe_digest);
	assert_int_equal(store_open(store, &f->store, &err), 0);
	for (size_t i = 0; i < PACKAGES; i++)
		add_package(f, i);
	cleanup_free char *text = lock_text(&f->lock);
	scratch_file("x.lock", text);
	f->lock_path = xasprintf("%s/x.lock", scratch_path);

	put(f, "stray", f->stray);
	put(f, "stray plain", f->stray_plain);
	set_fact(f, "plain", f->stray, f->stray_plain);
	put(f, "Packages", f->index);
	put(f, "solv", f->solv);
	cleanup_free char *release = xasprintf("SHA256:\n %s 8 main/Packages\n", f->index);
	put(f, release, f->release);
	set_fact(f, "index", "trixie", f->release);
	set_fact(f, "solv", f->index, f->solv);
}

static void teardown(struct fixture *f)
{
	store_free(f->store);
	lock_release(&f->lock);
	free(f->lock_path);
}

static bool has(const struct fixture *f, const char *sha256)
{
	cleanup_free char *path = xasprintf("sha256/%.2s/%s", sha256, sha256);

	return faccessat(f->store->dirfd, path, F_OK, 0) == 0;
}

static bool has_all(struct fixture *f)
{
	CLEANUP(err_release) struct err err = { 0 };

	for (size_t i = 0; i < PACKAGES; i++) {
		const char *original = f->lock.packages.item[i].sha256;
		cleanup_free char *value = NULL;

		assert_int_equal(store_fact_get(f->store, "plain", original, &value, &err), 0);
		if (!value || strcmp(value, f->plain[i]) != 0 || !has(f, original) ||
		    !has(f, f->plain[i]))
			return false;
	}
	cleanup_free char *solv = NULL;
	assert_int_equal(store_fact_get(f->store, "solv", f->index, &solv, &err), 0);
	return solv && has(f, f->release) && has(f, f->index) && has(f, f->solv);
}

static struct gc_report collect(struct fixture *f, bool dry_run)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(strv_release) struct strv locks = { 0 };
	struct gc_report report = { 0 };

	strv_add(&locks, f->lock_path);
	assert_int_equal(store_gc(f->store, &locks, time(NULL), dry_run, &report, &err), 0);
	return report;
}

static void keeps_what_is_needed(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *value = NULL;
	struct gc_report report;

	(void)state;
	setup(&f);
	report = collect(&f, true);
	assert_int_equal(report.removed, 2);
	assert_int_equal(report.removed_bytes, strlen("stray") + strlen("stray plain"));
	assert_int_equal(report.kept, 2 * PACKAGES + 3);
	assert_true(has(&f, f.stray) && has(&f, f.stray_plain) && has_all(&f));

	report = collect(&f, false);
	assert_int_equal(report.removed, 2);
	assert_int_equal(report.kept, 2 * PACKAGES + 3);
	assert_true(has_all(&f));
	assert_false(has(&f, f.stray) || has(&f, f.stray_plain));
	assert_int_equal(store_fact_get(f.store, "plain", f.stray, &value, &err), 0);
	assert_null(value);
}

static bool has_fact(struct fixture *f, const char *kind, const char *key)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *value = NULL;

	assert_int_equal(store_fact_get(f->store, kind, key, &value, &err), 0);
	return value != NULL;
}

/* What was built is remembered as long as its lock is there. */
static void keeps_what_is_known_of_results(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };

	(void)state;
	setup(&f);
	assert_int_equal(lock_read(f.lock_path, &lock, &err), 0);
	set_fact(&f, "result", lock.digest, f.index);
	set_fact(&f, "result", f.stray, f.index);
	(void)collect(&f, false);
	assert_true(has_fact(&f, "result", lock.digest));
	assert_false(has_fact(&f, "result", f.stray));
}

/* What facts were before they had tags goes. */
static void removes_untagged_facts(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	const struct timespec old[2] = { { .tv_sec = time(NULL) - 2 * DAY },
					 { .tv_sec = time(NULL) - 2 * DAY } };

	(void)state;
	setup(&f);
	assert_int_equal(make_dirs(f.store->dirfd, "fact/plain/ab", 0755, &err), 0);
	scratch_file("store/fact/plain/ab/old", "x\n");
	scratch_file("store/fact/plain/ab/young", "x\n");
	assert_int_equal(utimensat(f.store->dirfd, "fact/plain/ab/old", old, 0), 0);
	(void)collect(&f, true);
	assert_int_equal(faccessat(f.store->dirfd, "fact/plain/ab/old", F_OK, 0), 0);
	(void)collect(&f, false);
	assert_int_equal(faccessat(f.store->dirfd, "fact/plain/ab/old", F_OK, 0), -1);
	assert_int_equal(faccessat(f.store->dirfd, "fact/plain/ab/young", F_OK, 0), 0);
}

/* A build that has just looked at a blob is about to use it. */
static void keeps_what_is_in_use(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = -1;

	(void)state;
	setup(&f);
	assert_int_equal(store_get(f.store, f.stray, &fd, &err), 0);
	assert_true(fd >= 0 && store_has(f.store, f.stray_plain));
	assert_int_equal(collect(&f, false).removed, 0);
	assert_true(has(&f, f.stray) && has(&f, f.stray_plain));
}

static void removes_nothing_without_every_lock(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(strv_release) struct strv locks = { 0 };
	struct gc_report report;

	(void)state;
	setup(&f);
	strv_add(&locks, f.lock_path);
	strv_addf(&locks, "%s/missing.lock", scratch_path);
	assert_true(store_gc(f.store, &locks, time(NULL), false, &report, &err) < 0);
	assert_non_null(strstr(err.message, "nothing was removed"));
	assert_true(has(&f, f.stray) && has(&f, f.stray_plain) && has_all(&f));
}

/* STORE/lab/server/VERSION/server.lock, with the fixture's packages. */
static void add_server(struct fixture *f, const char *version)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *directory = xasprintf("lab/server/%s", version);
	cleanup_free char *text = lock_text(&f->lock);
	cleanup_free char *path = xasprintf("store/%s/server.lock", directory);

	assert_int_equal(make_dirs(f->store->dirfd, directory, 0755, &err), 0);
	scratch_file(path, text);
}

static bool has_server(const struct fixture *f, const char *version)
{
	cleanup_free char *path = xasprintf("lab/server/%s/server.lock", version);

	return faccessat(f->store->dirfd, path, F_OK, 0) == 0;
}

static void keeps_the_newest_server(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(strv_release) struct strv locks = { 0 };
	struct gc_report report = { 0 };
	int64_t now = time(NULL);

	(void)state;
	setup(&f);
	assert_int_equal(fileserver_locks(f.store, &locks, &err), 0);
	assert_int_equal(fileserver_prune(f.store, now + 2 * DAY, false, &report, &err), 0);
	assert_true(locks.count == 0 && report.removed == 0);

	add_server(&f, "1");
	add_server(&f, "2");
	add_server(&f, "3");
	add_server(&f, ".new-4");
	assert_int_equal(symlinkat("2", f.store->dirfd, "lab/server/latest"), 0);
	assert_int_equal(fileserver_locks(f.store, &locks, &err), 0);
	assert_int_equal(locks.count, 1);
	assert_non_null(strstr(locks.item[0], "/store/lab/server/2/server.lock"));
	assert_int_equal(store_gc(f.store, &locks, now, false, &report, &err), 0);
	assert_true(has_all(&f));

	/* The young may be in use. */
	report = (struct gc_report){ 0 };
	assert_int_equal(fileserver_prune(f.store, now, false, &report, &err), 0);
	assert_int_equal(report.removed, 0);
	assert_int_equal(fileserver_prune(f.store, now + 2 * DAY, true, &report, &err), 0);
	assert_int_equal(report.removed, 2);
	assert_true(report.removed_bytes > 0);
	assert_true(has_server(&f, "1") && has_server(&f, "3"));
	assert_int_equal(fileserver_prune(f.store, now + 2 * DAY, false, &report, &err), 0);
	assert_int_equal(report.removed, 4);
	assert_false(has_server(&f, "1") || has_server(&f, "3"));
	assert_true(has_server(&f, "2") && has_server(&f, ".new-4"));
}

/* A build that publishes a server holds its directory's lock; a signal ends the waiting for it. */
static void waits_for_a_server_that_is_locked(void **state)
{
	CLEANUP(teardown) struct fixture f = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	struct gc_report report = { 0 };
	cleanup_fd int locked = -1;

	(void)state;
	setup(&f);
	add_server(&f, "1");
	add_server(&f, "2");
	assert_int_equal(symlinkat("2", f.store->dirfd, "lab/server/latest"), 0);
	locked = openat(f.store->dirfd, "lab/server", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(locked >= 0 && flock(locked, LOCK_EX | LOCK_NB) == 0);
	interrupt_init();
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_true(fileserver_prune(f.store, time(NULL) + 2 * DAY, false, &report, &err) < 0);
	assert_int_equal(err.class, ERR_INTERRUPTED);
	assert_true(report.removed == 0 && has_server(&f, "1"));
	cleanup_close_fd(&locked);
	locked = -1;
	assert_int_equal(fileserver_prune(f.store, time(NULL) + 2 * DAY, false, &report, &err), 0);
	assert_false(has_server(&f, "1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(keeps_what_is_needed),
		TEST(keeps_what_is_known_of_results),
		TEST(removes_untagged_facts),
		TEST(keeps_what_is_in_use),
		TEST(removes_nothing_without_every_lock),
		TEST(keeps_the_newest_server),
		TEST(waits_for_a_server_that_is_locked), /* its signal stays seen: the last */
	};

	return cmocka_run_group_tests_name("gc", tests, NULL, NULL);
}
