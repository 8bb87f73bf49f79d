/* SPDX-License-Identifier: MIT */
/*
 * Progress of stages. Three faces, chosen once by progress_set_mode():
 *   terminal  one line a stage; the running one redrawn at most ten times a second, with a bar when
 *             it has a total;
 *   plain     one line when a stage ends, with its time (and a line every 10 s of a long stage);
 *   json      one JSON object a line on stdout:
 *             {"event":"start|progress|end","stage":"fetch","done":N,"total":N,
 *             "unit":"bytes|steps","seconds":S}
 *             and, where there is one, "detail" (progress) or "summary" (end)
 * Stages do not overlap. total 0: unknown.
 */
#pragma once

#include <stdint.h>

enum progress_mode { PROGRESS_NONE, PROGRESS_TERMINAL, PROGRESS_PLAIN, PROGRESS_JSON };
enum progress_unit { PROGRESS_STEPS, PROGRESS_BYTES };

void progress_set_mode(enum progress_mode mode);
/* The mode that fits stderr: terminal or plain. */
enum progress_mode progress_default_mode(void);

void progress_start(const char *stage, uint64_t total, enum progress_unit unit);
void progress_total(uint64_t total); /* of the running stage, once it is known */
void progress_update(uint64_t done);
/* A few words about the running stage ("dpkg: configuring openssh-server"); cheap to call often. */
void progress_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Call it once a second or so while nothing happens: shows that time passes. */
void progress_tick(void);
/* summary may be NULL: "194 packages, 143 MB". */
void progress_end(const char *summary);
/* For log.c: erases the line being drawn. */
void progress_clear(void);
/* A stage was left by an error: ends its line without a summary. */
void progress_abort(void);
