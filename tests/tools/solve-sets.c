/* SPDX-License-Identifier: MIT */
/*
 * Solves many package sets over one pool of Packages files, for tests/real/solver-oracle.t.
 *
 *	solve-sets [--parsed STORE] ARCHITECTURE[,FOREIGN] SUITE:COMPONENT:REPOSITORY:FILE… <SETS
 *
 * FILE is plain text, of the foreign architecture if binary-FOREIGN is in its name; what apt has of
 * its Release lies beside it, as apt names these. With --parsed the texts are put into that store, which must be new, and the
 * answers come from their parsed form alone, as in every build but the first. A set is one line of words: `priority=required` `exclude=x` `recommends`
 * `kernel=x` `sysvinit`
 * `pin=PACKAGE;PIN;PRIORITY` (with _ for blanks) and, without "=" before a name, packages; or `recipe=FILE` alone. Answers,
 * in order:
 *
 *	set LINE
 *	asked NAME                in the order in which it was asked for, which decides
 *	…
 *	package NAME VERSION ARCHITECTURE [automatic] [base] [essential] [boot]
 *	…
 *	end                       or:  refused MESSAGE
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err-report.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/store.h"
#include "deb/deb822.h"
#include "solve/pins.h"
#include "solve/resolve.h"

static void die(struct err *err)
{
	err_print(err, stderr);
	exit(err_exit_code(err));
}

/* One FILE of the command line. */
struct source_file {
	char *suite, *component, *repository, *path; /* borrowed from the argument */
	const char *architecture;
	struct deb822_stanza release; /* kept to the end; empty if there is none */
	char sha256[DIGEST_HEX];      /* with --parsed: of the blob in the store */
};

static struct source_file split_argument(char *argument)
{
	struct source_file f = { .suite = strtok(argument, ":"), .component = strtok(NULL, ":") };

	f.repository = strtok(NULL, ":");
	f.path = strtok(NULL, "");
	if (!f.path) {
		fprintf(stderr, "not SUITE:COMPONENT:REPOSITORY:FILE: %s\n", argument);
		exit(2);
	}
	if (streq(f.repository, "-"))
		f.repository[0] = '\0';
	return f;
}

/* What is there of the Release: …_dists_trixie_main_binary-amd64_Packages is beside
 * …_dists_trixie_Release or _InRelease. */
static void read_release(struct source_file *f)
{
	static const char *const name[] = { "Release", "InRelease" };
	const char *end = strstr(f->path, "_main_binary-");

	end = end ? end : strstr(f->path, "_contrib_binary-");
	for (size_t i = 0; end && i < ARRAY_SIZE(name); i++) {
		cleanup_free char *path =
			xasprintf("%.*s_%s", (int)(end - f->path), f->path, name[i]);
		struct text text = { 0 };
		struct err err = { 0 };
		struct deb822 reader = { .name = path, .class = ERR_BUILD };
		const char *start;

		if (read_file(AT_FDCWD, path, 1 << 24, &text, &err) < 0) {
			err_release(&err);
			continue;
		}
		start = strstr(text.data, "Origin:");
		reader.data = start ? start : text.data;
		end = strstr(reader.data, "\nMD5Sum:"); /* what follows is not looked at */
		end = end ? end : strstr(reader.data, "\nSHA256:");
		reader.size = end ? (size_t)(end - reader.data) : strlen(reader.data);
		(void)deb822_next(&reader, &f->release, &err);
		err_release(&err);
		text_release(&text);
		return;
	}
}

static char *about(const struct source_file *f, const char *field)
{
	const char *value = deb822_get(&f->release, field);

	return xstrdup(value ? value : "");
}

static int pin_priority_of(const struct source_file *f)
{
	if (!streq(deb822_get(&f->release, "NotAutomatic"), "yes"))
		return PIN_PRIORITY_DEFAULT;
	return streq(deb822_get(&f->release, "ButAutomaticUpgrades"), "yes")
		       ? PIN_PRIORITY_UPGRADES
		       : PIN_PRIORITY_NOT_AUTOMATIC;
}

static void add_word(struct recipe_list *list, const char *word)
{
	GROW(list->item, list->count, list->allocated);
	list->item[list->count++] = (struct recipe_name){
		.value = xstrdup(word),
		.at = { .file = "set", .line = 1 },
	};
}

/* "amd64,i386" */
static void begin_pool(struct solver_pool *pool, const char *architectures)
{
	CLEANUP(strv_release) struct strv word = { 0 };
	CLEANUP(recipe_list_release) struct recipe_list foreign = { 0 };

	strv_split(&word, architectures, ",");
	solver_pool_new(pool, word.item[0]);
	for (size_t i = 1; i < word.count; i++)
		add_word(&foreign, word.item[i]);
	solver_pool_set_foreign(pool, &foreign);
}

static void add_text(struct solver_pool *pool, const struct source_file *file)
{
	cleanup_free char *archive = about(file, "Suite");
	cleanup_free char *codename = about(file, "Codename");
	cleanup_free char *origin = about(file, "Origin");
	cleanup_free char *label = about(file, "Label");
	const struct solver_source source = {
		.suite = file->suite,
		.component = file->component,
		.repository = file->repository,
		.architecture = file->architecture,
		.about = { [PIN_ARCHIVE] = archive,
			   [PIN_CODENAME] = codename,
			   [PIN_FROM] = origin,
			   [PIN_LABEL] = label,
			   [PIN_COMPONENT] = file->component },
		.pin_priority = pin_priority_of(file),
		.pocket = strchr(file->suite, '-') != NULL,
	};
	struct err err = { 0 };
	FILE *f = fopen(file->path, "r");

	if (!f) {
		perror(file->path);
		exit(2);
	}
	if (solver_pool_add_text(pool, &source, f, file->path, &err) < 0)
		die(&err);
	fclose(f);
}

static void add_index(struct solver_pool *pool, struct store *s, const struct source_file *file)
{
	struct index_file index = {
		.suite = file->suite,
		.component = file->component,
		.repository = file->repository,
		.pin_priority = pin_priority_of(file),
		.pocket = strchr(file->suite, '-') != NULL,
	};
	struct err err = { 0 };

	memcpy(index.sha256, file->sha256, sizeof(index.sha256));
	if (solver_pool_add_index(pool, s, &index, &err) < 0)
		die(&err);
}

static void put_text(struct store *s, struct source_file *file)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	struct err err = { 0 };
	cleanup_fd int fd = open(file->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		perror(file->path);
		exit(2);
	}
	if (store_put_begin(s, &put, &err) < 0 || copy_fd(fd, put.fd, NULL, &err) < 0 ||
	    store_put_commit(&put, NULL, file->sha256, &err) < 0)
		die(&err);
}

/* Parses all files into the store, and takes the texts away: only what was parsed can answer. */
static void parse_into(struct store *s, const char *architecture, struct source_file *file,
		       size_t count)
{
	CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };

	begin_pool(&pool, architecture);
	for (size_t i = 0; i < count; i++) {
		put_text(s, &file[i]);
		add_index(&pool, s, &file[i]);
	}
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *path = store_blob_path(s, file[i].sha256);

		if (unlink(path) < 0)
			perror(path);
	}
}

/* "PACKAGE;PIN;PRIORITY" */
static void add_pin(struct recipe *recipe, const char *word)
{
	CLEANUP(strv_release) struct strv part = { 0 };
	struct recipe_pin pin = { .at = { .file = "set", .line = 1 } };

	strv_split(&part, word, ";");
	if (part.count != 3 || parse_int(part.item[2], &pin.priority) < 0) {
		fprintf(stderr, "not PACKAGE;PIN;PRIORITY: %s\n", word);
		exit(2);
	}
	pin.package = xstrdup(part.item[0]);
	pin.pin = xstrdup(part.item[1]);
	for (char *blank = pin.pin; (blank = strchr(blank, '_'));)
		*blank = ' ';
	recipe->pin = xreallocarray(recipe->pin, recipe->pin_count + 1, sizeof(pin));
	recipe->pin[recipe->pin_count++] = pin;
}

/* The tests' recipes are made of those of the checkout, which lie elsewhere. */
static int read_recipe(const char *path, struct recipe *recipe, struct err *err)
{
	CLEANUP(strv_release) struct strv allow = { 0 };
	const struct recipe_source source = { .path = path, .allow = &allow };

	strv_add(&allow, "recipes");
	strv_add(&allow, "overlays");
	return recipe_load_source(&source, recipe, err);
}

/* Fails only with a recipe that cannot be read. */
static int read_set(char *line, struct recipe *recipe, struct err *err)
{
	recipe->path = xstrdup("set");
	recipe->architecture = xstrdup("amd64");
	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
		if (starts_with(word, "recipe=")) {
			recipe_release(recipe);
			return read_recipe(word + 7, recipe, err);
		}
		if (starts_with(word, "priority="))
			add_word(&recipe->priorities, word + 9);
		else if (starts_with(word, "exclude="))
			add_word(&recipe->exclude, word + 8);
		else if (starts_with(word, "kernel="))
			recipe->kernel = xstrdup(word + 7);
		else if (starts_with(word, "pin="))
			add_pin(recipe, word + 4);
		else if (streq(word, "recommends"))
			recipe->recommends = true;
		else if (streq(word, "sysvinit"))
			recipe->init = INIT_SYSVINIT;
		else
			add_word(&recipe->packages, word);
	}
	return 0;
}

static void print_asked(const struct recipe_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		printf("asked %s\n", list->item[i].value);
}

static void print_packages(const struct packages *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct package *item = &p->item[i];

		printf("package %s %s %s%s%s%s%s\n", item->name, item->version, item->architecture,
		       item->automatic ? " automatic" : "", item->base ? " base" : "",
		       item->essential ? " essential" : "", item->role == ROLE_BOOT ? " boot" : "");
	}
	printf("end\n");
}

static void solve_set(struct solver_pool *pool, char *line)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(packages_release) struct packages packages = { 0 };
	CLEANUP(recipe_release) struct recipe recipe = { 0 };
	int r;

	line[strcspn(line, "\n")] = '\0';
	printf("set %s\n", line);
	fflush(stdout); /* what is logged of the set comes after it, if stderr is the same */
	r = read_set(line, &recipe, &err);
	map_empty(&pool->pinned);
	if (r == 0) {
		print_asked(&recipe.packages);
		pins_apply(pool, &recipe);
	}
	if (r == 0)
		r = resolve_pool(pool, &recipe, &packages, &err);
	if (r < 0)
		printf("refused %s\n", err.message);
	else
		print_packages(&packages);
	fflush(stdout);
}

static int usage(void)
{
	fprintf(stderr, "usage: solve-sets [--parsed STORE] ARCHITECTURE "
			"SUITE:COMPONENT:REPOSITORY:FILE…\n");
	return 2;
}

int main(int argc, char **argv)
{
	CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	struct err err = { 0 };
	cleanup_free struct source_file *file = NULL;
	cleanup_free char *line = NULL;
	size_t size = 0, count;

	log_set_level(LOG_VERBOSE);
	if (argc > 2 && streq(argv[1], "--parsed")) {
		if (store_open(argv[2], &s, &err) < 0)
			die(&err);
		argc -= 2;
		argv += 2;
	}
	if (argc < 3)
		return usage();
	count = (size_t)argc - 2;
	file = xcalloc(count, sizeof(*file));
	for (size_t i = 0; i < count; i++) {
		file[i] = split_argument(argv[i + 2]);
		file[i].architecture = strstr(file[i].path, "binary-i386") ? "i386" : "amd64";
		read_release(&file[i]);
	}
	if (s)
		parse_into(s, argv[1], file, count);
	begin_pool(&pool, argv[1]);
	for (size_t i = 0; i < count; i++) {
		if (s)
			add_index(&pool, s, &file[i]);
		else
			add_text(&pool, &file[i]);
	}
	solver_pool_index(&pool);
	while (getline(&line, &size, stdin) > 0)
		solve_set(&pool, line);
	return 0;
}
