/* SPDX-License-Identifier: MIT */
/*
 * What the recipe says about the system itself, put into the tree: the steps of stage_settings, one
 * file for each concern. settings.c runs them in the order in which they stand below, after all
 * packages are configured. What is the same in every image is not here but in overlays/: this code
 * writes only what a value of the recipe decides.
 *
 * The overlays come after the values, so that a site's file wins over ours, and the recipe's own
 * files after the overlays; homes, keys, services and scripts (hooks.h) come after both, because
 * they may be about what those brought. A step that has nothing to do (no such program in the
 * image, no such value) does nothing.
 *
 * Errors are ERR_USAGE, at the value's position, if the image cannot do what the recipe says;
 * ERR_TRUST if an input has changed since the recipe was read; else ERR_BUILD. settings.c adds the
 * step's name.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"
#include "rootfs/rootfs.h"

/* ---- before anything is fetched (settings-accounts.c) ---- */

/* Whether the lock has the packages that the recipe's users and groups need. ERR_USAGE at the place
 * in the recipe if not. */
int accounts_check(const struct recipe *recipe, const struct lock *lock, struct err *err);

/* ---- before packages are configured (settings-preseed.c) ---- */

/* Answers to the questions of locales, tzdata, keyboard-configuration and console-setup, and those
 * of the recipe's `debconf`, appended to ret as debconf-set-selections(1) reads them. stage_base
 * gives them to debconf before any package is configured, so that a later dpkg-reconfigure shows
 * the recipe's choice. locale_lines: as locale_lines_find() finds them. */
void settings_preseed(const struct recipe *recipe, const struct strv *locale_lines,
		      struct text *ret);

/* tzdata's name of a time zone: "Etc/UTC" for "UTC", all others as they are. The caller frees it.
 */
char *settings_timezone(const char *timezone);

/* ---- the steps ---- */

/* /etc/hostname and /etc/hosts. The stage base writes them, too, before most packages' scripts
 * ask. */
int settings_host_name(struct rootfs *rootfs, struct err *err);

/* Generates locales that the image lacks, sets LANG and the time zone, and checks that the packages
 * took the answers of settings_preseed(). */
int settings_locale(struct rootfs *rootfs, struct err *err);
/* The sources of the image's own apt, and the keyrings of apt-repositories. */
int settings_apt(struct rootfs *rootfs, struct err *err);
/* Root's password, and sshd's rule for root. */
int settings_password(struct rootfs *rootfs, struct err *err);
/* Users and groups, their passwords and what they may do by sudo; their homes are empty. Before the
 * overlays, whose `owner` rules may name them. */
int settings_accounts(struct rootfs *rootfs, struct err *err);
/* Logs root in on the terminals of `autologin`. */
int settings_terminals(struct rootfs *rootfs, struct err *err);
/* Microcode for all processors in the initramfs, where packages have it. */
int settings_microcode(struct rootfs *rootfs, struct err *err);
/* The recipe's overlays (overlay.h), in its order, and then its files. */
int settings_overlays(struct rootfs *rootfs, struct err *err);
/* Fills the homes from /etc/skel; what overlays laid there as root's belongs to the user. */
int settings_homes(struct rootfs *rootfs, struct err *err);
/* Authorized keys of root and the users, added to those of an overlay. */
int settings_keys(struct rootfs *rootfs, struct err *err);
/* Disables and masks services. */
int settings_services(struct rootfs *rootfs, struct err *err);
/* Warns of packages whose units another recipe file masks. */
int settings_masks(struct rootfs *rootfs, struct err *err);
/* Refuses an image that nobody could log in to. */
int settings_way_in(struct rootfs *rootfs, struct err *err);
/* The keymap and font that console-setup keeps ready for the boot and the initramfs. */
int settings_console(struct rootfs *rootfs, struct err *err);
/* Removes what must differ between the clients: host keys, machine-id and the like. */
int settings_identity(struct rootfs *rootfs, struct err *err);

/* ---- helpers that the steps share (settings-tools.c) ---- */

/* What stands in shadow(5) for a password of the recipe: a hash, or "*" for `locked`. */
const char *settings_shadow_password(const char *password);
/* Writes a text to a file of the tree and notes it in the file log. mode: its permissions. */
int settings_write(struct rootfs *rootfs, const char *path, const char *text, unsigned mode,
		   struct err *err);
/* Runs argv and reads what it writes to stdout, at most 4 MiB. *ret_status is the waitpid(2)
 * status; if ret_status is NULL, any other than 0 is an error. */
int settings_output(struct rootfs *rootfs, const char *const *argv, struct text *ret,
		    int *ret_status, struct err *err);
/* The same, with each line of the output appended to ret. */
int settings_lines(struct rootfs *rootfs, const char *const *argv, struct strv *ret,
		   int *ret_status, struct err *err);
/* The content of a file of the tree; if there is none, an empty text and *ret_exists is false. */
int settings_read(struct rootfs *rootfs, const char *path, bool *ret_exists, struct text *ret,
		  struct err *err);
/* Removes what matches the pattern (glob(7)), if anything does. */
int settings_remove(struct rootfs *rootfs, const char *pattern, struct err *err);
