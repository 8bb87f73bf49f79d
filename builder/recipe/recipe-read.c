/* SPDX-License-Identifier: MIT */
#include "recipe/recipe-read.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err-report.h"
#include "base/io.h"
#include "base/memory.h"
#include "recipe/schema.h"

#define SIZE_MAX_RECIPE ((size_t)1024 * 1024)
#define KEY_MAX 40 /* longer words are no key of a recipe, however misspelt */

/* Whether the word is a recipe's outermost key, or is meant to be one. */
static bool is_key(const char *word)
{
	CLEANUP(strv_release) struct strv near = { 0 };
	const char *key[1024];
	size_t count = 0;

	for (size_t i = 0; i < schema_count && count < ARRAY_SIZE(key); i++)
		if (!strchr(schema[i].path, '.'))
			key[count++] = schema[i].path;
	nearest(word, key, count, 1, &near);
	return near.count > 0;
}

/* Whether what stands before the colon is a key: `name: x`, `{"name": x}`. */
static bool is_key_before(const char *text, const char *colon)
{
	const char *end = colon, *start;

	if (colon[1] && !isspace((unsigned char)colon[1]))
		return false;
	if (end > text && strchr("\"'", end[-1]))
		end--;
	for (start = end; start > text && (isalnum((unsigned char)start[-1]) || start[-1] == '-');)
		start--;
	if (start == end || end - start > KEY_MAX)
		return false;
	cleanup_free char *word = xstrndup(start, (size_t)(end - start));
	return (start == text || strchr("\n{, \"'", start[-1])) && is_key(word);
}

static bool is_like_recipe(const char *text)
{
	for (const char *colon = text; (colon = strchr(colon, ':')); colon++)
		if (is_key_before(text, colon))
			return true;
	return false;
}

static int parse(const char *path, const struct text *content, struct node **ret, struct err *err)
{
	CLEANUP(node_cleanup) struct node *root = NULL;
	int r = node_parse(path, content->data, content->length, &root, err);

	if (r < 0)
		return r;
	r = schema_check(root, err);
	if (r < 0)
		return r;
	*ret = take_ptr(root);
	return 0;
}

static int no_recipe(const char *path, unsigned line, struct err *err)
{
	err_at(err, ERR_USAGE, path, line, 0,
	       "this is not a recipe: no key of a recipe stands in it");
	err_hide_line(err);
	return err_hint(err, "'netrescue recipe-help --example' writes one to start from");
}

int recipe_read(struct recipe *recipe, const char *path, int fd, struct node **ret, struct err *err)
{
	CLEANUP(err_release) struct err why = { 0 };
	CLEANUP(text_release) struct text content = { 0 };
	struct stat st;
	int r;

	if (fstat(fd, &st) == 0 && (size_t)st.st_size > SIZE_MAX_RECIPE)
		return err_set(err, ERR_USAGE, "recipe '%s' is larger than 1 MiB", path);
	r = read_fd(fd, path, SIZE_MAX_RECIPE, &content, &why);
	if (r < 0) {
		why.class = ERR_USAGE;
		return err_move(err, &why);
	}
	strv_add(&recipe->files, path);
	path = recipe->files.item[recipe->files.count - 1];
	r = parse(path, &content, ret, &why);
	if (r < 0 && why.line > 0 && !is_like_recipe(content.data))
		return no_recipe(path, why.line, err);
	err_remember(path, content.data);
	return r < 0 ? err_move(err, &why) : 0;
}
