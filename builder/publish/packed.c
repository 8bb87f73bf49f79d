/* SPDX-License-Identifier: MIT */
#include "publish/packed.h"

#include "base/io.h"
#include "base/memory.h"
#include "publish/file-origins.h"
#include "publish/menu.h"
#include "publish/result-files.h"

void packed_paths(const struct result *res, struct strv *ret)
{
	strv_add(ret, RESULT_ROOTFS);
	for (size_t i = 0; i < res->kernels.count; i++) {
		cleanup_free char *directory = menu_kernel_directory(
			res->recipe, res->version, i ? res->kernels.item[i] : NULL);

		strv_addf(ret, "tftp/%s/vmlinuz", directory);
		strv_addf(ret, "tftp/%s/initrd.img", directory);
	}
}

int packed_put(struct result *res, const char *path, int fd, struct err *err)
{
	cleanup_fd int to = -1;
	int r = result_create(res, path, &to, err);

	return r < 0 ? r : copy_fd(fd, to, NULL, err);
}

int packed_origins(struct result *res, const struct rootfs *rootfs, const struct text *look,
		   struct err *err)
{
	res->origins = xcalloc(1, sizeof(*res->origins));
	return file_origins_read_look(look, &res->lock->packages, &rootfs->file_log, res->origins,
				      err);
}
