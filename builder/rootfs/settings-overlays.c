/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <errno.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "recipe/input.h"
#include "rootfs/overlay.h"

static int put_overlay(struct rootfs *r, const char *dir, const struct overlay_context *context,
		       struct err *err)
{
	/* Its place differs from machine to machine. */
	cleanup_free char *name = last_name(dir);
	cleanup_free char *maker = xasprintf("overlay '%s'", name);
	cleanup_fd int fd = -1;
	int e;

	e = temporary_fd(&fd, err);
	if (e < 0)
		return e;
	e = overlay_write_tar(r->recipe, dir, context, fd, err);
	if (e == 0)
		e = file_log_add_tar(&r->file_log, fd, maker, err);
	if (e < 0)
		return e;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot rewind the overlay's archive");
	return sandbox_put(r->sandbox, fd, "/", err);
}

/* Looked at when the recipe was read and again now: what was put is what the lock says only if
 * nothing changed in between. */
static int check_unchanged(const struct recipe *recipe, size_t number, struct err *err)
{
	const struct recipe_name *overlay = &recipe->overlays.item[number];
	char digest[DIGEST_HEX];
	bool has_keys = false;
	int e;

	e = input_overlay(&overlay->at, overlay->value, digest, &has_keys, err);
	if (e < 0)
		return e;
	if (streq(digest, recipe->overlay_digests.item[number]))
		return 0;
	err_set(err, ERR_TRUST, "changed while the image was being built");
	return err_hint(err, "build again: the recipe and its inputs are read anew");
}

/* The init scripts there are, one name a line. */
static int list_init_scripts(struct rootfs *r, struct strv *ret, struct err *err)
{
	static const char *const argv[] = { "ls", "-1", "/etc/init.d", NULL };
	CLEANUP(text_release) struct text names = { 0 };
	int e;

	e = settings_output(r, argv, &names, NULL, err);
	if (e < 0)
		return e;
	strv_split(ret, names.data, "\n");
	return 0;
}

/* Whoever brings an init script wants it run, as when a package brings it; and only update-rc.d can
 * say when, since the order follows from the headers of all scripts. */
static int enable_new_init_scripts(struct rootfs *r, const struct strv *before, struct err *err)
{
	CLEANUP(strv_release) struct strv after = { 0 };
	int e;

	e = list_init_scripts(r, &after, err);
	if (e < 0)
		return e;
	for (size_t i = 0; i < after.count; i++) {
		if (strv_has(before, after.item[i]))
			continue;
		e = sandbox_call(r->sandbox, err, "update-rc.d", after.item[i], "defaults", NULL);
		if (e < 0)
			return e;
	}
	return 0;
}

int settings_overlays(struct rootfs *r, struct err *err)
{
	CLEANUP(text_release) struct text passwd = { 0 };
	CLEANUP(text_release) struct text group = { 0 };
	CLEANUP(strv_release) struct strv scripts = { 0 };
	struct overlay_context context = { .epoch = r->lock->source_date_epoch };
	bool exists, sysvinit = r->recipe->init == INIT_SYSVINIT;
	int e;

	e = settings_read(r, "/etc/passwd", &exists, &passwd, err);
	if (e < 0)
		return e;
	e = settings_read(r, "/etc/group", &exists, &group, err);
	if (e < 0)
		return e;
	context.passwd = passwd.data;
	context.group = group.data;
	e = sysvinit ? list_init_scripts(r, &scripts, err) : 0;
	if (e < 0)
		return e;
	for (size_t i = 0; i < r->recipe->overlays.count; i++) {
		const char *dir = r->recipe->overlays.item[i].value;

		e = put_overlay(r, dir, &context, err);
		if (e == 0)
			e = check_unchanged(r->recipe, i, err);
		if (e < 0)
			return err_wrap(err, "overlay '%s'", dir);
	}
	return sysvinit ? enable_new_init_scripts(r, &scripts, err) : 0;
}
