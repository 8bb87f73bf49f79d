/* SPDX-License-Identifier: MIT */
#include "serve/reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define REPLY_LINE_MAX 2048
#define FILE_MAX ((uint64_t)4 << 20)
#define ITEMS_MAX 100000
#define ALL_MAX ((size_t)64 << 20) /* of the items' texts and files */

static int malformed(const char *line, struct err *err)
{
	CLEANUP(text_release) struct text shown = { 0 };

	text_add_escaped(&shown, line);
	err_set(err, ERR_NETWORK, "the server answers with something else than expected: '%.*s'",
		200, shown.data ? shown.data : "");
	return err_hint(err, "a shell that prints something at the start of every session does "
			     "that: its file must be silent where there is no terminal");
}

static struct reply_item *add_item(struct reply *reply, const char *word, size_t length,
				   const char *text)
{
	struct reply_item *item;

	GROW(reply->item, reply->count, reply->allocated);
	item = &reply->item[reply->count++];
	reply->bytes += length + strlen(text);
	*item = (struct reply_item){ .word = xstrndup(word, length), .text = xstrdup(text) };
	return item;
}

/* "NAME SIZE", and as many bytes and a newline behind the line. 1: taken; 0: not all is there. */
static int take_file(struct reply *reply, const char *line, const char *rest, size_t length,
		     size_t *used, struct err *err)
{
	const char *space = strrchr(line, ' ');
	uint64_t size;

	if (!space || space == line || parse_u64(space + 1, &size) < 0 || size > FILE_MAX)
		return malformed(line, err);
	if (length < size + 1)
		return 0;
	if (rest[size] != '\n')
		return malformed(line, err);
	cleanup_free char *name = xstrndup(line, (size_t)(space - line));
	struct reply_item *item = add_item(reply, "file", strlen("file"), name);
	item->data = xstrndup(rest, (size_t)size);
	item->size = strlen(item->data);
	reply->bytes += item->size;
	*used += (size_t)size + 1;
	return 1;
}

/* 1: the line is done with; 2: and was the last of the answer; 0: its file is not whole yet. */
static int take_line(struct reply *reply, const char *line, const char *rest, size_t length,
		     size_t *used, struct err *err)
{
	size_t word = strcspn(line, " ");
	const char *text = line + word + (line[word] == ' ');

	if (streq(line, "ok"))
		return 2;
	if (starts_with(line, "fail ")) {
		free(reply->failed);
		reply->failed = xstrdup(text);
		return 2;
	}
	if (starts_with(line, "hint ")) {
		free(reply->hint);
		reply->hint = xstrdup(text);
		return 1;
	}
	if (reply->count == ITEMS_MAX || reply->bytes > ALL_MAX)
		return err_set(err, ERR_NETWORK, "the server does not end its answer");
	if (starts_with(line, "file "))
		return take_file(reply, text, rest, length, used, err);
	if (!starts_with(line, "fact ") && !starts_with(line, "step "))
		return malformed(line, err);
	(void)add_item(reply, line, word, text);
	return 1;
}

int reply_parse(struct reply *reply, const char *data, size_t length, size_t *ret_used,
		struct err *err)
{
	size_t used = 0;

	for (;;) {
		const char *at = data + used;
		const char *end = length > used ? memchr(at, '\n', length - used) : NULL;
		size_t line_length = end ? (size_t)(end - at) : length - used, next;
		cleanup_free char *line = NULL;
		int r;

		if (line_length > REPLY_LINE_MAX)
			return err_set(err, ERR_NETWORK, "the server answers with endless lines");
		if (!end)
			break;
		line = xstrndup(at, line_length);
		next = used + line_length + 1;
		r = take_line(reply, line, data + next, length - next, &next, err);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		used = next;
		if (r == 2) {
			*ret_used = used;
			return 1;
		}
	}
	*ret_used = used;
	return 0;
}

void reply_release(struct reply *reply)
{
	for (size_t i = 0; i < reply->count; i++) {
		free(reply->item[i].word);
		free(reply->item[i].text);
		free(reply->item[i].data);
	}
	free(reply->item);
	free(reply->failed);
	free(reply->hint);
	*reply = (struct reply){ 0 };
}

const char *reply_fact(const struct reply *reply, const char *name, size_t n)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_item *item = &reply->item[i];

		if (!streq(item->word, "fact") || strncmp(item->text, name, length) != 0 ||
		    item->text[length] != ' ')
			continue;
		if (n-- == 0)
			return item->text + length + 1;
	}
	return NULL;
}

const struct reply_item *reply_file(const struct reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->count; i++)
		if (streq(reply->item[i].word, "file") && streq(reply->item[i].text, name))
			return &reply->item[i];
	return NULL;
}
