/* SPDX-License-Identifier: MIT */
/*
 * What was different when an image was built again, and what could not be. Each condition is
 * looked at before and after it was changed: one that is the same afterwards does not count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct condition {
	char *name;    /* "time zone" */
	char *from;    /* as it is here; "" when why_not is set */
	char *to;      /* as it was for the rebuild; the same */
	char *why_not; /* NULL: varied */
};

struct conditions {
	struct condition *item;
	size_t count;
	size_t allocated;
};

/* From and to are observations; equal ones become a why_not. */
void conditions_add(struct conditions *c, const char *name, const char *from, const char *to);
void conditions_add_not(struct conditions *c, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t conditions_varied(const struct conditions *c);

/* The form in which elsewhere.h reports: a line each, four fields with tabs between. */
char *conditions_text(const struct conditions *c);
int conditions_parse(const char *text, struct conditions *ret, struct err *err);
void conditions_release(struct conditions *c);
