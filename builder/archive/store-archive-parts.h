/* SPDX-License-Identifier: MIT */
/* What writing and reading an archive of the store share; see store-archive.h. */
#pragma once

#include "archive/store-archive.h"

#define MEMBER_LOCK "lock"
#define MEMBER_INDEX "index/"
#define MEMBER_BLOB "sha256/"
#define ARCHIVE_BLOCK ((size_t)256 * 1024)

/* The store's keys (suite_key()) of all suites that the lock's packages may come from, sorted. */
void store_archive_keys(const struct lock *l, struct strv *ret);
