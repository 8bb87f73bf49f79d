/* SPDX-License-Identifier: MIT */
/*
 * The form of signed texts and signatures (RFC 9580, sections 4, 6.2 and 7), checked before gpgv
 * sees them. gpgv takes much more than archives write: headers that change how the text is read
 * (NotDashEscaped), lines of which it hashes only the beginning, and, where a signature should be,
 * whole messages with a text of their own. Several ways to have one text verified and another one
 * read were found in that. So only this is let through:
 *
 *	-----BEGIN PGP SIGNED MESSAGE-----
 *	Hash: SHA512                            no other header
 *
 *	Origin: Debian                          a text; "- " stands before a line that begins
 *	- -----                                 with a dash
 *	-----BEGIN PGP SIGNATURE-----
 *	Comment: …                              headers may be there
 *
 *	iQIz…                                   signature packets, and no others
 *	=njUN
 *	-----END PGP SIGNATURE-----
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#define ARMOUR_SIGNED "-----BEGIN PGP SIGNED MESSAGE-----"
#define ARMOUR_SIGNATURE "-----BEGIN PGP SIGNATURE-----"
#define ARMOUR_SIGNATURE_END "-----END PGP SIGNATURE-----"

/* Bytes of a line; gpgv hashes no more than some 19,000 of it. */
#define ARMOUR_LINE_MAX ((size_t)16384)

/* A clear-signed text: ERR_TRUST if it has not that form. name: its URL, for messages. */
int armour_check_signed(const char *name, const char *data, size_t size, struct err *err);
/* A detached signature: one armoured block or more, or the packets themselves. */
int armour_check_signature(const char *name, const struct text *signature, struct err *err);
