/* SPDX-License-Identifier: MIT */
#include "base/store-key.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "base/user-directory.h"

#define KEY_NAME "store-key"
#define OWN_PLACE "put a key into a file and name that in " STORE_KEY_VARIABLE
#define KEY_FILE_MAX ((size_t)256)
/* To be raised when the text that is tagged changes, so that older tags do not fit any more. */
#define TAG_FORMAT "netrescue fact 1"

static int fill_random(void *bytes, size_t size, struct err *err)
{
	if (getrandom(bytes, size, 0) == (ssize_t)size)
		return 0;
	return err_errno(err, ERR_BUILD, errno, "cannot get random numbers");
}

/* ---- the file ------------------------------------------------------------------------------- */

/* Whether `path`, which exists, is below the directory `above`. */
static bool is_below(const char *path, const char *above)
{
	cleanup_free char *real = realpath(path, NULL), *real_above = realpath(above, NULL);
	size_t length = real_above ? strlen(real_above) : 0;

	return real && real_above && strncmp(real, real_above, length) == 0 &&
	       (length == 1 || real[length] == '/');
}

static int read_key(const char *path, const char *store, struct store_key *ret, int *ret_fd,
		    struct err *err)
{
	cleanup_fd int fd = -1;
	char text[KEY_FILE_MAX] = "";
	ssize_t n;
	int r = open_file(AT_FDCWD, path, 0, ERR_USAGE, &fd, err);

	if (r < 0)
		return r;
	n = read_all(fd, text, sizeof(text) - 1);
	if (n < 0)
		return err_errno(err, ERR_USAGE, (int)-n, "cannot read '%s'", path);
	text[strcspn(text, "\r\n")] = '\0';
	if (!digest_is_valid(text))
		return err_set(err, ERR_USAGE, "'%s' is not a key: 64 of the digits 0-9, a-f",
			       path);
	if (is_below(path, store)) {
		err_set(err, ERR_USAGE, "'%s' is in the store, with what it is to protect", path);
		return err_hint(err, OWN_PLACE);
	}
	for (size_t i = 0; i < STORE_KEY_SIZE; i++)
		ret->bytes[i] =
			(unsigned char)(hex_digit(text[2 * i]) * 16 + hex_digit(text[2 * i + 1]));
	ret->is_known = true;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* The key is only a secret if nobody else can read it or has made it. */
static int check_private(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot look at '%s'", path);
	if (st.st_uid != geteuid())
		return err_set(err, ERR_USAGE, "'%s' belongs to another user", path);
	if (st.st_mode & 077)
		return err_set(err, ERR_USAGE, "'%s' can be used by others", path);
	return 0;
}

/* ---- making one ----------------------------------------------------------------------------- */

static int write_key(int fd, const char *path, struct err *err)
{
	unsigned char bytes[STORE_KEY_SIZE];
	char text[DIGEST_HEX] = "";
	int r = fill_random(bytes, sizeof(bytes), err);

	if (r < 0)
		return r;
	digest_hex(bytes, sizeof(bytes), text);
	text[sizeof(text) - 1] = '\n';
	/* As the umask may take even the owner's rights. */
	r = fchmod(fd, 0600) < 0 ? -errno : write_all(fd, text, sizeof(text));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot write '%s'", path) : 0;
}

/* Of processes that make it at the same time the first one wins. Where the file system has no hard
 * links it is the last one: the facts of the others are derived again. */
static int give_name(int dirfd, const char *temporary, const char *path, struct err *err)
{
	if (linkat(dirfd, temporary, dirfd, KEY_NAME, 0) == 0 || errno == EEXIST)
		return 0;
	if (renameat(dirfd, temporary, dirfd, KEY_NAME) == 0)
		return 0;
	return err_errno(err, ERR_BUILD, errno, "cannot make '%s'", path);
}

static int make_key(const char *directory, const char *path, struct err *err)
{
	cleanup_free char *temporary = NULL;
	cleanup_fd int dirfd = -1, fd = -1;
	uint64_t random = 0;
	int r = make_dirs(AT_FDCWD, directory, 0700, err);

	if (r < 0)
		return r;
	r = open_dir(AT_FDCWD, directory, &dirfd, err);
	if (r < 0)
		return r;
	r = fill_random(&random, sizeof(random), err);
	if (r < 0)
		return r;
	temporary = xasprintf("." KEY_NAME ".%016llx", (unsigned long long)random);
	fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make '%s'", path);
	r = write_key(fd, path, err);
	if (r == 0)
		r = give_name(dirfd, temporary, path, err);
	(void)unlinkat(dirfd, temporary, 0);
	return r;
}

/* ---- finding it ----------------------------------------------------------------------------- */

static int find_own(const char *store, bool make, struct store_key *ret, struct err *err)
{
	cleanup_free char *directory = user_directory("XDG_STATE_HOME", ".local/state");
	cleanup_free char *path = NULL;
	cleanup_fd int fd = -1;
	struct stat st;
	int r;

	if (!directory) {
		err_set(err, ERR_USAGE, "HOME is not set");
		return err_hint(err, OWN_PLACE);
	}
	path = xasprintf("%s/" KEY_NAME, directory);
	if (lstat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		if (!make)
			return 0;
		r = make_key(directory, path, err);
		if (r < 0)
			return err_hint(err, OWN_PLACE);
	}
	r = read_key(path, store, ret, &fd, err);
	if (r == 0)
		r = check_private(fd, path, err);
	return r < 0 ? err_hint(err, "remove it, and the next run makes a new one") : 0;
}

static int find_named(const char *path, const char *store, struct store_key *ret, struct err *err)
{
	cleanup_fd int fd = -1;

	if (read_key(path, store, ret, &fd, err) == 0)
		return 0;
	(void)err_wrap(err, STORE_KEY_VARIABLE);
	return err_hint(err, "'openssl rand -hex 32' makes such a key; without " STORE_KEY_VARIABLE
			     " one is made and kept in ~/.local/state/netrescue");
}

/* For a user whose key cannot be kept: one for all stores of this process. */
static int use_passing(bool make, const struct err *why, struct store_key *ret, struct err *err)
{
	static struct store_key passing;

	if (make && !passing.is_known) {
		int r = fill_random(passing.bytes, sizeof(passing.bytes), err);

		if (r < 0)
			return r;
		passing.is_known = true;
		log_note("what this run keeps in the store will be made again by the next one, "
			 "since no key for the store can be kept: %s (%s)",
			 why->message, why->hint);
	}
	*ret = passing;
	return 0;
}

int store_key_find(const char *store, bool make, struct store_key *ret, struct err *err)
{
	CLEANUP(err_release) struct err why = { 0 };
	const char *named = getenv(STORE_KEY_VARIABLE);
	struct store_key key = { 0 };

	if (named && *named) {
		int r = find_named(named, store, &key, err);

		if (r < 0)
			return r;
	} else if (find_own(store, make, &key, &why) < 0 || !key.is_known) {
		return use_passing(make, &why, ret, err);
	}
	*ret = key;
	return 0;
}

void store_key_tag(const struct store_key *key, const char *kind, const char *name,
		   const char *value, char ret_tag[DIGEST_HEX])
{
	cleanup_free char *text = xasprintf(TAG_FORMAT "\n%s\n%s\n%s\n", kind, name, value);

	assert(key->is_known && !strchr(kind, '\n') && !strchr(name, '\n') && !strchr(value, '\n'));
	digest_keyed(key->bytes, sizeof(key->bytes), text, strlen(text), ret_tag);
}
