/* SPDX-License-Identifier: MIT */
/*
 * Messages for the person at the terminal, on stderr. (Results are printed on stdout by the verb
 * that has them.) LOG_QUIET shows warnings only, LOG_NORMAL, which is the default, notes as well,
 * LOG_VERBOSE everything. Control characters are escaped. A progress bar that is being drawn is
 * erased first.
 */
#pragma once

#include <stdbool.h>

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };

void log_set_level(enum log_level level);
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether fd is a terminal, TERM is not "dumb" and NO_COLOR is unset or empty. */
bool log_colour_suits(int fd);
bool log_has_colour(void); /* of stderr */
