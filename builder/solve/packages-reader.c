/* SPDX-License-Identifier: MIT */
#include "solve/packages-reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "deb/package.h"
#include "deb/version.h"
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

static int fail(struct packages_reader *reader, const char *what, const char *value)
{
	return err_at(&reader->err, reader->class ? reader->class : ERR_BUILD, reader->name,
		      reader->line, 0, "%s '%s'", what, value);
}

/* The stanza is not as it should be: an error, or the reason why it is left out. */
static int complain(struct packages_reader *reader, const char *what, const char *value)
{
	if (!reader->skipped)
		return fail(reader, what, value);
	if (!reader->fault)
		reader->fault = xasprintf("line %u: %s '%s'", reader->line, what, value);
	return 0;
}

/* There is one architecture only, so "gcc:amd64" and "gcc:native" mean gcc. libsolv would know
 * ":any" but not these. */
static void strip_architecture(const struct packages_reader *reader, char *value)
{
	char *to = value;

	for (const char *from = value; *from;) {
		size_t length = 0;

		if (*from == ':' && starts_with(from + 1, "native"))
			length = strlen(":native");
		else if (*from == ':' && starts_with(from + 1, reader->architecture))
			length = 1 + strlen(reader->architecture);
		if (length > 0 && (from[length] == '\0' || strchr(" ,|(", from[length])))
			from += length;
		else
			*to++ = *from++;
	}
	*to = '\0';
}

static int take_value(struct packages_reader *reader, enum field field, char *value)
{
	switch (field) {
	case FIELD_PACKAGE:
		free(reader->package);
		reader->package = xstrdup(value);
		if (!package_name_is_valid(value))
			return complain(reader, "not a package name:", value);
		break;
	case FIELD_VERSION:
		if (!version_is_valid(value))
			return complain(reader, "not a version:", value);
		break;
	case FIELD_ARCHITECTURE:
		reader->foreign = !streq(value, reader->architecture) && !streq(value, "all");
		break;
	case FIELD_FILENAME:
		if (!package_path_is_safe(value))
			return complain(reader, "not a path below the archive's root:", value);
		break;
	case FIELD_SIZE:
		if (parse_u64(value, &reader->current.size) < 0 || reader->current.size == 0)
			return complain(reader, "not a size:", value);
		break;
	case FIELD_SHA256:
		if (!digest_is_valid(value))
			return complain(reader, "not a SHA-256:", value);
		break;
	case FIELD_PRIORITY:
		reader->current.priority = priority_from(value);
		break;
	case FIELD_ESSENTIAL:
		reader->current.essential = strcasecmp(value, "yes") == 0;
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

static int check_alternatives(struct packages_reader *reader, const char *value)
{
	size_t bars = 0;

	for (const char *c = value; *c; c++)
		bars += *c == '|';
	if (bars > PACKAGES_READER_ALTERNATIVES_MAX)
		return complain(reader, "too many alternatives in one field of", reader->name);
	return 0;
}

static int take_field(struct packages_reader *reader, char *line)
{
	char *colon = strchr(line, ':');
	char *value;
	enum field field = FIELD_PACKAGE;
	int r;

	reader->keeping = false;
	if (!colon || colon == line)
		return complain(reader, "this is not a 'Field: value' line:", line);
	*colon = '\0';
	while (field < FIELD_COUNT && strcasecmp(line, field_name[field]) != 0)
		field++;
	if (field == FIELD_COUNT)
		return 0;
	value = colon + 1 + strspn(colon + 1, " \t");
	if (reader->seen & (1U << field))
		return complain(reader, "this field is given twice:", field_name[field]);
	reader->seen |= 1U << field;
	if (field == FIELD_FILENAME && starts_with(value, "./"))
		value += 2;
	r = take_value(reader, field, value);
	if (r < 0)
		return r;
	if (field >= FIELD_DEPENDENCY) {
		reader->keeping = true;
		strip_architecture(reader, value);
		r = check_alternatives(reader, value);
		if (r < 0)
			return r;
	}
	text_printf(&reader->stanza, "%s: %s\n", field_name[field], value);
	return 0;
}

static int check_needed(struct packages_reader *reader)
{
	for (enum field field = 0; field < FIELD_NEEDED; field++)
		if (!(reader->seen & (1U << field)))
			return complain(reader, "the stanza before this line lacks field",
					field_name[field]);
	return 0;
}

static int add_package(struct packages_reader *reader)
{
	if (reader->count == PACKAGES_READER_PACKAGES_MAX)
		return fail(reader, "too many packages in", reader->name);
	text_append(&reader->out, reader->stanza.data, reader->stanza.length);
	text_add(&reader->out, "\n");
	GROW(reader->fact, reader->count, reader->allocated);
	reader->fact[reader->count++] = reader->current;
	return 0;
}

static void skip_package(struct packages_reader *reader)
{
	struct skipped_packages *skipped = reader->skipped;

	GROW(skipped->item, skipped->count, skipped->allocated);
	skipped->item[skipped->count++] = (struct skipped_package){
		.name = reader->package ? take_ptr(reader->package) : xstrdup(""),
		.reason = take_ptr(reader->fault),
	};
}

static void begin_stanza(struct packages_reader *reader)
{
	reader->stanza.length = 0;
	reader->seen = 0;
	reader->foreign = false;
	reader->keeping = false;
	reader->current = (struct package_fact){ .priority = PRIORITY_EXTRA };
	free(take_ptr(reader->package));
	free(take_ptr(reader->fault));
}

static int end_stanza(struct packages_reader *reader)
{
	int r;

	if (reader->seen == 0 && reader->stanza.length == 0 && !reader->fault)
		return 0;
	r = check_needed(reader);
	if (r < 0)
		return r;
	if (reader->fault && !reader->foreign)
		skip_package(reader);
	else if (!reader->foreign)
		r = add_package(reader);
	begin_stanza(reader);
	return r;
}

/* A folded field is put on one line: its newlines are blanks to every field kept here. */
static int continue_field(struct packages_reader *reader, char *line)
{
	if (!reader->keeping)
		return 0;
	strip_architecture(reader, line);
	reader->stanza.length--;
	text_printf(&reader->stanza, " %s\n", line + strspn(line, " \t"));
	return check_alternatives(reader, line);
}

static int take_line(struct packages_reader *reader, char *line, size_t length)
{
	while (length > 0 && strchr("\n\r \t", line[length - 1]))
		line[--length] = '\0';
	reader->line++;
	if (strlen(line) != length)
		return fail(reader, "a NUL byte in", reader->name);
	if (length > PACKAGES_READER_LINE_MAX ||
	    reader->stanza.length + length > PACKAGES_READER_STANZA_MAX)
		return fail(reader, "too long a line or stanza in", reader->name);
	if (length == 0)
		return end_stanza(reader);
	if (line[0] == ' ' || line[0] == '\t')
		return continue_field(reader, line);
	return take_field(reader, line);
}

/* Reads on until there are CHUNK bytes to hand out, or the end. */
static int fill(struct packages_reader *reader)
{
	reader->out.length = 0;
	reader->taken = 0;
	if (interrupt_check(&reader->err) < 0)
		return -1;
	while (reader->out.length < CHUNK) {
		ssize_t n = getline(&reader->buffer, &reader->buffer_size, reader->from);

		if (n < 0 && ferror(reader->from))
			return err_errno(&reader->err, ERR_BUILD, errno, "cannot read %s",
					 reader->name);
		if (n < 0)
			return end_stanza(reader);
		if (take_line(reader, reader->buffer, (size_t)n) < 0)
			return -1;
	}
	return 0;
}

static ssize_t packages_reader_read(void *cookie, char *data, size_t size)
{
	struct packages_reader *reader = cookie;
	size_t n;

	if (reader->err.class != ERR_NONE)
		return 0;
	if (reader->taken == reader->out.length && fill(reader) < 0)
		return 0;
	n = reader->out.length - reader->taken;
	if (n > size)
		n = size;
	if (n > 0)
		memcpy(data, reader->out.data + reader->taken, n);
	reader->taken += n;
	return (ssize_t)n;
}

FILE *packages_reader_open(struct packages_reader *reader)
{
	FILE *file =
		fopencookie(reader, "r", (cookie_io_functions_t){ .read = packages_reader_read });

	if (!file)
		abort();
	setvbuf(file, NULL, _IOFBF, CHUNK);
	reader->current = (struct package_fact){ .priority = PRIORITY_EXTRA };
	return file;
}

int packages_reader_check(struct packages_reader *reader, struct err *err)
{
	if (reader->err.class == ERR_NONE)
		return 0;
	(void)err_move(err, &reader->err);
	return err_wrap(err, "reading the package index");
}

void packages_reader_release(struct packages_reader *reader)
{
	free(reader->fact);
	text_release(&reader->out);
	text_release(&reader->stanza);
	free(reader->buffer);
	free(reader->package);
	free(reader->fault);
	err_release(&reader->err);
	*reader = (struct packages_reader){ 0 };
}

void skipped_packages_release(struct skipped_packages *skipped)
{
	for (size_t i = 0; i < skipped->count; i++) {
		free(skipped->item[i].name);
		free(skipped->item[i].reason);
	}
	free(skipped->item);
	*skipped = (struct skipped_packages){ 0 };
}
