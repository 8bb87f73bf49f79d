/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <errno.h>
#include <string.h>

/* The most bytes of a settings file or of a listing. */
#define TEXT_MAX ((size_t)4 << 20)

int settings_write(struct rootfs *rootfs, const char *path, const char *text, unsigned mode,
		   struct err *err)
{
	file_log_add(&rootfs->file_log, path, "the recipe's settings");
	return sandbox_write(rootfs->sandbox, path, text, strlen(text), mode, err);
}

int settings_read(struct rootfs *rootfs, const char *path, bool *ret_exists, struct text *ret,
		  struct err *err)
{
	int r = sandbox_read(rootfs->sandbox, path, TEXT_MAX, ret, err);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT) {
		/* A link to nothing counts as well: trixie's /etc/default/locale is one at first.
		 */
		err_release(err);
		text_add(ret, "");
	}
	*ret_exists = r == 0;
	return 0;
}

int settings_output(struct rootfs *rootfs, const char *const *argv, struct text *ret,
		    int *ret_status, struct err *err)
{
	static const char path[] = SANDBOX_SCRATCH "/settings.out";
	/* systemd's own tools would look for a running systemd otherwise. */
	static const char *const env[] = { "SYSTEMD_OFFLINE=1", NULL };
	struct sandbox_command command = {
		.argv = argv,
		.env = env,
		.output = path,
		.may_fail = ret_status != NULL,
	};
	int r;

	r = sandbox_run(rootfs->sandbox, &command, 1, err);
	if (r < 0)
		return r;
	r = sandbox_read(rootfs->sandbox, path, TEXT_MAX, ret, err);
	if (r < 0)
		return err_wrap(err, "reading what '%s' wrote", argv[0]);
	if (ret_status)
		*ret_status = command.status;
	return 0;
}

int settings_lines(struct rootfs *rootfs, const char *const *argv, struct strv *ret,
		   int *ret_status, struct err *err)
{
	CLEANUP(text_release) struct text output = { 0 };
	int r = settings_output(rootfs, argv, &output, ret_status, err);

	if (r == 0)
		strv_split(ret, output.data, "\n");
	return r;
}

int settings_remove(struct rootfs *rootfs, const char *pattern, struct err *err)
{
	return sandbox_sweep(rootfs->sandbox, &(struct sweep){ SWEEP_REMOVE, pattern }, 1, err);
}
