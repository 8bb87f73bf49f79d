/* SPDX-License-Identifier: MIT */
#include "publish/file-makers.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#define SBOM "sbom.cdx.json"
#define SBOM_MAX ((size_t)512 << 20)

static const char *property(const json_t *component, const char *name)
{
	const json_t *p;
	size_t i;

	json_array_foreach(
		json_object_get(component, "properties"), i,
		p) if (streq(json_string_value(json_object_get(p, "name")),
			     name)) return json_string_value(json_object_get(p, "value"));
	return NULL;
}

static void add(struct file_makers *makers, const json_t *component)
{
	const char *name = json_string_value(json_object_get(component, "name"));
	const char *maker = property(component, "netrescue:maker");
	const char *trace = property(component, "netrescue:trace");
	const char *package = property(component, "netrescue:package");

	if (!name || !streq(json_string_value(json_object_get(component, "type")), "file"))
		return;
	GROW(makers->item, makers->count, makers->allocated);
	makers->item[makers->count++] = (struct file_maker){
		.path = xstrdup(name + strspn(name, "/")),
		.text = maker && package ? xasprintf("by %s, of %s", maker, package)
			: maker		 ? xasprintf("by %s", maker)
			: trace		 ? xstrdup(trace)
			: package	 ? xasprintf("a file of %s, changed", package)
					 : xstrdup("nobody accounts for it"),
		.dark = !maker,
		.initramfs = streq(property(component, "netrescue:stage"), "initramfs"),
	};
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct file_maker *)a)->path, ((const struct file_maker *)b)->path);
}

void file_makers_read(int dir_fd, struct file_makers *ret)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(json_cleanup) json_t *sbom = NULL;
	const json_t *component;
	size_t i;

	if (read_file_nofollow(dir_fd, SBOM, SBOM_MAX, &text, &ignored) < 0)
		return;
	sbom = json_loadb(text.data, text.length, 0, NULL);
	json_array_foreach(json_object_get(sbom, "components"), i, component) add(ret, component);
	if (ret->count > 0)
		qsort(ret->item, ret->count, sizeof(*ret->item), compare);
}

const struct file_maker *file_makers_find(const struct file_makers *makers, const char *path)
{
	cleanup_free char *copy = xstrdup(path);
	struct file_maker key = { .path = copy };

	return makers->count > 0
		       ? bsearch(&key, makers->item, makers->count, sizeof(*makers->item), compare)
		       : NULL;
}

void file_makers_release(struct file_makers *makers)
{
	for (size_t i = 0; i < makers->count; i++) {
		free(makers->item[i].path);
		free(makers->item[i].text);
	}
	free(makers->item);
	*makers = (struct file_makers){ 0 };
}
