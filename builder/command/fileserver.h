/* SPDX-License-Identifier: MIT */
/*
 * The lab's file server: the image of recipes/fileserver.yaml, built by the ordinary pipeline the
 * first time it is wanted and kept in the store (STORE/lab). It is built again when its recipe or
 * an overlay changes, or when packages that the lab takes its firmware from are gone; not when
 * Debian changes: a boot test wants no network.
 */
#pragma once

#include "archive/gc.h"
#include "base/store.h"
#include "command/pipeline.h"

/* options: mirror, keyring, sandbox, offline, jobs and store are used. options->recipe may be NULL:
 * the one that came with this program. *ret_path is the image's directory; caller frees. */
int fileserver_find(const struct build_options *options, struct store *s, char **ret_path,
		    struct err *err);

/* What store_gc() must know of the lab: adds the lock of the newest image of each server. */
int fileserver_locks(const struct store *s, struct strv *locks, struct err *err);
/* Removes the other images, those younger than GC_GRACE_SECONDS (by change time) excepted, and adds
 * their files to *report. */
int fileserver_prune(const struct store *s, int64_t now, bool dry_run, struct gc_report *report,
		     struct err *err);
