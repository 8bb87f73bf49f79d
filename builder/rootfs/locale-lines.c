/* SPDX-License-Identifier: MIT */
#include "rootfs/locale-lines.h"

#include <string.h>

#include "base/memory.h"
#include "deb/deb.h"

#define SUPPORTED "usr/share/i18n/SUPPORTED"
#define SUPPORTED_MAX ((size_t)1 << 20)

/* "am_ET UTF-8" of "am_ET.UTF-8", "de_DE@euro ISO-8859-15" of "de_DE.ISO-8859-15@euro"; NULL if
 * there is no charset in it. */
static char *with_charset_behind(const char *locale)
{
	const char *dot = strchr(locale, '.');
	size_t charset = dot ? strcspn(dot + 1, "@") : 0;

	return dot ? xasprintf("%.*s%s %.*s", (int)(dot - locale), locale, dot + 1 + charset,
			       (int)charset, dot + 1)
		   : NULL;
}

/* Whether the line is the one of that locale: its name, or all of it. */
static bool is_line_of(const char *line, const char *locale)
{
	const size_t length = strlen(locale);

	return starts_with(line, locale) && (!line[length] || line[length] == ' ');
}

static const char *find_line(const struct strv *lines, const char *locale)
{
	cleanup_free char *behind = with_charset_behind(locale);

	for (size_t i = 0; i < lines->count; i++)
		if (is_line_of(lines->item[i], locale))
			return lines->item[i];
	for (size_t i = 0; i < lines->count && behind; i++)
		if (streq(lines->item[i], behind))
			return lines->item[i];
	return NULL;
}

/* The locale of a line as a recipe would write it: with its charset in its name where it can. */
static char *as_written(const char *line)
{
	const char *blank = strchr(line, ' ');
	cleanup_free char *name = xstrndup(line, (size_t)(blank - line));
	const char *modifier = name + strcspn(name, "@");

	if (strchr(name, '.'))
		return xstrdup(name);
	if (streq(blank, " UTF-8"))
		return xasprintf("%.*s.UTF-8%s", (int)(modifier - name), name, modifier);
	return *modifier ? xstrdup(name) : xstrdup(line);
}

static int unknown_locale(const struct strv *lines, const char *where,
			  const struct recipe_name *locale, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	CLEANUP(strv_release) struct strv near = { 0 };

	position_error(&locale->at, err, "no locale '%s' in %s", locale->value, where);
	for (size_t i = 0; i < lines->count; i++)
		strv_add_take(&names, as_written(lines->item[i]));
	nearest(locale->value, (const char *const *)names.item, names.count, 1, &near);
	if (near.count)
		return err_hint(err, "did you mean '%s'?", near.item[0]);
	return err_hint(err, "its /" SUPPORTED " lists what there is");
}

/* The lines without comments and without the blanks that some end with. */
static void read_list(const char *text, struct strv *ret)
{
	CLEANUP(strv_release) struct strv line = { 0 };

	strv_split(&line, text, "\n");
	for (size_t i = 0; i < line.count; i++) {
		CLEANUP(strv_release) struct strv word = { 0 };

		strv_split(&word, line.item[i], " \t");
		if (word.count == 2 && *word.item[0] != '#')
			strv_addf(ret, "%s %s", word.item[0], word.item[1]);
	}
}

int locale_lines_match(const char *supported, const char *where, const struct recipe_list *locales,
		       struct strv *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv lines = { 0 };

	read_list(supported, &lines);
	for (size_t i = 0; i < locales->count; i++) {
		const char *line = find_line(&lines, locales->item[i].value);

		if (!line)
			return unknown_locale(&lines, where, &locales->item[i], err);
		strv_add(ret, line);
	}
	return 0;
}

int locale_lines_find(struct store *s, const struct lock *lock, const struct recipe *recipe,
		      struct strv *ret, struct err *err)
{
	const struct package *p = packages_find(&lock->packages, "locales", ROLE_IMAGE);
	CLEANUP(text_release) struct text supported = { 0 };
	cleanup_free char *where = NULL;
	int r;

	/* That there is the package is the recipe's to see (recipe/validate.c). */
	if (!recipe->locales.count || !p)
		return 0;
	r = deb_read_member(s, p, SUPPORTED, SUPPORTED_MAX, &supported, err);
	if (r < 0)
		return r;
	where = xasprintf("the package locales %s", p->version);
	return locale_lines_match(supported.data, where, &recipe->locales, ret, err);
}
