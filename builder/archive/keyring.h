/* SPDX-License-Identifier: MIT */
/* Files of OpenPGP public keys, for gpgv. */
#pragma once

#include "base/err.h"

/* Opens what gpgv reads: a binary keyring as it is, armoured blocks (.asc) decoded. digest: SHA-256
 * that the file must have (ERR_TRUST), or NULL. ERR_USAGE if it cannot be read. */
int keyring_open(const char *path, const char *digest, int *ret_fd, struct err *err);
