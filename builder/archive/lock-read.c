/* SPDX-License-Identifier: MIT */
#include "archive/lock.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "deb/deb822.h"
#include "archive/lock-format.h"
#include "deb/version.h"
#include "base/io.h"
#include "base/memory.h"
#include "recipe/format.h"

struct reader {
	const char *path;
	const struct deb822_stanza *stanza;
	size_t next; /* field */
	struct err *err;
};

static int wrong(const struct reader *reader, unsigned line, const char *what, const char *value)
{
	return err_at(reader->err, ERR_TRUST, reader->path, line, 0, "%s '%s'", what, value);
}

/* Takes the next field if it has that name; else NULL. */
static const struct deb822_field *optional(struct reader *reader, const char *name)
{
	const struct deb822_field *field = NULL;

	if (reader->next == reader->stanza->count)
		return NULL;
	field = &reader->stanza->field[reader->next];
	if (!streq(field->name, name))
		return NULL;
	reader->next++;
	return field;
}

static int needed(struct reader *reader, const char *name, const struct deb822_field **ret)
{
	const struct deb822_field *field = optional(reader, name);

	if (!field && reader->next < reader->stanza->count)
		return err_at(reader->err, ERR_TRUST, reader->path,
			      reader->stanza->field[reader->next].line, 0,
			      "field '%s' where '%s' should be",
			      reader->stanza->field[reader->next].name, name);
	if (!field)
		return wrong(reader, reader->stanza->line, "this stanza lacks field", name);
	*ret = field;
	return 0;
}

/* One line of printable text. */
static bool is_word(const char *value)
{
	for (const char *c = value; *c; c++)
		if (*c <= ' ' || *c == 0x7f)
			return false;
	return value[0] != '\0';
}

static int read_word(struct reader *reader, const char *name, char **ret)
{
	const struct deb822_field *field = NULL;
	int r = needed(reader, name, &field);

	if (r < 0)
		return r;
	if (!is_word(field->value))
		return wrong(reader, field->line, "not one word:", field->value);
	*ret = xstrdup(field->value);
	return 0;
}

/* The value of a field that goes into paths, URLs or other files: of that form. */
static int check_form(const struct reader *reader, const struct deb822_field *field,
		      const struct format *form)
{
	const char *hint = NULL;

	if (field && !form->is(field->value, &hint))
		return err_at(reader->err, ERR_TRUST, reader->path, field->line, 0, "not %s: '%s'",
			      form->noun, field->value);
	return 0;
}

static int read_form(struct reader *reader, const char *name, const struct format *form, char **ret)
{
	const struct deb822_field *field = NULL;
	int r = needed(reader, name, &field);

	if (r < 0)
		return r;
	r = check_form(reader, field, form);
	if (r < 0)
		return r;
	*ret = xstrdup(field->value);
	return 0;
}

static int read_number(struct reader *reader, const char *name, uint64_t most, uint64_t *ret)
{
	const struct deb822_field *field = NULL;
	int r = needed(reader, name, &field);

	if (r < 0)
		return r;
	if (parse_u64(field->value, ret) < 0 || *ret > most)
		return wrong(reader, field->line, "not a number in range:", field->value);
	return 0;
}

static int read_digest(struct reader *reader, const char *name, char ret[DIGEST_HEX])
{
	const struct deb822_field *field = NULL;
	int r = needed(reader, name, &field);

	if (r < 0)
		return r;
	if (!digest_is_valid(field->value))
		return wrong(reader, field->line, "not a SHA-256:", field->value);
	memcpy(ret, field->value, DIGEST_HEX);
	return 0;
}

static int at_end(const struct reader *reader)
{
	if (reader->next == reader->stanza->count)
		return 0;
	return wrong(reader, reader->stanza->field[reader->next].line, "unexpected field",
		     reader->stanza->field[reader->next].name);
}

static bool has_key(const struct strv *inputs, const char *input, size_t length)
{
	for (size_t i = 0; i < inputs->count; i++)
		if (strncmp(inputs->item[i], input, length) == 0)
			return true;
	return false;
}

/* Each line is a key of the recipe and a SHA-256. */
static int read_inputs(struct reader *reader, struct strv *ret)
{
	const struct deb822_field *field = NULL;
	CLEANUP(strv_release) struct strv line = { 0 };
	int r = needed(reader, "Inputs", &field);

	if (r < 0)
		return r;
	strv_split(&line, field->value, "\n");
	if (line.count == 0)
		return wrong(reader, field->line, "there is nothing in field", "Inputs");
	for (size_t i = 0; i < line.count; i++) {
		const char *input = line.item[i];
		unsigned number = field->line + 1 + (unsigned)i;
		size_t key = strcspn(input, " ");

		if (key == 0 || input[key] == '\0' || !digest_is_valid(input + key + 1))
			return wrong(reader, number, "not a key and a SHA-256:", input);
		if (has_key(ret, input, key + 1))
			return wrong(reader, number, "given twice:", input);
		strv_add(ret, input);
	}
	return 0;
}

static int read_foreign(struct reader *reader, struct strv *ret)
{
	const struct deb822_field *field = optional(reader, "Foreign-Architectures");

	if (!field)
		return 0;
	strv_split(ret, field->value, " ");
	for (size_t i = 0; i < ret->count; i++)
		if (!package_architecture_is_valid(ret->item[i]))
			return wrong(reader, field->line, "not architectures:", field->value);
	return 0;
}

static int read_left_out(struct reader *reader, struct strv *ret)
{
	const struct deb822_field *field = optional(reader, "Left-Out");

	if (!field)
		return 0;
	strv_split(ret, field->value, "\n");
	for (size_t i = 0; i < ret->count; i++)
		if (!is_word(ret->item[i]) || !package_is_optional(ret->item[i]))
			return wrong(reader, field->line + 1 + (unsigned)i,
				     "not an optional package:", ret->item[i]);
	return 0;
}

static int read_snapshot(struct reader *reader, struct lock *l)
{
	const struct deb822_field *field = optional(reader, "Snapshot");
	int64_t seconds;

	if (!field)
		return 0;
	if (!format_parse_moment(field->value, &seconds))
		return wrong(reader, field->line, "not a moment:", field->value);
	l->snapshot = xstrdup(field->value);
	return 0;
}

static int read_architecture(struct reader *reader, char **ret)
{
	int r = read_word(reader, "Architecture", ret);

	if (r < 0 || package_architecture_is_valid(*ret))
		return r;
	return wrong(reader, reader->stanza->field[reader->next - 1].line,
		     "not an architecture:", *ret);
}

static int read_head(struct reader *reader, struct lock *l)
{
	uint64_t epoch = 0, bytes = 0;
	char packages[DIGEST_HEX]; /* check_canonical() compares it */
	const struct deb822_field *format = NULL;
	int r = needed(reader, "Format", &format);

	if (r < 0)
		return r;
	if (!streq(format->value, LOCK_FORMAT) && !streq(format->value, LOCK_FORMAT_BARE))
		return wrong(reader, format->line, "this netrescue does not know lock format",
			     format->value);
	if ((r = read_form(reader, "Recipe", &format_name, &l->recipe_name)) < 0 ||
	    (r = read_digest(reader, "Recipe-SHA256", l->recipe_digest)) < 0 ||
	    (streq(format->value, LOCK_FORMAT) && (r = read_inputs(reader, &l->inputs)) < 0) ||
	    (r = read_form(reader, "Suite", &format_suite_foreign, &l->suite)) < 0 ||
	    (r = read_architecture(reader, &l->architecture)) < 0 ||
	    (r = read_foreign(reader, &l->foreign)) < 0 ||
	    (r = read_left_out(reader, &l->packages.left_out)) < 0 ||
	    (r = read_snapshot(reader, l)) < 0 ||
	    (r = read_number(reader, "Source-Date-Epoch", 253402300799, &epoch)) < 0 ||
	    (r = read_number(reader, "Bytes-Epoch", INT_MAX, &bytes)) < 0 ||
	    (l->inputs.count > 0 && (r = read_digest(reader, "Packages-SHA256", packages)) < 0))
		return r;
	l->source_date_epoch = (int64_t)epoch;
	l->bytes_epoch = (int)bytes;
	return at_end(reader);
}

static int read_role(struct reader *reader, enum package_role *ret)
{
	const struct deb822_field *field = NULL;
	int r = needed(reader, "Role", &field);

	if (r < 0)
		return r;
	if (!streq(field->value, LOCK_ROLE_IMAGE) && !streq(field->value, LOCK_ROLE_BOOT))
		return wrong(reader, field->line, "not a role:", field->value);
	*ret = streq(field->value, LOCK_ROLE_BOOT) ? ROLE_BOOT : ROLE_IMAGE;
	return 0;
}

static int read_flags(struct reader *reader, struct package *p)
{
	const struct deb822_field *field = optional(reader, "Flags");
	CLEANUP(strv_release) struct strv words = { 0 };

	if (!field)
		return 0;
	strv_split(&words, field->value, " ");
	p->automatic = strv_remove(&words, "automatic");
	p->base = strv_remove(&words, "base");
	p->essential = strv_remove(&words, "essential");
	return words.count == 0 ? 0 : wrong(reader, field->line, "unknown flag", words.item[0]);
}

static int read_component(struct reader *reader, char **ret)
{
	const struct deb822_field *field = optional(reader, "Component");

	*ret = xstrdup(field ? field->value : "");
	return check_form(reader, field, &format_word);
}

/* A mark of ours, or the URL of an apt-repository. */
static int read_repository(struct reader *reader, char **ret)
{
	const struct deb822_field *field = optional(reader, "Repository");

	*ret = xstrdup(field ? field->value : "");
	if (!field || streq(field->value, "security") || streq(field->value, "local"))
		return 0;
	if (!is_word(field->value))
		return wrong(reader, field->line, "not a URL:", field->value);
	return check_form(reader, field, &format_url);
}

/* A local package is read from the recipe's file, not from this path: it is a bare name. */
static bool path_is_good(const struct package *p)
{
	if (streq(p->repository, "local"))
		return !strchr(p->path, '/') && !streq(p->path, ".") && !streq(p->path, "..");
	return package_path_is_safe(p->path);
}

static int check_package(const struct reader *reader, const struct lock *l, const struct package *p)
{
	unsigned line = reader->stanza->line;

	if (!package_name_is_valid(p->name))
		return wrong(reader, line, "not a package name:", p->name);
	if (!version_is_valid(p->version))
		return wrong(reader, line, "not a version:", p->version);
	if (!streq(p->architecture, l->architecture) && !streq(p->architecture, "all") &&
	    !strv_has(&l->foreign, p->architecture))
		return wrong(reader, line, "a package of another architecture:", p->architecture);
	if (!path_is_good(p))
		return wrong(reader, line, "not a path below the archive's root:", p->path);
	if (p->size == 0)
		return wrong(reader, line, "there is no size of", p->name);
	return 0;
}

static int read_package(struct reader *reader, struct lock *l)
{
	struct package *p = packages_add(&l->packages);
	int r;

	if ((r = read_word(reader, "Package", &p->name)) < 0 ||
	    (r = read_word(reader, "Version", &p->version)) < 0 ||
	    (r = read_word(reader, "Architecture", &p->architecture)) < 0 ||
	    (r = read_form(reader, "Suite", &format_suite_foreign, &p->suite)) < 0 ||
	    (r = read_component(reader, &p->component)) < 0 ||
	    (r = read_word(reader, "Path", &p->path)) < 0 ||
	    (r = read_number(reader, "Size", INT64_MAX, &p->size)) < 0 ||
	    (r = read_digest(reader, "SHA256", p->sha256)) < 0 ||
	    (r = read_role(reader, &p->role)) < 0 || (r = read_flags(reader, p)) < 0 ||
	    (r = read_number(reader, "Installed-Size", INT64_MAX, &p->installed_size)) < 0)
		return r;
	r = read_repository(reader, &p->repository);
	if (r < 0)
		return r;
	r = at_end(reader);
	if (r < 0)
		return r;
	r = check_package(reader, l, p);
	if (r < 0)
		return r;
	if (l->packages.count > 1 && packages_compare(p - 1, p) >= 0)
		return wrong(reader, reader->stanza->line, "out of order, or given twice: package",
			     p->name);
	return 0;
}

/* The first line in which two texts differ. */
static unsigned first_difference(const char *a, const char *b)
{
	unsigned line = 1;

	for (; *a && *a == *b; a++, b++)
		line += *a == '\n';
	return line;
}

static int check_canonical(const char *path, const struct text *text, const struct lock *l,
			   struct err *err)
{
	cleanup_free char *canonical = lock_text(l);
	unsigned line = first_difference(canonical, text->data);

	if (strlen(canonical) == text->length && memcmp(canonical, text->data, text->length) == 0)
		return 0;
	err_at(err, ERR_TRUST, path, line, 0, "this is not how netrescue writes a lock");
	return err_hint(err, "locks are not edited by hand: make a new one");
}

static int read_stanzas(const char *path, const struct text *text, struct lock *l, struct err *err)
{
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	struct deb822 file = {
		.name = path,
		.data = text->data,
		.size = text->length,
		.class = ERR_TRUST,
	};
	bool have_head = false;
	int r;

	while ((r = deb822_next(&file, &stanza, err)) > 0) {
		struct reader reader = { .path = path, .stanza = &stanza, .err = err };

		r = have_head ? read_package(&reader, l) : read_head(&reader, l);
		if (r < 0)
			return r;
		have_head = true;
	}
	if (r < 0)
		return r;
	return have_head ? 0 : err_at(err, ERR_TRUST, path, 1, 0, "the lock is empty");
}

/* A lock begins with its format. What does not may be anything, by a link for instance, and nothing
 * of it is shown. */
static bool is_like_lock(const struct text *text)
{
	return !text->length || starts_with(text->data, "Format:");
}

static int no_lock(const char *path, struct err *err)
{
	err_at(err, ERR_TRUST, path, 1, 0, "this is no lock: it does not begin with its format");
	err_hide_line(err);
	return err_hint(err, "'netrescue lock RECIPE' prints a lock; every result has one");
}

int lock_parse(const char *path, const struct text *text, struct lock *ret, struct err *err)
{
	CLEANUP(lock_release) struct lock l = { 0 };
	int r = is_like_lock(text) ? read_stanzas(path, text, &l, err) : no_lock(path, err);

	if (r < 0)
		return r;
	r = check_canonical(path, text, &l, err);
	if (r < 0)
		return r;
	lock_digest(&l);
	l.path = xstrdup(path);
	*ret = TAKE(l);
	return 0;
}

int lock_read_fd(int fd, const char *path, struct lock *ret, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	int r = read_fd(fd, path, LOCK_SIZE_MAX, &text, err);

	return r < 0 ? r : lock_parse(path, &text, ret, err);
}

int lock_read(const char *path, struct lock *ret, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	int r = read_file(AT_FDCWD, path, LOCK_SIZE_MAX, &text, err);

	if (r < 0) {
		err->class = ERR_USAGE; /* The user has named this file. */
		return err_hint(err, "'netrescue lock RECIPE' prints a lock; every result has one");
	}
	return lock_parse(path, &text, ret, err);
}
