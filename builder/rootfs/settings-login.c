/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "recipe/format.h"

#define ROOT_KEYS "/root/.ssh/authorized_keys"

int settings_password(struct rootfs *rootfs, struct err *err)
{
	bool locked = streq(rootfs->recipe->root.password, "locked");
	/* No password matches "*". None would match "!" either, but sshd takes that for an account
	 * that is closed. */
	cleanup_free char *line =
		xasprintf("root:%s\n", locked ? "*" : rootfs->recipe->root.password);
	static const char *const argv[] = { "chpasswd", "--encrypted", NULL };
	struct sandbox_command command = { .argv = argv, .input = line };
	bool has_sshd = false;
	int r;

	r = sandbox_run(rootfs->sandbox, &command, 1, err);
	if (r < 0)
		return r;
	r = sandbox_exists(rootfs->sandbox, "/etc/ssh/sshd_config", &has_sshd, err);
	if (r < 0 || !has_sshd)
		return r;
	return settings_write(rootfs, "/etc/ssh/sshd_config.d/rescue-root.conf",
			      locked ? "# root's password is locked: keys only.\n"
				       "PermitRootLogin prohibit-password\n"
				     : "# The recipe gives root a password.\n"
				       "PermitRootLogin yes\n",
			      0644, err);
}

/* Adds the keys to those that an overlay brought. */
static void merge_keys(const struct recipe_list *keys, struct text *text)
{
	CLEANUP(strv_release) struct strv have = { 0 };

	strv_split(&have, text->data, "\n");
	if (text->length && text->data[text->length - 1] != '\n')
		text_add(text, "\n");
	for (size_t i = 0; i < keys->count; i++) {
		if (strv_has(&have, keys->item[i].value))
			continue;
		text_printf(text, "%s\n", keys->item[i].value);
		strv_add(&have, keys->item[i].value);
	}
}

int settings_keys(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	bool exists;
	int r;

	r = settings_read(rootfs, ROOT_KEYS, &exists, &text, err);
	if (r < 0)
		return r;
	merge_keys(&rootfs->recipe->root.authorized_keys, &text);
	if (!text.length)
		return 0;
	r = sandbox_call(rootfs->sandbox, err, "install", "-d", "-m", "0700", "-o", "0", "-g", "0",
			 "/root/.ssh", NULL);
	if (r < 0)
		return r;
	r = settings_write(rootfs, ROOT_KEYS, text.data, 0600, err);
	if (r < 0)
		return r;
	return sandbox_call(rootfs->sandbox, err, "chmod", "0600", ROOT_KEYS, NULL);
}

/* An empty password counts as one: the image can be entered, even if by everybody. */
static int root_has_password(struct rootfs *rootfs, bool *ret, struct err *err)
{
	CLEANUP(text_release) struct text shadow = { 0 };
	const char *field;
	bool exists;
	int r;

	r = settings_read(rootfs, "/etc/shadow", &exists, &shadow, err);
	if (r < 0)
		return r;
	field = starts_with(shadow.data, "root:") ? shadow.data : strstr(shadow.data, "\nroot:");
	field = field ? strchr(field, ':') + 1 : "*";
	*ret = *field != '*' && *field != '!';
	return 0;
}

int settings_way_in(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(text_release) struct text keys = { 0 };
	bool has_password, has_keys, has_sshd = false;
	int r;

	if (rootfs->recipe->autologin.terminals.count)
		return 0;
	r = root_has_password(rootfs, &has_password, err);
	if (r < 0 || has_password)
		return r;
	r = sandbox_exists(rootfs->sandbox, "/usr/sbin/sshd", &has_sshd, err);
	if (r < 0)
		return r;
	r = settings_read(rootfs, ROOT_KEYS, &has_keys, &keys, err);
	if (r < 0 || (has_sshd && has_keys && format_has_key_line(keys.data)))
		return r;
	err_set(err, ERR_USAGE,
		"nobody could enter this image: root's password is locked, no terminal logs "
		"root in, and root has no SSH key%s",
		has_sshd ? "" : " (nor does the image have an SSH server)");
	return err_hint(err,
			"give the recipe root.authorized-keys, root.password (a crypt(3) hash) or "
			"autologin.terminals");
}
