/* SPDX-License-Identifier: MIT */
/*
 * Scope exit. Every local that owns something is declared with one of these and initialised on the
 * same line; ownership leaves the scope by take_ptr() or take_fd(), which hand the value out and
 * leave NULL or -1 behind, so that the cleanup that still runs finds nothing to do.
 *
 *	cleanup_free char *name = xstrdup("x");
 *	cleanup_fd int fd = openat(...);
 *	*ret_name = take_ptr(name);
 *
 * A struct leaves by TAKE(), which hands its value out and leaves zeroes behind; one whose empty
 * state is not all zeroes leaves by TAKE_LEAVING(), which is told what to leave:
 *
 *	*ret = TAKE(list);
 *	*ret = TAKE_LEAVING(res, RESULT_INIT);
 *
 * A type with a destructor `void foo_free(struct foo *)` gets its own by DEFINE_CLEANUP_PTR(foo),
 * one that is embedded, with `void foo_release(struct foo *)`, is declared CLEANUP(foo_release).
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

/* Makes `void foo_cleanup(struct foo **)`, for `CLEANUP(foo_cleanup) struct foo *f = NULL;`. */
#define DEFINE_CLEANUP_PTR(name)                                                                   \
	static inline void name##_cleanup(struct name **p)                                         \
	{                                                                                          \
		if (*p)                                                                            \
			name##_free(*p);                                                           \
	}

static inline void cleanup_free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#define cleanup_free CLEANUP(cleanup_free_ptr)
#define cleanup_fd CLEANUP(cleanup_close_fd)

#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(p) taken_ptr_ = (p);                                                    \
		(p) = NULL;                                                                        \
		taken_ptr_;                                                                        \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

#define TAKE(variable) TAKE_LEAVING(variable, { 0 })
#define TAKE_LEAVING(variable, ...)                                                                \
	({                                                                                         \
		__typeof__(variable) taken_ = (variable);                                          \
		(variable) = (__typeof__(variable))__VA_ARGS__;                                    \
		taken_;                                                                            \
	})
