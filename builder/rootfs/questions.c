/* SPDX-License-Identifier: MIT */
#include "rootfs/questions.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "deb/package.h"
#include "recipe/debconf.h"

#define OUTPUT SANDBOX_SCRATCH "/questions"
#define OUTPUT_MAX ((size_t)16 << 20)
#define DATABASE "/var/cache/debconf/config.dat"
#define HELP_MAX 3

struct question {
	char *name;
	char *type;
	char *choices; /* "one, two"; NULL: none, or made when it is asked */
};

struct questions {
	struct question *item;
	size_t count;
	size_t allocated;
};

static void questions_release(struct questions *q)
{
	for (size_t i = 0; i < q->count; i++) {
		free(q->item[i].name);
		free(q->item[i].type);
		free(q->item[i].choices);
	}
	free(q->item);
	*q = (struct questions){ 0 };
}

/* The value of a line "FIELD: VALUE" if it is that field's; the caller frees it. */
static char *field(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (!starts_with(line, name) || line[length] != ':')
		return NULL;
	line += length + 1;
	return xstrdup(line + strspn(line, " "));
}

static void replace(char **text, char *by)
{
	free(*text);
	*text = by;
}

/* Of a template, the three fields; all others are skipped. Choices-C are the values where Choices
 * are for people (debconf-devel(7)), and come after them. */
static void parse(char *text, struct questions *ret)
{
	for (char *line = text, *end; line && *line; line = end) {
		struct question *q = ret->count ? &ret->item[ret->count - 1] : NULL;
		char *value;

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if ((value = field(line, "Template"))) {
			GROW(ret->item, ret->count, ret->allocated);
			ret->item[ret->count++] = (struct question){ .name = value };
		} else if (q && (value = field(line, "Type"))) {
			replace(&q->type, value);
		} else if (q && ((value = field(line, "Choices")) ||
				 (value = field(line, "Choices-C")))) {
			replace(&q->choices, value);
		}
	}
}

/* The templates that a command writes to stdout. */
static int read_templates(struct rootfs *rootfs, const char *const *argv, struct questions *ret,
			  struct err *err)
{
	struct sandbox_command command = { .argv = argv, .output = OUTPUT, .may_fail = true };
	CLEANUP(text_release) struct text text = { 0 };
	int r = sandbox_run(rootfs->sandbox, &command, 1, err);

	if (r < 0)
		return r;
	r = sandbox_read(rootfs->sandbox, OUTPUT, OUTPUT_MAX, &text, err);
	if (r < 0)
		return r;
	parse(text.data, ret);
	return 0;
}

static const struct question *find(const struct questions *q, const char *name)
{
	for (size_t i = 0; i < q->count; i++)
		if (streq(q->item[i].name, name))
			return &q->item[i];
	return NULL;
}

/* Whether a script has made that question of a template with another name (db_register). */
static bool is_registered(const struct questions *q, const char *database, const char *name)
{
	cleanup_free char *entry = xasprintf("Name: %s\nTemplate: ", name);
	const char *template = strstr(database, entry);

	if (!template || (template > database && template[-1] != '\n'))
		return false;
	template += strlen(entry);
	cleanup_free char *of = xstrndup(template, strcspn(template, "\n"));
	return find(q, of) != NULL;
}

static bool has_choice(const char *choices, const char *value)
{
	CLEANUP(strv_release) struct strv choice = { 0 };

	strv_split(&choice, choices, ",");
	for (size_t i = 0; i < choice.count; i++)
		if (streq(choice.item[i] + strspn(choice.item[i], " "), value))
			return true;
	return false;
}

static void warn_unasked(const struct rootfs *rootfs, const struct questions *q,
			 const struct recipe_name *answer, const char *name)
{
	cleanup_free const char **names = xcalloc(q->count + 1, sizeof(*names));
	cleanup_free char *place = position_text(&answer->at);
	cleanup_free char *owner = debconf_owner(answer->value);
	CLEANUP(strv_release) struct strv near = { 0 };

	for (size_t i = 0; i < q->count; i++)
		names[i] = q->item[i].name;
	nearest(name, names, q->count, 1, &near);
	if (near.count)
		log_warning("%s: nobody asked '%s' (did you mean '%s'?)", place, name,
			    near.item[0]);
	else if (!packages_find(&rootfs->lock->packages, owner, ROLE_IMAGE))
		log_warning("%s: nobody asked '%s': the image has no package '%s'", place, name,
			    owner);
	else
		log_warning("%s: nobody asked '%s'", place, name);
}

static void check_answer(const struct rootfs *rootfs, const struct questions *q,
			 const char *database, const struct recipe_name *answer)
{
	cleanup_free char *name = debconf_question(answer->value);
	cleanup_free char *place = position_text(&answer->at);
	const char *value = debconf_value(answer->value);
	const struct question *question = find(q, name);

	if (!question && !is_registered(q, database, name)) {
		warn_unasked(rootfs, q, answer, name);
		return;
	}
	if (!question || !question->type || !streq(question->type, "select") ||
	    !question->choices || strpbrk(question->choices, "$\\") ||
	    has_choice(question->choices, value))
		return;
	log_warning("%s: '%s' is no choice of '%s', which has %s", place, value, name,
		    question->choices);
}

int questions_check(struct rootfs *rootfs, struct err *err)
{
	static const char *const argv[] = {
		"sh", "-c",
		"grep -hE '^(Template|Type|Choices(-C)?):' /var/lib/dpkg/info/*.templates", NULL
	};
	const struct recipe_list *answers = &rootfs->recipe->debconf;
	CLEANUP(questions_release) struct questions q = { 0 };
	CLEANUP(text_release) struct text database = { 0 };
	int r;

	if (answers->count == 0)
		return 0;
	r = read_templates(rootfs, argv, &q, err);
	if (r < 0)
		return r;
	r = sandbox_read(rootfs->sandbox, DATABASE, OUTPUT_MAX, &database, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < answers->count; i++)
		check_answer(rootfs, &q, database.data, &answers->item[i]);
	return 0;
}

static bool is_answered(const struct recipe *recipe, const char *question)
{
	for (size_t i = 0; i < recipe->debconf.count; i++) {
		cleanup_free char *name = debconf_question(recipe->debconf.item[i].value);

		if (streq(name, question))
			return true;
	}
	return false;
}

/* A line of the recipe that would answer it, with the first choice; NULL if it is no question, but
 * a text, or one that a key answers. The caller frees it. */
static char *answer_to(const struct question *q, const char *package)
{
	const bool given = q->choices && !strpbrk(q->choices, "$\\");
	const char *hint;
	cleanup_free char *choice =
		given ? xstrndup(q->choices, strcspn(q->choices, ",")) : xstrdup("VALUE");
	char *line;

	if (!q->type || !(streq(q->type, "boolean") || streq(q->type, "select") ||
			  streq(q->type, "multiselect") || streq(q->type, "string")))
		return NULL;
	line = xasprintf("%s %s %s %s", package, q->name, q->type,
			 streq(q->type, "boolean") ? "true" : choice);
	if (debconf_is_answer(line, &hint))
		return line;
	free(line);
	return NULL;
}

static void add_help(const struct rootfs *rootfs, const struct questions *q, const char *package,
		     struct text *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < q->count && count < HELP_MAX; i++) {
		cleanup_free char *line = answer_to(&q->item[i], package);

		if (!line || is_answered(rootfs->recipe, q->item[i].name))
			continue;
		if (count++ == 0)
			text_add(ret, "if its script lacks an answer, give it in the recipe, such "
				      "as\ndebconf:");
		text_printf(ret, "\n  - %s", line);
	}
}

char *questions_help(struct rootfs *rootfs, const char *package, const char *failed)
{
	const bool unpacked = *failed != '/';
	const char *const argv[] = { unpacked ? "dpkg-query" : "dpkg-deb",
				     unpacked ? "--control-show" : "--info", failed, "templates",
				     NULL };
	CLEANUP(questions_release) struct questions q = { 0 };
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text help = { 0 };

	if (read_templates(rootfs, argv, &q, &ignored) < 0)
		return NULL;
	add_help(rootfs, &q, package, &help);
	return help.length > 0 ? text_take(&help) : NULL;
}
