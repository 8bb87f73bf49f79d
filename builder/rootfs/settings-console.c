/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <string.h>

#include "base/memory.h"

/* setupcon believes its cache only if the two files it comes from are strictly older; with equal
 * times (all that is newer than the epoch gets the epoch) it compiles the keymap at every login,
 * and in the initramfs under a random name. */
static int age_sources(struct rootfs *rootfs, struct err *err)
{
	static const char *const source[] = { "/etc/default/keyboard",
					      "/etc/default/console-setup" };
	cleanup_free char *date =
		xasprintf("--date=@%lld", (long long)rootfs->lock->source_date_epoch - 1);

	for (size_t i = 0; i < ARRAY_SIZE(source); i++) {
		bool exists = false;
		int r;

		r = sandbox_exists(rootfs->sandbox, source[i], &exists, err);
		if (r < 0)
			return r;
		if (!exists)
			continue;
		r = sandbox_call(rootfs->sandbox, err, "touch", date, source[i], NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static int age_caches(struct rootfs *rootfs, struct err *err)
{
	cleanup_free char *date =
		xasprintf("--date=@%lld", (long long)rootfs->lock->source_date_epoch);
	const char *const argv[] = { "find",   "/etc/console-setup",
				     "-name",  "cached*",
				     "-print", "-exec",
				     "touch",  date,
				     "{}",     "+",
				     NULL };
	CLEANUP(text_release) struct text names = { 0 };
	int r;

	r = settings_output(rootfs, argv, &names, NULL, err);
	if (r < 0)
		return r;
	if (!strstr(names.data, ".kmap.gz"))
		return err_set(err, ERR_BUILD, "setupcon saved no keymap in /etc/console-setup");
	return 0;
}

int settings_console(struct rootfs *rootfs, struct err *err)
{
	bool has_keyboard = false, has_setupcon = false;
	int r;

	r = sandbox_exists(rootfs->sandbox, "/etc/default/keyboard", &has_keyboard, err);
	if (r < 0)
		return r;
	r = sandbox_exists(rootfs->sandbox, "/usr/bin/setupcon", &has_setupcon, err);
	if (r < 0)
		return r;
	if (!has_keyboard || !has_setupcon)
		return 0;
	r = age_sources(rootfs, err);
	if (r < 0)
		return r;
	r = settings_remove(rootfs, "/etc/console-setup/cached*", err);
	if (r < 0)
		return r;
	r = sandbox_call(rootfs->sandbox, err, "setupcon", "--save-only", NULL);
	if (r < 0)
		return err_hint(
			err,
			"is there a keyboard layout '%s'? /usr/share/X11/xkb/rules/base.lst "
			"lists them",
			rootfs->recipe->keymap);
	return age_caches(rootfs, err);
}
