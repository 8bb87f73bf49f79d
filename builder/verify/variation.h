/* SPDX-License-Identifier: MIT */
/*
 * A variation, as reprotest calls it, is a condition of the build that was made different when an
 * image was built again, or that could not be. Each is looked at before and after it was changed:
 * one that is the same afterwards was not varied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct variation {
	char *name;    /* "time zone" */
	char *from;    /* the value on this machine; "" when why_not is set */
	char *to;      /* the value during the rebuild; "" when why_not is set */
	char *why_not; /* NULL: varied */
};

struct variations {
	struct variation *item;
	size_t count;
	size_t allocated;
};

/* from and to: what was seen before and after the change; if that is equal, it was not varied. */
void variations_add(struct variations *list, const char *name, const char *from, const char *to);
void variations_add_not(struct variations *list, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t variations_varied(const struct variations *list);

/* The form in which vary.h reports: a line for each, of four fields with tabs between them. */
char *variations_text(const struct variations *list);
int variations_parse(const char *text, struct variations *ret, struct err *err);
void variations_release(struct variations *list);
