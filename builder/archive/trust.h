/* SPDX-License-Identifier: MIT */
/*
 * Signatures, checked by gpgv(1): whether a clear-signed file such as InRelease (RFC 9580, section
 * 7) was signed by a key of a keyring. gpgv's exit status does not say that: it is 0 for expired
 * and revoked keys, and not 0 where one of several signatures is by a key that the keyring lacks.
 * So its status lines decide (doc/DETAILS of GnuPG): at least one signature must be GOODSIG with
 * VALIDSIG, and none may be BADSIG; a signature does not count if it has expired, if its key has
 * expired (but see .then) or was revoked or is unknown, or if its digest is weak. Only the text
 * that gpgv wrote is returned, and gpgv gets only what has the form that signed files have
 * (armour.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#define TRUST_KEYRING_MAX ((size_t)8 * 1024 * 1024)

/* What was signed: it decides what the hints say. */
enum trust_subject {
	TRUST_DEBIAN,	   /* a suite of Debian's, or of whom --keyring names */
	TRUST_THIRD_PARTY, /* an archive of the recipe's apt-repositories */
	TRUST_RESULT,	   /* which has no mirror to change */
};

struct trust {
	const char *keyring; /* path of a binary, keybox or armoured (.asc) file of public keys */
	const char *digest;  /* the SHA-256 that it had when the recipe was read, or NULL */
	enum trust_subject subject;
	bool then;     /* a key that has expired counts for what it signed before (a snapshot) */
	bool archived; /* it is of a release whose keys no longer sign (archived-suite.h) */
};

/* Verifies a clear-signed text. name: its URL, for messages. ret_content: the text inside.
 * ret_fingerprint: 40 or 64 hex digits of the primary key of the first good signature; the caller
 * frees it. Every refusal is ERR_TRUST; a keyring that cannot be read is ERR_USAGE. */
int trust_verify(const struct trust *trust, const char *name, const char *data, size_t size,
		 struct text *ret_content, char **ret_fingerprint, struct err *err);

/* The same for data with a detached signature, binary or armoured. */
int trust_verify_detached(const struct trust *trust, const char *name, const struct text *data,
			  const struct text *sig, char **ret_fingerprint, struct err *err);

/* Debian's keyrings on this machine, its own first; the second is of keys that no longer sign. NULL
 * where there is none. */
#define TRUST_DEBIAN_KEYRINGS 2
void trust_debian_keyrings(const char *ret[TRUST_DEBIAN_KEYRINGS]);
/* The path of Debian's own keyring on this machine; NULL if debian-archive-keyring is not
 * installed. */
const char *trust_debian_keyring(void);
