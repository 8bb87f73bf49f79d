/* SPDX-License-Identifier: MIT */
/*
 * The files that a recipe names: scripts, .debs, keyrings, authorized keys, answers for debconf,
 * overlays. Each is an input of the build, and so is read and hashed when the recipe is loaded.
 * Errors are reported at the line of the recipe that names the file.
 */
#pragma once

#include <stdbool.h>

#include "recipe/reach.h"
#include "recipe/recipe.h"

#define INPUT_SCRIPT_MAX ((uint64_t)1024 * 1024)
#define INPUT_FILE_MAX ((uint64_t)16 * 1024 * 1024)
#define INPUT_KEYRING_MAX ((uint64_t)4 * 1024 * 1024)
#define INPUT_LINES_MAX ((uint64_t)256 * 1024)
#define INPUT_DEB_MAX ((uint64_t)2 * 1024 * 1024 * 1024)
#define INPUT_OVERLAY_MAX ((uint64_t)2 * 1024 * 1024 * 1024) /* bytes in one overlay */
#define INPUT_OVERLAY_ENTRIES_MAX 100000

/* The path to open a file by that a recipe names. `given` is relative to the recipe, which is
 * at->file: ../b in recipes/a.yaml is recipes/../b. The caller frees it. */
char *input_path(const struct position *at, const char *given);

enum input_kind { INPUT_SCRIPT, INPUT_FILE, INPUT_DEB, INPUT_KEYRING };

/* Opens, checks and hashes a file, and fills in f->digest; the caller has set .given, .path and
 * .at. */
int input_file(const struct reach *reach, enum input_kind kind, struct recipe_file *f,
	       struct err *err);

/* Whether the recipe may name an archive by that URL: one of file:///… has to lie within its reach.
 * Whether there is one is not asked: with a store nobody needs it. */
int input_archive(const struct reach *reach, const struct position *at, const char *url,
		  struct err *err);

enum input_lines { INPUT_KEYS, INPUT_ANSWERS };

/* Appends a line to the list, or those of a file (without comments and empty ones): public keys of
 * SSH, of which the list has each once, or answers for debconf (debconf.h). at: where the recipe
 * gives the line or names the file. An error in the file, a private key among them, has its place
 * there. Nothing of the file is shown, since a recipe of somebody else's may have named any
 * file. */
int input_line(enum input_lines kind, const struct position *at, const char *line,
	       struct recipe_list *list, struct err *err);
int input_lines(const struct reach *reach, enum input_lines kind, const struct position *at,
		const char *given, struct recipe_list *list, struct err *err);

/* The digest of a folder, as recipe_canonical() explains it. *has_keys becomes true if the folder
 * brings authorized keys of root. */
int input_overlay(const struct reach *reach, const struct position *at, const char *path,
		  char ret_digest[DIGEST_HEX], bool *has_keys, struct err *err);
/* Opens an overlay's folder. */
int input_open_overlay(const struct reach *reach, const struct position *at, const char *path,
		       int *ret_fd, struct err *err);
