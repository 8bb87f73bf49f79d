/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <dirent.h>
#include <sys/wait.h>

#include "base/store-parts.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"

/* printf hello | sha256sum */
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static struct store *open_store(void)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = xasprintf("%s/deep/store", scratch_path);
	struct store *s = NULL;

	assert_int_equal(store_open(path, &s, &err), 0);
	return s;
}

static void put_hello(struct store *s, bool commit)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	char digest[DIGEST_HEX] = "";

	assert_int_equal(store_put_begin(s, &put, &err), 0);
	assert_int_equal(write_all(put.fd, "hello", 5), 0);
	if (!commit)
		return;
	assert_int_equal(store_put_commit(&put, NULL, digest, &err), 0);
	assert_string_equal(digest, HELLO);
}

static bool has_hello(struct store *s)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = -1;
	char content[16] = "";

	assert_int_equal(store_get(s, HELLO, &fd, &err), 0);
	if (fd < 0)
		return false;
	assert_int_equal(read(fd, content, sizeof(content)), 5);
	assert_string_equal(content, "hello");
	return true;
}

static unsigned count_entries(const struct store *s, const char *directory)
{
	DIR *d = fdopendir(openat(s->dirfd, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *e;
	unsigned n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	assert_int_equal(closedir(d), 0);
	return n;
}

static void test_blobs(void **state)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	struct stat st;
	mode_t mask = umask(077);

	(void)state;
	assert_false(has_hello(s));
	put_hello(s, false);
	assert_false(has_hello(s));
	put_hello(s, true);
	put_hello(s, true);
	(void)umask(mask);
	assert_true(has_hello(s));
	assert_int_equal(count_entries(s, "partial"), 0);
	assert_int_equal(fstatat(s->dirfd, "sha256/2c/" HELLO, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(fstatat(s->dirfd, "sha256/2c", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void test_damaged_blob_is_absent(void **state)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	cleanup_fd int fd = -1;

	(void)state;
	put_hello(s, true);
	fd = openat(s->dirfd, "sha256/2c/" HELLO, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "j", 1, 0), 1);
	assert_false(has_hello(s));
	assert_int_equal(faccessat(s->dirfd, "sha256/2c/" HELLO, F_OK, 0), -1);
	put_hello(s, true);
	assert_true(has_hello(s));
}

static void test_no_digest(void **state)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	CLEANUP(err_release) struct err err = { 0 };
	int fd = -1;

	(void)state;
	assert_true(store_get(s, "../../../../etc/passwd", &fd, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	assert_int_equal(fd, -1);
}

static void test_partial_files(void **state)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(store_cleanup) struct store *other = NULL;
	cleanup_fd int fd = -1;

	(void)state;
	assert_int_equal(store_put_begin(s, &put, &err), 0);
	fd = openat(s->dirfd, "partial/1.dead", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(count_entries(s, "partial"), 2);
	other = open_store(); /* of a second builder, while the first one is at work */
	assert_int_equal(count_entries(s, "partial"), 1);
	assert_int_equal(write_all(put.fd, "hello", 5), 0);
	assert_int_equal(store_put_commit(&put, HELLO, NULL, &err), 0);
	assert_true(has_hello(other));
}

static void test_facts(void **state)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *none = NULL, *first = NULL, *second = NULL;

	(void)state;
	assert_int_equal(store_fact_get(s, "kind", "Debian:a+b@c-1.0_x", &none, &err), 0);
	assert_null(none);
	assert_int_equal(store_fact_set(s, "kind", "Debian:a+b@c-1.0_x", "one", &err), 0);
	assert_int_equal(store_fact_get(s, "kind", "Debian:a+b@c-1.0_x", &first, &err), 0);
	assert_string_equal(first, "one");
	assert_int_equal(store_fact_set(s, "kind", "Debian:a+b@c-1.0_x", "", &err), 0);
	assert_int_equal(store_fact_get(s, "kind", "Debian:a+b@c-1.0_x", &second, &err), 0);
	assert_string_equal(second, "");
	assert_int_equal(count_entries(s, "partial"), 0);
}

static void test_fact_names(void **state)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "../x", "a b", "a\n", "\xc3\xa4" };
	CLEANUP(store_cleanup) struct store *s = open_store();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(err_release) struct err err = { 0 };
		CLEANUP(err_release) struct err other = { 0 };
		char *value = NULL;

		assert_true(store_fact_set(s, "kind", bad[i], "x", &err) < 0);
		assert_true(store_fact_get(s, bad[i], "key", &value, &other) < 0);
		assert_null(value);
	}
	assert_int_equal(count_entries(s, STORE_FACTS), 0);
}

static void test_fact_cut_short_is_absent(void **state)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *value = NULL;
	cleanup_fd int fd = -1;

	(void)state;
	assert_int_equal(store_fact_set(s, "kind", "key", "value", &err), 0);
	/* printf key | sha256sum */
	fd = openat(s->dirfd, "known/kind/2c/key", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 3), 0);
	assert_int_equal(store_fact_get(s, "kind", "key", &value, &err), 0);
	assert_null(value);
	assert_true(store_fact_set(s, "kind", "key", "two\nlines", &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
}

static char *get_fact(struct store *s, const char *kind, const char *key)
{
	CLEANUP(err_release) struct err err = { 0 };
	char *value = NULL;

	assert_int_equal(store_fact_get(s, kind, key, &value, &err), 0);
	return value;
}

static void assert_no_fact(struct store *s, const char *kind, const char *key)
{
	cleanup_free char *value = get_fact(s, kind, key);

	assert_null(value);
}

static void set_fact(struct store *s, const char *kind, const char *key, const char *value)
{
	CLEANUP(err_release) struct err err = { 0 };

	assert_int_equal(store_fact_set(s, kind, key, value, &err), 0);
}

/* printf key | sha256sum */
#define FACT_PATH "deep/store/known/kind/2c/key"
#define OTHER_PATH "deep/store/known/other/2c/key"

/* What somebody wrote there who has not the owner's key is not there. */
static void test_foreign_facts(void **state)
{
	static const char tag[] = "\n" HELLO "\n";
	static const char *const foreign[] = { "value\n",	"value" HELLO,
					       "value\n" HELLO, "value\n" HELLO "0\n",
					       "\n\nvalue\n",	"\n" };
	CLEANUP(store_cleanup) struct store *s = open_store();
	cleanup_free char *forged = xasprintf("value%s", tag);

	(void)state;
	set_fact(s, "kind", "key", "value");
	scratch_file(FACT_PATH, forged);
	assert_no_fact(s, "kind", "key");
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		scratch_file(FACT_PATH, foreign[i]);
		assert_no_fact(s, "kind", "key");
	}
	set_fact(s, "kind", "key", "value");
	cleanup_free char *value = get_fact(s, "kind", "key");
	assert_string_equal(value, "value");
}

/* A fact that is whole counts neither under another kind nor under another key, nor with another
 * value. */
static void test_moved_facts(void **state)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	static const char twin[] = "deep/store/known/kind/72/twin"; /* printf twin | sha256sum */

	(void)state;
	set_fact(s, "kind", "key", "value");
	set_fact(s, "other", "key", "x");
	set_fact(s, "kind", "twin", "x");
	assert_int_equal(read_file(scratch_fd, FACT_PATH, 1000, &t, &err), 0);
	scratch_file(OTHER_PATH, t.data);
	assert_no_fact(s, "other", "key");
	assert_int_equal(faccessat(scratch_fd, twin, F_OK, 0), 0);
	scratch_file(twin, t.data);
	assert_no_fact(s, "kind", "twin");
	t.data[0] ^= 1;
	scratch_file(FACT_PATH, t.data);
	assert_no_fact(s, "kind", "key");
	t.data[0] ^= 1;
	scratch_file(FACT_PATH, t.data);
	cleanup_free char *value = get_fact(s, "kind", "key");
	assert_string_equal(value, "value");
}

/* With another key, as on another machine, there are no facts until they are set anew. */
static void test_facts_of_another_key(void **state)
{
	CLEANUP(store_cleanup) struct store *mine = open_store(), *theirs = open_store();
	cleanup_free char *state_home = xasprintf("%s/another", scratch_path);

	(void)state;
	set_fact(mine, "kind", "key", "value");
	(void)setenv("XDG_STATE_HOME", state_home, 1);
	assert_no_fact(theirs, "kind", "key");
	set_fact(theirs, "kind", "key", "theirs");
	assert_no_fact(mine, "kind", "key");
	cleanup_free char *value = get_fact(theirs, "kind", "key");
	assert_string_equal(value, "theirs");
}

/* Nobody waits for a writer of a pipe, and a link is refused, be there what may behind it. */
static void test_odd_facts(void **state)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	CLEANUP(err_release) struct err link = { 0 }, fifo = { 0 };
	char *value = NULL;

	(void)state;
	set_fact(s, "kind", "key", "value");
	assert_int_equal(renameat(scratch_fd, FACT_PATH, scratch_fd, "aside"), 0);
	assert_int_equal(symlinkat("../../../../../aside", scratch_fd, FACT_PATH), 0);
	assert_true(store_fact_get(s, "kind", "key", &value, &link) < 0);
	assert_non_null(strstr(link.message, "is a link"));
	assert_int_equal(unlinkat(scratch_fd, FACT_PATH, 0), 0);
	assert_int_equal(mkfifoat(scratch_fd, FACT_PATH, 0600), 0);
	assert_true(store_fact_get(s, "kind", "key", &value, &fifo) < 0);
	assert_non_null(strstr(fifo.message, "not a regular file"));
	assert_null(value);
}

static void test_longest_fact(void **state)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *longest = xmalloc(STORE_FACT_MAX + 1);

	(void)state;
	memset(longest, 'x', STORE_FACT_MAX);
	longest[STORE_FACT_MAX] = '\0';
	assert_true(store_fact_set(s, "kind", "key", longest, &err) < 0);
	longest[STORE_FACT_MAX - 1] = '\0';
	set_fact(s, "kind", "key", longest);
	cleanup_free char *value = get_fact(s, "kind", "key");
	assert_string_equal(value, longest);
}

/* Opens one log again and again, until it cannot: 0, or 1. */
static int open_logs(void)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	CLEANUP(err_release) struct err err = { 0 };

	for (int i = 0; i < 500; i++) {
		cleanup_fd int fd = -1;

		if (store_log(s, "x-1.log", &fd, &err) < 0)
			return 1;
	}
	return 0;
}

/* Two builds of one version make its log at the same time. */
static void test_logs_at_once(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(open_logs());
	assert_int_equal(open_logs(), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Who owns a directory can exchange what is in it, after a look as well. */
static void test_foreign_directory(void **state)
{
	CLEANUP(store_cleanup) struct store *s = open_store();
	CLEANUP(err_release) struct err err = { 0 };
	int fd = -1;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(make_dirs(scratch_fd, "deep/store/lab/server", 0755, &err), 0);
	assert_int_equal(store_open_dir(s, "lab/server", &fd, &err), 0);
	cleanup_close_fd(&fd);
	fd = -1;
	assert_int_equal(fchownat(scratch_fd, "deep/store/lab/server", 12345, 12345, 0), 0);
	assert_true(store_open_dir(s, "lab/server", &fd, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, "/lab/server' belongs to "));
	assert_int_equal(fd, -1);
}

static void test_unwritable(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	cleanup_free char *path = xasprintf("%s/file/store", scratch_path);

	(void)state;
	scratch_file("file", "x");
	assert_true(store_open(path, &s, &err) < 0);
	assert_null(s);
	assert_int_equal(err.class, ERR_BUILD);
	assert_non_null(strstr(err.message, "/file"));
	assert_non_null(err.hint);
}

#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_blobs),
		STORE_TEST(test_damaged_blob_is_absent),
		STORE_TEST(test_no_digest),
		STORE_TEST(test_partial_files),
		STORE_TEST(test_facts),
		STORE_TEST(test_fact_names),
		STORE_TEST(test_fact_cut_short_is_absent),
		STORE_TEST(test_foreign_facts),
		STORE_TEST(test_moved_facts),
		STORE_TEST(test_facts_of_another_key),
		STORE_TEST(test_odd_facts),
		STORE_TEST(test_longest_fact),
		STORE_TEST(test_logs_at_once),
		STORE_TEST(test_foreign_directory),
		STORE_TEST(test_unwritable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
