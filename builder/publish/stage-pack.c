/* SPDX-License-Identifier: MIT */
/* stage_pack: what comes out of the sandbox. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/progress.h"
#include "publish/compressor.h"
#include "publish/result-files.h"

#define ROOTFS RESULT_ROOTFS
#define KERNEL_MAX (128 << 20)
#define INITRD_MAX (1024 << 20)

static int verify_rootfs(const struct result *res, struct err *err)
{
	cleanup_fd int fd = openat(res->dir_fd, ROOTFS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read " ROOTFS " back");
	return compressor_verify(fd, res->tar_sha256, res->tar_size, err);
}

static int pack_rootfs(struct result *res, struct sandbox *sb, uint64_t *ret_size, struct err *err)
{
	CLEANUP(strv_release) struct strv filter = { 0 };
	cleanup_fd int fd = -1;
	struct stat st;
	int r = compressor_prepare(res->store, res->lock, sb, res->recipe->compression_level,
				   &filter, err);

	if (r >= 0)
		r = result_create(res, ROOTFS, &fd, err);
	/* Trying the compressor, its version was a line of progress. */
	progress_detail(ROOTFS);
	if (r >= 0)
		r = sandbox_archive(sb, (const char *const *)filter.item, fd, res->tar_sha256,
				    &res->tar_size, err);
	if (r >= 0)
		r = verify_rootfs(res, err);
	if (r < 0)
		return err_wrap(err, "packing " ROOTFS);
	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read the size of " ROOTFS);
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

/* By the kernel's exact release, never by pattern: an image may hold two. */
static int copy_boot_file(struct result *res, struct sandbox *sb, const char *from, size_t limit,
			  const char *name, struct err *err)
{
	CLEANUP(text_release) struct text content = { 0 };
	cleanup_free char *directory = result_kernel_path(res->recipe, res->version);
	cleanup_free char *source = xasprintf("/boot/%s-%s", from, res->kernel);
	cleanup_free char *target = xasprintf("tftp/%s/%s", directory, name);
	int r = sandbox_read(sb, source, limit, &content, err);

	if (r >= 0 && !content.length)
		r = err_set(err, ERR_BUILD, "'%s' of the image is empty", source);
	if (r >= 0)
		r = result_write(res, target, content.data, content.length, err);
	return r < 0 ? err_wrap(err, "copying '%s' out of the image", source) : 0;
}

static int copy_kernel(struct result *res, struct sandbox *sb, struct err *err)
{
	int r;

	if (!res->kernel && res->recipe->kernel && *res->recipe->kernel)
		return err_set(err, ERR_BUILD,
			       "the recipe names the kernel '%s', but the image has "
			       "none",
			       res->recipe->kernel);
	if (!res->kernel)
		return 0;
	r = copy_boot_file(res, sb, "vmlinuz", KERNEL_MAX, "vmlinuz", err);
	if (r >= 0)
		r = copy_boot_file(res, sb, "initrd.img", INITRD_MAX, "initrd.img", err);
	return r;
}

int stage_pack(struct result *res, struct rootfs *r, struct err *err)
{
	char human[16];
	uint64_t size = 0;
	int n;

	progress_start("pack", 0, PROGRESS_STEPS);
	if (r->kernel)
		res->kernel = xstrdup(r->kernel);
	n = pack_rootfs(res, r->sandbox, &size, err);
	if (n >= 0)
		n = copy_kernel(res, r->sandbox, err);
	if (n < 0) {
		progress_abort();
		return n;
	}
	progress_end(human_size(size, human));
	return 0;
}
