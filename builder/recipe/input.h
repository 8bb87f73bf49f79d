/* SPDX-License-Identifier: MIT */
/*
 * The files beside a recipe: scripts, .debs, keyrings, authorized keys, overlays. Each is an input
 * of the build, so each is read and hashed when the recipe is loaded, and its errors stand at the
 * line of the recipe that names it.
 */
#pragma once

#include <stdbool.h>

#include "recipe/recipe.h"

#define INPUT_SCRIPT_MAX ((uint64_t)1024 * 1024)
#define INPUT_KEYRING_MAX ((uint64_t)4 * 1024 * 1024)
#define INPUT_KEYS_MAX ((uint64_t)256 * 1024)
#define INPUT_DEB_MAX ((uint64_t)2 * 1024 * 1024 * 1024)
#define INPUT_OVERLAY_MAX ((uint64_t)2 * 1024 * 1024 * 1024) /* bytes in one overlay */
#define INPUT_OVERLAY_ENTRIES_MAX 100000

/* `given` as seen from the file it was written in: "recipes/a.yaml" and "../b" is
 * "recipes/../b". */
char *input_path(const struct position *at, const char *given);

enum input_kind { INPUT_SCRIPT, INPUT_DEB, INPUT_KEYRING };

/* Opens, checks and hashes. f->given and f->at are set; fills the rest. */
int input_file(enum input_kind kind, struct recipe_file *f, struct err *err);

/* Appends the lines of a file of public keys; a private key is an error, never read further. */
int input_keys(const struct position *at, const char *given, struct recipe_list *keys,
	       struct err *err);

/* Digest of a folder: see recipe_canonical(). *has_keys becomes true if it holds authorized keys of
 * root. */
int input_overlay(const struct position *at, const char *path, char ret_digest[DIGEST_HEX],
		  bool *has_keys, struct err *err);
