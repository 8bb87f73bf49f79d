/* SPDX-License-Identifier: MIT */
#include "recipe/recipe-list.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

void recipe_list_add(struct recipe_list *l, const char *value, const struct position *at)
{
	GROW(l->item, l->count, l->allocated);
	l->item[l->count++] = (struct recipe_name){ .value = xstrdup(value), .at = *at };
}

const struct recipe_name *recipe_list_find(const struct recipe_list *l, const char *value)
{
	for (size_t i = 0; i < l->count; i++)
		if (streq(l->item[i].value, value))
			return &l->item[i];
	return NULL;
}

size_t package_name_length(const char *item)
{
	return strcspn(item, "=/?");
}

bool package_is_optional(const char *item)
{
	return ends_with(item, "?");
}

const struct recipe_name *recipe_list_find_package(const struct recipe_list *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (!package_is_optional(l->item[i].value) &&
		    package_name_length(l->item[i].value) == strlen(name) &&
		    starts_with(l->item[i].value, name))
			return &l->item[i];
	return NULL;
}

bool recipe_list_has(const struct recipe_list *l, const char *value)
{
	return recipe_list_find(l, value) != NULL;
}

void recipe_list_release(struct recipe_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->item[i].value);
	free(l->item);
	*l = (struct recipe_list){ 0 };
}
