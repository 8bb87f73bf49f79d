/* SPDX-License-Identifier: MIT */
#include "diff/diff-owners.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

#define INFO "var/lib/dpkg/info/"
#define DIVERSIONS "var/lib/dpkg/diversions"
#define LIST ".list"
#define LINES_OF_DIVERSION 3

bool owners_wants(const struct member *m, void *data)
{
	(void)data;
	return streq(m->path, DIVERSIONS) ||
	       (starts_with(m->path, INFO) && ends_with(m->path, LIST));
}

/* "libc6:amd64.list" and "bash.list": libc6, bash */
static char *package_of_list(const char *path)
{
	const char *name = path + strlen(INFO);
	size_t length = strlen(name) - strlen(LIST);
	const char *colon = memchr(name, ':', length);

	return xstrndup(name, colon ? (size_t)(colon - name) : length);
}

static void add(struct owners *o, const char *path, size_t package)
{
	GROW(o->item, o->count, o->allocated);
	o->item[o->count++] = (struct owner){ .path = xstrdup(path), .package = package };
}

int owners_take(const struct member *m, const struct text *content, void *data, struct err *err)
{
	struct owners *o = data;
	CLEANUP(strv_release) struct strv lines = { 0 };

	(void)err;
	if (streq(m->path, DIVERSIONS)) {
		strv_split(&o->diversions, content->data, "\n");
		return 0;
	}
	strv_split(&lines, content->data, "\n");
	strv_add_take(&o->package, package_of_list(m->path));
	for (size_t i = 0; i < lines.count; i++)
		add(o, lines.item[i] + strspn(lines.item[i], "/"), o->package.count - 1);
	return 0;
}

/* Diversions by another package than this one; ":" is the administrator's own. */
static void divert(struct owners *o, struct owner *item)
{
	for (size_t i = 0; i + LINES_OF_DIVERSION <= o->diversions.count; i += LINES_OF_DIVERSION) {
		char **line = &o->diversions.item[i];

		if (!streq(line[0] + strspn(line[0], "/"), item->path) ||
		    streq(line[2], o->package.item[item->package]))
			continue;
		free(item->path);
		item->path = xstrdup(line[1] + strspn(line[1], "/"));
		return;
	}
}

/* Only the first directory is ever a link of the merged /usr. */
static void follow(struct owner *item, const struct members *m)
{
	const char *rest = strchr(item->path, '/');
	cleanup_free char *first = rest ? xstrndup(item->path, (size_t)(rest - item->path)) : NULL;
	const struct member *link = first ? members_find(m, first) : NULL;
	char *moved;

	if (!link || link->type != S_IFLNK)
		return;
	moved = xasprintf("%s%s", link->target + strspn(link->target, "/"), rest);
	free(item->path);
	item->path = moved;
}

static int compare_owners(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order == 0 && x->package != y->package)
		order = x->package < y->package ? -1 : 1;
	return order;
}

void owners_finish(struct owners *o, const struct members *m)
{
	for (size_t i = 0; i < o->count; i++) {
		divert(o, &o->item[i]);
		follow(&o->item[i], m);
	}
	if (o->count)
		qsort(o->item, o->count, sizeof(*o->item), compare_owners);
}

size_t owners_find(const struct owners *o, const char *path, size_t *ret_first)
{
	size_t low = 0, high = o->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(o->item[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < o->count && streq(o->item[end].path, path);)
		end++;
	*ret_first = low;
	return end - low;
}

void owners_release(struct owners *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->item[i].path);
	free(o->item);
	strv_release(&o->package);
	strv_release(&o->diversions);
	*o = (struct owners){ 0 };
}
