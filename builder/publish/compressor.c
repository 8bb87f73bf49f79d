/* SPDX-License-Identifier: MIT */
#include "publish/compressor.h"

#include <errno.h>
#include <sys/wait.h>
#include <zstd.h>

#include "base/io.h"
#include "base/memory.h"
#include "deb/deb.h"

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

struct check {
	ZSTD_DStream *stream;
	struct digest *digest;
	char *in;
	char *out;
	uint64_t size;
	size_t left; /* 0: this is the end of a frame */
};

static void check_release(struct check *c)
{
	(void)ZSTD_freeDStream(c->stream);
	digest_free(c->digest);
	free(c->in);
	free(c->out);
}

static int refuse(struct err *err, const char *why)
{
	err_set(err, ERR_BUILD, "what the image's zstd wrote does not unpack to the tree: %s", why);
	return err_hint(err, "a package, an overlay or a script may have replaced the image's "
			     "/usr/bin/zstd or its libraries");
}

/* Checks a piece of the file. Never unpacks more than the tar should have. */
static int check_piece(struct check *c, size_t length, uint64_t limit, struct err *err)
{
	ZSTD_inBuffer in = { c->in, length, 0 };
	bool full = false;

	while (in.pos < in.size || full) {
		ZSTD_outBuffer out = { c->out, OUT_SIZE, 0 };

		c->left = ZSTD_decompressStream(c->stream, &out, &in);
		if (ZSTD_isError(c->left))
			return refuse(err, ZSTD_getErrorName(c->left));
		if (out.pos > limit - c->size)
			return refuse(err, "it is longer than the tree");
		digest_update(c->digest, c->out, out.pos);
		c->size += out.pos;
		full = out.pos == out.size && c->left != 0;
	}
	return 0;
}

int compressor_verify(int fd, const char *tar_sha256, uint64_t tar_size, struct err *err)
{
	CLEANUP(check_release)
	struct check c = { .stream = ZSTD_createDStream(),
			   .digest = digest_new(),
			   .in = xcalloc(1, IN_SIZE),
			   .out = xcalloc(1, OUT_SIZE) };
	char found[DIGEST_HEX];
	ssize_t n;
	int r;

	if (!c.stream)
		return err_set(err, ERR_BUILD, "libzstd has no memory");
	while ((n = read_all(fd, c.in, IN_SIZE)) > 0) {
		r = check_piece(&c, (size_t)n, tar_size, err);
		if (r < 0)
			return r;
	}
	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n, "cannot read the packed tree back");
	if (c.left != 0)
		return refuse(err, "it is cut short");
	digest_final(c.digest, found);
	if (c.size != tar_size || !streq(found, tar_sha256))
		return refuse(err, "its content differs");
	return 0;
}
