/* SPDX-License-Identifier: MIT */
/* The prose of docs/recipe.md, in Markdown: what stands before and after the tables that
 * schema_write_markdown() makes of the schema. */
#pragma once

extern const char recipe_doc_head[];
extern const char recipe_doc_accounts[];
extern const char recipe_doc_files[];
extern const char recipe_doc_overlays[];
