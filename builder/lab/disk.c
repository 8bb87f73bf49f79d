/* SPDX-License-Identifier: MIT */
#include "lab/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "lab/disk-files.h"
#include "lab/unpacked.h"

/* The kind of the store's facts; a new one when disks are made in another way. */
#define DISK_KIND "disk2"
#define STAGING SANDBOX_SCRATCH "/disk"
#define DISK_FILE SANDBOX_SCRATCH "/disk.img"
#define COPY_SIZE ((size_t)1 << 20)
/* Free space for those who write into the tree. The file is sparse, so it takes no room. */
#define FREE_BYTES ((uint64_t)1 << 30)

static uint64_t tree_size(const struct image *i)
{
	return (uint64_t)i->tree_size;
}

static int put_archive(struct sandbox *sb, const struct image *i, const char *where,
		       struct err *err)
{
	cleanup_fd int fd = -1;
	int r = image_open_file(i, "rootfs.tar.zst", &fd, err);

	if (r == 0)
		r = unpacked_check(fd, tree_size(i), "rootfs.tar.zst", err);
	if (r == 0)
		r = sandbox_put(sb, fd, where, err);
	return r < 0 ? err_wrap(err, "unpacking '%s/rootfs.tar.zst'", i->path) : 0;
}

static int open_sandbox(struct disks *d, uint64_t size, struct err *err)
{
	const struct sandbox_options options = {
		.kind = d->sandbox_kind ? d->sandbox_kind : "auto",
		.source_date_epoch = 1,
		.hostname = "netrescue",
		.kernel = d->server->kernel,
		.space = tree_size(d->server) + size,
		.log_fd = -1,
	};
	int r;

	if (!d->sandbox) {
		r = sandbox_open(d->store, &options, &d->sandbox, err);
		if (r < 0)
			return r;
		r = put_archive(d->sandbox, d->server, "/", err);
		if (r < 0)
			return r;
	}
	return sandbox_call(d->sandbox, err, "rm", "-rf", STAGING, DISK_FILE, NULL);
}

/* ---- from the sandbox into the store ------------------------------------------------------- */

/* Only what is not a hole is copied: most of a disk is one. */
static int copy_data(int in, int out, off_t from, off_t to, char *buffer)
{
	while (from < to) {
		size_t wanted = (size_t)(to - from) < COPY_SIZE ? (size_t)(to - from) : COPY_SIZE;
		ssize_t n = pread(in, buffer, wanted, from);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		for (ssize_t done = 0, w; done < n; done += w) {
			w = pwrite(out, buffer + done, (size_t)(n - done), from + done);
			if (w < 0)
				return -errno;
		}
		from += n;
	}
	return 0;
}

static int copy_sparse(int in, int out, struct err *err)
{
	cleanup_free char *buffer = xmalloc(COPY_SIZE);
	struct stat st;
	off_t data, hole = 0;
	int r = fstat(in, &st) < 0 || ftruncate(out, st.st_size) < 0 ? -errno : 0;

	while (r == 0 && (data = lseek(in, hole, SEEK_DATA)) >= 0) {
		hole = lseek(in, data, SEEK_HOLE);
		r = hole < 0 ? -errno : copy_data(in, out, data, hole, buffer);
	}
	return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot copy a disk into the store") : 0;
}

static int keep_disk(struct disks *d, const char *key, char **ret_path, struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	cleanup_fd int fd = -1;
	char digest[DIGEST_HEX];
	int r = sandbox_open_file(d->sandbox, DISK_FILE, &fd, err);

	if (r < 0)
		return r;
	r = store_put_begin(d->store, &put, err);
	if (r < 0)
		return r;
	r = copy_sparse(fd, put.fd, err);
	if (r < 0)
		return r;
	r = store_put_commit(&put, NULL, digest, err);
	if (r < 0)
		return r;
	r = store_fact_set(d->store, DISK_KIND, key, digest, err);
	if (r < 0)
		return r;
	*ret_path = store_blob_path(d->store, digest);
	return 0;
}

/* *ret_path is left as it is if the store has no such disk, or one that is damaged. */
static int find_disk(struct disks *d, const char *key, char **ret_path, struct err *err)
{
	cleanup_free char *digest = NULL;
	cleanup_fd int fd = -1;
	int r = store_fact_get(d->store, DISK_KIND, key, &digest, err);

	if (r < 0 || !digest || !digest_is_valid(digest))
		return r;
	r = store_get(d->store, digest, &fd, err);
	if (r < 0)
		return r;
	if (fd >= 0)
		*ret_path = store_blob_path(d->store, digest);
	return 0;
}

/* ---- making one ----------------------------------------------------------------------------- */

static void begin_disk(const char *label)
{
	progress_start("disk", 0, PROGRESS_STEPS);
	progress_detail("%s", label);
}

/* A nightly test makes a disk for each image, so they are made fast: without a journal, and nothing
 * is initialised that need not be. */
static int make_file_system(struct disks *d, const char *label, uint64_t size, struct err *err)
{
	cleanup_free char *blocks = xasprintf("%" PRIu64 "k", (size + FREE_BYTES) >> 10);

	return sandbox_call(d->sandbox, err, "env", "-u", "SOURCE_DATE_EPOCH", "mke2fs", "-q", "-F",
			    "-t", "ext4", "-m", "0", "-O", "^has_journal", "-E", "nodiscard", "-L",
			    label, "-d", STAGING, DISK_FILE, blocks, NULL);
}

/* Files keep their times, as on a real server: setupcon compiles the keymap at each boot if the one
 * that it has saved is no newer than its configuration. So mke2fs may not see SOURCE_DATE_EPOCH,
 * which the sandbox sets: newer ones make no file newer than that. Directories have the time of
 * their unpacking, and if /usr is newer than /etc/.updated, systemd does its work of a first boot:
 * here all of them are old. */
static int age_directories(struct disks *d, struct err *err)
{
	return sandbox_call(d->sandbox, err, "find", STAGING, "-type", "d", "-exec", "touch",
			    "--date=@1", "{}", "+", NULL);
}

static int finish_disk(struct disks *d, const char *key, const char *label, uint64_t size,
		       char **ret_path, struct err *err)
{
	cleanup_free char *path = NULL;
	int r = age_directories(d, err);

	if (r < 0)
		return r;
	r = make_file_system(d, label, size, err);
	if (r < 0)
		return r;
	r = keep_disk(d, key, &path, err);
	if (r < 0)
		return r;
	r = sandbox_call(d->sandbox, err, "rm", "-rf", STAGING, DISK_FILE, NULL);
	if (r < 0)
		return r;
	*ret_path = take_ptr(path);
	progress_end(label);
	return 0;
}

/* ---- from an archive ----------------------------------------------------------------------- */

static int make_from_archive(struct disks *d, const struct image *i, const char *where,
			     const char *key, const char *label, char **ret_path, struct err *err)
{
	cleanup_free char *directory = xasprintf("%s%s%s", STAGING, *where ? "/" : "", where);
	uint64_t size = tree_size(i);
	int r = open_sandbox(d, 3 * size, err);

	if (r < 0)
		return r;
	r = sandbox_call(d->sandbox, err, "mkdir", "-p", directory, NULL);
	if (r < 0)
		return r;
	r = put_archive(d->sandbox, i, directory, err);
	return r < 0 ? r : finish_disk(d, key, label, size + size / 2, ret_path, err);
}

/* What such a disk is found by. */
static int archive_key(const struct image *i, const char *where, const char *label, char **ret_key,
		       struct err *err)
{
	cleanup_fd int fd = -1;
	char digest[DIGEST_HEX];
	int r = image_open_file(i, "rootfs.tar.zst", &fd, err);

	if (r < 0)
		return r;
	r = digest_fd(fd, digest, err);
	if (r < 0)
		return r;
	*ret_key = xasprintf("%s-%s-%s", digest, label, *where ? where : "top");
	return 0;
}

int disk_from_archive(struct disks *d, const struct image *i, const char *where, const char *label,
		      char **ret_path, struct err *err)
{
	cleanup_free char *path = NULL;
	cleanup_free char *key = NULL;
	int r = archive_key(i, where, label, &key, err);

	if (r < 0)
		return r;
	r = find_disk(d, key, &path, err);
	if (r < 0)
		return r;
	if (!path) {
		begin_disk(label);
		r = make_from_archive(d, i, where, key, label, &path, err);
	}
	if (r < 0)
		return err_wrap(err, "making the disk '%s' of %s", label, i->recipe);
	*ret_path = take_ptr(path);
	return 0;
}

/* ---- from files ---------------------------------------------------------------------------- */

static int make_from_files(struct disks *d, int tar, const char *key, const char *label,
			   uint64_t size, char **ret_path, struct err *err)
{
	int r = open_sandbox(d, 3 * size, err);

	if (r < 0)
		return r;
	r = sandbox_call(d->sandbox, err, "mkdir", "-p", STAGING, NULL);
	if (r < 0)
		return r;
	r = sandbox_put(d->sandbox, tar, STAGING, err);
	return r < 0 ? r : finish_disk(d, key, label, size, ret_path, err);
}

static int rewind_fd(int fd, struct err *err)
{
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read a temporary file");
	return 0;
}

/* Writes the files as an archive, which is then read from its beginning; its digest is the key. */
static int write_archive(const struct image *i, const char *mirror, int fd, uint64_t *ret_size,
			 char key[DIGEST_HEX], struct err *err)
{
	int r = disk_files_write(i, mirror, fd, ret_size, err);

	if (r < 0)
		return r;
	r = rewind_fd(fd, err);
	if (r < 0)
		return r;
	r = digest_fd(fd, key, err);
	return r < 0 ? r : rewind_fd(fd, err);
}

int disk_from_files(struct disks *d, const struct image *i, const char *mirror, const char *label,
		    char **ret_path, struct err *err)
{
	/* It is never committed: a temporary file where there is room for the disk, too. */
	CLEANUP(store_put_release) struct store_put tar = STORE_PUT_INIT;
	cleanup_free char *path = NULL;
	char key[DIGEST_HEX];
	uint64_t size;
	int r = store_put_begin(d->store, &tar, err);

	if (r < 0)
		return r;
	r = write_archive(i, mirror, tar.fd, &size, key, err);
	if (r < 0)
		return err_wrap(err, "reading what the server will serve");
	r = find_disk(d, key, &path, err);
	if (r < 0)
		return r;
	if (!path) {
		begin_disk(label);
		r = make_from_files(d, tar.fd, key, label, size, &path, err);
	}
	if (r < 0)
		return err_wrap(err, "making the disk '%s'", label);
	*ret_path = take_ptr(path);
	return 0;
}

void disks_release(struct disks *d)
{
	if (d->sandbox)
		sandbox_free(d->sandbox);
	*d = (struct disks){ 0 };
}
