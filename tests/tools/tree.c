/* SPDX-License-Identifier: MIT */
/*
 * Builds a recipe's packages into a tree and stops before settings, for tests/real/oracle-mmdebstrap.t.
 *
 *	tree RECIPE STORE DIR
 *
 * writes DIR/tree.tar (as the stage rest leaves it, mtimes clamped), DIR/lock (the lock's text),
 * DIR/preseed (what debconf was told) and DIR/epoch. The mirror is the one that netrescue would take.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/atomic-file.h"
#include "base/err-report.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/progress.h"
#include "command/pipeline.h"
#include "deb/deb.h"
#include "rootfs/settings.h"

static int build_tree(struct build *b, struct err *err)
{
	static int (*const stage[])(struct build *, struct err *) = {
		build_recipe, build_index, build_solve, build_lock, build_cache, build_sandbox,
		build_fetch,  build_plain, build_plan,	build_base, build_rest,
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(stage); i++)
		r = stage[i](b, err);
	return r;
}

static int write_facts(struct build *b, int dir, struct err *err)
{
	CLEANUP(text_release) struct text preseed = { 0 };
	cleanup_free char *epoch = xasprintf("%" PRId64 "\n", b->lock.source_date_epoch);
	cleanup_free char *lock = lock_text(&b->lock);
	int r;

	settings_preseed(&b->recipe, &b->rootfs.locale_lines, &preseed);
	r = write_file(dir, "preseed", preseed.data, preseed.length, 0644, err);
	if (r == 0)
		r = write_file(dir, "epoch", epoch, strlen(epoch), 0644, err);
	return r < 0 ? r : write_file(dir, "lock", lock, strlen(lock), 0644, err);
}

static int write_tree(struct build *b, int dir, struct err *err)
{
	cleanup_fd int fd = openat(dir, "tree.tar", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char sha256[DIGEST_HEX];
	uint64_t size;

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "tree.tar");
	return sandbox_archive(b->rootfs.sandbox, NULL, fd, sha256, &size, err);
}

int main(int argc, char **argv)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(build_release) struct build b = BUILD_INIT;
	cleanup_fd int dir = -1;
	int r;

	/* The program is its own worker. */
	if (argc == 3 && strcmp(argv[1], "deb-worker") == 0)
		return deb_worker(argv[2]);
	if (argc == 3 && strcmp(argv[1], "deb-tar") == 0)
		return deb_tar(argv[2]);
	if (argc != 4) {
		fputs("usage: tree RECIPE STORE DIR\n", stderr);
		return 2;
	}
	const struct build_options options = {
		.recipe = argv[1], .store = argv[2], .out = argv[3], .no_cache = true
	};

	interrupt_init();
	progress_set_mode(PROGRESS_PLAIN);
	b.options = &options;
	r = open_dir(AT_FDCWD, argv[3], &dir, &err);
	if (r == 0)
		r = build_tree(&b, &err);
	if (r >= 0)
		r = write_facts(&b, dir, &err);
	if (r >= 0)
		r = write_tree(&b, dir, &err);
	err_print(&err, stderr);
	return err_exit_code(&err);
}
