/* SPDX-License-Identifier: MIT */
#include "rootfs/rootfs-state.h"

#include <string.h>

#include "base/memory.h"

/* A row of texts, each ended by a NUL byte, since the name of a file may have any other. A list is
 * the number of its texts, then these. */
#define COUNT_MAX ((uint64_t)16 << 20)

static const char *const stages[] = { "", "base", "rest" };

static void put(struct text *t, const char *s)
{
	text_append(t, s, strlen(s) + 1);
}

static void put_number(struct text *t, uint64_t number)
{
	cleanup_free char *digits = xasprintf("%llu", (unsigned long long)number);

	put(t, digits);
}

static void put_list(struct text *t, const struct strv *list)
{
	put_number(t, list->count);
	for (size_t i = 0; i < list->count; i++)
		put(t, list->item[i]);
}

void rootfs_state_write(const struct rootfs *rootfs, struct text *ret)
{
	const struct file_log *log = &rootfs->file_log;

	put_list(ret, &rootfs->allocated_ids);
	put_number(ret, log->verified);
	put_list(ret, &log->altered);
	put_number(ret, log->count);
	for (size_t i = 0; i < log->count; i++) {
		put(ret, log->item[i].path);
		put(ret, log->item[i].maker);
		put(ret, log->item[i].stage ? log->item[i].stage : "");
	}
}

struct reader {
	const char *next, *end;
};

/* NULL if there is no text any more. */
static const char *get(struct reader *r)
{
	const char *text = r->next;
	const char *nul = memchr(text, '\0', (size_t)(r->end - text));

	if (!nul)
		return NULL;
	r->next = nul + 1;
	return text;
}

static bool get_number(struct reader *r, uint64_t *ret)
{
	const char *digits = get(r);

	return digits && parse_u64(digits, ret) == 0 && *ret <= COUNT_MAX;
}

static bool get_list(struct reader *r, struct strv *ret)
{
	uint64_t count;

	if (!get_number(r, &count))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		const char *text = get(r);

		if (!text)
			return false;
		strv_add(ret, text);
	}
	return true;
}

static bool get_entry(struct reader *r, struct file_log *log)
{
	const char *path = get(r), *maker = path ? get(r) : NULL;
	const char *stage = maker ? get(r) : NULL;

	for (size_t i = 0; stage && i < ARRAY_SIZE(stages); i++)
		if (streq(stage, stages[i])) {
			log->stage = *stages[i] ? stages[i] : NULL;
			file_log_add(log, path, maker);
			log->stage = NULL;
			return true;
		}
	return false;
}

static bool get_log(struct reader *r, struct file_log *log)
{
	uint64_t verified, count;

	if (!get_number(r, &verified) || !get_list(r, &log->altered) || !get_number(r, &count))
		return false;
	log->verified = verified != 0;
	for (uint64_t i = 0; i < count; i++)
		if (!get_entry(r, log))
			return false;
	return r->next == r->end;
}

int rootfs_state_read(const struct text *state, struct rootfs *rootfs, struct err *err)
{
	CLEANUP(strv_release) struct strv ids = { 0 };
	CLEANUP(file_log_release) struct file_log log = { 0 };
	struct reader r = { state->data, state->data + state->length };

	if (!state->data || !get_list(&r, &ids) || !get_log(&r, &log))
		return err_set(err, ERR_BUILD, "what was noted beside a kept tree is not whole");
	strv_release(&rootfs->allocated_ids);
	rootfs->allocated_ids = TAKE(ids);
	file_log_release(&rootfs->file_log);
	rootfs->file_log = TAKE(log);
	return 0;
}
