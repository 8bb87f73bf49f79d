/* SPDX-License-Identifier: MIT */
/* SHA-256, by libcrypto. A digest is a text of 64 lower-case hex digits, in an array of 65
 * bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define DIGEST_HEX 65

struct digest; /* a running SHA-256 */
struct digest *digest_new(void);
/* SHA-1, 40 digits, for formats that ask for it (SPDX, UUIDs). Nothing may be trusted because of
 * it. */
struct digest *digest_new_sha1(void);
void digest_update(struct digest *d, const void *data, size_t size);
/* Ends the computation; afterwards d can only be freed. */
void digest_final(struct digest *d, char ret_hex[DIGEST_HEX]);
void digest_free(struct digest *d);
DEFINE_CLEANUP_PTR(digest)

void digest_bytes(const void *data, size_t size, char ret_hex[DIGEST_HEX]);
/* HMAC-SHA-256 (RFC 2104): a digest that only a holder of the key can compute. */
void digest_keyed(const void *key, size_t key_size, const void *data, size_t size,
		  char ret_hex[DIGEST_HEX]);
/* The digest of a file, from the descriptor's current position to its end. */
int digest_fd(int fd, char ret_hex[DIGEST_HEX], struct err *err);
/* The hex digits of at most 32 bytes. */
void digest_hex(const unsigned char *raw, size_t size, char ret_hex[DIGEST_HEX]);
/* Whether it is 64 lower-case hex digits and nothing else. */
bool digest_is_valid(const char *hex);
/* Compares two digests in a time that does not tell where they differ. */
bool digest_equals(const char a[DIGEST_HEX], const char b[DIGEST_HEX]);
