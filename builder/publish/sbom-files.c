/* SPDX-License-Identifier: MIT */
/* The two documents as files of the result. */
#include <errno.h>
#include <fcntl.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "publish/result-files.h"
#include "publish/sbom.h"

static void warn_of_dark(const struct file_origins *origins)
{
	const char *first = origins->gone.count > 0 ? origins->gone.item[0] : "";

	for (size_t i = origins->count; i > 0; i--)
		if (origins->item[i - 1].dark)
			first = origins->item[i - 1].member->path;
	if (origins->dark > 0)
		log_warning("%zu files that neither a package nor a stage of the build accounts "
			    "for, '/%s' the first: sbom.cdx.json has them as netrescue:finding",
			    origins->dark, first);
}

static int write_both(struct result *res, const struct sbom *b, struct err *err)
{
	CLEANUP(json_cleanup) json_t *spdx = sbom_spdx(b);
	CLEANUP(json_cleanup) json_t *cyclonedx = sbom_cyclonedx(b);
	int r = result_write_json(res, "sbom.spdx.json", spdx, err);

	return r < 0 ? r : result_write_json(res, "sbom.cdx.json", cyclonedx, err);
}

/* Unless pack has read them while the tree was packed. */
static int read_origins(struct result *res, const struct rootfs *rootfs, const char *packed,
			struct err *err)
{
	if (res->origins)
		return 0;
	cleanup_fd int fd = openat(res->dir_fd, packed, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s' back", packed);
	res->origins = xcalloc(1, sizeof(*res->origins));
	return file_origins_read(fd, &res->lock->packages, &rootfs->file_log, res->origins, err);
}

static int add_documents(struct result *res, const struct rootfs *rootfs, const char *packed,
			 struct err *err)
{
	CLEANUP(sbom_release) struct sbom b = { 0 };
	int r = read_origins(res, rootfs, packed, err);

	if (r < 0)
		return r;
	r = sbom_gather(res->store, res->recipe, res->lock, res->version, res->origins, &b, err);
	if (r < 0)
		return r;
	r = write_both(res, &b, err);
	if (r < 0)
		return r;
	warn_of_dark(res->origins);
	return 0;
}

int result_add_sbom(struct result *res, const struct rootfs *rootfs, const char *packed,
		    struct err *err)
{
	int r = add_documents(res, rootfs, packed, err);

	return r < 0 ? err_wrap(err, "writing the bill of materials") : 0;
}
