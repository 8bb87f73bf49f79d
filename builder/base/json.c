/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void json_print(json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	(void)fflush(stdout);
	json_decref(value);
}
