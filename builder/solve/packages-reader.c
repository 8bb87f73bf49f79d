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
	FIELD_SOURCE,
	FIELD_MULTI_ARCH,
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
	[FIELD_SOURCE] = "Source",
	[FIELD_MULTI_ARCH] = "Multi-Arch",
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

static int take_value(struct packages_reader *reader, enum field field, char *value)
{
	switch (field) {
	case FIELD_PACKAGE:
		if (!package_name_is_valid(value))
			return complain(reader, "not a package name:", value);
		break;
	case FIELD_VERSION:
		if (!version_is_valid(value))
			return complain(reader, "not a version:", value);
		break;
	case FIELD_ARCHITECTURE:
		reader->other = !streq(value, reader->architecture) &&
				(!streq(value, "all") ||
				 !streq(reader->architecture, reader->multi_arch.own));
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
	case FIELD_SOURCE:
	case FIELD_MULTI_ARCH:
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

	reader->keeping = NULL;
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
	reader->value[field].length = 0;
	text_add(&reader->value[field], value);
	reader->length += strlen(value);
	if (field < FIELD_DEPENDENCY)
		return 0;
	reader->keeping = &reader->value[field];
	return check_alternatives(reader, value);
}

static int check_needed(struct packages_reader *reader)
{
	for (enum field field = 0; field < FIELD_NEEDED; field++)
		if (!(reader->seen & (1U << field)))
			return complain(reader, "the stanza before this line lacks field",
					field_name[field]);
	return 0;
}

/* The value of a field of this stanza; NULL: it has none. */
static const char *value_of(const struct packages_reader *reader, enum field field)
{
	return reader->seen & (1U << field) ? reader->value[field].data : NULL;
}

static void write_field(struct packages_reader *reader, enum field field,
			const struct multi_arch_package *p)
{
	const struct multi_arch *m = &reader->multi_arch;
	const char *value = value_of(reader, field);
	CLEANUP(text_release) struct text text = { 0 };

	text_add(&text, "");
	if (field == FIELD_PACKAGE) {
		cleanup_free char *name = multi_arch_name(m, p->name, p->architecture);

		text_add(&text, name);
	} else if (field == FIELD_PROVIDES) {
		multi_arch_provides(m, p, &text);
	} else if (field == FIELD_CONFLICTS || field == FIELD_BREAKS) {
		multi_arch_conflicts(m, p, value, &text);
	} else if (field >= FIELD_DEPENDENCY) {
		multi_arch_depends(m, p, value, &text);
	} else {
		text_add(&text, value ? value : "");
	}
	if (text.length > 0)
		text_printf(&reader->out, "%s: %s\n", field_name[field], text.data);
}

static void write_stanza(struct packages_reader *reader)
{
	const struct multi_arch_package p = {
		.name = value_of(reader, FIELD_PACKAGE),
		.version = value_of(reader, FIELD_VERSION),
		.architecture = value_of(reader, FIELD_ARCHITECTURE),
		.kind = value_of(reader, FIELD_MULTI_ARCH),
		.provides = value_of(reader, FIELD_PROVIDES),
	};
	CLEANUP(text_release) struct text rivals = { 0 };

	for (enum field field = 0; field < FIELD_COUNT; field++)
		if (field != FIELD_MULTI_ARCH)
			write_field(reader, field, &p);
	text_add(&rivals, "");
	multi_arch_rivals(&reader->multi_arch, &p, &rivals);
	if (rivals.length > 0)
		text_printf(&reader->out, "%s: %s\n", field_name[FIELD_CONFLICTS], rivals.data);
	text_add(&reader->out, "\n");
	/* Only dpkg of the image's own architecture must be able to rely on them. */
	if (multi_arch_is_foreign(&reader->multi_arch, p.architecture))
		reader->current.essential = false;
}

static int add_package(struct packages_reader *reader)
{
	if (reader->count == PACKAGES_READER_PACKAGES_MAX)
		return fail(reader, "too many packages in", reader->name);
	write_stanza(reader);
	GROW(reader->fact, reader->count, reader->allocated);
	reader->fact[reader->count++] = reader->current;
	return 0;
}

static void skip_package(struct packages_reader *reader)
{
	struct skipped_packages *skipped = reader->skipped;
	const char *name = value_of(reader, FIELD_PACKAGE);

	GROW(skipped->item, skipped->count, skipped->allocated);
	skipped->item[skipped->count++] = (struct skipped_package){
		.name = xstrdup(name ? name : ""),
		.reason = take_ptr(reader->fault),
	};
}

static void begin_stanza(struct packages_reader *reader)
{
	reader->length = 0;
	reader->seen = 0;
	reader->other = false;
	reader->keeping = NULL;
	reader->current = (struct package_fact){ .priority = PRIORITY_EXTRA };
	free(take_ptr(reader->fault));
}

static int end_stanza(struct packages_reader *reader)
{
	int r;

	if (reader->seen == 0 && !reader->fault)
		return 0;
	r = check_needed(reader);
	if (r < 0)
		return r;
	if (reader->fault && !reader->other)
		skip_package(reader);
	else if (!reader->other)
		r = add_package(reader);
	begin_stanza(reader);
	return r;
}

/* A folded field is put on one line: its newlines are blanks to every field kept here. */
static int continue_field(struct packages_reader *reader, char *line)
{
	if (!reader->keeping)
		return 0;
	text_printf(reader->keeping, " %s", line + strspn(line, " \t"));
	reader->length += strlen(line);
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
	    reader->length + length > PACKAGES_READER_STANZA_MAX)
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
	reader->value = xcalloc(FIELD_COUNT, sizeof(*reader->value));
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
	for (enum field field = 0; reader->value && field < FIELD_COUNT; field++)
		text_release(&reader->value[field]);
	free(reader->value);
	free(reader->buffer);
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
