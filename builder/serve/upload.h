/* SPDX-License-Identifier: MIT */
/* Files of a result to a server, by rsync: what an interrupted upload left there is used. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "serve/session.h"

/* Copies these files of the directory `from`, by their paths in it, to the directory `to` of the
 * session's server. bytes: of all, for the progress. */
int upload_files(const struct session *s, const char *from, const struct strv *files,
		 uint64_t bytes, const char *to, struct err *err);

/* The bytes that rsync says it has done, from a piece of what --info=progress2 prints; false if
 * there are none in it. */
bool upload_parse_progress(const char *text, uint64_t *ret);
