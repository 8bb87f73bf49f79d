/* SPDX-License-Identifier: MIT */
#include "rootfs/rootfs-state.h"

#include <string.h>

#include "base/fields.h"
#include "base/memory.h"

#define COUNT_MAX ((uint64_t)16 << 20) /* of texts in a list */

static const char *const stages[] = { "", "base", "rest" };

static void put_list(struct text *t, const struct strv *list)
{
	fields_put_number(t, list->count);
	for (size_t i = 0; i < list->count; i++)
		fields_put(t, list->item[i]);
}

void rootfs_state_write(const struct rootfs *rootfs, struct text *ret)
{
	const struct file_log *log = &rootfs->file_log;

	put_list(ret, &rootfs->allocated_ids);
	put_list(ret, &log->altered);
	fields_put_number(ret, log->count);
	for (size_t i = 0; i < log->count; i++) {
		fields_put(ret, log->item[i].path);
		fields_put(ret, log->item[i].maker);
		fields_put(ret, log->item[i].stage ? log->item[i].stage : "");
	}
}

static bool get_number(struct fields *f, uint64_t *ret)
{
	return fields_get_number(f, ret) && *ret <= COUNT_MAX;
}

static bool get_text(struct fields *f, const char **ret)
{
	return fields_get(f, ret) && *ret;
}

static bool get_list(struct fields *r, struct strv *ret)
{
	uint64_t count;

	if (!get_number(r, &count))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		const char *text;

		if (!get_text(r, &text))
			return false;
		strv_add(ret, text);
	}
	return true;
}

static bool get_entry(struct fields *r, struct file_log *log)
{
	const char *path, *maker, *stage;

	if (!get_text(r, &path) || !get_text(r, &maker) || !get_text(r, &stage))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
		if (streq(stage, stages[i])) {
			log->stage = *stages[i] ? stages[i] : NULL;
			file_log_add(log, path, maker);
			log->stage = NULL;
			return true;
		}
	return false;
}

static bool get_log(struct fields *r, struct file_log *log)
{
	uint64_t count;

	if (!get_list(r, &log->altered) || !get_number(r, &count))
		return false;
	for (uint64_t i = 0; i < count; i++)
		if (!get_entry(r, log))
			return false;
	return r->next == r->end;
}

int rootfs_state_read(const struct text *state, struct rootfs *rootfs, struct err *err)
{
	CLEANUP(strv_release) struct strv ids = { 0 };
	CLEANUP(file_log_release) struct file_log log = { 0 };
	struct fields r = { state->data, state->data + state->length };

	if (!state->data || !get_list(&r, &ids) || !get_log(&r, &log))
		return err_set(err, ERR_BUILD, "what was noted beside a kept tree is not whole");
	strv_release(&rootfs->allocated_ids);
	rootfs->allocated_ids = TAKE(ids);
	file_log_release(&rootfs->file_log);
	rootfs->file_log = TAKE(log);
	return 0;
}
