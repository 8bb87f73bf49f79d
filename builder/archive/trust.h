/* SPDX-License-Identifier: MIT */
/*
 * Whether a clear-signed file (RFC 9580, section 7: InRelease) was signed by a key of a keyring, by
 * gpgv(1). gpgv's exit status alone would not do: it is 0 for expired and revoked keys, and not 0
 * where one of several signatures is by a key we do not have. So its status lines decide
 * (doc/DETAILS of GnuPG): at least one signature must be GOODSIG with VALIDSIG, none may be BADSIG,
 * and an expired or revoked key, an expired signature, a weak digest or an unknown key do not
 * count. Only the text that gpgv wrote out is handed on: what stands before or after the signed
 * part is never read.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#define TRUST_KEYRING_MAX ((size_t)8 * 1024 * 1024)

/* keyring: path of a binary, keybox or armoured (.asc) file of public keys. digest: its SHA-256
 * when the recipe was read, NULL for one that no recipe names. name: the URL, for messages.
 * ret_fingerprint: 40 or 64 hex digits of the primary key of the first good signature; the caller
 * frees it. Every refusal is ERR_TRUST; a keyring that cannot be read is ERR_USAGE. */
int trust_verify(const char *keyring, const char *digest, const char *name, const char *data,
		 size_t size, struct text *ret_content, char **ret_fingerprint, struct err *err);

/* The same for a detached signature, binary or armoured, by a keyring that a person named. */
int trust_verify_detached(const char *keyring, const char *name, const struct text *data,
			  const struct text *sig, char **ret_fingerprint, struct err *err);

/* Debian's own keyring on this machine, NULL if debian-archive-keyring is not installed. Static. */
const char *trust_debian_keyring(void);
