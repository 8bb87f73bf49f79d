/* SPDX-License-Identifier: MIT */
/*
 * What root does with another user, as whom the rebuild runs (vary-user.c): gives them a directory,
 * and takes it back.
 *
 * What a user owns is theirs to change, by any process of that user, at any time. So the result is
 * believed only once no process has the uid any more and root owns all of it.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Whether that process, by what its /proc/PID/status says, can do something as that user: it has
 * the uid as its real, effective or saved one or that of the file system, and has not ended. */
bool other_user_acts(const char *status, uid_t uid);
/* Whether any process in /proc can do something as that user. */
int other_user_has_processes(uid_t uid, bool *ret, struct err *err);
/* Makes uid, and the group of that number, the owner of the directory and all below it. */
int other_user_give(int dir_fd, uid_t uid, struct err *err);
/* If another user than us owns the directory: kills their processes, waits until none is left, and
 * makes us the owner. ERR_BUILD if some do not end. */
int other_user_take_back(int dir_fd, struct err *err);
