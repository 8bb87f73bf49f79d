/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "recipe/format.h"

#define KEYS_FILE "/.ssh/authorized_keys"

/* No password matches "*". None would match "!" either, but sshd takes that for an account that is
 * closed. */
const char *settings_shadow_password(const char *password)
{
	return streq(password, "locked") ? "*" : password;
}

int settings_password(struct rootfs *rootfs, struct err *err)
{
	bool locked = streq(rootfs->recipe->root.password, "locked");
	cleanup_free char *line =
		xasprintf("root:%s\n", settings_shadow_password(rootfs->recipe->root.password));
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

/* An account whose keys are added to: its home, and its number. */
static int add_keys(struct rootfs *rootfs, const char *home, int id, const struct recipe_list *keys,
		    struct err *err)
{
	cleanup_free char *directory = xasprintf("%s/.ssh", home);
	cleanup_free char *path = xasprintf("%s" KEYS_FILE, home);
	cleanup_free char *number = xasprintf("%d", id);
	cleanup_free char *owner = xasprintf("%d:%d", id, id);
	CLEANUP(text_release) struct text text = { 0 };
	bool exists;
	int r;

	r = settings_read(rootfs, path, &exists, &text, err);
	if (r < 0)
		return r;
	merge_keys(keys, &text);
	if (!text.length)
		return 0;
	r = sandbox_call(rootfs->sandbox, err, "install", "-d", "-m", "0700", "-o", number, "-g",
			 number, directory, NULL);
	if (r < 0)
		return r;
	r = settings_write(rootfs, path, text.data, 0600, err);
	if (r < 0)
		return r;
	r = sandbox_call(rootfs->sandbox, err, "chmod", "0600", path, NULL);
	return r < 0 || id == 0 ? r
				: sandbox_call(rootfs->sandbox, err, "chown", owner, path, NULL);
}

int settings_keys(struct rootfs *rootfs, struct err *err)
{
	const struct recipe *recipe = rootfs->recipe;
	int r = add_keys(rootfs, "/root", 0, &recipe->root.authorized_keys, err);

	for (size_t i = 0; i < recipe->user_count && r >= 0; i++)
		r = add_keys(rootfs, recipe->user[i].home, recipe->user[i].id,
			     &recipe->user[i].authorized_keys, err);
	return r;
}

/* An empty password counts as one: the image can be entered, even if by everybody. */
static bool has_password(const char *shadow, const char *name)
{
	cleanup_free char *start = xasprintf("\n%s:", name);
	const char *field = starts_with(shadow, start + 1) ? shadow : strstr(shadow, start);

	if (!field)
		return false;
	field = strchr(field, ':') + 1;
	return *field != '*' && *field != '!';
}

static int has_keys(struct rootfs *rootfs, const char *home, bool *ret, struct err *err)
{
	cleanup_free char *path = xasprintf("%s" KEYS_FILE, home);
	CLEANUP(text_release) struct text keys = { 0 };
	bool exists;
	int r = settings_read(rootfs, path, &exists, &keys, err);

	*ret = r >= 0 && exists && format_has_key_line(keys.data);
	return r;
}

/* Whether root or a user of the recipe can log in, by a password or by a key. */
static int anybody_can_enter(struct rootfs *rootfs, bool has_sshd, bool *ret, struct err *err)
{
	CLEANUP(text_release) struct text shadow = { 0 };
	bool exists;
	int r = settings_read(rootfs, "/etc/shadow", &exists, &shadow, err);

	if (r < 0)
		return r;
	*ret = has_password(shadow.data, "root");
	if (!*ret && has_sshd)
		r = has_keys(rootfs, "/root", ret, err);
	for (size_t i = 0; i < rootfs->recipe->user_count && r >= 0 && !*ret; i++) {
		*ret = has_password(shadow.data, rootfs->recipe->user[i].name);
		if (!*ret && has_sshd)
			r = has_keys(rootfs, rootfs->recipe->user[i].home, ret, err);
	}
	return r;
}

int settings_way_in(struct rootfs *rootfs, struct err *err)
{
	bool has_sshd = false, can_enter = false;
	int r;

	if (rootfs->recipe->autologin.terminals.count)
		return 0;
	r = sandbox_exists(rootfs->sandbox, "/usr/sbin/sshd", &has_sshd, err);
	if (r < 0)
		return r;
	r = anybody_can_enter(rootfs, has_sshd, &can_enter, err);
	if (r < 0 || can_enter)
		return r;
	err_set(err, ERR_USAGE,
		"nobody could enter this image: root's password is locked, no terminal logs "
		"root in, and nobody has an SSH key%s",
		has_sshd ? "" : " (nor does the image have an SSH server)");
	return err_hint(err,
			"give the recipe root.authorized-keys, root.password (a crypt(3) hash), "
			"autologin.terminals, or users who can log in");
}
