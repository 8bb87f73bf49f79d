/* SPDX-License-Identifier: MIT */
#include "recipe/template.h"

#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "recipe/keymap.h"

/* ---- values that are not a text of the recipe; the caller frees them ---- */

static char *layout(const struct recipe *recipe)
{
	return keymap_layout(recipe->keymap);
}

static char *variant(const struct recipe *recipe)
{
	return keymap_variant(recipe->keymap);
}

static char *init(const struct recipe *recipe)
{
	return xstrdup(recipe->init == INIT_SYSTEMD ? "systemd" : "sysvinit");
}

static char *nfs_access(const struct recipe *recipe)
{
	return xstrdup(recipe->nfs.access == NFS_RO ? "ro" : "rw");
}

/* ---- the table ---- */

#define FIELD(member) .offset = offsetof(struct recipe, member)

static const struct variable {
	const char *name;
	const char *meaning;
	const char *key;			     /* the schema's, which is read for it */
	size_t offset;				     /* of a text in struct recipe… */
	char *(*value)(const struct recipe *recipe); /* …unless a function makes it */
} variables[] = {
	{ "recipe", "the recipe's `name`", "name", FIELD(name) },
	{ "title", "`title`", "title", FIELD(title) },
	{ "suite", "`suite`", "suite", FIELD(suite) },
	{ "architecture", "`architecture`", "architecture", FIELD(architecture) },
	{ "init", "`init`", "init", .value = init },
	{ "hostname", "`hostname`", "hostname", FIELD(hostname) },
	{ "domain", "`server.domain`", "server.domain", FIELD(server.domain) },
	{ "timezone", "`timezone`", "timezone", FIELD(timezone) },
	{ "default-locale", "`default-locale`", "default-locale", FIELD(default_locale) },
	{ "keymap", "`keymap`: `de(nodeadkeys)`", "keymap", FIELD(keymap) },
	{ "keymap-layout", "its layout: `de`", "keymap", .value = layout },
	{ "keymap-variant", "its variant: `nodeadkeys`, or nothing", "keymap", .value = variant },
	{ "console-font", "`console.font`", "console.font", FIELD(console.font) },
	{ "console-size", "`console.size`", "console.size", FIELD(console.size) },
	{ "console-charmap", "`console.charmap`", "console.charmap", FIELD(console.charmap) },
	{ "autologin-program", "`autologin.program`", "autologin.program",
	  FIELD(autologin.program) },
	{ "nfs-access", "`nfs.access`", "nfs.access", .value = nfs_access },
	{ "nfs-path", "`nfs.path`", "nfs.path", FIELD(nfs.path) },
	{ "overlay-size", "`nfs.overlay-size`", "nfs.overlay-size", FIELD(nfs.overlay_size) },
	{ "server-address", "`server.address`", "server.address", FIELD(server.address) },
	{ "server-subnet", "`server.subnet`", "server.subnet", FIELD(server.subnet) },
	{ "server-netmask", "the netmask of `server.subnet`", "server.netmask",
	  FIELD(server.netmask) },
	{ "nameserver", "`server.nameserver`", "server.nameserver", FIELD(server.nameserver) },
};

static const struct variable *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		if (streq(variables[i].name, name))
			return &variables[i];
	return NULL;
}

static void add_value(const struct recipe *recipe, const struct variable *v, struct text *out)
{
	cleanup_free char *made = v->value ? v->value(recipe) : NULL;
	const char *text;

	if (!made)
		memcpy(&text, (const char *)recipe + v->offset, sizeof(text));
	text_add(out, made ? made : text);
}

static int unknown_name(const char *path, const char *text, const char *at, const char *name,
			struct err *err)
{
	const char *names[ARRAY_SIZE(variables)];
	CLEANUP(strv_release) struct strv near = { 0 };
	unsigned line = 1;
	const char *start = text;

	for (const char *p = text; p < at; p++)
		if (*p == '\n') {
			line++;
			start = p + 1;
		}
	err_at(err, ERR_USAGE, path, line, (unsigned)(at - start) + 1,
	       "unknown name '%s' in template", name);
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		names[i] = variables[i].name;
	nearest(name, names, ARRAY_SIZE(variables), 1, &near);
	if (near.count)
		return err_hint(err, "did you mean '${%s}'?", near.item[0]);
	return err_hint(err, "a literal '${' is written '$${'");
}

int template_expand(const struct recipe *recipe, const char *path, const char *text,
		    struct text *ret, struct strv *ret_keys, struct err *err)
{
	CLEANUP(text_release) struct text out = { 0 };

	text_add(&out, "");
	for (const char *p = text; *p;) {
		if (starts_with(p, "$${")) {
			text_add(&out, "${");
			p += 3;
			continue;
		}
		if (!starts_with(p, "${")) {
			text_append(&out, p++, 1);
			continue;
		}
		const size_t length = strcspn(p + 2, "}\n");
		cleanup_free char *name = xstrndup(p + 2, length);
		const struct variable *found = p[2 + length] == '}' ? find(name) : NULL;

		if (!found)
			return unknown_name(path, text, p, name, err);
		add_value(recipe, found, &out);
		if (ret_keys && !strv_has(ret_keys, found->key))
			strv_add(ret_keys, found->key);
		p += 2 + length + 1;
	}
	*ret = TAKE(out);
	return 0;
}

void template_list(struct text *ret)
{
	text_add(ret, "| name | stands for |\n| --- | --- |\n");
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		text_printf(ret, "| `${%s}` | %s |\n", variables[i].name, variables[i].meaning);
}
