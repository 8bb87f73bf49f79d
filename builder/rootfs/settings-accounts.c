/* SPDX-License-Identifier: MIT */
/* The recipe's users and groups, made by the image's own programs of the package passwd. */
#include "rootfs/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "rootfs/account.h"

#define SUDOERS "/etc/sudoers.d/rescue-users"

/* ---- before anything is fetched ---- */

static bool brings_sudo(const struct lock *lock)
{
	return packages_find(&lock->packages, "sudo", ROLE_IMAGE) ||
	       packages_find(&lock->packages, "sudo-ldap", ROLE_IMAGE);
}

int accounts_check(const struct recipe *recipe, const struct lock *lock, struct err *err)
{
	const struct position *first = recipe->user_count    ? &recipe->user[0].at
				       : recipe->group_count ? &recipe->group[0].at
							     : NULL;

	if (first && !packages_find(&lock->packages, "passwd", ROLE_IMAGE)) {
		position_error(first, err, "users and groups need the package 'passwd'");
		return err_hint(err, "add it to 'packages'");
	}
	for (size_t i = 0; i < recipe->user_count; i++) {
		if (!recipe->user[i].sudo || brings_sudo(lock))
			continue;
		position_error(&recipe->user[i].at, err,
			       "user '%s' may use sudo, but no package of the image brings it",
			       recipe->user[i].name);
		return err_hint(err, "add 'sudo' to 'packages', or leave out 'sudo: yes'");
	}
	return 0;
}

/* ---- users and groups ---- */

/* The tree's users and groups as they are now. */
struct tables {
	struct text passwd, group;
};

static void tables_release(struct tables *t)
{
	text_release(&t->passwd);
	text_release(&t->group);
}

static int tables_read(struct rootfs *rootfs, struct tables *t, struct err *err)
{
	bool exists;
	int r;

	tables_release(t);
	r = settings_read(rootfs, "/etc/passwd", &exists, &t->passwd, err);
	return r < 0 ? r : settings_read(rootfs, "/etc/group", &exists, &t->group, err);
}

static int make_group(struct rootfs *rootfs, const char *name, int id, struct err *err)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", id);
	return sandbox_call(rootfs->sandbox, err, "groupadd", "--gid", number, name, NULL);
}

/* useradd would say the same, without the place in the recipe. */
static int check_free(const struct recipe_user *user, const struct tables *t, struct err *err)
{
	cleanup_free char *of_id = account_name(t->passwd.data, (uint32_t)user->id);
	cleanup_free char *of_group = account_name(t->group.data, (uint32_t)user->id);
	uint32_t number;

	if (account_number(t->passwd.data, user->name, &number) ||
	    account_number(t->group.data, user->name, &number)) {
		position_error(&user->at, err,
			       "a package of the image made an account '%s' already, with the "
			       "number %u",
			       user->name, number);
		return err_hint(err, "give the user another name; 'ids' sets numbers of packages' "
				     "users, 'groups' puts members into their groups");
	}
	if (!of_id && !of_group)
		return 0;
	position_error(&user->at, err,
		       "user '%s' cannot have the number %d: a package's %s '%s' has it",
		       user->name, user->id, of_id ? "user" : "group", of_id ? of_id : of_group);
	return err_hint(err, "give the user another id");
}

static int check_shell(struct rootfs *rootfs, const struct recipe_user *user, struct err *err)
{
	const char *const argv[] = { "test", "-f", user->shell, "-a", "-x", user->shell, NULL };
	CLEANUP(text_release) struct text nothing = { 0 };
	int status, r;

	r = settings_output(rootfs, argv, &nothing, &status, err);
	if (r < 0 || status == 0)
		return r;
	position_error(&user->at, err,
		       "the image has no program '%s', which is to be the shell of '%s'",
		       user->shell, user->name);
	return err_hint(err, "add the package that brings it to 'packages'");
}

/* A directory that is there already is a package's and stays as it is. */
static int make_home(struct rootfs *rootfs, const struct recipe_user *user, struct err *err)
{
	char number[16];
	bool exists;
	int r = sandbox_exists(rootfs->sandbox, user->home, &exists, err);

	if (r < 0 || exists)
		return r;
	snprintf(number, sizeof(number), "%d", user->id);
	return sandbox_call(rootfs->sandbox, err, "install", "-d", "-m", "0700", "-o", number, "-g",
			    number, user->home, NULL);
}

static int make_user(struct rootfs *rootfs, const struct recipe_user *user, struct err *err)
{
	char number[16];
	int r;

	r = check_shell(rootfs, user, err);
	if (r < 0)
		return r;
	r = make_group(rootfs, user->name, user->id, err);
	if (r < 0)
		return r;
	snprintf(number, sizeof(number), "%d", user->id);
	/* Without --no-log-init it would write into logs that grow with the number. */
	r = sandbox_call(rootfs->sandbox, err, "useradd", "--no-log-init", "--no-create-home",
			 "--uid", number, "--gid", number, "--home-dir", user->home, "--shell",
			 user->shell, "--comment", user->comment, user->name, NULL);
	return r < 0 ? r : make_home(rootfs, user, err);
}

static int make_users(struct rootfs *rootfs, struct tables *t, struct err *err)
{
	for (size_t i = 0; i < rootfs->recipe->user_count; i++) {
		const struct recipe_user *user = &rootfs->recipe->user[i];
		int r = tables_read(rootfs, t, err);

		if (r < 0)
			return r;
		r = check_free(user, t, err);
		if (r < 0)
			return r;
		r = make_user(rootfs, user, err);
		if (r < 0)
			return err->line ? r : err_wrap(err, "user '%s'", user->name);
	}
	return 0;
}

static int free_number(const struct tables *t)
{
	for (int id = ACCOUNT_ID_FIRST;; id++) {
		cleanup_free char *user = account_name(t->passwd.data, (uint32_t)id);
		cleanup_free char *group = account_name(t->group.data, (uint32_t)id);

		if (!user && !group)
			return id;
	}
}

/* A group of a package only gets members, unless the recipe says another number. */
static int make_new_group(struct rootfs *rootfs, const struct recipe_group *group,
			  const struct tables *t, struct err *err)
{
	cleanup_free char *other = NULL;
	uint32_t number;

	if (account_number(t->group.data, group->name, &number)) {
		if (group->id < 0 || (uint32_t)group->id == number)
			return 0;
		position_error(&group->at, err,
			       "group '%s' should have the number %d, but its package gave it %u",
			       group->name, group->id, number);
		return err_hint(err, "say it in 'ids', which packages obey: ids: {%s: {group: %d}}",
				group->name, group->id);
	}
	other = group->id < 0 ? NULL : account_name(t->group.data, (uint32_t)group->id);
	if (other) {
		position_error(
			&group->at, err,
			"group '%s' cannot have the number %d: a package's group '%s' has it",
			group->name, group->id, other);
		return err_hint(err, "give the group another id");
	}
	return make_group(rootfs, group->name, group->id < 0 ? free_number(t) : group->id, err);
}

static int make_groups(struct rootfs *rootfs, struct tables *t, struct err *err)
{
	for (size_t i = 0; i < rootfs->recipe->group_count; i++) {
		int r = tables_read(rootfs, t, err);

		if (r < 0)
			return r;
		r = make_new_group(rootfs, &rootfs->recipe->group[i], t, err);
		if (r < 0)
			return r;
	}
	return tables_read(rootfs, t, err);
}

/* ---- who is in which group ---- */

static int check_there(const struct recipe_name *name, const char *text, const char *kind,
		       struct err *err)
{
	CLEANUP(strv_release) struct strv all = { 0 };
	CLEANUP(strv_release) struct strv near = { 0 };
	uint32_t number;

	if (account_number(text, name->value, &number))
		return 0;
	position_error(&name->at, err, "the image has no %s '%s'", kind, name->value);
	account_names(text, &all);
	nearest(name->value, (const char *const *)all.item, all.count, 1, &near);
	if (near.count)
		return err_hint(err, "did you mean '%s'?", near.item[0]);
	return err_hint(err, "is the package that makes it in 'packages'? '%ss' makes new ones",
			kind);
}

static int add_members(struct rootfs *rootfs, const struct tables *t, struct err *err)
{
	const struct recipe *recipe = rootfs->recipe;

	for (size_t i = 0; i < recipe->user_count; i++)
		for (size_t j = 0; j < recipe->user[i].groups.count; j++) {
			const struct recipe_name *group = &recipe->user[i].groups.item[j];
			int r = check_there(group, t->group.data, "group", err);

			if (r < 0)
				return r;
			r = sandbox_call(rootfs->sandbox, err, "gpasswd", "--add",
					 recipe->user[i].name, group->value, NULL);
			if (r < 0)
				return r;
		}
	for (size_t i = 0; i < recipe->group_count; i++)
		for (size_t j = 0; j < recipe->group[i].members.count; j++) {
			const struct recipe_name *user = &recipe->group[i].members.item[j];
			int r = check_there(user, t->passwd.data, "user", err);

			if (r < 0)
				return r;
			r = sandbox_call(rootfs->sandbox, err, "gpasswd", "--add", user->value,
					 recipe->group[i].name, NULL);
			if (r < 0)
				return r;
		}
	return 0;
}

/* ---- what they may do ---- */

static int set_passwords(struct rootfs *rootfs, struct err *err)
{
	static const char *const argv[] = { "chpasswd", "--encrypted", NULL };
	CLEANUP(text_release) struct text lines = { 0 };
	struct sandbox_command command = { .argv = argv };

	for (size_t i = 0; i < rootfs->recipe->user_count; i++)
		text_printf(&lines, "%s:%s\n", rootfs->recipe->user[i].name,
			    settings_shadow_password(rootfs->recipe->user[i].password));
	command.input = lines.data;
	return lines.length ? sandbox_run(rootfs->sandbox, &command, 1, err) : 0;
}

/* Who has no password could not type one. */
static int allow_sudo(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(text_release) struct text lines = { 0 };

	for (size_t i = 0; i < rootfs->recipe->user_count; i++) {
		const struct recipe_user *user = &rootfs->recipe->user[i];

		if (user->sudo)
			text_printf(&lines, "%s ALL=(ALL:ALL) %sALL\n", user->name,
				    streq(user->password, "locked") ? "NOPASSWD: " : "");
	}
	return lines.length ? settings_write(rootfs, SUDOERS, lines.data, 0440, err) : 0;
}

int settings_accounts(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(tables_release) struct tables tables = { 0 };
	int r;

	if (rootfs->recipe->user_count + rootfs->recipe->group_count == 0)
		return 0;
	r = make_users(rootfs, &tables, err);
	if (r < 0)
		return r;
	r = make_groups(rootfs, &tables, err);
	if (r < 0)
		return r;
	r = add_members(rootfs, &tables, err);
	if (r < 0)
		return r;
	r = set_passwords(rootfs, err);
	return r < 0 ? r : allow_sudo(rootfs, err);
}

/* ---- homes, when the overlays are there ---- */

/* Copies what /etc/skel has and the home has not, and prints the names of these files. Then what
 * overlays laid there as root's becomes the user's. A home that belongs to another is not ours. */
static const char fill_script[] =
	"home=$1 id=$2\n"
	"[ \"$(stat -c %u \"$home\")\" = \"$id\" ] || exit 0\n"
	"if cd /etc/skel 2>/dev/null; then\n"
	"	find . -mindepth 1 -printf '%P\\n' | sort | while IFS= read -r name; do\n"
	"		[ ! -e \"$home/$name\" ] && [ ! -h \"$home/$name\" ] || continue\n"
	"		if [ -d \"$name\" ] && [ ! -h \"$name\" ]; then\n"
	"			mkdir -m \"$(stat -c %a \"$name\")\" \"$home/$name\"\n"
	"		else\n"
	"			cp -dp \"$name\" \"$home/$name\"\n"
	"			printf '%s\\n' \"$name\"\n"
	"		fi\n"
	"	done\n"
	"fi\n"
	"chown -hR --from=0:0 \"$id:$id\" \"$home\"\n";

int settings_homes(struct rootfs *rootfs, struct err *err)
{
	for (size_t i = 0; i < rootfs->recipe->user_count; i++) {
		const struct recipe_user *user = &rootfs->recipe->user[i];
		char number[16];
		const char *const argv[] = { "sh",	 "-ec",	 fill_script, "sh",
					     user->home, number, NULL };
		CLEANUP(strv_release) struct strv name = { 0 };
		int r;

		snprintf(number, sizeof(number), "%d", user->id);
		r = settings_lines(rootfs, argv, &name, NULL, err);
		if (r < 0)
			return err_wrap(err, "user '%s'", user->name);
		for (size_t j = 0; j < name.count; j++) {
			cleanup_free char *path = xasprintf("%s/%s", user->home, name.item[j]);

			file_log_add(&rootfs->file_log, path, "the recipe's users");
		}
	}
	return 0;
}
