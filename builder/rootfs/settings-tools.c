/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <errno.h>
#include <string.h>

/* A file of settings or a listing; anything longer is not what it should be. */
#define TEXT_MAX ((size_t)4 << 20)

int settings_write(struct rootfs *r, const char *path, const char *text, unsigned mode,
		   struct err *err)
{
	file_log_add(&r->file_log, path, "the recipe's settings");
	return sandbox_write(r->sandbox, path, text, strlen(text), mode, err);
}

int settings_read(struct rootfs *r, const char *path, bool *ret_exists, struct text *ret,
		  struct err *err)
{
	int e = sandbox_read(r->sandbox, path, TEXT_MAX, ret, err);

	if (e < 0 && e != -ENOENT)
		return e;
	if (e == -ENOENT) {
		/* Also a link to nothing, as trixie's /etc/default/locale is before it is
		 * written. */
		err_release(err);
		text_add(ret, "");
	}
	*ret_exists = e == 0;
	return 0;
}

int settings_output(struct rootfs *r, const char *const *argv, struct text *ret, int *ret_status,
		    struct err *err)
{
	static const char path[] = SANDBOX_SCRATCH "/settings.out";
	/* An image whose init is systemd looks for a running one otherwise. */
	static const char *const env[] = { "SYSTEMD_OFFLINE=1", NULL };
	struct sandbox_command command = {
		.argv = argv,
		.env = env,
		.output = path,
		.may_fail = ret_status != NULL,
	};
	int e;

	e = sandbox_run(r->sandbox, &command, 1, err);
	if (e < 0)
		return e;
	e = sandbox_read(r->sandbox, path, TEXT_MAX, ret, err);
	if (e < 0)
		return err_wrap(err, "reading what '%s' wrote", argv[0]);
	if (ret_status)
		*ret_status = command.status;
	return 0;
}

int settings_remove(struct rootfs *r, const char *pattern, struct err *err)
{
	return sandbox_sweep(r->sandbox, &(struct sweep){ SWEEP_REMOVE, pattern }, 1, err);
}
