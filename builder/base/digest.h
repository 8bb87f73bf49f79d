/* SPDX-License-Identifier: MIT */
/* SHA-256 (libcrypto). Digests travel as 64 lower-case hex digits in a 65 byte array. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define DIGEST_HEX 65

struct digest; /* a running SHA-256 */
struct digest *digest_new(void);
/* For formats that ask for SHA-1 (SPDX, UUIDs): 40 digits. Trust nothing to it. */
struct digest *digest_new_sha1(void);
void digest_update(struct digest *d, const void *data, size_t size);
/* Ends it; d can be updated no more. */
void digest_final(struct digest *d, char ret_hex[DIGEST_HEX]);
void digest_free(struct digest *d);
DEFINE_CLEANUP_PTR(digest)

void digest_bytes(const void *data, size_t size, char ret_hex[DIGEST_HEX]);
/* From the descriptor's current position to its end. */
int digest_fd(int fd, char ret_hex[DIGEST_HEX], struct err *err);
/* 64 lower-case hex digits and nothing else. */
bool digest_is_valid(const char *hex);
