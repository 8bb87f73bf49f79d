/* SPDX-License-Identifier: MIT */
/* A list of words, each with the place where the recipe says it: packages, modules, services. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "recipe/position.h"

struct recipe_name {
	char *value;
	struct position at;
};

struct recipe_list {
	struct recipe_name *item;
	size_t count;
	size_t allocated;
};

/* Copies value and *at. */
void recipe_list_add(struct recipe_list *l, const char *value, const struct position *at);
/* The first item of that value; NULL if there is none. */
const struct recipe_name *recipe_list_find(const struct recipe_list *l, const char *value);
/* The same in a list of packages, whose items may say which one: NAME or NAME:ARCHITECTURE, either
 * with =VERSION or /SUITE. A "?" at the end makes an item optional; those are not found, since
 * nothing may rely on them. */
const struct recipe_name *recipe_list_find_package(const struct recipe_list *l, const char *name);
/* How many of the first characters of such an item are the name, with its architecture. */
size_t package_name_length(const char *item);
bool package_is_optional(const char *item);
bool recipe_list_has(const struct recipe_list *l, const char *value);
void recipe_list_release(struct recipe_list *l);
