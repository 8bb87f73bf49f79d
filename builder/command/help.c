/* SPDX-License-Identifier: MIT */
/* --help, the man page and the completion, all made from the tables of verbs and options. */
#include <string.h>

#include "command/cli.h"

static const char exit_codes[] =
	"0 done · 1 the build failed · 2 command line or recipe · 3 signature, hash "
	"or lock · 4 network · 5 boot or verification failed · "
	"128+N ended by signal N";

void help_print(FILE *to)
{
	fprintf(to, "netrescue turns a recipe into a Debian rescue system that boots over the "
		    "network.\n\nusage: netrescue VERB [OPTION…] [ARGUMENT…]\n\n");
	for (const struct verb *const *v = verbs; *v; v++)
		if (!(*v)->hidden)
			fprintf(to, "  %-14s %s\n", (*v)->name, (*v)->summary);
	fprintf(to,
		"\n'netrescue VERB --help' explains a verb. Try: netrescue build "
		"recipes/rescue64.yaml\n\nexit codes: %s\n",
		exit_codes);
}

static void option_text(const struct option_row *row, char *buffer, size_t size)
{
	char letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(buffer, size, "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
		 row->argument ? row->argument : "");
}

/* Words up to 79 columns a line; a newline in the text stays. */
static void put_folded(const char *text, FILE *to)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " \n");

		if (column > 0 && column + 1 + word > 79) {
			fputc('\n', to);
			column = 0;
		}
		if (column > 0)
			column += (size_t)fprintf(to, " ");
		column += fwrite(text, 1, word, to);
		text += word;
		for (; *text == '\n'; text++, column = 0)
			fputc('\n', to);
		if (*text == ' ')
			text++;
	}
	fputc('\n', to);
}

void help_print_verb(const struct verb *verb, FILE *to)
{
	char text[64];

	fprintf(to, "usage: netrescue %s [OPTION…] %s\n\n", verb->name, verb->arguments);
	put_folded(verb->description, to);
	fputs("\noptions:\n", to);
	for (const struct option_row *const *row = verb->option; *row; row++) {
		option_text(*row, text, sizeof(text));
		fprintf(to, "  %-22s  %s\n", text, (*row)->help);
	}
}

/* troff takes a leading dot or quote as a request and a plain minus as a hyphen. */
static void put_troff(const char *s, FILE *to)
{
	for (const char *p = s; *p; p++) {
		if ((*p == '.' || *p == '\'') && (p == s || p[-1] == '\n'))
			fputs("\\&", to);
		if (*p == '\\')
			fputs("\\e", to);
		else if (*p == '-')
			fputs("\\-", to);
		else if (*p == '\n' && p[1] == '\n') {
			fputs("\n.PP", to);
		} else
			fputc(*p, to);
	}
}

void help_print_man(FILE *to)
{
	char text[64];

	fputs(".TH NETRESCUE 1\n.SH NAME\nnetrescue \\- Debian rescue systems that boot over the "
	      "network\n.SH SYNOPSIS\n.B netrescue\n.I VERB\n[\\fIOPTION\\fR...] "
	      "[\\fIARGUMENT\\fR...]\n.SH DESCRIPTION\nTurns a recipe into a Debian system that "
	      "boots over the network: the same inputs give the same bytes.\n.SH VERBS\n",
	      to);
	for (const struct verb *const *v = verbs; *v; v++) {
		if ((*v)->hidden)
			continue;
		fprintf(to, ".SS netrescue %s ", (*v)->name);
		put_troff((*v)->arguments, to);
		fputs("\n", to);
		put_troff((*v)->description, to);
		for (const struct option_row *const *row = (*v)->option; *row; row++) {
			option_text(*row, text, sizeof(text));
			fputs("\n.TP\n.B ", to);
			put_troff(text + strspn(text, " "), to);
			fputs("\n", to);
			put_troff((*row)->help, to);
		}
		fputs("\n", to);
	}
	fputs(".SH EXIT STATUS\n", to);
	put_troff(exit_codes, to);
	fputs("\n.SH ENVIRONMENT\n.TP\n.B NETRESCUE_STORE\nthe store, instead of "
	      "~/.cache/netrescue\n.TP\n.B NETRESCUE_TREE\ndisk: keep the tree in the store's file "
	      "system while it is built, even if memory would hold it\n.TP\n.B NO_COLOR\nno "
	      "colours\n",
	      to);
}

static void put_words(const struct verb *verb, FILE *to)
{
	for (const struct option_row *const *row = verb->option; *row; row++)
		fprintf(to, " --%s", (*row)->name);
}

void help_print_completion(FILE *to)
{
	fputs("# bash completion of netrescue\n_netrescue()\n{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal words=\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords='",
	      to);
	for (const struct verb *const *v = verbs; *v; v++)
		if (!(*v)->hidden)
			fprintf(to, "%s ", (*v)->name);
	fputs("'\n\telif [[ $previous == --sandbox ]]; then\n\t\twords='auto namespace guestfs'\n"
	      "\telif [[ $word == -* ]]; then\n\t\tcase ${COMP_WORDS[1]} in\n",
	      to);
	for (const struct verb *const *v = verbs; *v; v++) {
		if ((*v)->hidden)
			continue;
		fprintf(to, "\t\t%s) words='", (*v)->name);
		put_words(*v, to);
		fputs("' ;;\n", to);
	}
	fputs("\t\tesac\n\telse\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	      "\t\treturn\n\tfi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\n"
	      "complete -o filenames -F _netrescue netrescue\n",
	      to);
}
