/* SPDX-License-Identifier: MIT */
#include "publish/compressor.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <zstd.h>

#include "base/io.h"
#include "base/memory.h"
#include "deb/deb.h"
#include "tar/members.h"

#define IMAGE_PROGRAM "/usr/bin/zstd"
#define SCRATCH_PROGRAM SANDBOX_SCRATCH "/zstd"
#define PROGRAM_MAX (16 << 20)
#define IN_SIZE ((size_t)1 << 18)
#define OUT_SIZE ((size_t)1 << 20)

int compressor_check(const struct lock *lock, struct err *err)
{
	if (packages_find(&lock->packages, "zstd", ROLE_IMAGE) ||
	    packages_find(&lock->packages, "zstd", ROLE_BOOT))
		return 0;
	err_set(err, ERR_USAGE,
		"rootfs.tar.zst is made by the image suite's own zstd program, but "
		"the recipe has no package 'zstd'");
	return err_hint(err, "add 'zstd' to packages:, or to boot-packages: to keep it out of the "
			     "image");
}

static int put_program(struct store *s, const struct lock *lock, struct sandbox *sb,
		       struct err *err)
{
	const struct package *p = packages_find(&lock->packages, "zstd", ROLE_BOOT);
	CLEANUP(text_release) struct text program = { 0 };
	int r = deb_read_member(s, p, "usr/bin/zstd", PROGRAM_MAX, &program, err);

	if (r < 0)
		return err_wrap(err, "taking the compressor out of its package");
	r = sandbox_write(sb, SCRATCH_PROGRAM, program.data, program.length, 0755, err);
	return r < 0 ? err_wrap(err, "putting the compressor into the sandbox") : 0;
}

/* A boot package comes without its dependencies: the image must have the libraries it needs. */
static int check_runs(struct sandbox *sb, const char *program, struct err *err)
{
	const char *const argv[] = { program, "--version", NULL };
	struct sandbox_command c = { .argv = argv, .read_only = true, .may_fail = true };
	int r = sandbox_run(sb, &c, 1, err);

	if (r < 0)
		return err_wrap(err, "trying the compressor");
	if (WIFEXITED(c.status) && WEXITSTATUS(c.status) == 0)
		return 0;
	err_set(err, ERR_USAGE, "the suite's zstd does not run in this image: it lacks a library");
	return err_hint(err,
			"add 'zstd' to packages:, which brings its libraries, or add these (the "
			"log names them) to packages:");
}

int compressor_prepare(struct store *s, const struct lock *lock, struct sandbox *sb, int level,
		       struct strv *ret, struct err *err)
{
	bool installed = packages_find(&lock->packages, "zstd", ROLE_IMAGE);
	const char *program = installed ? IMAGE_PROGRAM : SCRATCH_PROGRAM;
	int r = installed ? 0 : put_program(s, lock, sb, err);

	if (r < 0)
		return r;
	r = check_runs(sb, program, err);
	if (r < 0)
		return r;
	strv_add(ret, program);
	strv_addf(ret, "-%d", level);
	/* The bytes depend on the number of workers, so that may not depend on the processors. */
	strv_add(ret, "-T2");
	strv_add(ret, "--quiet");
	strv_add(ret, "--stdout");
	return 0;
}

int unpacking_init(struct unpacking *u, int fd,
		   int (*look)(void *data, bool idle, uint64_t *limit, struct err *err), void *data,
		   struct err *err)
{
	*u = (struct unpacking){ .fd = fd,
				 .look = look,
				 .data = data,
				 .limit = MEMBERS_BYTES_MAX,
				 .stream = ZSTD_createDStream(),
				 .digest = digest_new(),
				 .in = xmalloc(IN_SIZE),
				 .out = xmalloc(OUT_SIZE) };
	return u->stream ? 0 : err_set(err, ERR_BUILD, "libzstd has no memory");
}

void unpacking_release(struct unpacking *u)
{
	(void)ZSTD_freeDStream(u->stream);
	digest_free(u->digest);
	free(u->in);
	free(u->out);
}

static int refuse(struct err *err, const char *why)
{
	err_set(err, ERR_BUILD, "what the image's zstd wrote does not unpack to the tree: %s", why);
	return err_hint(err, "a package, an overlay or a script may have replaced the image's "
			     "/usr/bin/zstd or its libraries");
}

/* How many bytes have been unpacked; 0: more is needed for that. */
static ssize_t unpack_piece(struct unpacking *u, struct err *err)
{
	ZSTD_inBuffer in = { u->in, u->in_size, u->in_place };
	ZSTD_outBuffer out = { u->out, OUT_SIZE, 0 };

	u->left = ZSTD_decompressStream(u->stream, &out, &in);
	u->in_place = in.pos;
	if (ZSTD_isError(u->left))
		return refuse(err, ZSTD_getErrorName(u->left));
	if (u->size > u->limit || out.pos > u->limit - u->size)
		return refuse(err, "it is longer than the tree");
	digest_update(u->digest, u->out, out.pos);
	u->size += out.pos;
	u->full = out.pos == out.size && u->left != 0;
	return (ssize_t)out.pos;
}

/* How much has been read; 0: that was all. */
static ssize_t read_piece(struct unpacking *u, struct err *err)
{
	bool idle = false;

	for (;;) {
		bool complete = u->complete;
		ssize_t n = read_all(u->fd, u->in, IN_SIZE);
		int r;

		if (n < 0)
			return err_errno(err, ERR_BUILD, (int)-n,
					 "cannot read the packed tree back");
		/* Only what is read after the end is known to be the end. */
		if (n > 0 || complete)
			return n;
		r = u->look(u->data, idle, &u->limit, err);
		if (r < 0)
			return r;
		u->complete = r > 0;
		idle = true;
	}
}

static int look_at_writer(struct unpacking *u, struct err *err)
{
	int r = u->complete ? 1 : u->look(u->data, false, &u->limit, err);

	if (r > 0)
		u->complete = true;
	return r < 0 ? r : 0;
}

static ssize_t next_bytes(struct unpacking *u, const void **ret, struct err *err)
{
	for (;;) {
		ssize_t n = 0;

		if (u->in_place < u->in_size || u->full) {
			n = unpack_piece(u, err);
			*ret = u->out;
			if (n != 0)
				return n;
			continue;
		}
		n = look_at_writer(u, err);
		if (n < 0)
			return n;
		n = read_piece(u, err);
		if (n <= 0)
			return n;
		u->in_size = (size_t)n;
		u->in_place = 0;
	}
}

ssize_t unpacking_next(struct unpacking *u, const void **ret, struct err *err)
{
	ssize_t n = next_bytes(u, ret, err);

	if (n < 0)
		u->failed = true;
	return n;
}

int unpacking_finish(struct unpacking *u, const char *tar_sha256, const uint64_t *tar_size,
		     struct err *err)
{
	char found[DIGEST_HEX];
	const void *bytes;
	ssize_t n;

	while ((n = unpacking_next(u, &bytes, err)) > 0)
		;
	if (n < 0)
		return (int)n;
	if (u->left != 0)
		return refuse(err, "it is cut short");
	digest_final(u->digest, found);
	if (u->size != *tar_size || !streq(found, tar_sha256))
		return refuse(err, "its content differs");
	return 0;
}
