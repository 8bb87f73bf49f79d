/* SPDX-License-Identifier: MIT */
/*
 * Whose a file or a directory is. What belongs to us or to root is believed, as git's
 * safe.directory and systemd's chase (CHASE_SAFE) have it: root can change anything anyway, and
 * whatever belongs to somebody else may be exchanged at any moment. Modes say little here: a group
 * may consist of the user alone, and often does.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

/* Whether it belongs to us or to root. */
bool owner_is_trusted(const struct stat *st);
/* "the user nobody", "the user 12345"; the caller frees it. */
char *owner_name(const struct stat *st);
/* Whether it is a directory in which everybody may exchange everybody's files. In /tmp, which has
 * the sticky bit, nobody may. */
bool owner_is_everybody(const struct stat *st);

/* ERR_USAGE if somebody else could exchange what we put into the directory `path`: it is another
 * user's, or others may write to it. The sticky bit helps only where names are random: who can
 * foresee a name puts a link there first. `what` tells the reader which directory it is, behind its
 * path: "where the logs go". */
enum owner_names { OWNER_RANDOM_NAMES, OWNER_FIXED_NAMES };
int owner_check_place(const char *path, const char *what, enum owner_names names, struct err *err);

/* Opens the directory `name`, which is in dirfd and has no slash. A link is followed if we or root
 * made it, and if the directory that holds it is not somebody else's, who could have put there a
 * link that we made for another place. A descriptor, or -errno; -ELOOP for a link that is not
 * followed. */
int owner_open_dir(int dirfd, const char *name);

/* Whether the directory at fd, which we have just made, is still the one that we made: its owner
 * could not put another into its place unless that is what we make files as (on NFS, root is
 * nobody). Makes a file in it and removes it. 0, or -errno; -EPERM if it is not. */
int owner_check_made(int fd);
