/* SPDX-License-Identifier: MIT */
#include "base/fields.h"

#include <string.h>

#include "base/memory.h"

/* A text is "=TEXT" and a NUL, an absent one "-" and a NUL. */
void fields_put(struct text *t, const char *s)
{
	text_append(t, s ? "=" : "-", 1);
	text_append(t, s ? s : "", s ? strlen(s) + 1 : 1);
}

void fields_put_number(struct text *t, uint64_t number)
{
	cleanup_free char *digits = xasprintf("%llu", (unsigned long long)number);

	fields_put(t, digits);
}

void fields_put_bytes(struct text *t, const void *bytes, size_t size)
{
	fields_put_number(t, size);
	text_append(t, bytes, size);
	text_append(t, "", 1);
}

bool fields_get(struct fields *f, const char **ret)
{
	const char *text = f->next;
	const char *nul = memchr(text, '\0', (size_t)(f->end - text));

	if (!nul || (*text != '=' && (*text != '-' || nul != text + 1)))
		return false;
	*ret = *text == '=' ? text + 1 : NULL;
	f->next = nul + 1;
	return true;
}

bool fields_get_number(struct fields *f, uint64_t *ret)
{
	const char *digits;

	return fields_get(f, &digits) && digits && parse_u64(digits, ret) == 0;
}

bool fields_get_bytes(struct fields *f, const char **ret, size_t *ret_size)
{
	uint64_t size;

	if (!fields_get_number(f, &size) || size >= (uint64_t)(f->end - f->next) ||
	    f->next[size] != '\0')
		return false;
	*ret = f->next;
	*ret_size = (size_t)size;
	f->next += size + 1;
	return true;
}
