/* SPDX-License-Identifier: MIT */
#include "publish/file-owners.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define INFO "var/lib/dpkg/info/"
#define LIST ".list"
#define DIVERSIONS "var/lib/dpkg/diversions"
#define LINES_OF_DIVERSION 3

bool file_owners_wants(const struct member *m, void *data)
{
	(void)data;
	return streq(m->path, DIVERSIONS) ||
	       (starts_with(m->path, INFO) && ends_with(m->path, LIST));
}

/* "var/lib/dpkg/info/libc6:amd64.list" -> "libc6" */
static char *package_of_list(const char *path)
{
	const char *name = path + strlen(INFO);
	size_t length = strlen(name) - strlen(LIST);
	const char *colon = memchr(name, ':', length);

	return xstrndup(name, colon ? (size_t)(colon - name) : length);
}

/* Paths stay as dpkg wrote them until file_owners_resolve(): diversions are compared like that. */
int file_owners_take(const struct member *m, const struct text *content, void *data,
		     struct err *err)
{
	struct file_owners *owners = data;
	CLEANUP(strv_release) struct strv lines = { 0 };

	(void)err;
	if (streq(m->path, DIVERSIONS)) {
		strv_split(&owners->diversions, content->data, "\n");
		return 0;
	}
	strv_split(&lines, content->data, "\n");
	strv_add_take(&owners->package, package_of_list(m->path));
	for (size_t i = 0; i < lines.count; i++) {
		GROW(owners->item, owners->count, owners->allocated);
		owners->item[owners->count++] = (struct file_owner){
			.path = xstrdup(lines.item[i]),
			.package = owners->package.count - 1,
		};
	}
	return 0;
}

/* Where the package's file of that path went. */
static const char *divert(const struct file_owners *owners, const char *path, const char *package)
{
	const struct strv *line = &owners->diversions;

	for (size_t i = 0; i + LINES_OF_DIVERSION <= line->count; i += LINES_OF_DIVERSION) {
		/* No package is named ":", so the administrator's diversions are for all. */
		if (streq(line->item[i], path) && !streq(line->item[i + 2], package))
			return line->item[i + 1];
	}
	return path;
}

/* Most paths are those of members, and need no walk through links. */
static char *place(const struct members *members, const char *path)
{
	char *resolved;

	path += strspn(path, "/");
	if (members_find(members, path))
		return xstrdup(path);
	resolved = members_resolve(members, path, false);
	return resolved ? resolved : xstrdup(path);
}

static int compare_owners(const void *a, const void *b)
{
	const struct file_owner *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order != 0 ? order : (x->package > y->package) - (x->package < y->package);
}

void file_owners_resolve(struct file_owners *owners, const struct members *members)
{
	for (size_t i = 0; i < owners->count; i++) {
		struct file_owner *item = &owners->item[i];
		const char *package = owners->package.item[item->package];
		char *placed = place(members, divert(owners, item->path, package));

		free(item->path);
		item->path = placed;
	}
	if (owners->count > 0)
		qsort(owners->item, owners->count, sizeof(*owners->item), compare_owners);
}

size_t file_owners_find(const struct file_owners *owners, const char *path, size_t *ret_first)
{
	size_t low = 0, high = owners->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(owners->item[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < owners->count && streq(owners->item[end].path, path);)
		end++;
	*ret_first = low;
	return end - low;
}

void file_owners_release(struct file_owners *owners)
{
	for (size_t i = 0; i < owners->count; i++)
		free(owners->item[i].path);
	free(owners->item);
	strv_release(&owners->package);
	strv_release(&owners->diversions);
	*owners = (struct file_owners){ 0 };
}
