/* SPDX-License-Identifier: MIT */
/*
 * The progress of stages. progress_set_mode() chooses once how it is shown:
 *   terminal  one line for each stage; that of the running stage is redrawn at most ten times a
 *             second, and has a bar if the stage has a total;
 *   plain     one line when a stage ends, with its time, and one every ten seconds of a long stage;
 *   json      JSON objects on stdout, one a line:
 *             {"event":"start|progress|end","stage":"fetch","done":N,"total":N,
 *             "unit":"bytes|steps","seconds":S}
 *             and, where there is one, "detail" (progress) or "summary" (end)
 * Stages do not overlap. A total of 0 means that it is unknown.
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
/* Shows that time passes; to be called about once a second while nothing else happens. */
void progress_tick(void);
/* Ends the stage. summary, such as "194 packages, 143 MB", may be NULL. */
void progress_end(const char *summary);
/* For log.c: erases the line being drawn. */
void progress_clear(void);
/* Ends the line of a stage that failed, without a summary. main() does it for every error, so that
 * a stage need not. */
void progress_abort(void);
