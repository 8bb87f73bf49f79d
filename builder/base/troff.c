/* SPDX-License-Identifier: MIT */
#include "base/troff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define FILL 80 /* where lines of the source end */

/* What troff would take for something else. */
static const struct {
	char character;
	const char *escape;
} escapes[] = {
	{ '\\', "\\e" },  { '-', "\\-" },   { '"', "\\(dq" }, { '\'', "\\(aq" },
	{ '`', "\\(ga" }, { '^', "\\(ha" }, { '~', "\\(ti" },
};

static void add_ascii(char c, struct text *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
		if (c == escapes[i].character) {
			text_add(to, escapes[i].escape);
			return;
		}
	text_append(to, &c, 1);
}

/* One character of UTF-8, of which our own texts consist; how many bytes it has. */
static size_t add_character(const char *s, struct text *to)
{
	const unsigned char first = (unsigned char)*s;
	const size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
	unsigned value = first & (0x3fU >> more);
	size_t i = 1;

	if (more == 0) {
		add_ascii(*s, to);
		return 1;
	}
	for (; i <= more && ((unsigned char)s[i] & 0xc0) == 0x80; i++)
		value = value << 6 | ((unsigned char)s[i] & 0x3fU);
	text_printf(to, "\\[u%04X]", value);
	return i;
}

/* How long the text is between the mark at s and its fellow; 0 if it marks nothing, as in 2 * 3. */
static size_t marked_length(const char *s, size_t rest)
{
	const char *end = rest > 1 ? memchr(s + 1, *s, rest - 1) : NULL;

	if (!end || end == s + 1)
		return 0;
	if (*s == '*' && (!isalnum((unsigned char)s[1]) || !isalnum((unsigned char)end[-1])))
		return 0;
	return (size_t)(end - s) - 1;
}

/* Appends the first `length` bytes of s, escaped, with marks as changes of the font. */
static void add_inline(const char *s, size_t length, struct text *to)
{
	const char *const end = s + length;

	while (s < end) {
		size_t marked = *s == '`' || *s == '*' ? marked_length(s, (size_t)(end - s)) : 0;

		if (marked == 0) {
			s += add_character(s, to);
			continue;
		}
		text_add(to, *s == '`' ? "\\fB" : "\\fI");
		for (const char *p = s + 1; p < s + 1 + marked;)
			p += add_character(p, to);
		text_add(to, "\\fR");
		s += marked + 2;
	}
}

static bool ends_sentence(const char *word, size_t length)
{
	if (length > 3 && strncmp(word + length - 3, "\\fR", 3) == 0)
		length -= 3;
	if (length > 1 && word[length - 1] == ')')
		length--;
	return length > 2 && strchr(".!?", word[length - 1]);
}

/* A word at the beginning of a line must not look like a request. */
static size_t put_word(const char *word, size_t length, size_t column, FILE *to)
{
	if (column > 0)
		fputc(' ', to);
	else if (*word == '.')
		fputs("\\&", to);
	fwrite(word, 1, length, to);
	return column + length + 1;
}

static void put_filled(const char *s, FILE *to)
{
	size_t column = 0;

	for (s += strspn(s, " \n"); *s; s += strspn(s, " \n")) {
		size_t length = strcspn(s, " \n");

		if (column > 0 && column + 1 + length > FILL) {
			fputc('\n', to);
			column = 0;
		}
		column = put_word(s, length, column, to);
		if (ends_sentence(s, length)) {
			fputc('\n', to);
			column = 0;
		}
		s += length;
	}
	if (column > 0)
		fputc('\n', to);
}

void troff_put(const char *text, FILE *to)
{
	CLEANUP(text_release) struct text t = { 0 };

	add_inline(text, strlen(text), &t);
	fputs(t.data ? t.data : "", to);
}

void troff_text(const char *text, FILE *to)
{
	while (*text) {
		CLEANUP(text_release) struct text t = { 0 };
		const char *end = strstr(text, "\n\n");
		size_t length = end ? (size_t)(end - text) : strlen(text);

		add_inline(text, length, &t);
		put_filled(t.data ? t.data : "", to);
		text += length;
		text += strspn(text, "\n");
		if (*text)
			fputs(".PP\n", to);
	}
}

void troff_verbatim(const char *text, FILE *to)
{
	fputs(".RS 4\n.nf\n", to);
	while (*text) {
		CLEANUP(text_release) struct text t = { 0 };
		size_t length = strcspn(text, "\n");

		if (*text == '.')
			text_add(&t, "\\&");
		for (const char *s = text; s < text + length;)
			s += add_character(s, &t);
		fprintf(to, "%s\n", t.data ? t.data : "");
		text += length + (text[length] == '\n');
	}
	fputs(".fi\n.RE\n", to);
}

void troff_tag(const char *tag, FILE *to)
{
	fputs(".TP\n\\fB", to);
	troff_put(tag, to);
	fputs("\\fR\n", to);
}
