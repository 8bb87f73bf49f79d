/* SPDX-License-Identifier: MIT */
/*
 * Private keys and ids of one machine. Maintainer scripts make them while the image is built; left
 * there, all who boot the image would share them, all who can read it would know them, and two
 * builds of one lock would differ. identity-rules.c has the table of those that Debian's packages
 * are known to make and says what becomes of each; the recipe's `identity:` says it of others, or
 * otherwise. What an overlay or a script of the recipe lays in such a place is the user's own and
 * stays.
 *
 * identity_check() looks at the recipe before anything is fetched, identity_prevent() runs before
 * the packages are configured, settings_identity() (settings.h) once all is set. A private key that
 * is still there then is found when the image is packed (publish/image-keys.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

#define IDENTITY_PATTERNS 4

struct identity_rule {
	const char *pattern[IDENTITY_PATTERNS]; /* glob(7), absolute; all are removed */
	/* Lines for `sh -e` that make them anew at each boot, once the old ones are removed; NULL:
	 * the programs do it when they need them, or nobody can. */
	const char *make;
	bool only_if_asked; /* it is made at boot only if the recipe says so */
	/* A line that is added to this file of a package, if it is there, so that its program can
	 * do without; or NULL. */
	const char *file, *line;
};

extern const struct identity_rule identity_rules[];
extern const size_t identity_rule_count;

/* The rule for that path or pattern of the recipe; NULL: none. */
const struct identity_rule *identity_rule_find(const char *path);

/* Refuses `make-at-boot` without a command for what no rule can make, at its place. */
int identity_check(const struct recipe *recipe, struct err *err);

struct rootfs;

/* DKMS would make a key and sign with it each module that it builds, so that the key would be in
 * the modules' bytes. This keeps it from signing until settings_identity(). */
int identity_prevent(struct rootfs *rootfs, struct err *err);

/* identity-boot.c: what is made anew at each boot. */
struct identity_boot {
	struct strv name;   /* of programs in one directory, see run-parts(8) */
	struct strv script; /* their texts */
};

/* Adds a program that removes what matches the patterns (NULL ends them) and runs the lines. */
void identity_boot_add(struct identity_boot *boot, const char *const *pattern, const char *lines);
/* Writes the programs, and the service that runs them before others start; nothing if there are
 * none. */
int identity_boot_write(struct rootfs *rootfs, const struct identity_boot *boot, struct err *err);
void identity_boot_release(struct identity_boot *boot);
