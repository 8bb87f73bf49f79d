/* SPDX-License-Identifier: MIT */
/* Keyrings, which are files of OpenPGP public keys, for gpgv(1). */
#pragma once

#include "base/err.h"

/* Opens a keyring in the form that gpgv reads: a binary one as it is, one of armoured blocks (.asc)
 * decoded. digest: the SHA-256 that the file must have (else ERR_TRUST), or NULL. ERR_USAGE if the
 * file cannot be read. */
int keyring_open(const char *path, const char *digest, int *ret_fd, struct err *err);
