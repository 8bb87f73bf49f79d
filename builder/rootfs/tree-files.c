/* SPDX-License-Identifier: MIT */
#include "rootfs/overlay.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "rootfs/account.h"
#include "rootfs/laid-key.h"
#include "rootfs/overlay-entry.h"
#include "rootfs/recipe-input.h"

static int read_content(const struct recipe *recipe, const struct recipe_tree_file *file,
			struct text *ret, struct err *err)
{
	int r;

	if (file->content) {
		text_add(ret, file->content);
		return 0;
	}
	r = recipe_input_read(recipe, &file->source, ret, err);
	return r < 0 ? err_wrap(err, "file '%s'", file->source.given) : 0;
}

static unsigned mode_of(const struct recipe_tree_file *file)
{
	return (unsigned)strtoul(file->mode, NULL, 8);
}

static int check_key(const struct recipe *recipe, const struct recipe_tree_file *file,
		     struct err *err)
{
	CLEANUP(text_release) struct text content = { 0 };
	int r = read_content(recipe, file, &content, err);

	if (r < 0)
		return r;
	return laid_key_check(recipe, file->content ? &file->at : &file->source.at, NULL,
			      file->path + 1, mode_of(file), content.data, content.length, err);
}

int tree_files_check(const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->tree_file_count; i++) {
		const struct recipe_tree_file *file = &recipe->tree_file[i];
		const char *why, *hint;

		if (overlay_refuses(file->path + 1, false, &why, &hint)) {
			position_error(&file->at, err, "file '%s' %s", file->path, why);
			return err_hint(err, "%s", hint);
		}
		int r = check_key(recipe, file, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int unknown_owner(const struct recipe_tree_file *file, const char *kind, const char *name,
			 struct err *err)
{
	position_error(&file->at, err, "file '%s': the tree has no %s '%s'", file->path, kind,
		       name);
	return err_hint(err, "is the package that makes it in 'packages'? Numbers go up to %d",
			ACCOUNT_NUMBER_MAX);
}

static int add_entry(const struct recipe *recipe, const struct recipe_tree_file *file,
		     const struct overlay_context *context, struct overlay_entries *entries,
		     struct err *err)
{
	CLEANUP(text_release) struct text content = { 0 };
	struct overlay_entry *e;
	uint32_t uid, gid;
	int r;

	if (!account_number(context->passwd, file->owner, &uid))
		return unknown_owner(file, "user", file->owner, err);
	if (!account_number(context->group, file->group, &gid))
		return unknown_owner(file, "group", file->group, err);
	r = read_content(recipe, file, &content, err);
	if (r < 0)
		return r;
	GROW(entries->item, entries->count, entries->allocated);
	e = &entries->item[entries->count++];
	*e = (struct overlay_entry){
		.path = xstrdup(file->path + 1),
		.type = S_IFREG,
		.mode = mode_of(file),
		.uid = uid,
		.gid = gid,
		.size = content.length,
	};
	e->content = text_take(&content);
	return 0;
}

int tree_files_write_tar(const struct recipe *recipe, const struct overlay_context *context,
			 int out_fd, struct err *err)
{
	CLEANUP(overlay_entries_release) struct overlay_entries entries = { 0 };

	for (size_t i = 0; i < recipe->tree_file_count; i++) {
		int r = add_entry(recipe, &recipe->tree_file[i], context, &entries, err);

		if (r < 0)
			return r;
	}
	return overlay_write_entries(&entries, "files", -1, context->epoch, out_fd, err);
}
