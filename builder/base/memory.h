/* SPDX-License-Identifier: MIT */
/*
 * Allocation that never fails: when memory runs out, the program ends with one line on stderr,
 * because no caller could do anything sensible, and such code could not be tested. A size that
 * comes from the network or from an archive must meet a named limit before it gets here.
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
