/* SPDX-License-Identifier: MIT */
#include "publish/compressor.h"

#include <sys/wait.h>

#include "base/memory.h"
#include "rootfs/deb.h"

#define IMAGE_PROGRAM "/usr/bin/zstd"
#define SCRATCH_PROGRAM SANDBOX_SCRATCH "/zstd"
#define PROGRAM_MAX (16 << 20)

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

	if (r >= 0)
		r = sandbox_write(sb, SCRATCH_PROGRAM, program.data, program.length, 0755, err);
	return r < 0 ? err_wrap(err, "laying the compressor into the sandbox") : 0;
}

/* A boot package brings no dependencies along: its libraries have to be the image's. */
static int check_runs(struct sandbox *sb, const char *program, struct err *err)
{
	const char *const argv[] = { program, "--version", NULL };
	struct sandbox_command c = { .argv = argv, .may_fail = true };
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

	if (r >= 0)
		r = check_runs(sb, program, err);
	if (r < 0)
		return r;
	strv_add(ret, program);
	strv_addf(ret, "-%d", level);
	/* The number of workers decides the bytes, the number of processors must not. */
	strv_add(ret, "-T2");
	strv_add(ret, "--quiet");
	strv_add(ret, "--stdout");
	return 0;
}
