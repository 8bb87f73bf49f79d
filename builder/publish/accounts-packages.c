/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/accounts-parts.h"

#define INFO "var/lib/dpkg/info/"
#define LIST ".list"

/* dpkg-divert(1): three lines each, from, to, package; ":" is nobody's, the administrator's. */
struct diversions {
	struct strv line;
};

static void diversions_release(struct diversions *d)
{
	strv_release(&d->line);
}

static const char *divert(const struct diversions *d, const char *path, const char *package)
{
	for (size_t i = 0; i + 2 < d->line.count; i += 3)
		if (streq(d->line.item[i], path) && !streq(d->line.item[i + 2], package))
			return d->line.item[i + 1];
	return path;
}

/* "var/lib/dpkg/info/libc6:amd64.list" -> "libc6" */
static const char *package_name(const struct accounts_read *read, const char *list)
{
	const char *start = list + strlen(INFO);
	cleanup_free char *name = xstrndup(start, strlen(start) - strlen(LIST));
	const struct package *p;

	name[strcspn(name, ":")] = '\0';
	p = packages_find(read->packages, name, ROLE_IMAGE);
	return p ? p->name : NULL;
}

static void read_list(struct accounts_read *read, const struct diversions *diversions,
		      const char *package, const char *text)
{
	CLEANUP(strv_release) struct strv line = { 0 };
	const struct members *m = &read->accounts->members;

	strv_split(&line, text, "\n");
	for (size_t i = 0; i < line.count; i++) {
		const char *path = divert(diversions, line.item[i], package);
		size_t place = accounts_place(read->accounts, path + (*path == '/'));

		if (place < m->count)
			read->owner[place] = package;
	}
}

void accounts_read_owners(struct accounts_read *read)
{
	CLEANUP(diversions_release) struct diversions diversions = { 0 };
	const struct accounts *a = read->accounts;
	const char *text = accounts_text(a, "var/lib/dpkg/diversions");

	if (text)
		strv_split(&diversions.line, text, "\n");
	for (size_t i = 0; i < a->text_count; i++) {
		const char *path = a->text[i].path;
		const char *package = starts_with(path, INFO) && ends_with(path, LIST)
					      ? package_name(read, path)
					      : NULL;

		if (package)
			read_list(read, &diversions, package, a->text[i].text);
	}
}

static bool is_noted(const struct made *made, const char *path)
{
	for (size_t i = 0; i < made->count; i++)
		if (streq(made->item[i].path, path))
			return true;
	return false;
}

void accounts_read_makers(struct accounts_read *read)
{
	struct accounts *a = read->accounts;
	const struct made *made = read->made;

	/* In the order of the making: the last one counts. */
	for (size_t i = 0; i < made->count; i++) {
		size_t place = accounts_place(a, made->item[i].path);

		if (place < a->members.count)
			read->maker[place] = &made->item[i];
	}
	for (size_t i = 0; i < made->altered.count; i++) {
		const char *path = made->altered.item[i];
		size_t place = accounts_place(a, path);

		if (place < a->members.count)
			read->altered[place] = true;
		else if (!is_noted(made, path))
			strv_add(&a->gone, path);
	}
}
