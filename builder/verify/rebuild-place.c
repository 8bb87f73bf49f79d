/* SPDX-License-Identifier: MIT */
#include "verify/rebuild-place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/temporary-dir.h"
#include "base/tree.h"

#define PREFIX "netrescue-verify."
#define PROVENANCE_MAX ((size_t)64 << 20)
#define PROBES 40
#define TREE_ON_DISK "tree on disk"
#define GUEST "\"sandbox\": \"guestfs" /* as jansson writes it */
#define CLOCK_AHEAD (400 * 86400)
/* The rebuild is as large as the original, and while it is packed a little larger. */
#define SPARE (64ULL << 20)

static bool is_memory(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (fs.f_type == (__typeof__(fs.f_type))TMPFS_MAGIC ||
					  fs.f_type == (__typeof__(fs.f_type))RAMFS_MAGIC);
}

static bool has_room(const char *path, uint64_t need)
{
	struct statfs fs;

	return access(path, W_OK | X_OK) == 0 && statfs(path, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize >= need;
}

/* The rebuild holds the lock too (rebuild.c): it may outlive its parent for a moment. */
static int make_locked(const char *above, char **ret, int *ret_lock, struct err *err)
{
	int r = temporary_dir(above, PREFIX, ret, err);

	if (r < 0)
		return r;
	r = open_dir(AT_FDCWD, *ret, ret_lock, err);
	if (r < 0)
		return r;
	if (flock(*ret_lock, LOCK_EX | LOCK_NB) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot lock '%s'", *ret);
	return 0;
}

static void sweep_one(int dirfd, const char *name)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	cleanup_fd int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	/* A rebuild of root's was given to another user. */
	if (fd >= 0 && fstat(fd, &st) == 0 && (geteuid() == 0 || st.st_uid == geteuid()) &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)remove_tree(dirfd, name, &ignored);
}

/* Removes what rebuilds that were killed have left; what is in use stays. */
static void sweep(const char *above)
{
	DIR *d = opendir(above);

	for (const struct dirent *e; d && (e = readdir(d));)
		if (starts_with(e->d_name, PREFIX))
			sweep_one(dirfd(d), e->d_name);
	if (d)
		(void)closedir(d);
}

static int add_size(const struct walk_entry *e, void *data, struct err *err)
{
	(void)err;
	*(uint64_t *)data += (uint64_t)e->st->st_size;
	return 0;
}

/* Not in memory, if possible: the tree may be there. */
static const char *scratch_above(void)
{
	const char *given = getenv("TMPDIR");
	const char *const place[] = { given && *given ? given : "/tmp", "/var/tmp" };

	for (size_t i = 0; i < ARRAY_SIZE(place); i++)
		if (!is_memory(place[i]) && access(place[i], W_OK | X_OK) == 0)
			return place[i];
	return place[0];
}

static const char *file_system(const char *path)
{
	return is_memory(path) ? "memory (tmpfs)" : "disk";
}

int rebuild_place(const struct rebuild_options *o, struct rebuild *b, struct err *err)
{
	static const char *const memory[] = { "/dev/shm", "/run", "/tmp" };
	cleanup_free char *original = xasprintf("/proc/self/fd/%d", o->original);
	const char *above = scratch_above();
	uint64_t size = SPARE;
	struct stat here, there;
	int r;

	/* What is put there for the rebuild, its user may have to read. */
	(void)umask(022);
	sweep(above);
	for (size_t i = 0; i < ARRAY_SIZE(memory); i++)
		sweep(memory[i]);
	r = make_locked(above, &b->scratch, &b->lock[0], err);
	if (r < 0)
		return r;
	/* The rebuild's user has to get through. */
	if (fchmod(b->lock[0], 0711) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '%s' to others", b->scratch);
	r = walk_tree(o->original, add_size, &size, err);
	if (r < 0)
		return r;
	if (fstat(o->original, &here) < 0 || stat(above, &there) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot look at the scratch directory");
	for (size_t i = 0; i < ARRAY_SIZE(memory) && here.st_dev == there.st_dev; i++)
		if (has_room(memory[i], size) && stat(memory[i], &there) == 0)
			above = memory[i];
	if (here.st_dev == there.st_dev)
		variations_add_not(&b->variations, "file system",
				   "no second one here has room for the result");
	else
		variations_add(&b->variations, "file system", file_system(original),
			       is_memory(original) == is_memory(above) ? "another"
								       : file_system(above));
	return make_locked(above, &b->out, &b->lock[1], err);
}

/* ---- the order of directories --------------------------------------------------------------- */

static int make_probes(int dirfd, const char *above, struct err *err)
{
	for (unsigned i = 0; i < PROBES; i++) {
		cleanup_free char *name = xasprintf("%u", i * 7919 % 997);
		cleanup_fd int probe =
			openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		if (probe < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot write in '%s'", above);
	}
	return 0;
}

static int list_in(const char *path, const char *above, struct text *ret, struct err *err)
{
	cleanup_fd int fd = -1;
	DIR *d;
	int r = open_dir(AT_FDCWD, path, &fd, err);

	if (r < 0)
		return r;
	r = make_probes(fd, above, err);
	if (r < 0)
		return r;
	d = opendir(path);
	for (const struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			text_printf(ret, "%s ", e->d_name);
	if (d)
		(void)closedir(d);
	return 0;
}

/* Names as readdir(3) gives them, after making the same files in the same order. */
static int list_probes(const char *above, struct text *ret, struct err *err)
{
	cleanup_free char *path = NULL;
	int r = temporary_dir(above, PREFIX, &path, err), removed;

	if (r < 0)
		return r;
	r = list_in(path, above, ret, err);
	removed = remove_tree(AT_FDCWD, path, err);
	return r < 0 ? r : removed;
}

static void compare_orders(struct rebuild *b)
{
	static const char name[] = "order of directories";
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text memory = { 0 };
	CLEANUP(text_release) struct text disk = { 0 };

	if (is_memory(b->scratch) || !is_memory("/dev/shm"))
		variations_add_not(&b->variations, name,
				   "there is no disk beside memory (/dev/shm) to compare");
	else if (list_probes("/dev/shm", &memory, &err) < 0 ||
		 list_probes(b->scratch, &disk, &err) < 0)
		variations_add_not(&b->variations, name, "%s", err.message);
	else if (streq(memory.data, disk.data))
		variations_add_not(&b->variations, name,
				   "this disk's file system lists names as memory does");
	else
		variations_add(&b->variations, name, "as memory lists them",
			       "as the disk lists them");
}

/* What made a result says so in its provenance (sandbox_description()), which is not compared. */
static bool provenance_says(int dirfd, const char *words)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };

	return faccessat(dirfd, "provenance.json", R_OK, 0) == 0 &&
	       read_file_nofollow(dirfd, "provenance.json", PROVENANCE_MAX, &t, &ignored) == 0 &&
	       strstr(t.data, words);
}

bool rebuild_wants_disk(const struct rebuild_options *o)
{
	return !provenance_says(o->original, TREE_ON_DISK);
}

static const char *tree_place(int dirfd, bool is_guest)
{
	if (is_guest)
		return "on the appliance's disk";
	return provenance_says(dirfd, TREE_ON_DISK) ? "on disk" : "in memory";
}

int rebuild_sandbox(const struct rebuild_options *o, struct rebuild *b, struct err *err)
{
	struct variations *list = &b->variations;
	cleanup_fd int new = -1;
	bool was_guest = provenance_says(o->original, GUEST), is_guest;
	int r = open_dir(AT_FDCWD, b->result, &new, err);

	if (r < 0)
		return r;
	is_guest = provenance_says(new, GUEST);
	variations_add(list, "sandbox", was_guest ? "guestfs" : "namespace",
		       is_guest ? "guestfs" : "namespace");
	variations_add(list, "tree", tree_place(o->original, was_guest), tree_place(new, is_guest));
	compare_orders(b);
	if (is_guest) {
		if (getenv(APPLIANCE_QEMU))
			variations_add_not(list, "clock", APPLIANCE_QEMU " was set by the caller");
		else
			variations_add(list, "clock", "today", "in 400 days");
		if (was_guest)
			variations_add_not(list, "kernel", "the original is an appliance's, too");
		else
			variations_add(list, "kernel", "the host's", "the appliance's");
	} else {
		variations_add_not(list, "clock",
				   "namespaces have the host's; --sandbox=guestfs has its own");
		variations_add_not(list, "kernel",
				   "namespaces have the host's; --sandbox=guestfs has its own");
	}
	return 0;
}

char *rebuild_clock(void)
{
	struct timespec now = { 0 };
	struct tm utc = { 0 };
	char date[32] = "";

	(void)clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += CLOCK_AHEAD;
	if (gmtime_r(&now.tv_sec, &utc))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	return xasprintf(APPLIANCE_QEMU "=-rtc base=%s", date);
}

/* ---- the store ------------------------------------------------------------------------------ */

static int copy_package(struct store *from, struct store *to, const struct package *p,
			struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	cleanup_fd int fd = -1;
	char digest[DIGEST_HEX];
	int r = store_get(from, p->sha256, &fd, err);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_set(err, ERR_BUILD, "the package '%s' is not in the store any more",
			       p->name);
	r = store_put_begin(to, &put, err);
	if (r < 0)
		return r;
	r = copy_fd(fd, put.fd, NULL, err);
	if (r < 0)
		return r;
	return store_put_commit(&put, p->sha256, digest, err);
}

static int copy_packages(const struct rebuild_options *o, const char *path, struct err *err)
{
	CLEANUP(store_cleanup) struct store *store = NULL;
	int r = store_open(path, &store, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < o->lock->packages.count; i++) {
		const struct package *p = &o->lock->packages.item[i];

		progress_update(i);
		r = interrupt_check(err);
		if (r < 0)
			return r;
		if (store_has(store, p->sha256))
			continue;
		r = copy_package(o->store, store, p, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int rebuild_store(const struct rebuild_options *o, struct rebuild *b, struct err *err)
{
	cleanup_free char *path = xasprintf("%s/store", b->scratch);
	int r;

	progress_start("copy", o->lock->packages.count, PROGRESS_STEPS);
	r = copy_packages(o, path, err);
	if (r < 0)
		return err_wrap(err, "making a store for the rebuild");
	progress_end("a store with the packages and nothing else");
	variations_add(&b->variations, "store", "as it has grown", "new: the packages, no caches");
	return 0;
}
