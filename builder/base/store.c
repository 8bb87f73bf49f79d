/* SPDX-License-Identifier: MIT */
#include "base/store-parts.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/owner.h"
#include "base/tree.h"
#include "base/user-directory.h"

#define NEW_FILE_ATTEMPTS 100
#define CHOOSE "choose another place with --store DIR or NETRESCUE_STORE"

static char *default_path(void)
{
	const char *s = getenv("NETRESCUE_STORE");

	if (s && *s)
		return xstrdup(s);
	return user_directory("XDG_CACHE_HOME", ".cache");
}

/* Readable by all whatever the umask (store.h). */
static int make_open_dir(int dirfd, const char *path)
{
	cleanup_fd int fd = -1;

	if (mkdirat(dirfd, path, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	fd = open_beneath(dirfd, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	return fchmod(fd, 0755) < 0 ? -errno : 0;
}

/* A path in the store for messages, where "." is the store. The caller frees it. */
static char *shown(const struct store *s, const char *path)
{
	return streq(path, ".") ? xstrdup(s->path) : xasprintf("%s/%s", s->path, path);
}

static int refuse_foreign(const struct store *s, const char *path, const struct stat *st,
			  struct err *err)
{
	cleanup_free char *whose = owner_name(st);
	cleanup_free char *where = shown(s, path);

	if (streq(path, ".") && owner_check_made(s->dirfd) == 0) {
		err_set(err, ERR_USAGE,
			"the store '%s' is on a file system that takes us for %s, as NFS does with "
			"root (root_squash)",
			s->path, whose);
		return err_hint(err, "choose a place on a local disk with --store DIR or "
				     "NETRESCUE_STORE");
	}
	err_set(err, ERR_USAGE, "'%s' belongs to %s, who could change what is built from it", where,
		whose);
	return err_hint(err, "name a store of your own with --store DIR or NETRESCUE_STORE, or run "
			     "this as that user");
}

static int cannot(const struct store *s, const char *what, const char *path, int r, struct err *err)
{
	cleanup_free char *where = shown(s, path);

	if (r == -ELOOP) {
		err_set(err, ERR_USAGE,
			"'%s' is a link, or lies behind one: netrescue makes none there, and "
			"follows none",
			where);
		return err_hint(err, "remove the link, or name another store with --store DIR or "
				     "NETRESCUE_STORE");
	}
	err_errno(err, ERR_BUILD, -r, "cannot %s '%s'", what, where);
	if (r == -EINVAL)
		return err_hint(err, "its file system does not take such a name, as FAT does not: "
				     "a store has to lie on one of Unix (ext4, XFS, Btrfs, NFS); "
				     "for a stick there is `netrescue store export`");
	return err_hint(err, CHOOSE);
}

static int check_owner(const struct store *s, const char *name, struct err *err)
{
	cleanup_free char *where = shown(s, name);
	cleanup_fd int fd = open_beneath(s->dirfd, name, O_PATH, 0);
	struct stat st;

	if (fd < 0)
		return cannot(s, "open", name, fd, err);
	if (fstat(fd, &st) < 0)
		return cannot(s, "read", name, -errno, err);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_USAGE, "'%s' is not a directory", where);
	if (!owner_is_trusted(&st))
		return refuse_foreign(s, name, &st, err);
	if (owner_is_everybody(&st))
		log_warning("everybody may write to '%s', and so change what is built from it: "
			    "chmod o-w '%s'",
			    where, where);
	return 0;
}

/* Takes what was opened there, a descriptor or -errno, unless its owner may exchange what is in it.
 * -ENOENT without an error if there was nothing. */
static int take_trusted(const struct store *s, const char *path, int opened, int *ret_fd,
			struct err *err)
{
	cleanup_fd int fd = opened;
	struct stat st;

	if (fd == -ENOENT)
		return -ENOENT;
	if (fd < 0)
		return cannot(s, "open", path, fd, err);
	if (fstat(fd, &st) < 0)
		return cannot(s, "open", path, -errno, err);
	if (!owner_is_trusted(&st))
		return refuse_foreign(s, path, &st, err);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Opens the directory that holds `path`, and sees that nobody else may exchange what is in it. */
static int open_holder(const struct store *s, const char *path, const char **ret_name, int *ret_fd,
		       struct err *err)
{
	return take_trusted(s, path, open_parent_beneath(s->dirfd, path, ret_name), ret_fd, err);
}

int store_open_kept(const struct store *s, const char *path, int *ret_fd, struct err *err)
{
	cleanup_fd int holder = -1;
	cleanup_fd int fd = -1;
	const char *name = NULL;
	struct stat st;
	int r = open_holder(s, path, &name, &holder, err);

	if (r < 0 && r != -ENOENT)
		return r;
	fd = r < 0 ? r : open_beneath(holder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd == -ENOENT) {
		*ret_fd = -1;
		return 0;
	}
	if (fd < 0)
		return cannot(s, "open", path, fd, err);
	if (fstat(fd, &st) < 0)
		return cannot(s, "open", path, -errno, err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_BUILD, "'%s/%s' is not a regular file", s->path, path);
	if (!owner_is_trusted(&st))
		return refuse_foreign(s, path, &st, err);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int open_directories(struct store *s, struct err *err)
{
	static const char *const directory[] = {
		".", "sha256", STORE_FACTS, "tree", "log", "partial",
	};
	struct stat st;
	int r = check_owner(s, ".", err);

	for (size_t i = 1; r == 0 && i < ARRAY_SIZE(directory); i++) {
		int made = make_open_dir(s->dirfd, directory[i]);

		if (made < 0) {
			(void)err_errno(err, ERR_BUILD, -made, "cannot write to the store '%s'",
					s->path);
			return err_hint(err, CHOOSE);
		}
		r = check_owner(s, directory[i], err);
	}
	/* The images of the lab's server, which not everybody has. */
	if (r == 0 && fstatat(s->dirfd, "lab", &st, AT_SYMLINK_NOFOLLOW) == 0)
		r = check_owner(s, "lab", err);
	return r < 0 ? r : store_open_dir(s, "partial", &s->partial, err);
}

int store_open_dir(const struct store *s, const char *path, int *ret_fd, struct err *err)
{
	const int fd = open_beneath(s->dirfd, path, O_RDONLY | O_DIRECTORY, 0);

	return take_trusted(s, path, fd, ret_fd, err);
}

void store_sweep(struct store *s)
{
	int fd = openat(s->partial, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		/* To write, because NFS gives no such lock to who only reads. */
		cleanup_fd int file =
			openat(s->partial, e->d_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0)
			(void)unlinkat(s->partial, e->d_name, 0);
	}
	(void)closedir(d);
}

/* A new file each time, since the old one may be a link, a hard one too, to any other. It takes the
 * old one's name in one step, so that two builds of one version do not meet there. */
static int make_log(int holder, const char *name)
{
	cleanup_fd int fd = -1;
	char temporary[32];
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	(void)snprintf(temporary, sizeof(temporary), ".%016llx", (unsigned long long)random);
	fd = open_beneath(holder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0644);
	if (fd < 0)
		return fd;
	if (renameat(holder, temporary, holder, name) < 0) {
		int failed = errno;

		(void)unlinkat(holder, temporary, 0);
		return -failed;
	}
	return take_fd(&fd);
}

int store_log(struct store *s, const char *name, int *ret_fd, struct err *err)
{
	cleanup_free char *path = xasprintf("log/%s", name);
	cleanup_fd int holder = -1;
	const char *last = NULL;
	int r = open_holder(s, path, &last, &holder, err);

	if (r < 0)
		return r == -ENOENT ? cannot(s, "write the log", path, r, err) : r;
	r = make_log(holder, last);
	if (r < 0)
		return cannot(s, "write the log", path, r, err);
	*ret_fd = r;
	return 0;
}

int store_open(const char *path, struct store **ret, struct err *err)
{
	cleanup_free char *chosen = path ? xstrdup(path) : default_path();
	CLEANUP(store_cleanup) struct store *s = NULL;

	if (!chosen || !*chosen) {
		(void)err_set(err, ERR_USAGE, "no place for the store: HOME is not set");
		return err_hint(err, "give --store DIR or set NETRESCUE_STORE");
	}
	s = xcalloc(1, sizeof(*s));
	s->dirfd = s->partial = -1;
	s->path = take_ptr(chosen);
	if (make_dirs(AT_FDCWD, s->path, 0755, err) < 0 ||
	    open_dir(AT_FDCWD, s->path, &s->dirfd, err) < 0) {
		(void)err_wrap(err, "opening the store");
		return err_hint(err, CHOOSE);
	}
	if (open_directories(s, err) < 0)
		return err_value(err);
	store_sweep(s);
	*ret = take_ptr(s);
	return 0;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	cleanup_close_fd(&s->dirfd);
	cleanup_close_fd(&s->partial);
	free(s->path);
	free(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

static char *blob_name(const char *sha256)
{
	return xasprintf("sha256/%.2s/%s", sha256, sha256);
}

char *store_blob_path(const struct store *s, const char *sha256)
{
	return xasprintf("%s/sha256/%.2s/%s", store_path(s), sha256, sha256);
}

/* Renews the time stamp, so that a `netrescue gc` beside a build spares what the build uses. A user
 * who may not renew it may not remove the file either. */
static void renew(int fd)
{
	(void)futimens(fd, NULL);
}

static void remove_kept(const struct store *s, const char *path)
{
	const char *name = NULL;
	cleanup_fd int holder = open_parent_beneath(s->dirfd, path, &name);

	if (holder >= 0)
		(void)unlinkat(holder, name, 0);
}

int store_get(struct store *s, const char *sha256, int *ret_fd, struct err *err)
{
	cleanup_free char *name = NULL;
	cleanup_fd int fd = -1;
	char found[DIGEST_HEX];
	int r;

	if (!digest_is_valid(sha256))
		return err_set(err, ERR_BUILD, "'%s' is not a SHA-256 digest", sha256);
	name = blob_name(sha256);
	r = store_open_kept(s, name, &fd, err);
	if (r < 0 || fd < 0) {
		*ret_fd = -1;
		return r;
	}
	r = digest_fd(fd, found, err);
	if (r < 0)
		return err_wrap(err, "reading '%s/%s'", s->path, name);
	if (!streq(found, sha256)) {
		log_warning("'%s/%s' is damaged and was removed", s->path, name);
		remove_kept(s, name);
		*ret_fd = -1;
		return 0;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s/%s'", s->path, name);
	renew(fd);
	*ret_fd = take_fd(&fd);
	return 0;
}

bool store_has(struct store *s, const char *sha256)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	cleanup_free char *name = blob_name(sha256);
	cleanup_fd int fd = -1;

	if (store_open_kept(s, name, &fd, &ignored) < 0 || fd < 0)
		return false;
	renew(fd);
	return true;
}

/* Returns -EAGAIN if another builder's store_sweep() removed the file before it was locked. */
static int create_locked(const struct store *s, char *name, size_t size)
{
	cleanup_fd int fd = -1;
	uint64_t random;
	struct stat st;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	(void)snprintf(name, size, "%ld.%016llx", (long)getpid(), (unsigned long long)random);
	fd = openat(s->partial, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno == EEXIST ? -EAGAIN : -errno;
	/* Where files cannot be locked (some NFS), no sweep will ever get the lock either. */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return -EAGAIN;
	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return -EAGAIN;
	if (fchmod(fd, 0644) < 0)
		return -errno;
	return take_fd(&fd);
}

int store_put_begin(struct store *s, struct store_put *ret, struct err *err)
{
	char name[64];
	int fd = -EAGAIN;

	for (int i = 0; i < NEW_FILE_ATTEMPTS && fd == -EAGAIN; i++)
		fd = create_locked(s, name, sizeof(name));
	if (fd < 0) {
		err_errno(err, ERR_BUILD, -fd, "cannot create a file in '%s/partial'", s->path);
		return err_hint(err, CHOOSE);
	}
	*ret = (struct store_put){ .store = s, .fd = fd, .name = xstrdup(name) };
	return 0;
}

int store_publish(struct store_put *p, const char *directory, const char *target, struct err *err)
{
	const struct store *s = p->store;
	cleanup_fd int holder = -1;
	const char *name = NULL;
	int r;

	assert(s && p->name && directory);
	r = open_holder(s, target, &name, &holder, err);
	if (r == -ENOENT) {
		r = make_dirs_beneath(s->dirfd, directory, 0755);
		if (r < 0)
			return cannot(s, "make", directory, r, err);
		r = open_holder(s, target, &name, &holder, err);
	}
	if (r < 0)
		return r == -ENOENT ? cannot(s, "make", target, r, err) : r;
	if (renameat(s->partial, p->name, holder, name) < 0)
		return cannot(s, "make", target, -errno, err);
	free(take_ptr(p->name));
	return 0;
}

int store_put_commit(struct store_put *p, const char *known, char ret_sha256[DIGEST_HEX],
		     struct err *err)
{
	cleanup_free char *directory = NULL;
	cleanup_free char *target = NULL;
	char found[DIGEST_HEX];
	int r;

	if (known) {
		if (!digest_is_valid(known))
			return err_set(err, ERR_BUILD, "'%s' is not a SHA-256 digest", known);
		memcpy(found, known, DIGEST_HEX);
	} else {
		if (lseek(p->fd, 0, SEEK_SET) < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot read '%s/partial/%s'",
					 p->store->path, p->name);
		r = digest_fd(p->fd, found, err);
		if (r < 0)
			return err_wrap(err, "reading '%s/partial/%s'", p->store->path, p->name);
	}
	directory = xasprintf("sha256/%.2s", found);
	target = blob_name(found);
	r = store_publish(p, directory, target, err);
	if (r < 0)
		return r;
	if (ret_sha256)
		memcpy(ret_sha256, found, DIGEST_HEX);
	return 0;
}

void store_put_release(struct store_put *p)
{
	if (p->name)
		(void)unlinkat(p->store->partial, p->name, 0);
	cleanup_close_fd(&p->fd);
	free(p->name);
	*p = (struct store_put)STORE_PUT_INIT;
}
