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

/* Opens a file of the store to read, by a walk that follows no link. *ret_fd is -1 with return 0 if
 * it is absent. What is no regular file, or another user's, is an error. */
int store_open_kept(const struct store *s, const char *path, int *ret_fd, struct err *err);
/* Renames a finished partial file to `target`, which is in `directory`; makes that if need be. */
int store_publish(struct store_put *p, const char *directory, const char *target, struct err *err);
