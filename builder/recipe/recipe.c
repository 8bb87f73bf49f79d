/* SPDX-License-Identifier: MIT */
#include "recipe/recipe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "recipe/accounts.h"
#include "recipe/debconf.h"
#include "recipe/input.h"
#include "recipe/merge.h"
#include "recipe/override.h"
#include "recipe/recipe-read.h"
#include "recipe/validate.h"
#include "recipe/values.h"

#define EXTENDS_MAX 8

/* The user has named this file: the recipe, or one of --site. */
static int open_named(const char *path, int *ret_fd, struct err *err)
{
	CLEANUP(err_release) struct err why = { 0 };
	int r = reach_open(NULL, &(struct position){ 0 }, REACH_FILE, "recipe", path, ret_fd, &why);

	return r < 0 ? err_set(err, ERR_USAGE, "%s", why.message) : 0;
}

/* from: the `extends` that names it. */
static int open_extended(const struct recipe *recipe, const char *path, const struct position *from,
			 int *ret_fd, struct err *err)
{
	int r = reach_open(recipe->reach, from, REACH_FILE, "recipe", path, ret_fd, err);

	if (r < 0 && r != -EINVAL)
		err_hint(err, "'extends' is a path, relative to this file; for a recipe that comes "
			      "with an installed netrescue a whole one, such as "
			      "/usr/share/netrescue/recipes/rescue64.yaml");
	return r;
}

static bool same_file(const char *a, int b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static int check_cycle(const struct recipe *recipe, const struct node *extends, const char *path,
		       int fd, struct err *err)
{
	for (size_t i = 0; i < recipe->files.count; i++) {
		if (!same_file(recipe->files.item[i], fd))
			continue;
		position_error(&extends->at, err, "'%s' extends itself", path);
		return err_hint(err, "follow 'extends' from file to file: one must be the base");
	}
	return 0;
}

static int load_tree(struct recipe *recipe, const char *path, int fd, struct node **ret,
		     struct err *err);

static int load_extended(struct recipe *recipe, const struct node *extends, struct node **ret,
			 struct err *err)
{
	cleanup_free char *path = input_path(&extends->at, extends->text);
	cleanup_fd int fd = -1;
	int r;

	if (recipe->files.count > EXTENDS_MAX)
		return position_error(&extends->at, err, "more than %d recipes extend one another",
				      EXTENDS_MAX);
	r = open_extended(recipe, path, &extends->at, &fd, err);

	if (r < 0)
		return r;
	r = check_cycle(recipe, extends, path, fd, err);
	return r < 0 ? r : load_tree(recipe, path, fd, ret, err);
}

/* Reads path, which fd is open on, and all that it extends; *ret is the merged tree. */
static int load_tree(struct recipe *recipe, const char *path, int fd, struct node **ret,
		     struct err *err)
{
	CLEANUP(node_cleanup) struct node *root = NULL;
	CLEANUP(node_cleanup) struct node *base = NULL;
	const struct node *extends;
	int r = recipe_read(recipe, path, fd, &root, err);

	if (r < 0)
		return r;
	extends = node_get(root, "extends");
	r = extends ? load_extended(recipe, extends, &base, err) : 0;
	if (r < 0)
		return r;
	return merge_recipes(take_ptr(base), root, ret, err);
}

/* Lays a checked tree over the recipe. */
static int lay_over(struct node **tree, struct node *over, struct err *err)
{
	const struct node *extends = node_get(over, "extends");

	if (!extends)
		return merge_recipes(take_ptr(*tree), over, tree, err);
	position_error(&extends->at, err, "what is laid over a recipe extends nothing");
	return err_hint(err, "leave 'extends' out, or make it the recipe that is built");
}

static int lay_set(struct recipe *recipe, const struct recipe_source *source, const char *set,
		   struct node **tree, struct err *err)
{
	CLEANUP(node_cleanup) struct node *over = NULL;
	char *place = override_place(set, source->set_directory);
	int r;

	strv_add_take(&recipe->places, place);
	reach_trust(recipe->reach, place);
	r = override_parse(set, place, &over, err);
	if (r < 0)
		return r;
	r = schema_check(over, err);
	return r < 0 ? r : lay_over(tree, over, err);
}

static int lay_site(struct recipe *recipe, const char *path, struct node **tree, struct err *err)
{
	CLEANUP(node_cleanup) struct node *over = NULL;
	cleanup_fd int fd = -1;
	int r = open_named(path, &fd, err);

	if (r < 0)
		return r;
	r = recipe_read(recipe, path, fd, &over, err);
	if (r < 0)
		return r;
	reach_trust(recipe->reach, recipe->files.item[recipe->files.count - 1]);
	return lay_over(tree, over, err);
}

static int lay_all(struct recipe *recipe, const struct recipe_source *source, struct node **tree,
		   struct err *err)
{
	for (size_t i = 0; source->site && i < source->site->count; i++) {
		int r = lay_site(recipe, source->site->item[i], tree, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; source->set && i < source->set->count; i++) {
		int r = lay_set(recipe, source, source->set->item[i], tree, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static void normalise_mac(char *mac)
{
	for (; *mac; mac++)
		*mac = *mac == '-' ? ':' : (char)tolower((unsigned char)*mac);
}

static void add_default_entry(struct recipe *recipe)
{
	struct recipe_menu_entry *entry = xcalloc(1, sizeof(*entry));

	entry->kind = MENU_RESCUE;
	entry->label = xstrdup(recipe->name);
	entry->title = xstrdup(recipe->name);
	entry->append = xstrdup("");
	entry->access = NFS_RO;
	entry->at.file = recipe->path;
	recipe->menu.entry = entry;
	recipe->menu.entry_count = 1;
}

/* Where the server lets clients write, the menu has an entry that does: unless the recipe has one
 * itself, the first rescue entry gets a twin beside it. The title must not get longer, because
 * menu.c32 shows 54 characters. */
static void add_writable_entry(struct recipe *recipe)
{
	struct recipe_menu_entry *entry = recipe->menu.entry;
	const size_t count = recipe->menu.entry_count;
	size_t first = count;

	for (size_t i = count; i-- > 0;) {
		if (entry[i].kind == MENU_RESCUE && entry[i].access == NFS_RW)
			return;
		if (entry[i].kind == MENU_RESCUE)
			first = i;
	}
	if (first == count)
		return;
	entry = xreallocarray(entry, count + 1, sizeof(*entry));
	memmove(&entry[first + 2], &entry[first + 1], (count - first - 1) * sizeof(*entry));
	entry[first + 1] = (struct recipe_menu_entry){
		.kind = MENU_RESCUE,
		.label = xasprintf("%s-rw", entry[first].label),
		.title = xasprintf("%s (writes to the server)", entry[first].title),
		.append = xstrdup(entry[first].append),
		.access = NFS_RW,
		.at = entry[first].at,
	};
	recipe->menu.entry = entry;
	recipe->menu.entry_count = count + 1;
}

/* The default is no component of a flat archive, which has none. */
static void leave_out_components(struct recipe_repository *repository)
{
	if (format_is_flat_suite(repository->suite) && repository->components.count > 0 &&
	    repository->components.item[0].at.line == 0)
		recipe_list_release(&repository->components);
}

/* Fills what depends on other values, and gives one spelling to what has several. */
static void resolve_values(struct recipe *recipe)
{
	if (streq(recipe->kernel, "none"))
		*recipe->kernel = '\0';
	if (!recipe->menu.entry_count && *recipe->kernel)
		add_default_entry(recipe);
	for (size_t i = 0; i < recipe->menu.entry_count; i++)
		if (!recipe->menu.entry[i].title)
			recipe->menu.entry[i].title = xstrdup(recipe->menu.entry[i].label);
	if (recipe->nfs.access == NFS_RW)
		add_writable_entry(recipe);
	for (size_t i = 0; i < recipe->menu.client_count; i++)
		normalise_mac(recipe->menu.client[i].mac);
	if (!recipe->menu.default_entry)
		recipe->menu.default_entry =
			xstrdup(recipe->menu.entry_count ? recipe->menu.entry[0].label : "");
	for (size_t i = 0; i < recipe->repository_count; i++)
		leave_out_components(&recipe->repository[i]);
	for (size_t i = 0; i < recipe->mirrors.count; i++)
		while (ends_with(recipe->mirrors.item[i].value, "/"))
			recipe->mirrors.item[i].value[strlen(recipe->mirrors.item[i].value) - 1] =
				'\0';
}

/* Replaces each name of a file in a list of lines by its lines. */
static int resolve_lines(struct recipe *recipe, enum input_lines kind, const struct format *format,
			 struct recipe_list *lines, struct err *err)
{
	CLEANUP(recipe_list_release) struct recipe_list given = TAKE(*lines);

	for (size_t i = 0; i < given.count; i++) {
		const struct recipe_name *item = &given.item[i];
		const bool is_line = format->is_line(item->value);
		int r = is_line ? input_line(kind, &item->at, item->value, lines, err)
				: input_lines(recipe->reach, kind, &item->at, item->value, lines,
					      err);

		if (r < 0)
			return r;
		if (!is_line)
			strv_add_take(&recipe->line_files, input_path(&item->at, item->value));
	}
	return 0;
}

static int resolve_keys(struct recipe *recipe, struct err *err)
{
	int r = resolve_lines(recipe, INPUT_KEYS, &format_key_or_path,
			      &recipe->root.authorized_keys, err);

	for (size_t i = 0; i < recipe->user_count && r >= 0; i++)
		r = resolve_lines(recipe, INPUT_KEYS, &format_key_or_path,
				  &recipe->user[i].authorized_keys, err);
	return r;
}

static int resolve_list(struct recipe *recipe, const struct schema_key *key, struct err *err)
{
	const enum input_kind kind = streq(key->path, "debs") ? INPUT_DEB : INPUT_SCRIPT;
	struct recipe_files *files = (void *)((char *)recipe + key->offset);

	for (size_t i = 0; i < files->count; i++) {
		int r = input_file(recipe->reach, kind, &files->item[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int resolve_files(struct recipe *recipe, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < schema_count && r >= 0; i++)
		if (schema[i].type == SCHEMA_FILES)
			r = resolve_list(recipe, &schema[i], err);
	for (size_t i = 0; i < recipe->tree_file_count && r >= 0; i++)
		if (recipe->tree_file[i].source.path)
			r = input_file(recipe->reach, INPUT_FILE, &recipe->tree_file[i].source,
				       err);
	if (recipe->keyring.path && r >= 0)
		r = input_file(recipe->reach, INPUT_KEYRING, &recipe->keyring, err);
	for (size_t i = 0; i < recipe->repository_count && r >= 0; i++)
		r = input_file(recipe->reach, INPUT_KEYRING, &recipe->repository[i].keyring, err);
	return r;
}

static int check_archives(const struct recipe *recipe, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < recipe->mirrors.count && r >= 0; i++)
		r = input_archive(recipe->reach, &recipe->mirrors.item[i].at,
				  recipe->mirrors.item[i].value, err);
	for (size_t i = 0; i < recipe->repository_count && r >= 0; i++)
		r = input_archive(recipe->reach, &recipe->repository[i].at,
				  recipe->repository[i].url, err);
	return r;
}

static int resolve_overlays(struct recipe *recipe, bool *has_keys, struct err *err)
{
	for (size_t i = 0; i < recipe->overlays.count; i++) {
		const struct recipe_name *overlay = &recipe->overlays.item[i];
		char digest[DIGEST_HEX];
		int r = input_overlay(recipe->reach, &overlay->at, overlay->value, digest, has_keys,
				      err);

		if (r < 0)
			return r;
		strv_add(&recipe->overlay_digests, digest);
	}
	return 0;
}

static int read_all_files(struct recipe *recipe, const struct recipe_source *source,
			  struct node **ret, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = open_named(source->path, &fd, err);

	if (r < 0)
		return r;
	r = reach_new(source->path, source->allow, &recipe->reach, err);
	if (r < 0)
		return r;
	r = load_tree(recipe, source->path, fd, ret, err);
	if (r < 0)
		return r;
	recipe->laid_over = (source->site && source->site->count > 0) ||
			    (source->set && source->set->count > 0);
	return lay_all(recipe, source, ret, err);
}

/* All clients do by nfs.access, or those of a menu entry. */
static bool boots_read_only(const struct recipe *recipe)
{
	bool read_only = recipe->nfs.access == NFS_RO;

	for (size_t i = 0; i < recipe->menu.entry_count && !read_only; i++)
		read_only = recipe->menu.entry[i].kind == MENU_RESCUE &&
			    recipe->menu.entry[i].access == NFS_RO;
	return read_only;
}

static int load(struct recipe *recipe, const struct recipe_source *source, struct err *err)
{
	CLEANUP(node_cleanup) struct node *root = NULL;
	CLEANUP(text_release) struct text canonical = { 0 };
	bool overlay_has_keys = false;
	int r;

	recipe->path = xstrdup(source->path);
	r = read_all_files(recipe, source, &root, err);
	if (r < 0)
		return r;
	r = schema_require(root, recipe->path, err);
	if (r < 0)
		return r;
	values_fill(recipe, root);
	resolve_values(recipe);
	accounts_resolve(recipe);
	r = resolve_keys(recipe, err);
	if (r < 0)
		return r;
	r = resolve_lines(recipe, INPUT_ANSWERS, &format_answer_or_path, &recipe->debconf, err);
	if (r < 0)
		return r;
	r = resolve_files(recipe, err);
	if (r < 0)
		return r;
	r = check_archives(recipe, err);
	if (r < 0)
		return r;
	r = resolve_overlays(recipe, &overlay_has_keys, err);
	if (r < 0)
		return r;
	r = validate_recipe(recipe, root, overlay_has_keys, err);
	if (r < 0)
		return r;
	recipe->boots_over_network = recipe_boots_over_network(recipe);
	recipe->boots_read_only = boots_read_only(recipe);
	recipe_canonical(recipe, &canonical);
	digest_bytes(canonical.data, canonical.length, recipe->digest);
	recipe_inputs(recipe, &recipe->inputs);
	return 0;
}

int recipe_load(const char *path, struct recipe *ret, struct err *err)
{
	return recipe_load_source(&(struct recipe_source){ .path = path }, ret, err);
}

int recipe_load_source(const struct recipe_source *source, struct recipe *ret, struct err *err)
{
	CLEANUP(recipe_release) struct recipe recipe = { 0 };
	int r = load(&recipe, source, err);

	if (r < 0)
		return r;
	*ret = TAKE(recipe);
	return 0;
}

struct position recipe_position(const struct recipe *recipe, const char *key)
{
	for (size_t i = 0; i < recipe->place_count; i++)
		if (streq(recipe->place[i].key, key))
			return recipe->place[i].at;
	return (struct position){ .file = recipe->path };
}

void recipe_release(struct recipe *recipe)
{
	values_release(recipe);
	strv_release(&recipe->overlay_digests);
	strv_release(&recipe->inputs);
	strv_release(&recipe->template_keys);
	strv_release(&recipe->files);
	strv_release(&recipe->places);
	strv_release(&recipe->line_files);
	reach_free(take_ptr(recipe->reach));
	free(take_ptr(recipe->place));
	free(take_ptr(recipe->path));
}
