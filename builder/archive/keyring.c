/* SPDX-License-Identifier: MIT */
#include "archive/keyring.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>

#include "archive/trust.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/text.h"

#define KEY_BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define KEY_END "-----END PGP PUBLIC KEY BLOCK-----"

/* Appends the bytes of one armoured block (RFC 9580, section 6.2) to out, and moves *data behind
 * it. The checksum line is not looked at: the caller compares the digest of the whole keyring. */
static bool dearmor_block(const char **data, struct text *out)
{
	const char *body = strstr(*data, "\n\n");
	const char *windows = strstr(*data, "\n\r\n");
	const char *end = strstr(*data, KEY_END);
	EVP_ENCODE_CTX *base64 = NULL;
	unsigned char bytes[256];
	bool good = true;
	int n;

	if (!body || (windows && windows < body))
		body = windows;
	if (!body || !end || body > end)
		return false;
	body += strspn(body, "\r\n");
	base64 = EVP_ENCODE_CTX_new();
	if (!base64)
		return false;
	EVP_DecodeInit(base64);
	while (good && body < end && *body != '=') {
		size_t length = strcspn(body, "\r\n");

		good = length <= 128 &&
		       EVP_DecodeUpdate(base64, bytes, &n, (const unsigned char *)body,
					(int)length) >= 0;
		if (good)
			text_append(out, bytes, (size_t)n);
		body += length;
		body += strspn(body, "\r\n");
	}
	good = good && EVP_DecodeFinal(base64, bytes, &n) >= 0;
	EVP_ENCODE_CTX_free(base64);
	*data = end + strlen(KEY_END);
	return good;
}

/* gpgv takes binary keyrings only, but archives publish .asc files. */
int keyring_open(const char *path, const char *digest, int *ret_fd, struct err *err)
{
	CLEANUP(text_release) struct text keyring = { 0 };
	CLEANUP(text_release) struct text binary = { 0 };
	char found[DIGEST_HEX];
	const char *at;
	int r;

	r = read_file(AT_FDCWD, path, TRUST_KEYRING_MAX, &keyring, err);
	if (r < 0) {
		err->class = err->class == ERR_INTERRUPTED ? err->class : ERR_USAGE;
		return err_wrap(err, "reading the keyring");
	}
	digest_bytes(keyring.data, keyring.length, found);
	if (digest && !streq(found, digest))
		return err_set(err, ERR_TRUST, "the keyring '%s' changed after the recipe was read",
			       path);
	at = keyring.length == 0 || (unsigned char)keyring.data[0] & 0x80
		     ? NULL
		     : strstr(keyring.data, KEY_BEGIN);
	if (!at)
		return memory_fd(keyring.data, keyring.length, ret_fd, err);
	for (; at; at = strstr(at, KEY_BEGIN))
		if (!dearmor_block(&at, &binary))
			return err_set(err, ERR_USAGE, "the keyring '%s' has a broken key block",
				       path);
	return memory_fd(binary.data, binary.length, ret_fd, err);
}
