/* SPDX-License-Identifier: MIT */
/* The user's own directories for this program, where the XDG Base Directory Specification has
 * them. */
#pragma once

/* "$VARIABLE/netrescue" if that variable is set to an absolute path, since relative ones are to be
 * ignored; else "~/IN_HOME/netrescue", where ~ is $HOME, or what passwd(5) says where there is no
 * HOME. Nothing is made. NULL if the user has no home; the caller frees it.
 *
 *	cleanup_free char *cache = user_directory("XDG_CACHE_HOME", ".cache");
 */
char *user_directory(const char *variable, const char *in_home);
