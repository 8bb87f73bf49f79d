/* SPDX-License-Identifier: MIT */
/* The prose of docs/recipe.md, around the tables that the schema makes. Markdown. */
#pragma once

extern const char recipe_doc_head[];
extern const char recipe_doc_overlays[];
