/* SPDX-License-Identifier: MIT */
/*
 * Recognises private keys by what a file holds: PEM (RFC 7468) and its relatives, PKCS#8 and PKCS#1
 * in DER, the formats of OpenSSH, Dropbear, PuTTY, GnuPG, BIND, Tor, age and Kerberos; and files
 * that nobody but their owner may read, whose name says that they are a key, and which hold
 * nothing but random bytes or one random word. Public keys and certificates are none of these, nor
 * is a program or a manual that has such a line in it.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* As many bytes of a file's start as are looked at. */
#define PRIVATE_KEY_LOOK ((size_t)64 << 10)

/* What kind of private key it is ("PEM"), or NULL if it is none. bytes: the first ones of the file,
 * at most PRIVATE_KEY_LOOK, or all. name: its last component, or its path; mode: permissions. */
const char *private_key_kind(const char *name, mode_t mode, const void *bytes, size_t size);
