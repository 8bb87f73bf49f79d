// SPDX-License-Identifier: MIT
#include "recipe/recipe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "recipe/input.h"
#include "recipe/merge.h"
#include "recipe/validate.h"
#include "recipe/value.h"

#define RECIPE_SIZE_MAX ((size_t)1024 * 1024)
#define EXTENDS_MAX 8

static int read_regular(const char *path, struct text *ret, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot read recipe '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "cannot read recipe '%s': not a regular file", path);
	if ((size_t)st.st_size > RECIPE_SIZE_MAX)
		return err_set(err, ERR_USAGE, "recipe '%s' is larger than 1 MiB", path);
	if (access(path, R_OK) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot read recipe '%s'", path);
	return read_file(AT_FDCWD, path, RECIPE_SIZE_MAX, ret, err);
}

/* One file as a checked tree. from: the `extends` that names it, or NULL. */
static int read_tree(struct recipe *r, const char *path, const struct position *from,
		     struct node **ret, struct err *err)
{
	CLEANUP(err_release) struct err why = { 0 };
	CLEANUP(text_release) struct text content = { 0 };
	CLEANUP(node_cleanup) struct node *root = NULL;
	int e = read_regular(path, &content, &why);

	if (e < 0 && from) {
		position_error(from, err, "%s", why.message);
		return err_hint(err, "'extends' is a path, seen from this file");
	}
	if (e < 0)
		return err_set(err, ERR_USAGE, "%s", why.message);
	strv_add(&r->files, path);
	e = node_parse(r->files.item[r->files.count - 1], content.data, content.length, &root, err);
	if (e < 0)
		return e;
	e = schema_check(root, err);
	if (e < 0)
		return e;
	*ret = take_ptr(root);
	return 0;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int check_cycle(const struct recipe *r, const struct node *extends, const char *path,
		       struct err *err)
{
	if (r->files.count > EXTENDS_MAX)
		return position_error(&extends->at, err, "more than %d recipes extend one another",
				      EXTENDS_MAX);
	for (size_t i = 0; i < r->files.count; i++) {
		if (!same_file(r->files.item[i], path))
			continue;
		position_error(&extends->at, err, "'%s' extends itself", path);
		return err_hint(err, "follow 'extends' from file to file: one must be the base");
	}
	return 0;
}

/* Reads PATH and what it extends; *ret is all of it, merged. */
static int load_tree(struct recipe *r, const char *path, const struct position *from,
		     struct node **ret, struct err *err)
{
	CLEANUP(node_cleanup) struct node *root = NULL;
	CLEANUP(node_cleanup) struct node *base = NULL;
	const struct node *extends;
	int e = read_tree(r, path, from, &root, err);

	if (e < 0)
		return e;
	extends = node_get(root, "extends");
	if (extends) {
		cleanup_free char *base_path = input_path(&extends->at, extends->text);

		e = check_cycle(r, extends, base_path, err);
		if (e == 0)
			e = load_tree(r, base_path, &extends->at, &base, err);
		if (e < 0)
			return e;
	}
	return merge_recipes(take_ptr(base), root, ret, err);
}

static void normalise_mac(char *mac)
{
	for (; *mac; mac++)
		*mac = *mac == '-' ? ':' : (char)tolower((unsigned char)*mac);
}

static void add_default_entry(struct recipe *r)
{
	struct recipe_menu_entry *entry = xcalloc(1, sizeof(*entry));

	entry->kind = MENU_RESCUE;
	entry->label = xstrdup(r->name);
	entry->title = xstrdup(r->name);
	entry->append = xstrdup("");
	entry->access = NFS_RO;
	entry->at.file = r->path;
	r->menu.entry = entry;
	r->menu.entry_count = 1;
}

/* Where the server lets clients write there is an entry that does: beside the first rescue entry
 * a twin of it, unless the recipe has its own. The title must not get longer: menu.c32 shows 54
 * characters. */
static void add_writable_entry(struct recipe *r)
{
	struct recipe_menu_entry *e = r->menu.entry;
	const size_t count = r->menu.entry_count;
	size_t first = count;

	for (size_t i = count; i-- > 0;) {
		if (e[i].kind == MENU_RESCUE && e[i].access == NFS_RW)
			return;
		if (e[i].kind == MENU_RESCUE)
			first = i;
	}
	if (first == count)
		return;
	e = xreallocarray(e, count + 1, sizeof(*e));
	memmove(&e[first + 2], &e[first + 1], (count - first - 1) * sizeof(*e));
	e[first + 1] = (struct recipe_menu_entry){
		.kind = MENU_RESCUE,
		.label = xasprintf("%s-rw", e[first].label),
		.title = xasprintf("%s (writes to the server)", e[first].title),
		.append = xstrdup(e[first].append),
		.access = NFS_RW,
		.at = e[first].at,
	};
	r->menu.entry = e;
	r->menu.entry_count = count + 1;
}

/* What depends on other values, and one spelling for what has several. */
static void resolve_values(struct recipe *r)
{
	if (streq(r->kernel, "none"))
		*r->kernel = '\0';
	if (!r->menu.entry_count && *r->kernel)
		add_default_entry(r);
	for (size_t i = 0; i < r->menu.entry_count; i++)
		if (!r->menu.entry[i].title)
			r->menu.entry[i].title = xstrdup(r->menu.entry[i].label);
	if (r->nfs.access == NFS_RW)
		add_writable_entry(r);
	for (size_t i = 0; i < r->menu.client_count; i++)
		normalise_mac(r->menu.client[i].mac);
	if (!r->menu.default_entry)
		r->menu.default_entry = xstrdup(r->menu.entry_count ? r->menu.entry[0].label : "");
	for (size_t i = 0; i < r->mirrors.count; i++)
		while (ends_with(r->mirrors.item[i].value, "/"))
			r->mirrors.item[i].value[strlen(r->mirrors.item[i].value) - 1] = '\0';
}

static int resolve_keys(struct recipe *r, struct err *err)
{
	CLEANUP(recipe_list_release) struct recipe_list given = r->root.authorized_keys;

	r->root.authorized_keys = (struct recipe_list){ 0 };
	for (size_t i = 0; i < given.count; i++) {
		const struct recipe_name *key = &given.item[i];
		int e = 0;

		if (!format_is_key_line(key->value))
			e = input_keys(&key->at, key->value, &r->root.authorized_keys, err);
		else if (!recipe_list_has(&r->root.authorized_keys, key->value))
			recipe_list_add(&r->root.authorized_keys, key->value, &key->at);
		if (e < 0)
			return e;
	}
	return 0;
}

static int resolve_files(struct recipe *r, struct err *err)
{
	int e = 0;

	for (size_t i = 0; i < r->scripts.count && e == 0; i++)
		e = input_file(INPUT_SCRIPT, &r->scripts.item[i], err);
	for (size_t i = 0; i < r->debs.count && e == 0; i++)
		e = input_file(INPUT_DEB, &r->debs.item[i], err);
	for (size_t i = 0; i < r->repository_count && e == 0; i++)
		e = input_file(INPUT_KEYRING, &r->repository[i].keyring, err);
	return e;
}

static int resolve_overlays(struct recipe *r, bool *has_keys, struct err *err)
{
	for (size_t i = 0; i < r->overlays.count; i++) {
		const struct recipe_name *overlay = &r->overlays.item[i];
		char digest[DIGEST_HEX];
		int e = input_overlay(&overlay->at, overlay->value, digest, has_keys, err);

		if (e < 0)
			return e;
		strv_add(&r->overlay_digests, digest);
	}
	return 0;
}

static int load(struct recipe *r, const char *path, struct err *err)
{
	CLEANUP(node_cleanup) struct node *root = NULL;
	CLEANUP(text_release) struct text canonical = { 0 };
	bool overlay_has_keys = false;
	int e;

	r->path = xstrdup(path);
	e = load_tree(r, path, NULL, &root, err);
	if (e < 0)
		return e;
	e = schema_require(root, r->path, err);
	if (e < 0)
		return e;
	values_fill(r, root);
	resolve_values(r);
	e = resolve_keys(r, err);
	if (e < 0)
		return e;
	e = resolve_files(r, err);
	if (e < 0)
		return e;
	e = resolve_overlays(r, &overlay_has_keys, err);
	if (e < 0)
		return e;
	e = validate_recipe(r, root, overlay_has_keys, err);
	if (e < 0)
		return e;
	recipe_canonical(r, &canonical);
	digest_bytes(canonical.data, canonical.length, r->digest);
	recipe_inputs(r, &r->inputs);
	return 0;
}

int recipe_load(const char *path, struct recipe *ret, struct err *err)
{
	CLEANUP(recipe_release) struct recipe r = { 0 };
	int e = load(&r, path, err);

	if (e < 0)
		return e;
	*ret = r;
	r = (struct recipe){ 0 };
	return 0;
}

void recipe_canonical(const struct recipe *r, struct text *ret)
{
	values_write(r, ret);
}

void recipe_release(struct recipe *r)
{
	values_release(r);
	strv_release(&r->overlay_digests);
	strv_release(&r->inputs);
	strv_release(&r->files);
	free(take_ptr(r->path));
}
