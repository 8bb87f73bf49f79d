/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/memory.h"

#define READ_SIZE ((size_t)256 * 1024)

struct digest {
	EVP_MD_CTX *context;
};

/* libcrypto fails here only if memory runs out or it was built without the digest. As in memory.h,
 * there is no sensible way to go on. */
static void must(bool worked)
{
	if (worked)
		return;
	(void)fputs("netrescue: error: libcrypto cannot compute a digest\n", stderr);
	abort();
}

static struct digest *start(const EVP_MD *kind)
{
	struct digest *d = xcalloc(1, sizeof(*d));

	d->context = EVP_MD_CTX_new();
	must(d->context && EVP_DigestInit_ex(d->context, kind, NULL) == 1);
	return d;
}

struct digest *digest_new(void)
{
	return start(EVP_sha256());
}

struct digest *digest_new_sha1(void)
{
	return start(EVP_sha1());
}

void digest_update(struct digest *d, const void *data, size_t size)
{
	must(EVP_DigestUpdate(d->context, data, size) == 1);
}

void digest_hex(const unsigned char *raw, size_t size, char ret_hex[DIGEST_HEX])
{
	static const char digit[] = "0123456789abcdef";

	assert(size <= (DIGEST_HEX - 1) / 2);
	for (size_t i = 0; i < size; i++) {
		ret_hex[i * 2] = digit[raw[i] >> 4];
		ret_hex[i * 2 + 1] = digit[raw[i] & 15];
	}
	ret_hex[size * 2] = '\0';
}

void digest_final(struct digest *d, char ret_hex[DIGEST_HEX])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	must(EVP_DigestFinal_ex(d->context, raw, &size) == 1);
	digest_hex(raw, size, ret_hex);
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->context);
	free(d);
}

void digest_bytes(const void *data, size_t size, char ret_hex[DIGEST_HEX])
{
	CLEANUP(digest_cleanup) struct digest *d = digest_new();

	digest_update(d, data, size);
	digest_final(d, ret_hex);
}

void digest_keyed(const void *key, size_t key_size, const void *data, size_t size,
		  char ret_hex[DIGEST_HEX])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned raw_size = 0;

	assert(key_size <= INT_MAX);
	must(HMAC(EVP_sha256(), key, (int)key_size, data, size, raw, &raw_size) != NULL);
	digest_hex(raw, raw_size, ret_hex);
}

int digest_fd(int fd, char ret_hex[DIGEST_HEX], struct err *err)
{
	CLEANUP(digest_cleanup) struct digest *d = digest_new();
	cleanup_free char *buffer = xmalloc(READ_SIZE);

	for (;;) {
		ssize_t n = read(fd, buffer, READ_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot read the file to hash");
		if (n == 0)
			break;
		digest_update(d, buffer, (size_t)n);
	}
	digest_final(d, ret_hex);
	return 0;
}

bool digest_is_valid(const char *hex)
{
	size_t i = 0;

	while ((hex[i] >= '0' && hex[i] <= '9') || (hex[i] >= 'a' && hex[i] <= 'f'))
		i++;
	return i == DIGEST_HEX - 1 && hex[i] == '\0';
}

bool digest_equals(const char a[DIGEST_HEX], const char b[DIGEST_HEX])
{
	return CRYPTO_memcmp(a, b, DIGEST_HEX) == 0;
}
