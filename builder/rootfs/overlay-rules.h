/* SPDX-License-Identifier: MIT */
/*
 * The `.overlay` file of an overlay (overlay.h has the format) as data, for overlay-entry.c: it
 * reads the rules, asks for those of each path that it comes to, which marks them as used, and then
 * lets overlay_rules_check_used() refuse rules for paths that are not there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "recipe/recipe.h"
#include "tar/capability.h"

#define OVERLAY_RULES ".overlay"
#define OVERLAY_RULES_SIZE_MAX ((size_t)256 * 1024)
#define OVERLAY_RULES_MAX 1000

enum overlay_verb { RULE_WHEN, RULE_MODE, RULE_OWNER, RULE_CAP, RULE_DIR, RULE_TEMPLATE };

struct overlay_rule {
	enum overlay_verb verb;
	char *path; /* "" for the whole overlay (when) */
	unsigned line;
	bool used;
	bool met;	    /* when: the condition is true for this recipe */
	unsigned mode;	    /* mode, dir */
	char *user, *group; /* owner */
	unsigned char capability[CAPABILITY_XATTR_SIZE]; /* cap: security.capability, version 2 */
};

struct overlay_rules {
	char *path; /* of the file, for messages */
	struct overlay_rule *item;
	size_t count;
	size_t allocated;
};

/* Reads DIR/.overlay; there may be none. ERR_USAGE at the line and column of what is wrong. */
int overlay_rules_read(const struct recipe *recipe, const char *dir, int dirfd,
		       struct overlay_rules *ret, struct err *err);
/* The rule of that verb for exactly that path, or NULL; marks it as used. */
const struct overlay_rule *overlay_rules_find(struct overlay_rules *rules, enum overlay_verb verb,
					      const char *path);
/* False if a condition (`when`) of the overlay, of the path or of a directory above it is not met.
 */
bool overlay_rules_want(struct overlay_rules *rules, const char *path);
/* ERR_USAGE at the first rule that is not marked as used, because the overlay does not have its
 * path. */
int overlay_rules_check_used(const struct overlay_rules *rules, struct err *err);
void overlay_rules_release(struct overlay_rules *rules);
