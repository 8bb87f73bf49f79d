/* SPDX-License-Identifier: MIT */
#include "serve/deployable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "publish/result-damage.h"
#include "publish/signature.h"
#include "recipe/format.h"
#include "serve/session.h"
#include "tar/members.h"

#define MANIFEST "manifest.json"
#define MANIFEST_MAX ((size_t)64 << 20)
#define ROOTFS "rootfs.tar.zst"
#define SUMS "SHA256SUMS"

static int open_result(const char *path, struct deployable *d, struct err *err)
{
	d->path = xstrdup(path);
	d->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir_fd < 0)
		err_errno(err, ERR_USAGE, errno, "cannot open '%s'", path);
	else if (faccessat(d->dir_fd, MANIFEST, F_OK, 0) < 0)
		err_set(err, ERR_USAGE, "'%s' is no result: it has no " MANIFEST, path);
	else
		return 0;
	return err_hint(err, "name what `netrescue build` printed, OUT/RECIPE/VERSION, or "
			     "OUT/RECIPE/latest");
}

static int check_signature(const struct deployable *d, const char *by, struct err *err)
{
	cleanup_free char *who = NULL;
	int r = by ? signature_check(d->dir_fd, SUMS, by, &who, err) : 0;

	if (r < 0)
		return err_wrap(err, "'%s'", d->path);
	if (who)
		log_note("'%s' is signed by %s", d->path, who);
	return 0;
}

static const char *text_at(const json_t *object, const char *key, const char *member)
{
	return json_string_value(json_object_get(json_object_get(object, key), member));
}

static bool is_path(const char *s)
{
	const char *hint = NULL;

	return s && *s && format_server_path.is(s, &hint);
}

static bool is_sound(const struct deployable *d)
{
	const char *hint = NULL;

	return d->recipe && *d->recipe && format_name.is(d->recipe, &hint) && d->version &&
	       session_is_plain(d->version) && !strchr(d->version, '/') &&
	       !strstr(d->version, "..") && is_path(d->nfs_path) && is_path(d->tftp_root) &&
	       d->tar_sha256 && digest_is_valid(d->tar_sha256);
}

static int read_manifest(struct deployable *d, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	int r = read_file_nofollow(d->dir_fd, MANIFEST, MANIFEST_MAX, &t, err);

	if (r < 0)
		return err_wrap(err, "reading '%s/" MANIFEST "'", d->path);
	d->manifest = json_loadb(t.data, t.length, JSON_REJECT_DUPLICATES, NULL);
	d->recipe = json_string_value(json_object_get(d->manifest, "recipe"));
	d->version = json_string_value(json_object_get(d->manifest, "version"));
	d->nfs_path = text_at(d->manifest, "settings", "nfs-path");
	d->tftp_root = text_at(d->manifest, "server", "tftp-root");
	d->tar_sha256 = text_at(d->manifest, "rootfs", "tar-sha256");
	d->tar_size = (uint64_t)json_integer_value(
		json_object_get(json_object_get(d->manifest, "rootfs"), "tar-size"));
	if (is_sound(d))
		return 0;
	err_set(err, ERR_TRUST, "'%s/" MANIFEST "' does not say what deploying needs", d->path);
	return err_hint(err, "build it again with this netrescue");
}

/* How many inodes the root will take. */
static int count_members(struct deployable *d, struct err *err)
{
	CLEANUP(members_release) struct members m = { 0 };
	cleanup_fd int fd = -1;
	int r = open_file(d->dir_fd, ROOTFS, O_NOFOLLOW, ERR_TRUST, &fd, err);

	if (r == 0)
		r = members_read(fd, NULL, &m, err);
	if (r < 0)
		return err_wrap(err, "'%s/" ROOTFS "'", d->path);
	d->members = m.count;
	return 0;
}

int deployable_open(const char *path, const char *signed_by, struct deployable *ret,
		    struct err *err)
{
	CLEANUP(deployable_release) struct deployable d = DEPLOYABLE_INIT;
	int r = open_result(path, &d, err);

	if (r == 0)
		r = check_signature(&d, signed_by, err);
	if (r < 0)
		return r;
	progress_start("check", 0, PROGRESS_STEPS);
	r = result_refuse_damaged(d.dir_fd, path,
				  "get an intact copy, or build it again: a damaged result is not "
				  "deployed",
				  &d.files, err);
	if (r == 0)
		r = read_manifest(&d, err);
	if (r == 0)
		r = count_members(&d, err);
	if (r < 0)
		return r;
	progress_end(path);
	*ret = TAKE_LEAVING(d, DEPLOYABLE_INIT);
	return 0;
}

void deployable_release(struct deployable *d)
{
	free(d->path);
	cleanup_close_fd(&d->dir_fd);
	result_files_release(&d->files);
	json_decref(d->manifest);
	*d = (struct deployable)DEPLOYABLE_INIT;
}

bool deployable_is_kernel(const struct deployable *d, const struct result_file *f)
{
	cleanup_free char *directory = xasprintf("tftp/kernel/%s/%s/", d->recipe, d->version);

	return !f->link && starts_with(f->path, directory);
}

bool deployable_is_loader(const struct deployable *d, const struct result_file *f)
{
	return !f->link && starts_with(f->path, "tftp/") && !starts_with(f->path, "tftp/menu/") &&
	       !deployable_is_kernel(d, f);
}
