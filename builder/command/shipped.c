/* SPDX-License-Identifier: MIT */
#include "command/shipped.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"

#define SUFFIX ".yaml"

/* Seen from the program. */
static const char *const places[] = { "../../recipes", "../share/netrescue/recipes" };

/* FILE in that place, or, for ".", the place itself; NULL if it is not there. */
static char *find(const char *place, const char *file)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *slash;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	cleanup_free char *path =
		xasprintf("%.*s/%s/%s", slash ? (int)(slash - exe) : 0, exe, place, file);
	return access(path, R_OK) == 0 ? realpath(path, NULL) : NULL;
}

char *shipped_recipe(const char *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *path = find(places[i], file);

		if (path)
			return path;
	}
	return NULL;
}

void shipped_folders(struct strv *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *folder = find(places[i], ".");

		if (folder)
			strv_add_take(ret, folder);
	}
}

static int add_name(const struct walk_entry *e, void *data, struct err *err)
{
	struct strv *names = data;

	(void)err;
	if (S_ISREG(e->st->st_mode) && !strchr(e->path, '/') && ends_with(e->name, SUFFIX))
		strv_addf(names, "%.*s", (int)(strlen(e->name) - strlen(SUFFIX)), e->name);
	return 0;
}

void shipped_recipes(struct strv *ret)
{
	CLEANUP(err_release) struct err ignored = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		cleanup_free char *folder = find(places[i], ".");
		cleanup_fd int fd = -1;

		if (folder && open_dir(AT_FDCWD, folder, &fd, &ignored) == 0)
			(void)walk_tree(fd, add_name, ret, &ignored);
	}
	strv_sort(ret);
	strv_unique(ret);
}

int recipe_hint(struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	shipped_recipes(&names);
	if (names.count == 0)
		return err_hint(err, "name the file of a recipe");
	cleanup_free char *list = strv_join(&names, ", ");
	return err_hint(err, "name a file, or a recipe that comes with netrescue: %s", list);
}

static int no_recipe(const char *given, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 }, near = { 0 };

	shipped_recipes(&names);
	nearest(given, (const char *const *)names.item, names.count, 1, &near);
	err_set(err, ERR_USAGE, "there is no file '%s', and no recipe of that name in netrescue",
		given);
	if (near.count > 0)
		return err_hint(err, "did you mean '%s'?", near.item[0]);
	return recipe_hint(err);
}

int recipe_find(const char *given, char **ret, struct err *err)
{
	const bool has_suffix = ends_with(given, SUFFIX);
	struct stat st;
	const bool exists = stat(given, &st) == 0;

	if (strchr(given, '/') || (exists && !S_ISDIR(st.st_mode))) {
		*ret = xstrdup(given);
		return 0;
	}
	cleanup_free char *file = xasprintf("%s%s", given, has_suffix ? "" : SUFFIX);
	*ret = shipped_recipe(file);
	if (!*ret && exists)
		*ret = xstrdup(given);
	return *ret ? 0 : no_recipe(given, err);
}
