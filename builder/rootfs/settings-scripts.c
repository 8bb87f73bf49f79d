/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/memory.h"
#include "rootfs/bootstrap.h"

#define SCRIPT_MAX ((size_t)16 << 20)

/* The lock says which script it was; a file that was changed since the recipe was read would
 * give other bytes under the same lock. */
static int read_script(const struct recipe_file *file, struct text *ret, struct err *err)
{
	char digest[DIGEST_HEX];
	int r;

	r = read_file(AT_FDCWD, file->path, SCRIPT_MAX, ret, err);
	if (r < 0)
		return r;
	digest_bytes(ret->data, ret->length, digest);
	if (!streq(digest, file->digest))
		return err_set(err, ERR_TRUST, "changed while the image was being built");
	return 0;
}

static int run_script(struct rootfs *rootfs, const struct recipe_file *file, size_t number,
		      struct err *err)
{
	cleanup_free char *path = xasprintf(SANDBOX_SCRATCH "/script-%zu", number);
	const char *const argv[] = { path, NULL };
	/* The environment of packages' scripts: whatever this one installs or sets up, no service
	 * starts, and no initramfs is made that stage_initramfs would make again. */
	struct sandbox_command command = { .argv = argv, .env = bootstrap_env };
	cleanup_free char *name = last_name(file->given);
	cleanup_free char *maker = xasprintf("script '%s'", name);
	CLEANUP(strv_release) struct strv before = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	int r;

	r = read_script(file, &text, err);
	if (r < 0)
		return r;
	r = sandbox_write(rootfs->sandbox, path, text.data, text.length, 0755, err);
	if (r < 0)
		return r;
	r = file_log_snapshot(rootfs, &before, err);
	if (r < 0)
		return r;
	r = sandbox_run(rootfs->sandbox, &command, 1, err);
	if (r < 0)
		return r;
	return file_log_add_since(rootfs, &before, maker, err);
}

int settings_scripts(struct rootfs *rootfs, struct err *err)
{
	for (size_t i = 0; i < rootfs->recipe->scripts.count; i++) {
		const struct recipe_file *file = &rootfs->recipe->scripts.item[i];

		if (run_script(rootfs, file, i, err) < 0)
			return err_wrap(err, "script '%s'", file->given);
	}
	return 0;
}
