/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static const char replacement[] = "\xef\xbf\xbd";

json_t *json_text(const char *s)
{
	CLEANUP(text_release) struct text t = { 0 };
	json_t *j;

	if (!s)
		return json_null();
	j = json_string(s);
	for (; !j && *s; s++) {
		if ((unsigned char)*s < 0x80)
			text_append(&t, s, 1);
		else
			text_add(&t, replacement);
	}
	return j ? j : json_string(t.data);
}

void json_add_text(json_t *object, const char *key, const char *s)
{
	if (json_object_set_new(object, key, json_text(s)) < 0)
		abort();
}

json_t *json_name(const char *s)
{
	CLEANUP(text_release) struct text t = { 0 };

	if (!s)
		return json_null();
	text_add_name(&t, s);
	return json_text(t.data);
}

void json_add_name(json_t *object, const char *key, const char *s)
{
	if (json_object_set_new(object, key, json_name(s)) < 0)
		abort();
}

void json_add_number(json_t *object, const char *key, uint64_t number)
{
	if (json_object_set_new(object, key, json_integer((json_int_t)number)) < 0)
		abort();
}

/* The number of a character of so many bytes, from 1 to 3 (Unicode 15, table 3-6). */
static unsigned number_of(const char *s, size_t length)
{
	const unsigned char *b = (const unsigned char *)s;

	if (length == 1)
		return b[0];
	if (length == 2)
		return (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
	return (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
}

/* Adds the character of so many bytes, or its escape where a terminal would obey it. Those that it
 * would are of three bytes at most. */
static void add_character(struct text *t, const char *s, size_t length)
{
	CLEANUP(text_release) struct text shown = { 0 };
	cleanup_free char *one = xstrndup(s, length);

	text_add_escaped(&shown, one);
	if (length > 3 || streq(shown.data, one))
		text_append(t, s, length);
	else
		text_printf(t, "\\u%04x", number_of(s, length));
}

char *json_line(const json_t *value)
{
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *plain = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(6));

	if (!plain)
		abort();
	for (const char *s = plain; *s;) {
		unsigned char first = (unsigned char)*s;
		size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

		if (first < 0x7f)
			text_append(&t, s, 1);
		else
			add_character(&t, s, length);
		s += length;
	}
	return text_take(&t);
}

void json_print(json_t *value)
{
	cleanup_free char *line = json_line(value);

	(void)puts(line);
	(void)fflush(stdout);
	json_decref(value);
}
