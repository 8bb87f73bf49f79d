/* SPDX-License-Identifier: MIT */
#include "base/subids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"

#define FILE_MAX ((size_t)4 << 20)

static bool parse_line(const char *line, struct strv *field, struct subid_range *ret)
{
	strv_split(field, line, ":");
	return field->count == 3 && parse_u64(field->item[1], &ret->first) == 0 &&
	       parse_u64(field->item[2], &ret->count) == 0;
}

int subids_read(const char *path, const char *name, uid_t uid, struct subids *ret, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };
	cleanup_free char *number = xasprintf("%u", (unsigned)uid);

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	int r = read_file(AT_FDCWD, path, FILE_MAX, &t, err);
	if (r < 0)
		return r;
	strv_split(&lines, t.data, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		CLEANUP(strv_release) struct strv field = { 0 };
		struct subid_range range;

		if (!parse_line(lines.item[i], &field, &range))
			continue;
		if (name && !streq(field.item[0], name) && !streq(field.item[0], number))
			continue;
		GROW(ret->item, ret->count, ret->allocated);
		ret->item[ret->count++] = range;
	}
	return 0;
}

int subids_read_taken(struct subids *ret, struct err *err)
{
	int r = subids_read(SUBUID_FILE, NULL, 0, ret, err);

	return r < 0 ? r : subids_read(SUBGID_FILE, NULL, 0, ret, err);
}

bool subids_overlap(const struct subids *s, uint64_t first, uint64_t count)
{
	for (size_t i = 0; i < s->count; i++)
		if (first < s->item[i].first + s->item[i].count && s->item[i].first < first + count)
			return true;
	return false;
}

int subids_find_unused(uint32_t *ret, struct err *err)
{
	CLEANUP(subids_release) struct subids taken = { 0 };
	uint32_t first = SUBIDS_HIGH_FIRST;
	int r = subids_read_taken(&taken, err);

	if (r < 0)
		return r;
	for (; subids_overlap(&taken, first, SUBIDS_COUNT); first += SUBIDS_COUNT)
		if (first >= SUBIDS_HIGH_LAST)
			return err_set(err, ERR_BUILD,
				       "no %u unused ids between %u and %u: " SUBUID_FILE
				       " and " SUBGID_FILE " hand them all out",
				       SUBIDS_COUNT, SUBIDS_HIGH_FIRST, SUBIDS_HIGH_LAST);
	*ret = first;
	return 0;
}

void subids_release(struct subids *s)
{
	free(s->item);
	*s = (struct subids){ 0 };
}
