/* SPDX-License-Identifier: MIT */
/* What is known of each path that was looked at; a table by path. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns-record.h"

#define TABLE_FIRST 4096U

/* FNV-1a, from a start that nobody can know who would like to choose names of the same hash. */
static uint64_t hash(uint64_t seed, const char *path)
{
	uint64_t h = seed;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3U;
	return h ^ h >> 32;
}

static const char *path_of(void *entry)
{
	return *(char *const *)entry;
}

void **ns_table_find(struct ns_table *t, const char *path)
{
	size_t i;

	if (t->size == 0) {
		t->size = TABLE_FIRST;
		t->slot = xcalloc(t->size, sizeof(*t->slot));
	}
	i = hash(t->seed, path) & (t->size - 1);
	while (t->slot[i] && !streq(path_of(t->slot[i]), path))
		i = (i + 1) & (t->size - 1);
	return &t->slot[i];
}

void ns_table_grow(struct ns_table *t)
{
	struct ns_table larger = { .size = t->size * 2, .seed = t->seed };

	if (++t->count < t->size / 2)
		return;
	larger.slot = xcalloc(larger.size, sizeof(*larger.slot));
	larger.count = t->count;
	for (size_t i = 0; i < t->size; i++)
		if (t->slot[i])
			*ns_table_find(&larger, path_of(t->slot[i])) = t->slot[i];
	free(t->slot);
	*t = larger;
}

void ns_record_spoil(struct ns_record *r, const char *format, ...)
{
	CLEANUP(text_release) struct text t = { 0 };
	va_list arguments;

	if (r->why)
		return;
	va_start(arguments, format);
	text_vprintf(&t, format, arguments);
	va_end(arguments);
	r->why = text_take(&t);
}

struct ns_node *ns_node_find(struct ns_record *r, const char *path)
{
	return *ns_table_find(&r->nodes, path);
}

struct ns_node *ns_node_make(struct ns_record *r, const char *path)
{
	void **slot = ns_table_find(&r->nodes, path);
	struct ns_node *n = *slot;

	if (n)
		return n;
	r->text += strlen(path);
	if (r->nodes.count >= RECORDING_PATHS_MAX || r->text > RECORDING_TEXT_MAX) {
		ns_record_spoil(r, "it looks at too many paths");
		return NULL;
	}
	n = xcalloc(1, sizeof(*n));
	n->path = xstrdup(path);
	*slot = n;
	ns_table_grow(&r->nodes);
	return n;
}

static bool is_after(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

bool ns_node_betrays(const struct ns_record *r, const struct ns_node *n,
		     const struct ns_print *print)
{
	if (n->is_known && print->kind != print_kind(n->mode))
		return true;
	if (print->kind == '-')
		return false;
	/* Of a directory on the way, only what changes seldom was seen; its time tells of more. */
	if (print->kind == 'd' && n->look <= LOOK_WAY)
		return false;
	return is_after(&print->changed, &r->begin);
}

void ns_node_before(struct ns_record *r, struct ns_node *n)
{
	int error;

	if (n->has_before)
		return;
	error = print_take(&r->printer, n->path, LOOK_CONTENT, &n->before);
	n->has_before = true;
	if (error < 0)
		ns_record_spoil(r, "'/%s' cannot be read: %s", n->path, strerrordesc_np(-error));
	else if (ns_node_betrays(r, n, &n->before))
		ns_record_spoil(r, "'/%s' was changed in a way that was not seen", n->path);
}

/* ---- the end of a recording ------------------------------------------------------------------ */

static void free_node(void *entry)
{
	struct ns_node *n = entry;

	free(n->path);
	free(n->target);
	print_release(&n->before);
	free(n);
}

static void free_said(void *entry)
{
	struct ns_said *s = entry;

	free(s->path);
	free(s);
}

static void release_table(struct ns_table *t, void (*release)(void *entry))
{
	for (size_t i = 0; i < t->size; i++)
		if (t->slot[i])
			release(t->slot[i]);
	free(t->slot);
}

void ns_record_free(struct ns_record *r)
{
	if (!r)
		return;
	release_table(&r->nodes, free_node);
	release_table(&r->said, free_said);
	seccomp_notify_free(r->call, r->answer);
	free(r->why);
	free(r);
}
