/* SPDX-License-Identifier: MIT */
#include "rootfs/template.h"

#include <string.h>

#include "base/memory.h"

struct variable {
	const char *name, *value;
};

/* The part of keymap in front of the parenthesis, or the one inside. Caller frees. */
static char *keymap_part(const char *keymap, bool variant)
{
	const size_t layout = strcspn(keymap, "(");

	if (!variant)
		return xstrndup(keymap, layout);
	if (!keymap[layout])
		return xstrdup("");
	return xstrndup(keymap + layout + 1, strcspn(keymap + layout + 1, ")"));
}

static const struct variable *find(const struct variable *v, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (streq(v[i].name, name))
			return &v[i];
	return NULL;
}

static int unknown_name(const char *path, const char *text, const char *at, const char *name,
			const struct variable *v, size_t count, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
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
	for (size_t i = 0; i < count; i++)
		strv_add(&names, v[i].name);
	nearest(name, (const char *const *)names.item, names.count, 1, &near);
	if (near.count)
		return err_hint(err, "did you mean '${%s}'?", near.item[0]);
	return err_hint(err, "a literal '${' is written '$${'");
}

static int expand(const struct variable *v, size_t count, const char *path, const char *text,
		  struct text *ret, struct err *err)
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
		const struct variable *found = p[2 + length] == '}' ? find(v, count, name) : NULL;

		if (!found)
			return unknown_name(path, text, p, name, v, count, err);
		text_add(&out, found->value);
		p += 2 + length + 1;
	}
	*ret = out;
	out = (struct text){ 0 };
	return 0;
}

int template_expand(const struct recipe *recipe, const char *path, const char *text,
		    struct text *ret, struct err *err)
{
	cleanup_free char *layout = keymap_part(recipe->keymap, false);
	cleanup_free char *variant = keymap_part(recipe->keymap, true);
	const struct variable variables[] = {
		{ "recipe", recipe->name },
		{ "title", recipe->title },
		{ "suite", recipe->suite },
		{ "architecture", recipe->architecture },
		{ "init", recipe->init == INIT_SYSTEMD ? "systemd" : "sysvinit" },
		{ "hostname", recipe->hostname },
		{ "domain", recipe->server.domain },
		{ "timezone", recipe->timezone },
		{ "default-locale", recipe->default_locale },
		{ "keymap", recipe->keymap },
		{ "keymap-layout", layout },
		{ "keymap-variant", variant },
		{ "console-font", recipe->console.font },
		{ "console-size", recipe->console.size },
		{ "console-charmap", recipe->console.charmap },
		{ "autologin-program", recipe->autologin.program },
		{ "nfs-access", recipe->nfs.access == NFS_RO ? "ro" : "rw" },
		{ "nfs-path", recipe->nfs.path },
		{ "overlay-size", recipe->nfs.overlay_size },
		{ "server-address", recipe->server.address },
		{ "server-subnet", recipe->server.subnet },
		{ "server-netmask", recipe->server.netmask },
		{ "nameserver", recipe->server.nameserver },
	};

	return expand(variables, sizeof(variables) / sizeof(*variables), path, text, ret, err);
}
