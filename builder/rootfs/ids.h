/* SPDX-License-Identifier: MIT */
/*
 * `ids:` of a recipe: users and groups get the numbers that it gives them. Packages create their
 * users themselves, with adduser(8) and its like, and take the next free number; so while packages
 * are configured, wrappers stand before these programs in PATH (bootstrap-seed.c puts them there)
 * and add the recipe's number for the names that it knows.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"
#include "rootfs/rootfs.h"

/* The programs that need a wrapper: adduser, addgroup, useradd, groupadd, systemd-sysusers. Ends
 * with NULL. */
extern const char *const ids_tools[];
/* Appends the wrapper's script for that program to ret. */
void ids_tool(const struct recipe *recipe, const char *program, struct text *ret);

/* At the end of stage_rest: compares the tree's numbers with the recipe's and fills
 * rootfs->allocated_ids with those that packages chose. ERR_BUILD, at the recipe's line if there is
 * one, if a package insisted on another number; or, with strict-ids, if any package chose one. */
int ids_check(struct rootfs *rootfs, struct err *err);
