/* SPDX-License-Identifier: MIT */
#include "command/completion.h"

#include <string.h>

#include "base/memory.h"
#include "command/shipped.h"

/* What the name of an argument, in the tables, says of its values. */
enum kind { KIND_NONE, KIND_FILES, KIND_DIRECTORIES, KIND_RECIPES };

static enum kind kind_of(const char *argument)
{
	static const struct {
		const char *word;
		enum kind kind;
	} kinds[] = {
		{ "KEY=VALUE", KIND_NONE }, { "RECIPE", KIND_RECIPES }, { "DIR", KIND_DIRECTORIES },
		{ "FILE", KIND_FILES },	    { "LOCK", KIND_FILES },	{ "KEY", KIND_FILES },
		{ "OLD", KIND_FILES },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strstr(argument, kinds[i].word))
			return kinds[i].kind;
	return KIND_NONE;
}

static char *recipe_names(void)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	shipped_recipes(&names);
	return names.count > 0 ? strv_join(&names, " ") : xstrdup("");
}

/* ---- bash ----------------------------------------------------------------------------------- */

static const char bash_head[] =
	"# Completion of netrescue for bash, printed by `netrescue completion bash`.\n"
	"# shellcheck shell=bash\n\n"
	"# What can follow: `words`, or a `kind` of file.\n";

static const char bash_tail[] =
	"_netrescue()\n{\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal verb=${COMP_WORDS[1]} words='' kind=''\n\n"
	"\t# bash takes --option=value for three words.\n"
	"\tif [[ $word == '=' ]]; then\n"
	"\t\tword=''\n"
	"\telif [[ $previous == '=' ]]; then\n"
	"\t\tprevious=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\tfi\n"
	"\tif ((COMP_CWORD == 1)); then\n"
	"\t\t_netrescue_verbs\n"
	"\telif _netrescue_value \"$verb $previous\"; then\n"
	"\t\t:\n"
	"\telif [[ $word == -* ]]; then\n"
	"\t\t_netrescue_options \"$verb\"\n"
	"\telse\n"
	"\t\t_netrescue_argument \"$verb\"\n"
	"\tfi\n"
	"\tcase $kind in\n"
	"\tfiles) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
	"\tdirectories) mapfile -t COMPREPLY < <(compgen -d -- \"$word\") ;;\n"
	"\trecipes)\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\"\n"
	"\t\t\tcompgen -f -X '!*.yaml' -- \"$word\"; compgen -d -- \"$word\") ;;\n"
	"\t*) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\") ;;\n"
	"\tesac\n"
	"\tif [[ $kind ]]; then\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\tfi\n"
	"}\n"
	"complete -F _netrescue netrescue\n";

static void put_bash_kind(enum kind kind, FILE *to)
{
	switch (kind) {
	case KIND_FILES:
		fputs("kind=files", to);
		break;
	case KIND_DIRECTORIES:
		fputs("kind=directories", to);
		break;
	case KIND_RECIPES: {
		cleanup_free char *names = recipe_names();

		fprintf(to, "kind=recipes words='%s'", names);
		break;
	}
	case KIND_NONE:
		fputs(":", to);
		break;
	}
}

static void put_bash_verbs(const struct verb *const *verbs, FILE *to)
{
	fputs("_netrescue_verbs()\n{\n\twords='", to);
	for (const struct verb *const *v = verbs; *v; v++)
		if (!(*v)->hidden)
			fprintf(to, "%s ", (*v)->name);
	fputs("--help --version'\n}\n\n", to);
}

static void put_bash_values(const struct verb *verb, FILE *to)
{
	for (const struct option_row *row = NULL; (row = option_next(verb, row));) {
		if (!row->argument)
			continue;
		fprintf(to, "\t'%s --%s'", verb->name, row->name);
		if (row->letter)
			fprintf(to, " | '%s -%c'", verb->name, row->letter);
		fputs(") ", to);
		if (row->words)
			fprintf(to, "words='%s'", row->words);
		else
			put_bash_kind(kind_of(row->argument), to);
		fputs(" ;;\n", to);
	}
}

static void put_bash_options(const struct verb *verb, FILE *to)
{
	fprintf(to, "\t%s) words='", verb->name);
	for (const struct option_row *row = NULL; (row = option_next(verb, row));)
		if (row->name)
			fprintf(to, "--%s ", row->name);
	fputs("' ;;\n", to);
}

/* A verb's own words are its first argument. */
static void put_bash_argument(const struct verb *verb, FILE *to)
{
	fprintf(to, "\t%s) ", verb->name);
	if (verb->words)
		fprintf(to, "if ((COMP_CWORD == 2)); then words='%s'; else ", verb->words);
	put_bash_kind(kind_of(verb->arguments), to);
	fputs(verb->words ? "; fi ;;\n" : " ;;\n", to);
}

static void put_bash_case(const char *name, const struct verb *const *verbs,
			  void (*put)(const struct verb *verb, FILE *to), const char *otherwise,
			  FILE *to)
{
	fprintf(to, "_netrescue_%s()\n{\n\tcase $1 in\n", name);
	for (const struct verb *const *v = verbs; *v; v++)
		if (!(*v)->hidden)
			put(*v, to);
	fprintf(to, "%s\tesac\n}\n\n", otherwise);
}

void completion_print_bash(const struct verb *const *verbs, FILE *to)
{
	fputs(bash_head, to);
	put_bash_verbs(verbs, to);
	put_bash_case("value", verbs, put_bash_values, "\t*) return 1 ;;\n", to);
	put_bash_case("options", verbs, put_bash_options, "", to);
	put_bash_case("argument", verbs, put_bash_argument, "", to);
	fputs(bash_tail, to);
}

/* ---- zsh ------------------------------------------------------------------------------------ */

static const char zsh_head[] =
	"#compdef netrescue\n"
	"# Completion of netrescue for zsh, printed by `netrescue completion zsh`.\n\n"
	"_netrescue_recipes()\n{\n"
	"\t_alternative 'recipes:recipe:(%s)' 'files:file:_files -g \"*.yaml\"'\n"
	"}\n\n"
	"_netrescue()\n{\n"
	"\tlocal context state line curcontext=$curcontext\n"
	"\ttypeset -A opt_args\n"
	"\tlocal -a verbs=(\n";

static const char zsh_middle[] = "\t)\n\n"
				 "\t_arguments -C '(- *)--help[explain netrescue]' "
				 "'(- *)--version[print the version]' "
				 "'1:verb:->verb' '*::argument:->argument'\n"
				 "\tif [[ $state == verb ]]; then\n"
				 "\t\t_describe -t verbs verb verbs\n"
				 "\t\treturn\n"
				 "\tfi\n"
				 "\tcase $words[1] in\n";

static const char zsh_tail[] = "\tesac\n"
			       "}\n\n"
			       "if [[ $funcstack[1] == _netrescue ]]; then\n"
			       "\t_netrescue \"$@\"\n"
			       "else\n"
			       "\tcompdef _netrescue netrescue\n"
			       "fi\n";

/* In single quotes, where these characters mean something to _arguments. */
static void put_zsh_text(const char *text, FILE *to)
{
	for (const char *s = text; *s; s++) {
		if (*s == '\'')
			fputs("'\\'", to);
		else if (strchr("[]:\\", *s))
			fputc('\\', to);
		fputc(*s, to);
	}
}

static void put_zsh_action(const char *words, const char *argument, FILE *to)
{
	static const char *const action[] = {
		[KIND_NONE] = " ",
		[KIND_FILES] = "_files",
		[KIND_DIRECTORIES] = "_files -/",
		[KIND_RECIPES] = "_netrescue_recipes",
	};

	if (words)
		fprintf(to, "(%s)", words);
	else
		fputs(action[kind_of(argument)], to);
}

static void put_zsh_option(const struct option_row *row, FILE *to)
{
	fputs(" \\\n\t\t\t", to);
	if (row->kind == OPTION_LIST)
		fputs("'*'", to);
	else if (row->letter)
		fprintf(to, "'(-%c --%s)'", row->letter, row->name);
	if (row->letter)
		fprintf(to, "{-%c%s,--%s%s}", row->letter, row->argument ? "+" : "", row->name,
			row->argument ? "=" : "");
	else
		fprintf(to, "--%s%s", row->name, row->argument ? "=" : "");
	fputs("'[", to);
	put_zsh_text(row->help, to);
	fputc(']', to);
	if (row->argument) {
		fputc(':', to);
		put_zsh_text(row->argument, to);
		fputc(':', to);
		put_zsh_action(row->words, row->argument, to);
	}
	fputc('\'', to);
}

static void put_zsh_verb(const struct verb *verb, FILE *to)
{
	fprintf(to, "\t%s)\n\t\t_arguments -s", verb->name);
	for (const struct option_row *row = NULL; (row = option_next(verb, row));)
		if (row->name)
			put_zsh_option(row, to);
	if (verb->words) {
		fputs(" \\\n\t\t\t'1:argument:", to);
		put_zsh_action(verb->words, verb->arguments, to);
		fputc('\'', to);
	}
	if (kind_of(verb->arguments) != KIND_NONE) {
		fputs(" \\\n\t\t\t'*:argument:", to);
		put_zsh_action(NULL, verb->arguments, to);
		fputc('\'', to);
	}
	fputs(" ;;\n", to);
}

void completion_print_zsh(const struct verb *const *verbs, FILE *to)
{
	cleanup_free char *names = recipe_names();

	fprintf(to, zsh_head, names);
	for (const struct verb *const *v = verbs; *v; v++) {
		if ((*v)->hidden)
			continue;
		fprintf(to, "\t\t'%s:", (*v)->name);
		put_zsh_text((*v)->summary, to);
		fputs("'\n", to);
	}
	fputs(zsh_middle, to);
	for (const struct verb *const *v = verbs; *v; v++)
		if (!(*v)->hidden)
			put_zsh_verb(*v, to);
	fputs(zsh_tail, to);
}
