/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <errno.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "recipe/input.h"
#include "rootfs/overlay.h"

/* Lays what is in the tar over the tree. */
static int put_tar(struct rootfs *rootfs, int fd, const char *maker, struct err *err)
{
	int r = file_log_add_tar(&rootfs->file_log, fd, maker, err);

	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot rewind the overlay's archive");
	return sandbox_put(rootfs->sandbox, fd, "/", err);
}

static int put_overlay(struct rootfs *rootfs, const struct recipe_name *overlay,
		       const struct overlay_context *context, struct err *err)
{
	/* Without the directory's place, which differs from machine to machine. */
	cleanup_free char *name = last_name(overlay->value);
	cleanup_free char *maker = xasprintf("overlay '%s'", name);
	cleanup_fd int fd = -1;
	int r;

	r = temporary_fd(&fd, err);
	if (r < 0)
		return r;
	r = overlay_write_tar(rootfs->recipe, overlay, context, fd, err);
	if (r < 0)
		return r;
	r = put_tar(rootfs, fd, maker, err);
	return r < 0 ? err_wrap(err, "overlay '%s'", overlay->value) : 0;
}

static int put_files(struct rootfs *rootfs, const struct overlay_context *context, struct err *err)
{
	cleanup_fd int fd = -1;
	int r;

	if (!rootfs->recipe->tree_file_count)
		return 0;
	r = temporary_fd(&fd, err);
	if (r < 0)
		return r;
	r = tree_files_write_tar(rootfs->recipe, context, fd, err);
	if (r < 0)
		return r;
	r = put_tar(rootfs, fd, "the recipe's files", err);
	return r < 0 ? err_wrap(err, "files") : 0;
}

/* The digest in the lock was taken when the recipe was read. Taken again after the overlay was put
 * into the tree, it tells whether what was put is what the lock says. */
static int check_unchanged(const struct recipe *recipe, size_t number, struct err *err)
{
	const struct recipe_name *overlay = &recipe->overlays.item[number];
	char digest[DIGEST_HEX];
	bool has_keys = false;
	int r;

	r = input_overlay(recipe->reach, &overlay->at, overlay->value, digest, &has_keys, err);
	if (r < 0)
		return r;
	if (streq(digest, recipe->overlay_digests.item[number]))
		return 0;
	err_set(err, ERR_TRUST, "overlay '%s' changed while the image was being built",
		overlay->value);
	return err_hint(err, "build again: the recipe and its inputs are read anew");
}

/* The names of the init scripts in the tree. */
static int list_init_scripts(struct rootfs *rootfs, struct strv *ret, struct err *err)
{
	static const char *const argv[] = { "ls", "-1", "/etc/init.d", NULL };

	return settings_lines(rootfs, argv, ret, NULL, err);
}

/* An init script that an overlay brings is meant to run, like one of a package. update-rc.d enables
 * it, since the order of all scripts follows from their headers. */
static int enable_new_init_scripts(struct rootfs *rootfs, const struct strv *before,
				   struct err *err)
{
	CLEANUP(strv_release) struct strv after = { 0 };
	int r;

	r = list_init_scripts(rootfs, &after, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < after.count; i++) {
		if (strv_has(before, after.item[i]))
			continue;
		r = sandbox_call(rootfs->sandbox, err, "update-rc.d", after.item[i], "defaults",
				 NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

int settings_overlays(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(text_release) struct text passwd = { 0 };
	CLEANUP(text_release) struct text group = { 0 };
	CLEANUP(strv_release) struct strv scripts = { 0 };
	struct overlay_context context = { .epoch = rootfs->lock->source_date_epoch };
	bool exists, sysvinit = rootfs->recipe->init == INIT_SYSVINIT;
	int r;

	r = settings_read(rootfs, "/etc/passwd", &exists, &passwd, err);
	if (r < 0)
		return r;
	r = settings_read(rootfs, "/etc/group", &exists, &group, err);
	if (r < 0)
		return r;
	context.passwd = passwd.data;
	context.group = group.data;
	r = sysvinit ? list_init_scripts(rootfs, &scripts, err) : 0;
	if (r < 0)
		return r;
	for (size_t i = 0; i < rootfs->recipe->overlays.count; i++) {
		r = put_overlay(rootfs, &rootfs->recipe->overlays.item[i], &context, err);
		if (r < 0)
			return r;
		r = check_unchanged(rootfs->recipe, i, err);
		if (r < 0)
			return r;
	}
	r = put_files(rootfs, &context, err);
	if (r < 0)
		return r;
	return sysvinit ? enable_new_init_scripts(rootfs, &scripts, err) : 0;
}
