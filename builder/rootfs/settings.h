/* SPDX-License-Identifier: MIT */
/*
 * What the recipe says about the system itself, put into the tree: the parts of stage_settings, one
 * file per concern, in the order in which settings.c runs them. Everything that is the same in each
 * image is not here but in overlays/; this code writes only what a recipe's value decides.
 *
 * The recipe's overlays are laid over the tree after the values, so that a site's file wins over
 * ours; keys, services and scripts come after the overlays, because they may concern what those
 * brought.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"
#include "rootfs/rootfs.h"

/*
 * Answers for debconf (debconf-set-selections(1) reads them) to the questions of locales, tzdata,
 * keyboard-configuration and console-setup, appended to ret. To be given to debconf after the base
 * and before any of these packages is configured, so that a later dpkg-reconfigure shows the
 * recipe's choice. ERR_USAGE at the locale's place if a locale has no codeset ("de_DE").
 */
int settings_preseed(const struct recipe *recipe, struct text *ret, struct err *err);

/* Splits a recipe's keymap into XKB's layout and variant: "de(nodeadkeys)" -> "de",
 * "nodeadkeys"; the variant is "" if there is none. Both are the caller's. */
void settings_keymap(const char *keymap, char **ret_layout, char **ret_variant);
/* tzdata's name of a time zone: "UTC" -> "Etc/UTC", all others as they are. The caller's. */
char *settings_timezone(const char *timezone);

/* The steps. Each can be run alone in a test; rootfs->sandbox holds a tree with its packages
 * configured. */
int settings_host(struct rootfs *rootfs, struct err *err); /* /etc/hostname, /etc/hosts */
int settings_locale(struct rootfs *rootfs,
		    struct err *err); /* locales, time zone, keymap: as preseeded? */
int settings_apt(struct rootfs *rootfs, struct err *err); /* the sources of the image's own apt */
int settings_password(struct rootfs *rootfs,
		      struct err *err); /* root's password, sshd's rule for root */
int settings_terminals(struct rootfs *rootfs,
		       struct err *err); /* who is logged in on which terminal */
int settings_overlays(struct rootfs *rootfs, struct err *err); /* the recipe's overlays */
int settings_keys(struct rootfs *rootfs, struct err *err);     /* root's authorized keys */
int settings_services(struct rootfs *rootfs, struct err *err); /* disabled and masked services */
int settings_scripts(struct rootfs *rootfs, struct err *err);  /* the recipe's scripts */
int settings_way_in(struct rootfs *rootfs, struct err *err); /* refuses an image nobody can enter */
int settings_console(struct rootfs *rootfs,
		     struct err *err); /* console-setup's cached keymap and font */
int settings_identity(struct rootfs *rootfs,
		      struct err *err); /* what must differ between clients: removed */

/* ---- helpers the steps share (settings-tools.c) ---- */

/* Writes text to a file of the tree, 0644 unless mode says otherwise. */
int settings_write(struct rootfs *rootfs, const char *path, const char *text, unsigned mode,
		   struct err *err);
/* Runs argv and reads what it writes to stdout (at most 4 MB). *ret_status is the waitpid
 * status, and a non-zero one an error only if ret_status is NULL. */
int settings_output(struct rootfs *rootfs, const char *const *argv, struct text *ret,
		    int *ret_status, struct err *err);
/* The content of a file of the tree; empty text, *ret_exists false, if it is not there. */
int settings_read(struct rootfs *rootfs, const char *path, bool *ret_exists, struct text *ret,
		  struct err *err);
/* Removes what matches the pattern (glob(7)); no match is fine. */
int settings_remove(struct rootfs *rootfs, const char *pattern, struct err *err);
