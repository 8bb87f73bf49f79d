/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "rootfs/ids.h"

#define FILE_MAX ((size_t)4 << 20)
#define MASTER "/usr/share/base-passwd/"

const char *const ids_tools[] = { "adduser",  "addgroup",	  "useradd",
				  "groupadd", "systemd-sysusers", NULL };

/* ---- while packages are configured ---- */

/* How these programs read their options: `number` matches the one that gives the new name's number,
 * `values` those whose value is the next word. */
static const struct creator {
	const char *program;
	bool groups;
	const char *number;
	const char *values;
} creators[] = {
	{ "adduser", false, "--uid | --uid=*",
	  "--home | --shell | --gecos | --comment | --conf | --ingroup | --gid | "
	  "--firstuid | --lastuid | --firstgid | --lastgid" },
	{ "addgroup", true, "--gid | --gid=*", "--conf | --firstgid | --lastgid" },
	{ "useradd", false, "-u | --uid | --uid=*",
	  "-[bcdefgGkKpPRsZ] | --base-dir | --comment | --home-dir | --expiredate | --inactive | "
	  "--gid | --groups | --skel | --key | --password | --prefix | --root | --shell | "
	  "--selinux-user" },
	{ "groupadd", true, "-g | --gid | --gid=*",
	  "-[KpPRU] | --key | --password | --prefix | --root | --users" },
};

/* The one argument that is neither an option nor its value is the name to create; with two,
 * adduser(8) puts a user into a group and creates nothing. */
static void wrap_creator(const struct recipe *recipe, const struct creator *c, struct text *ret)
{
	text_printf(ret,
		    "#!/bin/sh\n"
		    "name= count=0 value= id=\n"
		    "for a; do\n"
		    "	[ -z \"$value\" ] || { value=; continue; }\n"
		    "	case $a in\n"
		    "	%s) exec /usr/sbin/%s \"$@\" ;;\n"
		    "	%s) value=1 ;;\n"
		    "	-*) ;;\n"
		    "	*) name=$a count=$((count + 1)) ;;\n"
		    "	esac\n"
		    "done\n"
		    "[ $count -ne 1 ] || case $name in\n",
		    c->number, c->program, c->values);
	for (size_t i = 0; i < recipe->id_count; i++)
		if (c->groups || !recipe->id[i].group_only)
			text_printf(ret, "%s) id=%u ;;\n", recipe->id[i].name, recipe->id[i].id);
	text_printf(ret, "esac\nexec /usr/sbin/%s ${id:+--%s \"$id\"} \"$@\"\n", c->program,
		    c->groups ? "gid" : "uid");
}

/* systemd-sysusers reads lines "u NAME ID …" and "g NAME ID …" (sysusers.d(5)): it gets a copy of
 * each file with the recipe's numbers. */
static void wrap_sysusers(const struct recipe *recipe, struct text *ret)
{
	text_add(ret, "#!/bin/sh\n"
		      "out=" SANDBOX_SCRATCH "/sysusers\n"
		      "[ $# -gt 0 ] || set -- $(cd /usr/lib/sysusers.d && ls)\n"
		      "for a; do\n"
		      "	shift\n"
		      "	f=/usr/lib/sysusers.d/$a\n"
		      "	[ ! -e \"/etc/sysusers.d/$a\" ] || f=/etc/sysusers.d/$a\n"
		      "	case $a in\n"
		      "	*/* | -*) ;;\n"
		      "	*) sed -E");
	for (size_t i = 0; i < recipe->id_count; i++) {
		const struct recipe_id *id = &recipe->id[i];

		text_printf(ret,
			    " \\\n\t\t-e 's/^(%s[[:blank:]]+\"?%s\"?[[:blank:]]+)"
			    "[^[:blank:]:]+/\\1%u/'",
			    id->group_only ? "g" : "[ug]!?", id->name, id->id);
	}
	text_add(ret, " \\\n\t\t\"$f\" > \"$out/$a\" && a=$out/$a ;;\n"
		      "	esac\n"
		      "	set -- \"$@\" \"$a\"\n"
		      "done\n"
		      "exec /usr/bin/systemd-sysusers \"$@\"\n");
}

void ids_tool(const struct recipe *recipe, const char *program, struct text *ret)
{
	if (streq(program, "systemd-sysusers"))
		wrap_sysusers(recipe, ret);
	for (size_t i = 0; i < ARRAY_SIZE(creators); i++)
		if (streq(program, creators[i].program))
			wrap_creator(recipe, &creators[i], ret);
}

/* ---- afterwards ---- */

struct id_table { /* a passwd(5) or group(5) file */
	struct strv name;
	struct strv id;
};

static void release_table(struct id_table *table)
{
	strv_release(&table->name);
	strv_release(&table->id);
}

static int read_table(struct rootfs *rootfs, const char *path, struct id_table *ret,
		      struct err *err)
{
	CLEANUP(text_release) struct text content = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	int r = sandbox_read(rootfs->sandbox, path, FILE_MAX, &content, err);

	if (r < 0)
		return r;
	strv_split(&line, content.data ? content.data : "", "\n");
	for (size_t i = 0; i < line.count; i++) {
		const char *name_end = strchr(line.item[i], ':');
		const char *id = name_end ? strchr(name_end + 1, ':') : NULL;

		if (!id)
			return err_set(err, ERR_BUILD, "'%s' in the image has a bad line: %s", path,
				       line.item[i]);
		id++;
		strv_add_take(&ret->name,
			      xstrndup(line.item[i], (size_t)(name_end - line.item[i])));
		strv_add_take(&ret->id, xstrndup(id, strcspn(id, ":")));
	}
	return 0;
}

static const char *account_id(const struct id_table *table, const char *name)
{
	for (size_t i = 0; i < table->name.count; i++)
		if (streq(table->name.item[i], name))
			return table->id.item[i];
	return NULL;
}

static int check_id(const struct recipe_id *id, const struct id_table *table, const char *kind,
		    struct err *err)
{
	cleanup_free char *wanted = xasprintf("%u", id->id);
	const char *given = account_id(table, id->name);

	if (!given || streq(given, wanted))
		return 0;
	err_at(err, ERR_BUILD, id->at.file, id->at.line, id->at.column,
	       "%s '%s' should have the number %u, but its package insists on %s", kind, id->name,
	       id->id, given);
	return err_hint(err, "leave '%s' out of ids:, or give it the number %s", id->name, given);
}

static int check_recipe(struct rootfs *rootfs, const struct id_table *users,
			const struct id_table *groups, struct err *err)
{
	for (size_t i = 0; i < rootfs->recipe->id_count; i++) {
		const struct recipe_id *id = &rootfs->recipe->id[i];
		int r = id->group_only ? 0 : check_id(id, users, "user", err);

		/* The group of a user may be another's: sshd's is nogroup. */
		if (r < 0)
			return r;
		r = check_id(id, groups, "group", err);
		if (r < 0)
			return r;
		if (!account_id(groups, id->name) && !account_id(users, id->name))
			log_note("ids: no package of this image creates '%s'", id->name);
	}
	return 0;
}

static bool is_fixed(const struct recipe *recipe, const char *name, bool group)
{
	for (size_t i = 0; i < recipe->id_count; i++)
		if (streq(recipe->id[i].name, name))
			return group || !recipe->id[i].group_only;
	return false;
}

static int note_allocated(struct rootfs *rootfs, const struct id_table *table, bool group,
			  struct err *err)
{
	CLEANUP(release_table) struct id_table known = { 0 };
	int r = read_table(rootfs, group ? MASTER "group.master" : MASTER "passwd.master", &known,
			   err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < table->name.count; i++)
		if (!account_id(&known, table->name.item[i]) &&
		    !is_fixed(rootfs->recipe, table->name.item[i], group))
			strv_addf(&rootfs->allocated_ids, "%s %s %s", group ? "group" : "user",
				  table->name.item[i], table->id.item[i]);
	return r;
}

/* Lists the packages in whose scripts or sysusers.d(5) files the name occurs. */
static int find_creators(struct rootfs *rootfs, const char *name, struct text *ret, struct err *err)
{
	static const char script[] =
		"cd /var/lib/dpkg/info\n"
		"{ grep -lwF -e \"$1\" -- *.postinst *.preinst |"
		"  sed 's/\\.p[a-z]*inst$//; s/:.*//'\n"
		"  f=$(grep -lwF -e \"$1\" -- /usr/lib/sysusers.d/*.conf) || :\n"
		"  [ -z \"$f\" ] || dpkg -S $f | sed 's/:.*//'\n"
		"} 2>/dev/null | sort -u | paste -sd' ' | sed 's/ /, /g'";
	const char *const argv[] = { "sh", "-c", script, "sh", name, NULL };
	struct sandbox_command command = { .argv = argv, .output = SANDBOX_SCRATCH "/creators" };
	int r = sandbox_run(rootfs->sandbox, &command, 1, err);

	if (r < 0)
		return r;
	r = sandbox_read(rootfs->sandbox, command.output, FILE_MAX, ret, err);
	if (r < 0)
		return r;
	ret->data[strcspn(ret->data, "\n")] = '\0';
	return 0;
}

static int refuse_allocated(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(text_release) struct text all = { 0 };

	for (size_t i = 0; i < rootfs->allocated_ids.count; i++) {
		const char *line = rootfs->allocated_ids.item[i];
		const char *name = strchr(line, ' ') + 1;
		cleanup_free char *word = xstrndup(name, strcspn(name, " "));
		CLEANUP(text_release) struct text packages = { 0 };
		int r = find_creators(rootfs, word, &packages, err);

		if (r < 0)
			return r;
		text_printf(&all, "%s%s", i ? "; " : "", line);
		if (packages.data && *packages.data)
			text_printf(&all, " (%s)", packages.data);
	}
	err_set(err, ERR_BUILD, "strict-ids: packages chose %zu numbers themselves: %s",
		rootfs->allocated_ids.count, all.data);
	return err_hint(err, "give each of these names a number under ids:");
}

int ids_check(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(release_table) struct id_table users = { 0 };
	CLEANUP(release_table) struct id_table groups = { 0 };
	int r = read_table(rootfs, "/etc/passwd", &users, err);

	if (r < 0)
		return r;
	r = read_table(rootfs, "/etc/group", &groups, err);
	if (r < 0)
		return r;
	r = check_recipe(rootfs, &users, &groups, err);
	if (r < 0)
		return r;
	r = note_allocated(rootfs, &users, false, err);
	if (r < 0)
		return r;
	r = note_allocated(rootfs, &groups, true, err);
	if (r < 0 || !rootfs->recipe->strict_ids || rootfs->allocated_ids.count == 0)
		return r;
	return refuse_allocated(rootfs, err);
}
