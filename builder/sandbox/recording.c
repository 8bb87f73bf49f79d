/* SPDX-License-Identifier: MIT */
#include "sandbox/recording.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sandbox/protocol.h"

void recording_add(struct recording *r, const char *path, enum look look, char *seen)
{
	GROW(r->item, r->count, r->allocated);
	r->item[r->count++] =
		(struct recorded){ .path = xstrdup(path), .look = look, .seen = seen };
}

static int by_path(const void *a, const void *b)
{
	const struct recorded *x = a, *y = b;

	return strcmp(x->path, y->path);
}

void recording_sort(struct recording *r)
{
	if (r->count > 0)
		qsort(r->item, r->count, sizeof(*r->item), by_path);
}

/* ---- as bytes: a row of values, as in a message of the sandbox's ---------------------------- */

void recording_format(const struct recording *r, struct text *ret)
{
	CLEANUP(message_release) struct message m = { 0 };

	message_put_u64(&m, r->count);
	for (size_t i = 0; i < r->count; i++) {
		message_put_text(&m, r->item[i].path);
		message_put_u64(&m, r->item[i].look);
		message_put_text(&m, r->item[i].seen);
	}
	message_put_u64(&m, r->removed.count);
	for (size_t i = 0; i < r->removed.count; i++)
		message_put_text(&m, r->removed.item[i]);
	text_release(ret);
	*ret = TAKE(m.body);
}

/* "usr/bin/ls": relative, and nothing in it that leads elsewhere. */
static bool path_is_valid(const char *path)
{
	if (strlen(path) >= PATH_MAX || !*path)
		return false;
	for (const char *p = path;; p++) {
		size_t length = strcspn(p, "/");

		if (length == 0 || (length == 2 && memcmp(p, "..", 2) == 0) ||
		    (length == 1 && *p == '.'))
			return false;
		p += length;
		if (!*p)
			return true;
	}
}

static bool parse_item(struct message *m, struct recording *r)
{
	cleanup_free char *path = message_get_text(m);
	uint64_t look = message_get_u64(m);
	cleanup_free char *seen = message_get_text(m);

	if (m->bad || (!streq(path, ".") && !path_is_valid(path)) || look < LOOK_WAY ||
	    look > LOOK_CONTENT || (r->count > 0 && strcmp(r->item[r->count - 1].path, path) >= 0))
		return false;
	recording_add(r, path, (enum look)look, take_ptr(seen));
	return true;
}

static bool parse_all(struct message *m, struct recording *r)
{
	uint64_t count = message_get_u64(m);

	if (count > RECORDING_PATHS_MAX)
		return false;
	for (uint64_t i = 0; i < count; i++)
		if (!parse_item(m, r))
			return false;
	count = message_get_u64(m);
	if (count > RECORDING_PATHS_MAX)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		strv_add_take(&r->removed, message_get_text(m));
		if (m->bad || !path_is_valid(r->removed.item[i]))
			return false;
	}
	return !m->bad && m->position == m->body.length;
}

int recording_parse(const char *data, size_t size, struct recording *ret, struct err *err)
{
	CLEANUP(message_release) struct message m = { 0 };
	CLEANUP(recording_release) struct recording r = { 0 };

	text_append(&m.body, data, size);
	if (!parse_all(&m, &r))
		return err_set(err, ERR_BUILD,
			       "the recording of what a command was made of is malformed");
	*ret = TAKE(r);
	return 0;
}

void recording_release(struct recording *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->item[i].path);
		free(r->item[i].seen);
	}
	free(r->item);
	strv_release(&r->removed);
	*r = (struct recording){ 0 };
}
