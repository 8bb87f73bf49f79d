/* SPDX-License-Identifier: MIT */
/*
 * What a stage may read of the recipe, by the column `readers` of the schema: once as text, which
 * goes into the key of the stage's result in the store (command/stage-cache.h), and once as a
 * recipe in which nothing else can be read. A stage that runs with such a view cannot depend on a
 * value that its key lacks.
 *
 *	recipe_read_values(&recipe, READ_BASE, &key);
 *	view = recipe_view_new(&recipe, READ_BASE);
 *	rootfs->recipe = view;
 *
 * In a view all bytes of fields that are not to be read are 0xa5: a pointer, the items of a list
 * for instance, leads nowhere, and reading through it ends the program by SIGSEGV; a count is far
 * beyond any list; a number is none that a recipe can have. With the address sanitizer, which sees
 * each read, any read of such a field ends the program. A new field of struct recipe cannot be read
 * in a view until a row of the schema, or recipe-view.c, says by whom.
 */
#pragma once

#include "base/text.h"
#include "recipe/schema.h"

/* Whether one of these readers may read the row's value: by its column, or because a template of an
 * overlay has it in it, which is known once overlays_check() (rootfs/overlay.h) has run. */
bool recipe_may_read(const struct recipe *recipe, unsigned readers, const struct schema_key *key);

/* Appends all values that these readers (enum recipe_reader) may read, defaults too, a line each. A
 * file is represented by its content's SHA-256 and the name it was given by, an overlay by its
 * digest and its last name. Paths to them are not in the text: they only say where to open them. */
void recipe_read_values(const struct recipe *recipe, unsigned readers, struct text *ret);

/* A view for these readers. It borrows all values from the recipe, which must outlive it. Positions
 * can be read in any view: they are for messages. */
struct recipe *recipe_view_new(const struct recipe *recipe, unsigned readers);
void recipe_view_free(struct recipe *view);
