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
	int e;

	e = read_file(AT_FDCWD, file->path, SCRIPT_MAX, ret, err);
	if (e < 0)
		return e;
	digest_bytes(ret->data, ret->length, digest);
	if (!streq(digest, file->digest))
		return err_set(err, ERR_TRUST, "changed while the image was being built");
	return 0;
}

static int run_script(struct rootfs *r, const struct recipe_file *file, size_t number,
		      struct err *err)
{
	cleanup_free char *path = xasprintf(SANDBOX_SCRATCH "/script-%zu", number);
	const char *const argv[] = { path, NULL };
	/* As for packages: a script that installs or sets up something starts no services and
	 * makes no initramfs, which stage_initramfs would make again. */
	struct sandbox_command command = { .argv = argv, .env = bootstrap_env };
	cleanup_free char *name = last_name(file->given);
	cleanup_free char *maker = xasprintf("script '%s'", name);
	CLEANUP(strv_release) struct strv before = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	int e;

	e = read_script(file, &text, err);
	if (e < 0)
		return e;
	e = sandbox_write(r->sandbox, path, text.data, text.length, 0755, err);
	if (e < 0)
		return e;
	e = file_log_snapshot(r, &before, err);
	if (e == 0)
		e = sandbox_run(r->sandbox, &command, 1, err);
	if (e == 0)
		e = file_log_add_since(r, &before, maker, err);
	return e;
}

int settings_scripts(struct rootfs *r, struct err *err)
{
	for (size_t i = 0; i < r->recipe->scripts.count; i++) {
		const struct recipe_file *file = &r->recipe->scripts.item[i];

		if (run_script(r, file, i, err) < 0)
			return err_wrap(err, "script '%s'", file->given);
	}
	return 0;
}
