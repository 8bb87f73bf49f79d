/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* A longer word is no typing mistake; this also limits the work for each candidate. */
#define NEAREST_WORD_MAX 64

static void text_reserve(struct text *t, size_t more)
{
	size_t need;

	if (__builtin_add_overflow(t->length, more, &need) ||
	    __builtin_add_overflow(need, 1, &need))
		need = SIZE_MAX;
	if (t->data && need <= t->allocated)
		return;
	size_t grown = t->allocated + t->allocated / 2 + 32;
	if (grown < need)
		grown = need;
	t->data = xreallocarray(t->data, grown, 1);
	t->allocated = grown;
}

void text_append(struct text *t, const void *data, size_t length)
{
	text_reserve(t, length);
	if (length > 0)
		memcpy(t->data + t->length, data, length);
	t->length += length;
	t->data[t->length] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_append(t, s, strlen(s));
}

void text_printf(struct text *t, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(t, format, arguments);
	va_end(arguments);
}

void text_vprintf(struct text *t, const char *format, va_list arguments)
{
	va_list again;

	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	assert(length >= 0);
	text_reserve(t, (size_t)length);
	(void)vsnprintf(t->data + t->length, (size_t)length + 1, format, again);
	va_end(again);
	t->length += (size_t)length;
}

/* Length of the well-formed UTF-8 character at s, or 0 (Unicode 15, table 3-7). */
static size_t utf8_length(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;

	size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

/* The same, 0 also for what is not printable: controls, C0 and C1, and what is mentioned below. */
static size_t printable_length(const unsigned char *s)
{
	if (s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0))
		return 0;
	/* What turns the direction of text can make a line read as another, and there are
	 * separators of lines and paragraphs, too: U+061C, 200E, 200F, 2028 to 202E, 2066 to
	 * 2069. */
	if ((s[0] == 0xd8 && s[1] == 0x9c) ||
	    (s[0] == 0xe2 && s[1] == 0x80 &&
	     (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae))) ||
	    (s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9))
		return 0;
	return utf8_length(s);
}

void text_add_escaped(struct text *t, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	text_append(t, "", 0);
	while (*p) {
		size_t length = printable_length(p);
		if (length > 0) {
			text_append(t, p, length);
			p += length;
		} else {
			text_printf(t, "\\x%02x", *p);
			p++;
		}
	}
}

static bool is_lower_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* \x5c, or \x80 to \xff. */
static bool reads_like_escape(const char *s)
{
	if (s[0] != '\\' || s[1] != 'x')
		return false;
	return (s[2] == '5' && s[3] == 'c') ||
	       (is_lower_hex(s[2]) && s[2] >= '8' && is_lower_hex(s[3]));
}

void text_add_name(struct text *t, const char *s)
{
	text_append(t, "", 0);
	while (*s) {
		size_t length = utf8_length((const unsigned char *)s);

		if (length > 0 && !reads_like_escape(s)) {
			text_append(t, s, length);
			s += length;
		} else {
			text_printf(t, "\\x%02x", (unsigned char)*s);
			s++;
		}
	}
}

char *text_take(struct text *t)
{
	char *s = t->data ? t->data : xstrdup("");

	*t = (struct text){ 0 };
	return s;
}

void text_release(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}

void strv_add_take(struct strv *v, char *s)
{
	if (v->count + 1 >= v->allocated) {
		v->allocated = v->allocated + v->allocated / 2 + 16;
		v->item = xreallocarray(v->item, v->allocated, sizeof(*v->item));
	}
	v->item[v->count++] = s;
	v->item[v->count] = NULL;
}

void strv_add(struct strv *v, const char *s)
{
	strv_add_take(v, xstrdup(s));
}

void strv_addf(struct strv *v, const char *format, ...)
{
	struct text t = { 0 };
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&t, format, arguments);
	va_end(arguments);
	strv_add_take(v, text_take(&t));
}

void strv_add_all(struct strv *v, const struct strv *other)
{
	/* The count is read first: other may be v itself. */
	size_t count = other->count;

	for (size_t i = 0; i < count; i++)
		strv_add(v, other->item[i]);
}

static size_t strv_find(const struct strv *v, const char *s)
{
	size_t i = 0;

	while (i < v->count && strcmp(v->item[i], s) != 0)
		i++;
	return i;
}

bool strv_has(const struct strv *v, const char *s)
{
	return strv_find(v, s) < v->count;
}

bool strv_remove(struct strv *v, const char *s)
{
	size_t i = strv_find(v, s);

	if (i == v->count)
		return false;
	free(v->item[i]);
	memmove(v->item + i, v->item + i + 1, (v->count - i) * sizeof(*v->item));
	v->count--;
	return true;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *v)
{
	if (v->count > 1)
		qsort(v->item, v->count, sizeof(*v->item), compare_strings);
}

void strv_unique(struct strv *v)
{
	size_t kept = 0;

	for (size_t i = 0; i < v->count; i++) {
		if (kept > 0 && streq(v->item[i], v->item[kept - 1]))
			free(v->item[i]);
		else
			v->item[kept++] = v->item[i];
	}
	v->count = kept;
	if (v->item)
		v->item[kept] = NULL;
}

char *strv_join(const struct strv *v, const char *separator)
{
	struct text t = { 0 };

	for (size_t i = 0; i < v->count; i++) {
		if (i > 0)
			text_add(&t, separator);
		text_add(&t, v->item[i]);
	}
	return text_take(&t);
}

void strv_split(struct strv *v, const char *s, const char *separators)
{
	while (*s) {
		size_t length = strcspn(s, separators);
		if (length > 0)
			strv_add_take(v, xstrndup(s, length));
		s += length;
		s += strspn(s, separators);
	}
}

void strv_release(struct strv *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->item[i]);
	free(v->item);
	*v = (struct strv){ 0 };
}

bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool ends_with(const char *s, const char *suffix)
{
	size_t length = strlen(s), wanted = strlen(suffix);

	return length >= wanted && memcmp(s + length - wanted, suffix, wanted) == 0;
}

bool streq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

char *last_name(const char *path)
{
	size_t end = strlen(path), start;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/';)
		start--;
	return xstrndup(path + start, end - start);
}

int parse_u64(const char *s, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (const char *p = s; *p; p++)
		if (*p < '0' || *p > '9')
			return -EINVAL;
	for (; *s; s++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
			return -ERANGE;
	*ret = value;
	return 0;
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int parse_int(const char *s, int *ret)
{
	bool negative = *s == '-';
	uint64_t value;
	int r = parse_u64(s + negative, &value);

	if (r < 0)
		return r;
	if (value > INT_MAX)
		return -ERANGE;
	*ret = negative ? -(int)value : (int)value;
	return 0;
}

const char *human_size(uint64_t bytes, char buffer[16])
{
	static const char *const unit[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)bytes;
	size_t i = 0;

	/* 999.5 would print as 1000. */
	while (value >= 999.5 && i + 1 < ARRAY_SIZE(unit)) {
		value /= 1000;
		i++;
	}
	(void)snprintf(buffer, 16, i > 0 && value < 9.95 ? "%.1f %s" : "%.0f %s", value, unit[i]);
	return buffer;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Restricted Damerau-Levenshtein: insert, delete, replace, swap neighbours. Both at most
 * NEAREST_WORD_MAX + 3 long. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t row[3][NEAREST_WORD_MAX + 4];

	for (size_t j = 0; j <= b_length; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *now = row[i % 3];
		const size_t *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			now[j] = before[j - 1] + (a[i - 1] != b[j - 1]);
			now[j] = smaller(now[j], smaller(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = smaller(now[j], earlier[j - 2] + 1);
		}
	}
	return row[a_length % 3][b_length];
}

void nearest(const char *word, const char *const *candidates, size_t count, size_t most,
	     struct strv *ret)
{
	size_t length = strlen(word);
	size_t limit = smaller(3, length / 3);
	size_t added = 0;

	if (length > NEAREST_WORD_MAX)
		return;
	for (size_t wanted = 0; wanted <= limit && added < most; wanted++) {
		CLEANUP(strv_release) struct strv tier = { 0 };

		for (size_t i = 0; i < count; i++) {
			size_t other = strlen(candidates[i]);

			if (other <= length + wanted && length <= other + wanted &&
			    edit_distance(word, length, candidates[i], other) == wanted)
				strv_add(&tier, candidates[i]);
		}
		strv_sort(&tier);
		strv_unique(&tier);
		for (size_t i = 0; i < tier.count && added < most; i++, added++)
			strv_add(ret, tier.item[i]);
	}
}
