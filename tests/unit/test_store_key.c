/* SPDX-License-Identifier: MIT */
/* The key of a store's owner: where it is found, when it is made, and what is none. */
#include "unit.h"

#include <sys/wait.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/store-key.h"
#include "base/text.h"

#define KEY_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* A user with a home and a store in the scratch directory, and nothing else in the environment. */
static int setup(void **state)
{
	if (scratch_setup(state) < 0)
		return -1;
	cleanup_free char *home = xasprintf("%s/home", scratch_path);

	(void)unsetenv("XDG_STATE_HOME");
	(void)unsetenv(STORE_KEY_VARIABLE);
	(void)setenv("HOME", home, 1);
	return mkdirat(scratch_fd, "home", 0755) | mkdirat(scratch_fd, "store", 0755);
}

static int teardown(void **state)
{
	(void)unsetenv(STORE_KEY_VARIABLE);
	return scratch_teardown(state);
}

static int find(bool make, struct store_key *ret, struct err *err)
{
	cleanup_free char *store = xasprintf("%s/store", scratch_path);

	*ret = (struct store_key){ 0 };
	return store_key_find(store, make, ret, err);
}

static struct store_key find_or_die(bool make)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct store_key key;

	assert_int_equal(find(make, &key, &err), 0);
	return key;
}

static bool same(const struct store_key *a, const struct store_key *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static void name_key(const char *path)
{
	cleanup_free char *named = xasprintf("%s/%s", scratch_path, path);

	(void)setenv(STORE_KEY_VARIABLE, named, 1);
}

#define OWN "home/.local/state/netrescue/store-key"

static void test_made_once(void **state)
{
	struct store_key first, second;
	struct stat st;

	(void)state;
	assert_false(find_or_die(false).is_known);
	assert_int_equal(faccessat(scratch_fd, "home/.local", F_OK, 0), -1);
	first = find_or_die(true);
	second = find_or_die(false);
	assert_true(first.is_known && second.is_known && same(&first, &second));
	assert_int_equal(fstatat(scratch_fd, OWN, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 65);
	assert_int_equal(fstatat(scratch_fd, "home/.local/state/netrescue", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(st.st_nlink, 2);
	/* Nothing but the key is left. */
	assert_int_equal(unlinkat(scratch_fd, OWN, 0), 0);
	assert_int_equal(unlinkat(scratch_fd, "home/.local/state/netrescue", AT_REMOVEDIR), 0);
	second = find_or_die(true);
	assert_false(same(&first, &second));
}

static void test_state_home(void **state)
{
	cleanup_free char *directory = xasprintf("%s/other", scratch_path);

	(void)state;
	(void)setenv("XDG_STATE_HOME", directory, 1);
	assert_true(find_or_die(true).is_known);
	assert_int_equal(faccessat(scratch_fd, "other/netrescue/store-key", F_OK, 0), 0);
	(void)setenv("XDG_STATE_HOME", "relative", 1);
	assert_true(find_or_die(true).is_known);
	assert_int_equal(faccessat(scratch_fd, OWN, F_OK, 0), 0);
}

static void test_umask(void **state)
{
	mode_t mask = umask(0777);
	struct stat st;

	(void)state;
	(void)umask(0277);
	assert_true(find_or_die(true).is_known);
	(void)umask(mask);
	assert_int_equal(fstatat(scratch_fd, OWN, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* The key of another process of the same user. */
static struct store_key find_elsewhere(void)
{
	struct store_key key;
	int answer[2], status;

	assert_int_equal(pipe(answer), 0);
	if (fork() == 0) {
		CLEANUP(err_release) struct err err = { 0 };

		log_set_level(LOG_QUIET);
		if (find(true, &key, &err) < 0)
			_exit(1);
		_exit(write(answer[1], &key, sizeof(key)) != sizeof(key));
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	assert_int_equal(read(answer[0], &key, sizeof(key)), sizeof(key));
	(void)close(answer[0]);
	(void)close(answer[1]);
	return key;
}

/* Whatever is wrong with the user's own file, there is a key, for each process another one. */
static void assert_passing(void)
{
	struct store_key first = find_elsewhere(), second = find_elsewhere();

	assert_true(first.is_known && second.is_known && !same(&first, &second));
}

/* Where a process has more than one store, or opens one twice, they have the same. */
static void test_passing_for_the_whole_process(void **state)
{
	struct store_key first, second;

	(void)state;
	(void)setenv("HOME", "/proc", 1);
	first = find_or_die(true);
	second = find_or_die(true);
	assert_true(first.is_known && same(&first, &second));
	second = find_or_die(false);
	assert_true(same(&first, &second));
}

static void test_no_place(void **state)
{
	(void)state;
	scratch_file("file", "x");
	cleanup_free char *home = xasprintf("%s/file", scratch_path);

	(void)setenv("HOME", home, 1);
	assert_passing();
	(void)setenv("HOME", "/proc", 1);
	assert_passing();
}

static void test_bad_own(void **state)
{
	static const char *const bad[] = { "", "\n", "0011\n", (KEY_A "0\n"), ("x" KEY_A) };

	(void)state;
	(void)find_or_die(true);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		scratch_file(OWN, bad[i]);
		assert_passing();
	}
	scratch_file(OWN, KEY_A);
	assert_true(find_or_die(false).is_known);
	assert_int_equal(fchmodat(scratch_fd, OWN, 0640, 0), 0);
	assert_passing();
	assert_int_equal(unlinkat(scratch_fd, OWN, 0), 0);
	assert_int_equal(mkfifoat(scratch_fd, OWN, 0600), 0);
	assert_passing();
}

static void test_of_another(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	(void)find_or_die(true);
	assert_int_equal(fchownat(scratch_fd, OWN, 12345, 12345, 0), 0);
	assert_passing();
}

/* The key would come with the store that it is to protect against. */
static void test_in_the_store(void **state)
{
	cleanup_free char *home = xasprintf("%s/store/home", scratch_path);

	(void)state;
	(void)setenv("HOME", home, 1);
	assert_passing();
}

static void test_named(void **state)
{
	static const unsigned char begin[] = { 0x00, 0x11, 0x22, 0x33 };
	struct store_key key;

	(void)state;
	scratch_file("a", KEY_A "\n");
	scratch_file("b", KEY_A "\r\n");
	scratch_file("c", KEY_A);
	for (const char *name = "abc"; *name; name++) {
		const char path[] = { *name, '\0' };

		name_key(path);
		key = find_or_die(false);
		assert_true(key.is_known);
		assert_memory_equal(key.bytes, begin, sizeof(begin));
		assert_int_equal(key.bytes[31], 0xff);
	}
	assert_int_equal(faccessat(scratch_fd, "home/.local", F_OK, 0), -1);
	(void)setenv(STORE_KEY_VARIABLE, "", 1);
	assert_false(find_or_die(false).is_known);
}

static void test_named_badly(void **state)
{
	static const struct {
		const char *path, *message;
	} bad[] = {
		{ "none", "none': No such file" },
		{ "store", "Is a directory" },
		{ "fifo", "is a pipe" },
		{ "short", "is not a key" },
		{ "store/key", "is in the store" },
		{ "link", "is in the store" },
	};

	(void)state;
	assert_int_equal(mkfifoat(scratch_fd, "fifo", 0600), 0);
	scratch_file("short", "0011\n");
	scratch_file("store/key", KEY_A "\n");
	assert_int_equal(symlinkat("store/key", scratch_fd, "link"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(err_release) struct err err = { 0 };
		struct store_key key;

		name_key(bad[i].path);
		assert_true(find(true, &key, &err) < 0);
		assert_int_equal(err.class, ERR_USAGE);
		assert_true(starts_with(err.message, STORE_KEY_VARIABLE ": "));
		assert_non_null(strstr(err.message, bad[i].message));
		assert_non_null(err.hint);
		assert_false(key.is_known);
	}
}

/* Processes that need a key at the same time all take the one that is kept. */
static void test_at_once(void **state)
{
	enum { PROCESSES = 16 };
	int gate[2], answer[2];
	struct store_key kept, key;
	char go = 0;

	(void)state;
	assert_int_equal(pipe(gate) | pipe(answer), 0);
	for (int i = 0; i < PROCESSES; i++) {
		if (fork() != 0)
			continue;
		CLEANUP(err_release) struct err err = { 0 };

		(void)close(gate[1]);
		/* Returns when the parent has closed the other end. */
		if (read(gate[0], &go, 1) != 0 || find(true, &key, &err) < 0)
			_exit(1);
		_exit(write(answer[1], key.bytes, sizeof(key.bytes)) != sizeof(key.bytes));
	}
	(void)close(gate[0]);
	(void)close(gate[1]);
	for (int i = 0, status; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	kept = find_or_die(false);
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(read(answer[0], key.bytes, sizeof(key.bytes)), sizeof(key.bytes));
		assert_true(same(&key, &kept));
	}
	(void)close(answer[0]);
	(void)close(answer[1]);
}

/* printf 'netrescue fact 1\nplain\nname\nvalue\n' |
 *	openssl dgst -sha256 -mac HMAC -macopt hexkey:KEY_A */
static void test_tag(void **state)
{
	char tag[DIGEST_HEX], other[DIGEST_HEX];
	struct store_key key;

	(void)state;
	scratch_file("a", KEY_A);
	name_key("a");
	key = find_or_die(false);
	store_key_tag(&key, "plain", "name", "value", tag);
	assert_string_equal(tag,
			    "a5360075d65498235b901acf6b4bb9146554af63e4b3d489c7145c64adaa9e19");
	store_key_tag(&key, "plain", "nam", "evalue", other);
	assert_false(digest_equals(tag, other));
	store_key_tag(&key, "plai", "nname", "value", other);
	assert_false(digest_equals(tag, other));
	key.bytes[31] ^= 1;
	store_key_tag(&key, "plain", "name", "value", other);
	assert_false(digest_equals(tag, other));
}

#define KEY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEY_TEST(test_made_once),
		KEY_TEST(test_state_home),
		KEY_TEST(test_umask),
		KEY_TEST(test_no_place),
		KEY_TEST(test_bad_own),
		KEY_TEST(test_of_another),
		KEY_TEST(test_in_the_store),
		KEY_TEST(test_named),
		KEY_TEST(test_named_badly),
		KEY_TEST(test_at_once),
		KEY_TEST(test_tag),
		/* The last one: that key stays. */
		KEY_TEST(test_passing_for_the_whole_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
