/* SPDX-License-Identifier: MIT */
/*
 * Allocation that aborts with one line on stderr when memory runs out: no caller could do anything
 * sensible, and no path for it could be tested. Sizes that come from the network or an archive meet
 * a named limit before they get here.
 */
#pragma once

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *p, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How many elements an array has; not for pointers. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Makes room for one more element in an array that grows by half: `GROW(p, n, allocated)`. */
#define GROW(array, count, allocated)                                                              \
	do {                                                                                       \
		if ((count) == (allocated)) {                                                      \
			(allocated) = (allocated) + (allocated) / 2 + 16;                          \
			(array) = xreallocarray((array), (allocated), sizeof(*(array)));           \
		}                                                                                  \
	} while (0)
