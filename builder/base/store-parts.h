/* SPDX-License-Identifier: MIT */
/* What the files share that the store is made of: its files (store.c) and what is remembered of
 * them (store-fact.c). store.h is the interface for others. */
#pragma once

#include "base/store-key.h"
#include "base/store.h"

struct store {
	char *path;
	int dirfd;
	int partial;
	struct store_key key; /* of its owner, once it was needed (store-fact.c) */
};

/* Opens a regular file of the store for reading. The descriptor, or -errno: -ENOENT if there is
 * nothing, -EINVAL if something else has that name, a link or a pipe for instance. */
int store_open_regular(const struct store *s, const char *path);
/* Renames a finished partial file to `target`, which is in `directory`; makes that if need be. */
int store_publish(struct store_put *p, const char *directory, const char *target, struct err *err);
