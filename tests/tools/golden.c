/* SPDX-License-Identifier: MIT */
/*
 * A result without a sandbox, for tests/integration/golden.t: everything but the work of the image's own
 * tools, so that the same files come out on any machine.
 *
 *	golden RECIPE STORE OUT MIRROR KEYRING TREE
 *
 * resolves, locks and fetches as a build does, packs the directory TREE instead of what dpkg would have
 * made (rootfs.tar, not compressed: that is the image's zstd's work), takes TREE/boot/vmlinuz and
 * initrd.img for the kernel, publishes, and prints the result's path.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/err-report.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "command/pipeline.h"
#include "publish/result-files.h"
#include "deb/deb.h"
#include "tar/pack.h"

#define KERNEL "6.1.0-golden-amd64"
#define BOOT_FILE_MAX ((size_t)1024 * 1024)

static int resolve_and_fetch(struct build *b, struct err *err)
{
	static int (*const stage[])(struct build *, struct err *) = {
		build_recipe, build_index, build_solve, build_lock,
		build_begin,  build_fetch, build_plain,
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(stage); i++)
		r = stage[i](b, err);
	return r;
}

static int copy_boot_file(struct build *b, int tree, const char *name, struct err *err)
{
	cleanup_free char *from = xasprintf("boot/%s", name);
	cleanup_free char *to =
		xasprintf("tftp/kernel/%s/%s/%s", b->recipe.name, b->result.version, name);
	CLEANUP(text_release) struct text content = { 0 };
	int r = read_file(tree, from, BOOT_FILE_MAX, &content, err);

	return r < 0 ? r : result_write(&b->result, to, content.data, content.length, err);
}

static int pack(struct build *b, const char *path, struct err *err)
{
	static const char *const skip[] = { NULL };
	cleanup_fd int tree = -1;
	cleanup_fd int tar = -1;
	int r = open_dir(AT_FDCWD, path, &tree, err);

	if (r == 0)
		r = result_create(&b->result, "rootfs.tar", &tar, err);
	if (r == 0)
		r = pack_tree(tree, skip, b->lock.source_date_epoch, tar, b->result.tar_sha256,
			      &b->result.tar_size, err);
	if (r == 0)
		r = copy_boot_file(b, tree, "vmlinuz", err);
	if (r == 0)
		r = copy_boot_file(b, tree, "initrd.img", err);
	strv_add(&b->result.kernels, KERNEL);
	return r;
}

static int publish(struct build *b, struct err *err)
{
	int r = result_add_tftp(&b->result, err);

	if (r >= 0)
		r = result_add_menu(&b->result, err);
	if (r >= 0)
		r = result_add_server(&b->result, err);
	if (r >= 0)
		r = result_add_sbom(&b->result, &b->rootfs, "rootfs.tar", err);
	if (r >= 0)
		r = result_add_manifest(&b->result, &b->rootfs, err);
	if (r >= 0)
		r = result_add_sums(&b->result, err);
	if (r >= 0)
		r = result_add_provenance(&b->result, "none", &(struct strv){ 0 }, err);
	return r < 0 ? r : result_commit(&b->result, &b->done, err);
}

int main(int argc, char **argv)
{
	CLEANUP(build_release) struct build b = BUILD_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	struct build_options options = { 0 };
	int r;

	/* The store's plain forms are made by this program, executed again. */
	if (argc == 3 && streq(argv[1], "deb-worker"))
		return deb_worker(argv[2]);
	if (argc != 7) {
		fprintf(stderr, "usage: golden RECIPE STORE OUT MIRROR KEYRING TREE\n");
		return 2;
	}
	options.recipe = argv[1];
	options.store = argv[2];
	options.out = argv[3];
	options.mirror = argv[4];
	options.keyring = argv[5];
	b.options = &options;
	interrupt_init();
	r = resolve_and_fetch(&b, &err);
	b.rootfs.store = b.store;
	b.rootfs.recipe = &b.recipe;
	b.rootfs.lock = &b.lock;
	if (r >= 0)
		r = pack(&b, argv[6], &err);
	if (r >= 0)
		r = publish(&b, &err);
	if (r < 0) {
		err_print(&err, stderr);
		return err_exit_code(&err);
	}
	puts(b.done);
	return 0;
}
