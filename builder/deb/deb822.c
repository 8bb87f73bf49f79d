/* SPDX-License-Identifier: MIT */
#include "deb/deb822.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"

struct line { /* of the file, without its newline */
	const char *start;
	size_t length;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool next_line(struct deb822 *d, struct line *ret)
{
	const char *start, *end;

	if (d->offset >= d->size)
		return false;
	start = d->data + d->offset;
	end = memchr(start, '\n', d->size - d->offset);
	ret->start = start;
	ret->length = end ? (size_t)(end - start) : d->size - d->offset;
	d->offset += ret->length + (end ? 1 : 0);
	d->line++;
	return true;
}

static void trim(struct line *l)
{
	while (l->length > 0 && is_blank(l->start[0])) {
		l->start++;
		l->length--;
	}
	while (l->length > 0 && is_blank(l->start[l->length - 1]))
		l->length--;
}

static int malformed(const struct deb822 *d, struct err *err, const char *why)
{
	return err_at(err, d->class, d->name, d->line, 0, "%s", why);
}

/* The length of the field name (deb822(5)) that the line begins with; 0 if there is none. */
static size_t name_length(const struct line *l)
{
	size_t n = 0;

	while (n < l->length && l->start[n] > ' ' && l->start[n] < 0x7f && l->start[n] != ':')
		n++;
	if (n == l->length || l->start[n] != ':' || *l->start == '#' || *l->start == '-')
		return 0;
	return n;
}

static int add_field(const struct deb822 *d, struct line l, struct deb822_stanza *s,
		     struct err *err)
{
	size_t length = name_length(&l);
	cleanup_free char *name = NULL;

	if (length == 0)
		return malformed(d, err, "this is not a 'Field: value' line");
	if (s->count == DEB822_FIELDS_MAX)
		return malformed(d, err, "too many fields in one stanza");
	name = xstrndup(l.start, length);
	if (deb822_find(s, name))
		return err_at(err, d->class, d->name, d->line, 1, "field '%s' is given twice",
			      name);
	l.start += length + 1;
	l.length -= length + 1;
	trim(&l);
	GROW(s->field, s->count, s->allocated);
	s->field[s->count++] = (struct deb822_field){
		.name = take_ptr(name),
		.value = xstrndup(l.start, l.length),
		.line = d->line,
	};
	return 0;
}

/* `joined` collects the running field's value: appending to the field itself would be quadratic. */
static int continue_field(const struct deb822 *d, struct line l, const struct deb822_stanza *s,
			  struct text *joined, struct err *err)
{
	if (s->count == 0)
		return malformed(d, err, "a continuation line without a field before it");
	if (joined->length == 0)
		text_add(joined, s->field[s->count - 1].value);
	trim(&l);
	text_append(joined, "\n", 1);
	text_append(joined, l.start, l.length);
	return 0;
}

static void finish_field(struct deb822_stanza *s, struct text *joined)
{
	struct deb822_field *field;

	if (joined->length == 0)
		return;
	field = &s->field[s->count - 1];
	free(field->value);
	field->value = text_take(joined);
}

int deb822_next(struct deb822 *d, struct deb822_stanza *ret, struct err *err)
{
	CLEANUP(deb822_stanza_release) struct deb822_stanza s = { 0 };
	CLEANUP(text_release) struct text joined = { 0 };
	struct line l;
	int r;

	while (next_line(d, &l)) {
		if (memchr(l.start, '\0', l.length) || memchr(l.start, '\r', l.length))
			return malformed(d, err, "a control character in the line");
		if (d->comments && l.length > 0 && l.start[0] == '#')
			continue;
		struct line content = l;

		trim(&content);
		if (content.length == 0 && s.count > 0)
			break;
		if (content.length == 0)
			continue;
		if (is_blank(l.start[0])) {
			r = continue_field(d, l, &s, &joined, err);
		} else {
			finish_field(&s, &joined);
			r = add_field(d, l, &s, err);
		}
		if (r < 0)
			return r;
	}
	deb822_stanza_release(ret);
	if (s.count == 0)
		return 0;
	finish_field(&s, &joined);
	s.line = s.field[0].line;
	*ret = TAKE(s);
	return 1;
}

int deb822_first(const char *name, enum err_class class, const struct text *text,
		 struct deb822_stanza *ret, struct err *err)
{
	struct deb822 reader = {
		.name = name,
		.data = text->data,
		.size = text->length,
		.class = class,
	};

	return deb822_next(&reader, ret, err);
}

const struct deb822_field *deb822_find(const struct deb822_stanza *stanza, const char *name)
{
	for (size_t i = 0; i < stanza->count; i++)
		if (strcasecmp(stanza->field[i].name, name) == 0)
			return &stanza->field[i];
	return NULL;
}

const char *deb822_get(const struct deb822_stanza *stanza, const char *name)
{
	const struct deb822_field *field = deb822_find(stanza, name);

	return field ? field->value : NULL;
}

void deb822_stanza_release(struct deb822_stanza *stanza)
{
	for (size_t i = 0; i < stanza->count; i++) {
		free(stanza->field[i].name);
		free(stanza->field[i].value);
	}
	free(stanza->field);
	*stanza = (struct deb822_stanza){ 0 };
}
