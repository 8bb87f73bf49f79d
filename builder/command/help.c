/* SPDX-License-Identifier: MIT */
#include "command/help.h"

#include <string.h>

#define WIDTH 79
#define VERB_COLUMN 15
#define OPTION_WIDTH_MAX 24 /* a longer option has a line to itself */
#define EXAMPLE_COLUMN 6
#define OPTION_TEXT_SIZE 64

const struct exit_code exit_codes[] = {
	{ "0", "done" },
	{ "1", "the build failed; diff: there are differences" },
	{ "2", "the command line or the recipe is wrong" },
	{ "3", "a signature, a hash or a lock does not hold" },
	{ "4", "the network failed" },
	{ "5", "the boot or the verification failed" },
	{ "128+N", "ended by signal N" },
	{ NULL, NULL },
};

/* Characters, of which continuation bytes of UTF-8 are none. */
static size_t columns(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Words up to WIDTH; lines after the first begin in column `indent`. The cursor is in column
 * `at`. A newline in the text stays. */
static void put_folded(const char *text, size_t at, size_t indent, FILE *to)
{
	bool first = true;

	while (*text) {
		size_t word = strcspn(text, " \n"), width = columns(text, word);

		if (!first && at + 1 + width > WIDTH) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', to);
			at++;
		}
		fwrite(text, 1, word, to);
		at += width;
		first = false;
		text += word;
		for (; *text == '\n'; text++, first = true, at = indent)
			fprintf(to, "\n%*s", text[1] == '\n' ? 0 : (int)indent, "");
		if (*text == ' ')
			text++;
	}
	fputc('\n', to);
}

void help_print(const struct verb *const *verbs, FILE *to)
{
	fputs("Makes Debian rescue systems that boot over the network, from recipes.\n"
	      "\nusage: netrescue VERB [OPTION…] [ARGUMENT…]\n\n",
	      to);
	for (const struct verb *const *v = verbs; *v; v++)
		if (!(*v)->hidden) {
			fprintf(to, "  %-*s", VERB_COLUMN - 2, (*v)->name);
			put_folded((*v)->summary, VERB_COLUMN, VERB_COLUMN, to);
		}
	fputs("\n'netrescue VERB --help' explains a verb, 'netrescue man | man -l -' everything.\n"
	      "Try: netrescue build rescue64\n\nexit codes:\n",
	      to);
	for (const struct exit_code *e = exit_codes; e->code; e++)
		fprintf(to, "  %-*s%s\n", VERB_COLUMN - 2, e->code, e->meaning);
}

/* "-j, --jobs N" */
static void option_text(const struct option_row *row, char text[OPTION_TEXT_SIZE])
{
	char letter[8] = "";

	if (row->letter)
		(void)snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	(void)snprintf(text, OPTION_TEXT_SIZE, "%s--%s%s%s", letter, row->name,
		       row->argument ? " " : "", row->argument ? row->argument : "");
}

/* Long options stand below one another, whether they have a letter or not. */
static size_t put_option(const struct option_row *row, FILE *to)
{
	char text[OPTION_TEXT_SIZE];

	option_text(row, text);
	return (size_t)fprintf(to, "%s%s", row->letter ? "" : "    ", text);
}

static size_t widest_option(const struct verb *verb)
{
	size_t widest = 0;

	for (const struct option_row *row = NULL; (row = option_next(verb, row));) {
		char text[OPTION_TEXT_SIZE];

		if (row->kind == OPTION_GROUP)
			continue;
		option_text(row, text);
		size_t width = strlen(text) + (row->letter ? 0 : 4);
		if (width > widest && width <= OPTION_WIDTH_MAX)
			widest = width;
	}
	return widest;
}

static void print_options(const struct verb *verb, FILE *to)
{
	const size_t column = 2 + widest_option(verb) + 2;

	for (const struct option_row *row = NULL; (row = option_next(verb, row));) {
		if (row->kind == OPTION_GROUP) {
			fprintf(to, "\n%s:\n", row->help);
			continue;
		}
		if (row == verb->option)
			fputs("\noptions:\n", to);
		fputs("  ", to);
		size_t at = 2 + put_option(row, to);
		if (at + 2 > column) {
			fputc('\n', to);
			at = 0;
		}
		fprintf(to, "%*s", (int)(column - at), "");
		put_folded(row->help, column, column, to);
	}
}

void help_print_verb(const struct verb *verb, FILE *to)
{
	fprintf(to, "usage: netrescue %s [OPTION…]%s%s\n\n", verb->name,
		*verb->arguments ? " " : "", verb->arguments);
	put_folded(verb->description, 0, 0, to);
	print_options(verb, to);
	if (verb->example)
		fputs("\nexamples:\n", to);
	for (const struct example *e = verb->example; e && e->command; e++) {
		fprintf(to, "  netrescue %s\n%*s", e->command, EXAMPLE_COLUMN, "");
		put_folded(e->what, EXAMPLE_COLUMN, EXAMPLE_COLUMN, to);
	}
}
