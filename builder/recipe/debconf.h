/* SPDX-License-Identifier: MIT */
/*
 * Answers to the questions that packages ask through debconf, as the recipe's key `debconf` has
 * them: one a line, as debconf-set-selections(1) reads them,
 *
 *	OWNER QUESTION TYPE VALUE
 *	wireshark-common wireshark-common/install-setuid boolean true
 *
 * OWNER is the package. The value begins after one blank, and may be empty where debconf has no use
 * for it, or takes nothing for an answer (string, multiselect, note, text, title).
 */
#pragma once

#include <stdbool.h>

#include "recipe/format.h"
#include "recipe/recipe-list.h"

/* Such a line, or the path of a file of them. */
extern const struct format format_answer_or_path;

/* Whether a line is an answer that the recipe may give. If not, *ret_hint says why. */
bool debconf_is_answer(const char *line, const char **ret_hint);
/* The words of an answer; the caller frees the first two, the value is borrowed from the line. */
char *debconf_owner(const char *line);
char *debconf_question(const char *line);
const char *debconf_value(const char *line);
/* Whether the answer is one that debconf itself keeps apart from the others as a secret. */
bool debconf_is_password(const char *line);
/* Adds an answer, which takes the place of an earlier one to the same question. */
void debconf_add(struct recipe_list *answers, const char *line, const struct position *at);
