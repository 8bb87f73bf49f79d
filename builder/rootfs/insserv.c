/* SPDX-License-Identifier: MIT */
#include "rootfs/insserv.h"

#include <stdlib.h>
#include <string.h>

#include "rootfs/settings.h"

#define INIT_D "/etc/init.d"

/* "name:" or "NAME =", then the words sorted. */
static char *sorted_line(const char *line, size_t head)
{
	CLEANUP(text_release) struct text sorted = { 0 };
	CLEANUP(strv_release) struct strv word = { 0 };

	text_append(&sorted, line, head);
	strv_split(&word, line + head, " \t");
	strv_sort(&word);
	for (size_t i = 0; i < word.count; i++)
		text_printf(&sorted, " %s", word.item[i]);
	return text_take(&sorted);
}

char *insserv_sorted(const char *depend)
{
	CLEANUP(text_release) struct text sorted = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	CLEANUP(strv_release) struct strv rule = { 0 };

	strv_split(&line, depend, "\n");
	for (size_t i = 0; i < line.count; i++) {
		size_t operator= strcspn(line.item[i], "=:");
		cleanup_free char *ordered = NULL;

		if (!line.item[i][operator])
			return NULL;
		ordered = sorted_line(line.item[i], operator+ 1);
		if (line.item[i][operator] == '=')
			text_printf(&sorted, "%s\n", ordered);
		else
			strv_add(&rule, ordered);
	}
	strv_sort(&rule);
	for (size_t i = 0; i < rule.count; i++)
		text_printf(&sorted, "%s\n", rule.item[i]);
	return text_take(&sorted);
}

static int sort_file(struct rootfs *rootfs, const char *path, struct err *err)
{
	CLEANUP(text_release) struct text depend = { 0 };
	cleanup_free char *sorted = NULL;
	bool exists;
	int r = settings_read(rootfs, path, &exists, &depend, err);

	if (r < 0 || strlen(depend.data) != depend.length)
		return r;
	sorted = insserv_sorted(depend.data);
	if (!sorted || streq(sorted, depend.data))
		return 0;
	return settings_write(rootfs, path, sorted, 0644, err);
}

int insserv_sort(struct rootfs *rootfs, struct err *err)
{
	static const char *const find[] = { "find",  "-H",	  INIT_D,  "-maxdepth", "1",
					    "-name", ".depend.*", "-type", "f",		NULL };
	CLEANUP(strv_release) struct strv path = { 0 };
	bool exists;
	int r = sandbox_exists(rootfs->sandbox, INIT_D, &exists, err);

	if (r < 0 || !exists)
		return r;
	r = settings_lines(rootfs, find, &path, NULL, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < path.count; i++) {
		r = sort_file(rootfs, path.item[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}
