/* SPDX-License-Identifier: MIT */
#include "recipe/debconf.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define BLANK " \t"
#define FORM "OWNER QUESTION TYPE VALUE, as debconf-set-selections(1) reads it"

/* What debconf-set-selections takes, but for the flag `seen`, which every answer sets. */
static const struct {
	const char *name;
	bool may_be_empty;
} types[] = {
	{ "boolean", false }, { "select", false }, { "string", true }, { "multiselect", true },
	{ "note", true },     { "text", true },	   { "title", true },  { "password", false },
};

/* Questions that a key of the recipe answers: those whose names begin so. */
static const struct {
	const char *question, *hint;
} keys[] = {
	{ "locales/locales_to_be_generated", "that is what the key 'locales' says" },
	{ "locales/default_environment_locale", "that is what the key 'default-locale' says" },
	{ "tzdata/", "that is what the key 'timezone' says" },
	{ "keyboard-configuration/xkb-keymap", "that is what the key 'keymap' says" },
	{ "keyboard-configuration/layout", "that is what the key 'keymap' says" },
	{ "keyboard-configuration/variant", "that is what the key 'keymap' says" },
	{ "console-setup/charmap", "that is what the key 'console.charmap' says" },
	{ "console-setup/fontface", "that is what the key 'console.font' says" },
	{ "console-setup/fontsize", "that is what the key 'console.size' says" },
};

/* The word of that number, from 0; *ret_end is what follows it. NULL if there is none. */
static char *word_of(const char *line, unsigned number, const char **ret_end)
{
	for (;; number--) {
		const char *word = line + strspn(line, BLANK);

		line = word + strcspn(word, BLANK);
		if (line == word)
			return NULL;
		*ret_end = line;
		if (number == 0)
			return xstrndup(word, (size_t)(line - word));
	}
}

char *debconf_owner(const char *line)
{
	const char *end;

	return word_of(line, 0, &end);
}

char *debconf_question(const char *line)
{
	const char *end;

	return word_of(line, 1, &end);
}

const char *debconf_value(const char *line)
{
	const char *end = line;

	free(word_of(line, 2, &end));
	return *end ? end + 1 : end;
}

static bool is_value(const char *type, const char *value, const char **hint)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(types) && !streq(types[i].name, type))
		i++;
	if (i == ARRAY_SIZE(types))
		*hint = "the third word is the type: boolean, select, multiselect, string, note, "
			"text or title";
	else if (!*value && !types[i].may_be_empty)
		*hint = "the value is missing: " FORM;
	else if (streq(type, "boolean") && !streq(value, "true") && !streq(value, "false"))
		*hint = "after 'boolean' and one blank comes true or false";
	else if (ends_with(value, "\\"))
		*hint = "write the answer in one line: a '\\' at its end would join the next one";
	else
		return true;
	return false;
}

bool debconf_is_answer(const char *line, const char **hint)
{
	const char *end;
	cleanup_free char *question = debconf_question(line);
	cleanup_free char *type = word_of(line, 2, &end);

	if (!question || !type) {
		*hint = "an answer is " FORM;
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!starts_with(question, keys[i].question))
			continue;
		*hint = keys[i].hint;
		return false;
	}
	return is_value(type, debconf_value(line), hint);
}

bool debconf_is_password(const char *line)
{
	const char *end;
	cleanup_free char *type = word_of(line, 2, &end);

	return type && streq(type, "password");
}

void debconf_add(struct recipe_list *answers, const char *line, const struct position *at)
{
	cleanup_free char *question = debconf_question(line);

	for (size_t i = 0; i < answers->count; i++) {
		struct recipe_name *other = &answers->item[i];
		cleanup_free char *same = debconf_question(other->value);

		if (!streq(same, question))
			continue;
		free(other->value);
		other->value = xstrdup(line);
		other->at = *at;
		return;
	}
	recipe_list_add(answers, line, at);
}

static bool is_line(const char *value)
{
	return strpbrk(value, BLANK) != NULL;
}

static bool is_answer_or_path(const char *value, const char **hint)
{
	return is_line(value) ? debconf_is_answer(value, hint) : format_local_path.is(value, hint);
}
const struct format format_answer_or_path = {
	.is = is_answer_or_path,
	.is_line = is_line,
	.noun = "an answer for debconf",
	.rule = "a line OWNER QUESTION TYPE VALUE, as debconf-set-selections(1) reads it, or the "
		"path of a file of such lines",
};
