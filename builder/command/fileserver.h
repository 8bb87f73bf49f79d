/* SPDX-License-Identifier: MIT */
/*
 * The lab's file server: the image of recipes/fileserver.yaml, built by the ordinary pipeline the
 * first time it is wanted and kept in the store (STORE/lab). It is built again when its recipe or
 * an overlay changes, not when Debian does: a boot test wants no network.
 */
#pragma once

#include "archive/store.h"
#include "command/pipeline.h"

/* options: mirror, keyring, sandbox, offline, jobs and store are used. options->recipe may be NULL:
 * the one that came with this program. *ret_path is the image's directory; caller frees. */
int fileserver_find(const struct build_options *options, struct store *s, char **ret_path,
		    struct err *err);
