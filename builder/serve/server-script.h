/* SPDX-License-Identifier: MIT */
/*
 * server.sh, which says itself what it does, as a part of this program: the linker takes the file
 * in when server-script.c is compiled, which the Makefile does from the top of the source.
 */
#pragma once

/* From the first byte to the one before the second address. No NUL ends it. */
extern const char server_script[], server_script_end[];
