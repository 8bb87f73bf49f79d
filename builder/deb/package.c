/* SPDX-License-Identifier: MIT */
#include "deb/package.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define KERNEL_PREFIX "linux-image-"
#define KERNEL_UNSIGNED "-unsigned"

struct package *packages_add(struct packages *p)
{
	GROW(p->item, p->count, p->allocated);
	p->item[p->count] = (struct package){ 0 };
	return &p->item[p->count++];
}

int packages_compare(const struct package *a, const struct package *b)
{
	int r = strcmp(a->name, b->name);

	if (r == 0)
		r = strcmp(a->architecture, b->architecture);
	return r != 0 ? r : (int)a->role - (int)b->role;
}

static int compare(const void *a, const void *b)
{
	return packages_compare(a, b);
}

void packages_sort(struct packages *p)
{
	if (p->count > 1)
		qsort(p->item, p->count, sizeof(*p->item), compare);
}

const struct package *packages_find(const struct packages *p, const char *name,
				    enum package_role role)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(p->item[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < p->count && streq(p->item[low].name, name); low++)
		if (p->item[low].role == role)
			return &p->item[low];
	return NULL;
}

char *package_kernel_release(const struct package *p)
{
	const char *release = p->name + strlen(KERNEL_PREFIX);
	size_t length;

	if (!starts_with(p->name, KERNEL_PREFIX) || !isdigit((unsigned char)*release))
		return NULL;
	length = strlen(release);
	if (ends_with(release, KERNEL_UNSIGNED))
		length -= strlen(KERNEL_UNSIGNED);
	return xstrndup(release, length);
}

void packages_release(struct packages *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct package *item = &p->item[i];

		free(item->name);
		free(item->version);
		free(item->architecture);
		free(item->suite);
		free(item->component);
		free(item->path);
		free(item->repository);
	}
	free(p->item);
	strv_release(&p->left_out);
	*p = (struct packages){ 0 };
}

/* What "%xx" stands for; -1 if that is not at c. */
static int decoded(const char *c)
{
	const int high = *c == '%' ? hex_digit(c[1]) : -1;
	const int low = high >= 0 ? hex_digit(c[2]) : -1;

	return low >= 0 ? high * 16 + low : -1;
}

bool package_path_is_safe(const char *path)
{
	if (path[0] == '\0' || path[0] == '/' || strlen(path) > 1000)
		return false;
	for (const char *c = path; *c; c++) {
		int hidden = decoded(c);

		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\\?#", *c))
			return false;
		if (hidden >= 0 && (hidden <= ' ' || hidden == 0x7f || strchr("./%\\?#", hidden)))
			return false;
	}
	return !starts_with(path, "../") && !strstr(path, "/../") && !ends_with(path, "/..") &&
	       !streq(path, "..");
}

bool package_architecture_is_valid(const char *name)
{
	return islower((unsigned char)*name) && strlen(name) <= 40 &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}
