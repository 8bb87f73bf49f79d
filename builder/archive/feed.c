/* SPDX-License-Identifier: MIT */
#include "archive/feed.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "archive/package.h"
#include "archive/version.h"
#include "base/digest.h"
#include "base/interrupt.h"
#include "base/memory.h"

#define CHUNK (256 * 1024)

enum field {
	FIELD_PACKAGE,
	FIELD_VERSION,
	FIELD_ARCHITECTURE,
	FIELD_FILENAME,
	FIELD_SIZE,
	FIELD_SHA256,
	FIELD_NEEDED, /* the ones above must be there */
	FIELD_PRIORITY = FIELD_NEEDED,
	FIELD_ESSENTIAL,
	FIELD_INSTALLED_SIZE,
	FIELD_DEPENDENCY, /* and what follows */
	FIELD_PRE_DEPENDS = FIELD_DEPENDENCY,
	FIELD_DEPENDS,
	FIELD_RECOMMENDS,
	FIELD_CONFLICTS,
	FIELD_BREAKS,
	FIELD_PROVIDES,
	FIELD_COUNT,
};

static const char *const field_name[FIELD_COUNT] = {
	[FIELD_PACKAGE] = "Package",
	[FIELD_VERSION] = "Version",
	[FIELD_ARCHITECTURE] = "Architecture",
	[FIELD_FILENAME] = "Filename",
	[FIELD_SIZE] = "Size",
	[FIELD_SHA256] = "SHA256",
	[FIELD_PRIORITY] = "Priority",
	[FIELD_ESSENTIAL] = "Essential",
	[FIELD_INSTALLED_SIZE] = "Installed-Size",
	[FIELD_PRE_DEPENDS] = "Pre-Depends",
	[FIELD_DEPENDS] = "Depends",
	[FIELD_RECOMMENDS] = "Recommends",
	[FIELD_CONFLICTS] = "Conflicts",
	[FIELD_BREAKS] = "Breaks",
	[FIELD_PROVIDES] = "Provides",
};

static const char *const priority_name[] = {
	[PRIORITY_REQUIRED] = "required",
	[PRIORITY_IMPORTANT] = "important",
	[PRIORITY_STANDARD] = "standard",
	[PRIORITY_OPTIONAL] = "optional",
};

enum priority priority_from(const char *word)
{
	for (enum priority p = PRIORITY_REQUIRED; p <= PRIORITY_OPTIONAL; p++)
		if (strcasecmp(word, priority_name[p]) == 0)
			return p;
	return PRIORITY_EXTRA;
}

static int complain(struct feed *f, const char *what, const char *value)
{
	return err_at(&f->err, f->class ? f->class : ERR_BUILD, f->name, f->line, 0, "%s '%s'",
		      what, value);
}

/* "gcc:amd64" and "gcc:native" mean gcc here, where one architecture is all there is; libsolv knows
 * ":any" only. */
static void strip_architecture(const struct feed *f, char *value)
{
	char *to = value;

	for (const char *from = value; *from;) {
		size_t length = 0;

		if (*from == ':' && starts_with(from + 1, "native"))
			length = strlen(":native");
		else if (*from == ':' && starts_with(from + 1, f->architecture))
			length = 1 + strlen(f->architecture);
		if (length > 0 && (from[length] == '\0' || strchr(" ,|(", from[length])))
			from += length;
		else
			*to++ = *from++;
	}
	*to = '\0';
}

static int take_value(struct feed *f, enum field field, char *value)
{
	switch (field) {
	case FIELD_PACKAGE:
		if (!package_name_is_valid(value))
			return complain(f, "not a package name:", value);
		break;
	case FIELD_VERSION:
		if (!version_is_valid(value))
			return complain(f, "not a version:", value);
		break;
	case FIELD_ARCHITECTURE:
		f->foreign = !streq(value, f->architecture) && !streq(value, "all");
		break;
	case FIELD_FILENAME:
		if (!package_path_is_safe(value))
			return complain(f, "not a path below the archive's root:", value);
		break;
	case FIELD_SIZE:
		if (parse_u64(value, &f->current.size) < 0 || f->current.size == 0)
			return complain(f, "not a size:", value);
		break;
	case FIELD_SHA256:
		if (!digest_is_valid(value))
			return complain(f, "not a SHA-256:", value);
		break;
	case FIELD_PRIORITY:
		f->current.priority = priority_from(value);
		break;
	case FIELD_ESSENTIAL:
		f->current.essential = strcasecmp(value, "yes") == 0;
		break;
	case FIELD_INSTALLED_SIZE:
	case FIELD_PRE_DEPENDS:
	case FIELD_DEPENDS:
	case FIELD_RECOMMENDS:
	case FIELD_CONFLICTS:
	case FIELD_BREAKS:
	case FIELD_PROVIDES:
	case FIELD_COUNT:
		break;
	}
	return 0;
}

static int check_alternatives(struct feed *f, const char *value)
{
	size_t bars = 0;

	for (const char *c = value; *c; c++)
		bars += *c == '|';
	if (bars > FEED_ALTERNATIVES_LIMIT)
		return complain(f, "too many alternatives in one field of", f->name);
	return 0;
}

static int take_field(struct feed *f, char *line)
{
	char *colon = strchr(line, ':');
	char *value;
	enum field field = FIELD_PACKAGE;
	int r;

	f->keeping = false;
	if (!colon || colon == line)
		return complain(f, "this is no 'Field: value' line:", line);
	*colon = '\0';
	while (field < FIELD_COUNT && strcasecmp(line, field_name[field]) != 0)
		field++;
	if (field == FIELD_COUNT)
		return 0;
	value = colon + 1 + strspn(colon + 1, " \t");
	if (f->seen & (1U << field))
		return complain(f, "given twice: field", field_name[field]);
	f->seen |= 1U << field;
	if (field == FIELD_FILENAME && starts_with(value, "./"))
		value += 2;
	r = take_value(f, field, value);
	if (r == 0 && field >= FIELD_DEPENDENCY) {
		f->keeping = true;
		strip_architecture(f, value);
		r = check_alternatives(f, value);
	}
	if (r == 0)
		text_printf(&f->stanza, "%s: %s\n", field_name[field], value);
	return r;
}

static int end_stanza(struct feed *f)
{
	if (f->seen == 0 && f->stanza.length == 0)
		return 0;
	for (enum field field = 0; field < FIELD_NEEDED; field++)
		if (!(f->seen & (1U << field)))
			return complain(f, "the stanza before this line lacks field",
					field_name[field]);
	if (!f->foreign) {
		if (f->count == FEED_PACKAGES_LIMIT)
			return complain(f, "too many packages in", f->name);
		text_append(&f->out, f->stanza.data, f->stanza.length);
		text_add(&f->out, "\n");
		GROW(f->fact, f->count, f->allocated);
		f->fact[f->count++] = f->current;
	}
	f->stanza.length = 0;
	f->seen = 0;
	f->foreign = false;
	f->keeping = false;
	f->current = (struct feed_fact){ .priority = PRIORITY_EXTRA };
	return 0;
}

/* A folded field is put on one line: its newlines are blanks to every field kept here. */
static int continue_field(struct feed *f, char *line)
{
	if (!f->keeping)
		return 0;
	strip_architecture(f, line);
	f->stanza.length--;
	text_printf(&f->stanza, " %s\n", line + strspn(line, " \t"));
	return check_alternatives(f, line);
}

static int take_line(struct feed *f, char *line, size_t length)
{
	while (length > 0 && strchr("\n\r \t", line[length - 1]))
		line[--length] = '\0';
	f->line++;
	if (strlen(line) != length)
		return complain(f, "a NUL byte in", f->name);
	if (length > FEED_LINE_LIMIT || f->stanza.length + length > FEED_STANZA_LIMIT)
		return complain(f, "too long a line or stanza in", f->name);
	if (length == 0)
		return end_stanza(f);
	if (line[0] == ' ' || line[0] == '\t')
		return continue_field(f, line);
	return take_field(f, line);
}

/* Reads on until there is a good piece to hand out. */
static int fill(struct feed *f)
{
	f->out.length = 0;
	f->taken = 0;
	if (interrupt_check(&f->err) < 0)
		return -1;
	while (f->out.length < CHUNK) {
		ssize_t n = getline(&f->buffer, &f->buffer_size, f->from);

		if (n < 0 && ferror(f->from))
			return err_errno(&f->err, ERR_BUILD, errno, "cannot read %s", f->name);
		if (n < 0)
			return end_stanza(f);
		if (take_line(f, f->buffer, (size_t)n) < 0)
			return -1;
	}
	return 0;
}

static ssize_t feed_read(void *cookie, char *data, size_t size)
{
	struct feed *f = cookie;
	size_t n;

	if (f->err.class != ERR_NONE)
		return 0;
	if (f->taken == f->out.length && fill(f) < 0)
		return 0;
	n = f->out.length - f->taken;
	if (n > size)
		n = size;
	if (n > 0)
		memcpy(data, f->out.data + f->taken, n);
	f->taken += n;
	return (ssize_t)n;
}

FILE *feed_open(struct feed *f)
{
	FILE *file = fopencookie(f, "r", (cookie_io_functions_t){ .read = feed_read });

	if (!file)
		abort();
	setvbuf(file, NULL, _IOFBF, CHUNK);
	f->current = (struct feed_fact){ .priority = PRIORITY_EXTRA };
	return file;
}

int feed_check(struct feed *f, struct err *err)
{
	if (f->err.class == ERR_NONE)
		return 0;
	*err = f->err;
	f->err = (struct err){ 0 };
	return err_wrap(err, "reading the package index");
}

void feed_release(struct feed *f)
{
	free(f->fact);
	text_release(&f->out);
	text_release(&f->stanza);
	free(f->buffer);
	err_release(&f->err);
	*f = (struct feed){ 0 };
}
