/* SPDX-License-Identifier: MIT */
/* Recipes that come with the program. */
#pragma once

/* FILE ("fileserver.yaml") beside the checkout that the program was built in, or where it was
 * installed; NULL if it is in neither. Caller frees. */
char *shipped_recipe(const char *file);
