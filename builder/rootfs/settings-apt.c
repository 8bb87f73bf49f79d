/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/memory.h"
#include "recipe/input.h"

#define DEBIAN_KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"

struct example { /* the URIs in the example of sources that apt's package brings */
	char *archive;
	char *security;
};

static void example_release(struct example *x)
{
	free(x->archive);
	free(x->security);
}

/* In deb822 format URIs and Suites have lines of their own, in the one-line format it is
 * `deb URI SUITE …`. The example has no options in brackets. */
static void example_line(struct example *x, char **uri, const char *line)
{
	CLEANUP(strv_release) struct strv word = { 0 };
	const char *suite = NULL;

	strv_split(&word, line, " \t");
	if (word.count >= 2 && streq(word.item[0], "URIs:")) {
		free(*uri);
		*uri = xstrdup(word.item[1]);
	} else if (word.count >= 2 && streq(word.item[0], "Suites:")) {
		suite = word.item[1];
	} else if (word.count >= 3 && streq(word.item[0], "deb")) {
		free(*uri);
		*uri = xstrdup(word.item[1]);
		suite = word.item[2];
	}
	if (!suite || !*uri)
		return;
	if (ends_with(suite, "-security") && !x->security)
		x->security = xstrdup(*uri);
	else if (!ends_with(suite, "-security") && !x->archive)
		x->archive = xstrdup(*uri);
}

static int read_example(struct rootfs *rootfs, struct example *x, struct err *err)
{
	static const char *const path[] = { "/usr/share/doc/apt/examples/debian.sources",
					    "/usr/share/doc/apt/examples/sources.list" };
	cleanup_free char *uri = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(path); i++) {
		CLEANUP(text_release) struct text text = { 0 };
		CLEANUP(strv_release) struct strv line = { 0 };
		bool exists;
		int r;

		r = settings_read(rootfs, path[i], &exists, &text, err);
		if (r < 0)
			return r;
		strv_split(&line, text.data, "\n");
		for (size_t k = 0; k < line.count; k++)
			example_line(x, &uri, line.item[k]);
	}
	if (x->archive && x->security)
		return 0;
	err_set(err, ERR_BUILD,
		"the image's apt package brings no example of Debian's sources in "
		"/usr/share/doc/apt/examples");
	return err_hint(err, "write the sources into the recipe: image.apt-sources");
}

static void stanza(struct text *t, const char *uri, const struct strv *suites,
		   const struct recipe_list *components, const char *keyring)
{
	cleanup_free char *suite = strv_join(suites, " ");

	if (suites->count == 0)
		return;
	text_printf(t, "%sTypes: deb\nURIs: %s\nSuites: %s\n", t->length ? "\n" : "", uri, suite);
	if (components->count)
		text_add(t, "Components:");
	for (size_t i = 0; i < components->count; i++)
		text_printf(t, " %s", components->item[i].value);
	text_printf(t, "%sSigned-By: %s\n", components->count ? "\n" : "", keyring);
}

static int write_example(struct rootfs *rootfs, struct err *err)
{
	const struct recipe *recipe = rootfs->recipe;
	CLEANUP(example_release) struct example example = { 0 };
	CLEANUP(strv_release) struct strv archive = { 0 };
	CLEANUP(strv_release) struct strv security = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	int r;

	r = read_example(rootfs, &example, err);
	if (r < 0)
		return r;
	strv_add(&archive, recipe->suite);
	for (size_t i = 0; i < recipe->pockets.count; i++) {
		const char *pocket = recipe->pockets.item[i].value;

		if (*pocket)
			strv_addf(streq(pocket, "security") ? &security : &archive, "%s-%s",
				  recipe->suite, pocket);
	}
	stanza(&text, example.archive, &archive, &recipe->components, DEBIAN_KEYRING);
	stanza(&text, example.security, &security, &recipe->components, DEBIAN_KEYRING);
	return settings_write(rootfs, "/etc/apt/sources.list.d/debian.sources", text.data, 0644,
			      err);
}

/* It must still be the file that the recipe was read with, whose digest is in the lock. */
static int read_keyring(const struct recipe_file *keyring, struct text *ret, struct err *err)
{
	char digest[DIGEST_HEX];
	int r;

	r = read_file(AT_FDCWD, keyring->path, INPUT_KEYRING_MAX, ret, err);
	if (r < 0)
		return r;
	digest_bytes(ret->data, ret->length, digest);
	if (streq(digest, keyring->digest))
		return 0;
	err_set(err, ERR_TRUST, "keyring '%s' changed while the image was being built",
		keyring->given);
	return err_hint(err, "build again: the recipe and its inputs are read anew");
}

/* Third-party repositories with their keyrings, so that what came from there can be updated. */
static int write_repository(struct rootfs *rootfs, const struct recipe_repository *repository,
			    size_t number, struct err *err)
{
	const char *dot = strrchr(repository->keyring.given, '.');
	cleanup_free char *keyring = xasprintf("/etc/apt/keyrings/repository-%zu.%s", number,
					       dot && streq(dot, ".asc") ? "asc" : "gpg");
	cleanup_free char *path =
		xasprintf("/etc/apt/sources.list.d/repository-%zu.sources", number);
	CLEANUP(text_release) struct text key = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(strv_release) struct strv suites = { 0 };
	int r;

	r = read_keyring(&repository->keyring, &key, err);
	if (r < 0)
		return r;
	file_log_add(&rootfs->file_log, keyring, "the recipe's apt-repositories");
	r = sandbox_write(rootfs->sandbox, keyring, key.data, key.length, 0644, err);
	if (r < 0)
		return r;
	strv_add(&suites, repository->suite);
	stanza(&text, repository->url, &suites, &repository->components, keyring);
	return settings_write(rootfs, path, text.data, 0644, err);
}

int settings_apt(struct rootfs *rootfs, struct err *err)
{
	static const struct sweep builders_own[] = {
		{ SWEEP_REMOVE, "/etc/apt/sources.list" },
		{ SWEEP_CONTENT, "/etc/apt/sources.list.d" },
	};
	const char *given = rootfs->recipe->apt_sources;
	bool has_apt = false;
	int r;

	r = sandbox_exists(rootfs->sandbox, "/etc/apt", &has_apt, err);
	if (r < 0 || !has_apt)
		return r;
	r = sandbox_sweep(rootfs->sandbox, builders_own, 2, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < rootfs->recipe->repository_count; i++) {
		r = write_repository(rootfs, &rootfs->recipe->repository[i], i + 1, err);
		if (r < 0)
			return r;
	}
	if (!given)
		return write_example(rootfs, err);
	/* In deb822 format every stanza has this field, in the one-line format no line is like it.
	 */
	return settings_write(rootfs,
			      starts_with(given, "Types:") || strstr(given, "\nTypes:")
				      ? "/etc/apt/sources.list.d/debian.sources"
				      : "/etc/apt/sources.list",
			      given, 0644, err);
}
