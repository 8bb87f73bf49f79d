/* SPDX-License-Identifier: MIT */
/*
 * The lab's file server: the image of recipes/fileserver.yaml, built by the ordinary pipeline the
 * first time it is wanted and kept in the store (STORE/lab). It is built again when its recipe or
 * an overlay changes, when packages that the lab takes its firmware from are gone, or when the
 * store cannot prove that it was built here (publish/result-built.h); not when Debian changes: a
 * boot test wants no network.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "archive/gc.h"
#include "base/store.h"
#include "command/pipeline.h"

/* Finds or builds it. Of the options, recipe, store, mirror, keyring, sandbox, offline and jobs
 * count; without a recipe it is the one that comes with this program. *ret_path is the image's
 * directory, which the caller frees. Whether its files are whole is for the caller to check
 * (publish/result-damage.h). */
int fileserver_find(const struct build_options *options, struct store *s, char **ret_path,
		    struct err *err);

/* Adds the path of the lock of each server's newest image: store_gc() then keeps its packages. */
int fileserver_locks(const struct store *s, struct strv *locks, struct err *err);
/* Removes all images but the newest of each server and those that were changed less than
 * GC_GRACE_SECONDS ago, and adds the files that it removed to *report. With dry_run it only counts
 * them. Each server's directory is locked meanwhile, as a build does when it publishes there. */
int fileserver_prune(const struct store *s, int64_t now, bool dry_run, struct gc_report *report,
		     struct err *err);
