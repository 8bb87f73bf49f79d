/* SPDX-License-Identifier: MIT */
/* The stage "pack": takes root file system, kernels and initrds out of the sandbox. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/progress.h"
#include "publish/compressor.h"
#include "publish/file-origins.h"
#include "publish/menu.h"
#include "publish/result-files.h"

#define ROOTFS RESULT_ROOTFS
#define KERNEL_MAX (128 << 20)
#define INITRD_MAX (1024 << 20)
#define LOOK_MS 20

/* The tree while it is packed, and unpacked again on the other processor. */
struct packing {
	struct result *res;
	struct sandbox *sandbox;
};

static int look(void *data, bool idle, uint64_t *limit, struct err *err)
{
	struct packing *p = data;
	struct result *res = p->res;
	int r = sandbox_archive_look(p->sandbox, idle ? LOOK_MS : 0, res->tar_sha256,
				     &res->tar_size, err);

	if (r > 0)
		*limit = res->tar_size;
	return r;
}

static ssize_t next(void *data, const void **ret, struct err *err)
{
	return unpacking_next(data, ret, err);
}

/* Nothing that was read counts before it is known to be the tree: what is wrong with the packed
 * file itself comes first. */
static int follow(struct packing *p, struct rootfs *rootfs, int fd, struct err *err)
{
	struct result *res = p->res;
	CLEANUP(unpacking_release) struct unpacking u = { 0 };
	CLEANUP(err_release) struct err unreadable = { 0 };
	const struct member_source source = { .next = next, .data = &u };
	int r = unpacking_init(&u, fd, look, p, err);

	if (r < 0)
		return r;
	res->origins = xcalloc(1, sizeof(*res->origins));
	(void)file_origins_read_source(&source, &res->lock->packages, &rootfs->file_log, &res->look,
				       res->origins, &unreadable);
	if (u.failed || unreadable.class == ERR_INTERRUPTED)
		return err_move(err, &unreadable);
	r = unpacking_finish(&u, res->tar_sha256, &res->tar_size, err);
	if (r < 0)
		return r;
	return unreadable.class != ERR_NONE ? err_move(err, &unreadable) : 0;
}

static int write_rootfs(struct result *res, struct rootfs *rootfs, uint64_t *ret_size,
			struct err *err)
{
	struct packing p = { .res = res, .sandbox = rootfs->sandbox };
	CLEANUP(strv_release) struct strv filter = { 0 };
	cleanup_fd int fd = -1, back = -1;
	struct stat st;
	/* What is kept of this depends on what rootfs shows of recipe and lock, and on no more. */
	int r = compressor_prepare(rootfs->store, rootfs->lock, rootfs->sandbox,
				   rootfs->recipe->compression_level, &filter, err);

	if (r < 0)
		return r;
	r = result_create(res, ROOTFS, &fd, err);
	if (r < 0)
		return r;
	back = openat(res->dir_fd, ROOTFS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (back < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read " ROOTFS " back");
	/* The compressor was tried, and its version was shown as progress: this replaces it. */
	progress_detail(ROOTFS);
	r = sandbox_archive_begin(p.sandbox, (const char *const *)filter.item, fd, err);
	if (r < 0)
		return r;
	r = follow(&p, rootfs, back, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot find out the size of " ROOTFS);
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

static int pack_rootfs(struct result *res, struct rootfs *rootfs, uint64_t *ret_size,
		       struct err *err)
{
	int r = write_rootfs(res, rootfs, ret_size, err);

	return r < 0 ? err_wrap(err, "packing " ROOTFS) : 0;
}

/* Of the i-th kernel, by its exact release. */
static int copy_boot_file(struct result *res, struct sandbox *sb, size_t i, const char *from,
			  size_t limit, struct err *err)
{
	CLEANUP(text_release) struct text content = { 0 };
	const char *release = res->kernels.item[i];
	cleanup_free char *directory =
		menu_kernel_directory(res->recipe, res->version, i ? release : NULL);
	cleanup_free char *source = xasprintf("/boot/%s-%s", from, release);
	cleanup_free char *target = xasprintf("tftp/%s/%s", directory, from);
	int r = sandbox_read(sb, source, limit, &content, err);

	if (r < 0)
		return err_wrap(err, "copying '%s' out of the image", source);
	if (content.length == 0)
		return err_set(err, ERR_BUILD, "'%s' of the image is empty", source);
	return result_write(res, target, content.data, content.length, err);
}

static int copy_kernels(struct result *res, struct sandbox *sb, struct err *err)
{
	for (size_t i = 0; i < res->kernels.count; i++) {
		int r = copy_boot_file(res, sb, i, "vmlinuz", KERNEL_MAX, err);

		if (r < 0)
			return r;
		r = copy_boot_file(res, sb, i, "initrd.img", INITRD_MAX, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int pack(struct result *res, struct rootfs *rootfs, uint64_t *ret_size, struct err *err)
{
	/* Before the image's own zstd runs, although it could not change them. */
	int r = copy_kernels(res, rootfs->sandbox, err);

	return r < 0 ? r : pack_rootfs(res, rootfs, ret_size, err);
}

int stage_pack(struct result *res, struct rootfs *rootfs, struct err *err)
{
	char human[16];
	uint64_t size = 0;
	int r;

	progress_start("pack", 0, PROGRESS_STEPS);
	r = pack(res, rootfs, &size, err);
	if (r < 0) {
		progress_abort();
		return r;
	}
	progress_end(human_size(size, human));
	return 0;
}
