/* SPDX-License-Identifier: MIT */
/*
 * What was different when an image was built again, and what could not be. Each variation is
 * looked at before and after it was changed: one that is the same afterwards does not count.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct variation {
	char *name;    /* "time zone" */
	char *from;    /* as it is here; "" when why_not is set */
	char *to;      /* as it was for the rebuild; the same */
	char *why_not; /* NULL: varied */
};

struct variations {
	struct variation *item;
	size_t count;
	size_t allocated;
};

/* From and to are observations; equal ones become a why_not. */
void variations_add(struct variations *c, const char *name, const char *from, const char *to);
void variations_add_not(struct variations *c, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t variations_varied(const struct variations *c);

/* The form in which vary.h reports: a line each, four fields with tabs between. */
char *variations_text(const struct variations *c);
int variations_parse(const char *text, struct variations *ret, struct err *err);
void variations_release(struct variations *c);
