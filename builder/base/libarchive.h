/* SPDX-License-Identifier: MIT */
/*
 * Scope exit (cleanup.h) for libarchive's objects:
 *
 *	CLEANUP(archive_read_cleanup) struct archive *a = archive_read_new();
 *	CLEANUP(archive_write_cleanup) struct archive *tar = archive_write_new();
 *	CLEANUP(archive_entry_cleanup) struct archive_entry *e = archive_entry_new();
 *
 * Freeing a writer also closes its archive, which then looks complete. After an error, when the
 * archive must not look complete, call archive_write_fail() first.
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "base/cleanup.h"

DEFINE_CLEANUP_PTR(archive_entry)

static inline void archive_read_cleanup(struct archive **a)
{
	if (*a)
		(void)archive_read_free(*a);
}

static inline void archive_write_cleanup(struct archive **a)
{
	if (*a)
		(void)archive_write_free(*a);
}
