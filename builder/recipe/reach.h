/* SPDX-License-Identifier: MIT */
/*
 * What of this machine a recipe reaches: which files it may name. Somebody may build a recipe that
 * another has written, and that must not carry files of the machine into an image or a log.
 *
 * A path that stands in a recipe leads to something at or below one of these folders, or is an
 * error:
 *
 *	the folder of the recipe that is built
 *	what the user allows (--allow), folders or single files
 *	the recipes that come with netrescue
 *	/usr/share/keyrings, where packages put public keys
 *	where one of these folders is called `recipes`, `overlays` beside it
 *
 * The last is how netrescue's own recipes lie, and whoever starts from them. The folder above both
 * is not among them: it may well be somebody's home. `recipes` may be a link to a folder beside it.
 *
 * Links in these folders are followed if what they lead to lies there, too. Outside of them only
 * those are followed that the user has named: the ones on the path to the recipe, of --allow, or to
 * the working directory as $PWD has it. They open nothing; by them a recipe may say the same as the
 * user. What the command line says itself, by --set or in a file of --site, is the user's own and
 * may name any path.
 *
 * Archives of file:/// are an exception: their directory is checked when the recipe is read, and
 * libcurl then opens what is in it by name. Nothing of that comes into an image without a signature
 * or a digest.
 *
 * No other check can be outrun by a change of the files: the walk goes by descriptors, a name at
 * a time, follows links itself, and knows each directory by its number and not by its name. Outside
 * the folders it sees nothing but the directories and links that lead to them, so that no error
 * tells what exists elsewhere.
 */
#pragma once

#include "base/cleanup.h"
#include "base/text.h"
#include "recipe/position.h"

struct reach;

/* recipe: path of the recipe that is built. allow: paths that the user allows, NULL for none.
 * ERR_USAGE if one of them cannot be opened. */
int reach_new(const char *recipe, const struct strv *allow, struct reach **ret, struct err *err);
void reach_free(struct reach *r);
DEFINE_CLEANUP_PTR(reach)

/* What stands in that file, or option, is the user's own: positions whose .file is this very
 * pointer. A name alone would not do, since a file may be called as an option is. */
void reach_trust(struct reach *r, const char *file);

enum reach_kind { REACH_FILE, REACH_FOLDER };

/* Opens a regular file or a folder to read, by a path of input_path() (input.h). at: who names it.
 * noun: what it is to be ("script"). Errors are ERR_USAGE at that place: -EXDEV, with a hint
 * that says what to allow, if it lies out of reach; -EINVAL if it is no regular file; else what the
 * system says. r NULL: everything is in reach. */
int reach_open(const struct reach *r, const struct position *at, enum reach_kind kind,
	       const char *noun, const char *path, int *ret_fd, struct err *err);
