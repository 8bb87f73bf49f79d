/* SPDX-License-Identifier: MIT */
#include "publish/file-origins.h"
#include "publish/result-files.h"
#include "publish/result-place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"
#include "publish/menu.h"

/* If the directory can be locked, the build that made it has ended: its lock ended with it. */
static int remove_if_stale(int out_fd, const char *name, struct err *err)
{
	cleanup_fd int fd = openat(out_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	log_debug("removing '%s', left behind by a build that was killed", name);
	return remove_tree(out_fd, name, err);
}

static int list_temporaries(int out_fd, struct strv *ret, struct err *err)
{
	const struct dirent *e;
	DIR *d;
	int fd = openat(out_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		int errnum = errno;

		if (fd >= 0)
			(void)close(fd);
		return err_errno(err, ERR_BUILD, errnum, "cannot list the directory");
	}
	while ((e = readdir(d)))
		if (starts_with(e->d_name, RESULT_NEW))
			strv_add(ret, e->d_name);
	(void)closedir(d);
	return 0;
}

static int remove_all_stale(const struct result *res, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	int r = list_temporaries(res->out_fd, &names, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < names.count; i++) {
		r = remove_if_stale(res->out_fd, names.item[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_stale(struct result *res, struct err *err)
{
	int r = remove_all_stale(res, err);

	return r < 0 ? err_wrap(err, "removing what an earlier build left in '%s/%s'", res->out,
				res->recipe->name)
		     : 0;
}

static int write_lock(struct result *res, struct err *err)
{
	cleanup_free char *text = lock_text(res->lock);
	cleanup_free char *name = xasprintf("%s.lock", res->recipe->name);

	return result_write(res, name, text, strlen(text), err);
}

int result_begin(struct store *s, const struct recipe *recipe, const struct lock *lock,
		 const struct indices *indices, const char *out, struct result *ret,
		 struct err *err)
{
	CLEANUP(result_release) struct result res = RESULT_INIT;
	int r;

	res.store = s;
	res.recipe = recipe;
	res.lock = lock;
	res.indices = indices;
	res.started = time(NULL);
	res.version = lock_version(lock);
	res.out = xstrdup(out);
	r = result_place_open(&res, err);
	if (r < 0)
		return r;
	r = remove_stale(&res, err);
	if (r < 0)
		return r;
	r = result_place_begin(&res, err);
	if (r < 0)
		return r;
	result_unlock_out(&res);
	r = write_lock(&res, err);
	if (r < 0)
		return r;
	*ret = TAKE_LEAVING(res, RESULT_INIT);
	return 0;
}

static void remove_temporary(struct result *res)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (remove_tree(res->out_fd, res->temporary, &err) < 0)
		log_warning("cannot remove '%s/%s/%s': %s", res->out, res->recipe->name,
			    res->temporary, err.message);
}

int result_set_kernels(struct result *res, const struct rootfs *rootfs, struct err *err)
{
	CLEANUP(menu_release) struct menu menu = { 0 };

	for (size_t i = 0; rootfs->kernel && i < rootfs->kernels.count; i++)
		strv_add(&res->kernels, rootfs->kernels.item[i].release);
	return menu_describe(res->recipe, res->version, &res->kernels, &menu, err);
}

void result_release(struct result *res)
{
	if (res->temporary)
		remove_temporary(res);
	if (res->version && res->dir_fd >= 0)
		(void)close(res->dir_fd);
	if (res->version && !res->published)
		result_place_remove(res);
	if (res->version && res->out_fd >= 0)
		(void)close(res->out_fd);
	if (res->version && res->above_fd >= 0)
		(void)close(res->above_fd);
	free(res->version);
	free(res->out);
	free(res->temporary);
	strv_release(&res->kernels);
	if (res->origins)
		file_origins_release(res->origins);
	free(res->origins);
	text_release(&res->look);
	*res = (struct result)RESULT_INIT;
}
