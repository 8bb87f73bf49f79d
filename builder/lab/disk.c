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

/* Of the store's facts: raised when disks are made in another way. */
#define DISK_KIND "disk1"
#define STAGING SANDBOX_SCRATCH "/disk"
#define DISK_FILE SANDBOX_SCRATCH "/disk.img"
#define COPY_SIZE ((size_t)1 << 20)
/* Room for those who write into the tree. Sparse, so it costs nothing. */
#define FREE_BYTES ((uint64_t)1 << 30)

static uint64_t tree_size(const struct image *i)
{
	const json_t *rootfs = json_object_get(i->manifest, "rootfs");

	return (uint64_t)json_integer_value(json_object_get(rootfs, "tar-size"));
}

static int put_archive(struct sandbox *sb, const struct image *i, const char *where,
		       struct err *err)
{
	cleanup_fd int fd = -1;
	int r = image_file(i, "rootfs.tar.zst", &fd, err);

	if (r >= 0)
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
	int r = 0;

	if (!d->sandbox) {
		r = sandbox_open(d->store, &options, &d->sandbox, err);
		if (r >= 0)
			r = put_archive(d->sandbox, d->server, "/", err);
	}
	if (r >= 0)
		r = sandbox_call(d->sandbox, err, "rm", "-rf", STAGING, DISK_FILE, NULL);
	return r;
}

/* ---- from the sandbox into the store ------------------------------------------------------- */

/* Holes stay holes: the disk is mostly one. */
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

	if (r >= 0)
		r = store_put_begin(d->store, &put, err);
	if (r >= 0)
		r = copy_sparse(fd, put.fd, err);
	if (r >= 0)
		r = store_put_commit(&put, NULL, digest, err);
	if (r >= 0)
		r = store_fact_set(d->store, DISK_KIND, key, digest, err);
	if (r >= 0)
		*ret_path = store_blob_path(d->store, digest);
	return r;
}

/* *ret_path stays NULL if there is no such disk yet, or no whole one. */
static int find_disk(struct disks *d, const char *key, char **ret_path, struct err *err)
{
	cleanup_free char *digest = NULL;
	cleanup_fd int fd = -1;
	int r = store_fact_get(d->store, DISK_KIND, key, &digest, err);

	if (r >= 0 && digest && digest_is_valid(digest))
		r = store_get(d->store, digest, &fd, err);
	if (r >= 0 && fd >= 0)
		*ret_path = store_blob_path(d->store, digest);
	return r;
}

/* The nightly job makes a disk for each image: no journal, nothing initialised that need not be. */
static int make_file_system(struct disks *d, const char *label, uint64_t size, struct err *err)
{
	cleanup_free char *blocks = xasprintf("%" PRIu64 "k", (size + FREE_BYTES) >> 10);

	return sandbox_call(d->sandbox, err, "mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-O",
			    "^has_journal", "-E", "nodiscard", "-L", label, "-d", STAGING,
			    DISK_FILE, blocks, NULL);
}

static int finish_disk(struct disks *d, const char *key, const char *label, uint64_t size,
		       char **ret_path, struct err *err)
{
	int r = make_file_system(d, label, size, err);

	if (r >= 0)
		r = keep_disk(d, key, ret_path, err);
	if (r >= 0)
		r = sandbox_call(d->sandbox, err, "rm", "-rf", STAGING, DISK_FILE, NULL);
	return r;
}

/* ---- from an archive ----------------------------------------------------------------------- */

static int make_from_archive(struct disks *d, const struct image *i, const char *where,
			     const char *key, const char *label, char **ret_path, struct err *err)
{
	cleanup_free char *directory = xasprintf("%s%s%s", STAGING, *where ? "/" : "", where);
	uint64_t size = tree_size(i);
	int r;

	progress_start("disk", 0, PROGRESS_STEPS);
	progress_detail("%s", label);
	r = open_sandbox(d, 3 * size, err);
	if (r >= 0)
		r = sandbox_call(d->sandbox, err, "mkdir", "-p", directory, NULL);
	if (r >= 0)
		r = put_archive(d->sandbox, i, directory, err);
	if (r >= 0)
		r = finish_disk(d, key, label, size + size / 2, ret_path, err);
	if (r < 0)
		return err_wrap(err, "making the disk '%s' of %s", label, i->recipe);
	progress_end(label);
	return 0;
}

int disk_from_archive(struct disks *d, const struct image *i, const char *where, const char *label,
		      char **ret_path, struct err *err)
{
	cleanup_fd int fd = -1;
	char digest[DIGEST_HEX];
	cleanup_free char *key = NULL;
	int r = image_file(i, "rootfs.tar.zst", &fd, err);

	if (r >= 0)
		r = digest_fd(fd, digest, err);
	if (r < 0)
		return r;
	key = xasprintf("%s-%s-%s", digest, label, *where ? where : "top");
	*ret_path = NULL;
	r = find_disk(d, key, ret_path, err);
	if (r < 0 || *ret_path)
		return r;
	return make_from_archive(d, i, where, key, label, ret_path, err);
}

/* ---- from files ---------------------------------------------------------------------------- */

static int make_from_files(struct disks *d, int tar, const char *key, const char *label,
			   uint64_t size, char **ret_path, struct err *err)
{
	int r;

	progress_start("disk", 0, PROGRESS_STEPS);
	progress_detail("%s", label);
	r = open_sandbox(d, 3 * size, err);
	if (r >= 0)
		r = sandbox_call(d->sandbox, err, "mkdir", "-p", STAGING, NULL);
	if (r >= 0)
		r = sandbox_put(d->sandbox, tar, STAGING, err);
	if (r >= 0)
		r = finish_disk(d, key, label, size, ret_path, err);
	if (r < 0)
		return err_wrap(err, "making the disk '%s'", label);
	progress_end(label);
	return 0;
}

static int rewind_fd(int fd, struct err *err)
{
	return lseek(fd, 0, SEEK_SET) < 0
		       ? err_errno(err, ERR_BUILD, errno, "cannot read what the server will serve")
		       : 0;
}

int disk_from_files(struct disks *d, const struct image *i, const char *mirror, const char *label,
		    char **ret_path, struct err *err)
{
	/* Never committed: a file beside the disk that it becomes. */
	CLEANUP(store_put_release) struct store_put tar = STORE_PUT_INIT;
	char key[DIGEST_HEX];
	uint64_t size;
	int r = store_put_begin(d->store, &tar, err);

	if (r >= 0)
		r = disk_files_write(i, mirror, tar.fd, &size, err);
	if (r < 0)
		return err_wrap(err, "reading what the server will serve");
	r = rewind_fd(tar.fd, err);
	if (r >= 0)
		r = digest_fd(tar.fd, key, err);
	if (r >= 0)
		r = rewind_fd(tar.fd, err);
	*ret_path = NULL;
	if (r >= 0)
		r = find_disk(d, key, ret_path, err);
	if (r < 0 || *ret_path)
		return r;
	return make_from_files(d, tar.fd, key, label, size, ret_path, err);
}

void disks_release(struct disks *d)
{
	if (d->sandbox)
		sandbox_free(d->sandbox);
	*d = (struct disks){ 0 };
}
