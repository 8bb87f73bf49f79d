/* SPDX-License-Identifier: MIT */
#include "base/private-key.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define RAW_MIN 16 /* bytes: 128 bits */
#define RAW_MAX 4096
#define DER_SEQUENCE 0x30
#define DER_INTEGER 0x02

struct look {
	const char *name;
	mode_t mode;
	const char *start;
	size_t size;
};

/* ---- text ----------------------------------------------------------------------------------- */

/* Of compiled Python or a program, which may hold such lines as constants, it is not true. */
static bool is_text(const struct look *l)
{
	return l->size > 0 && !memchr(l->start, '\0', l->size);
}

static bool is_base64(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("+/=", c));
}

static size_t base64_length(const char *s, const char *end)
{
	const char *p = s;

	while (p < end && is_base64(*p))
		p++;
	return (size_t)(p - s);
}

static const char *skip_space(const char *s, const char *end)
{
	while (s < end && isspace((unsigned char)*s))
		s++;
	return s;
}

/* The line behind this one is base64 or a header ("Proc-Type: …"), as it is in a key but not in a
 * script that looks for one. */
static bool has_content(const char *line, const char *end)
{
	const char *next = memchr(line, '\n', (size_t)(end - line));
	size_t n;

	if (!next)
		return false;
	next = skip_space(next, end);
	n = base64_length(next, end);
	return n >= RAW_MIN ||
	       memmem(next, (size_t)(end - next) < 16 ? (size_t)(end - next) : 16, ": ", 2);
}

/* "-----BEGIN … PRIVATE KEY-----", "… PRIVATE KEY BLOCK-----" of OpenPGP, OpenVPN's static key. */
static bool is_pem(const char *line, size_t length, const char *end)
{
	static const char begin[] = "-----BEGIN ";
	static const char *const key[] = { "PRIVATE KEY", "OpenVPN Static key" };

	if (length <= strlen(begin) || strncmp(line, begin, strlen(begin)) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(key); i++)
		if (memmem(line, length, key[i], strlen(key[i])))
			return has_content(line, end);
	return false;
}

/* Lines that begin like this are of a key, each in its own format. */
static const struct {
	const char *line;
	const char *kind;
} beginning[] = {
	{ "PuTTY-User-Key-File-", "PuTTY" },
	{ "Private-key-format: v", "BIND" }, /* dnssec-keygen(8) */
	{ "AGE-SECRET-KEY-", "age" },
	{ "Key: (private-key", "GnuPG" },
	{ "Key: (protected-private-key", "GnuPG" },
	{ "(private-key", "GnuPG" },
};

/* The key of rndc, or of TSIG: secret "BASE64"; of named.conf(5). */
static bool is_secret_line(const char *line, size_t length)
{
	static const char word[] = "secret";
	const char *end = line + length, *quote;

	if (length <= strlen(word) || strncmp(line, word, strlen(word)) != 0)
		return false;
	quote = skip_space(line + strlen(word), end);
	return quote < end && *quote == '"' && base64_length(quote + 1, end) >= RAW_MIN;
}

static const char *of_line(const char *line, size_t length, const char *end)
{
	if (is_pem(line, length, end))
		return "PEM";
	for (size_t i = 0; i < ARRAY_SIZE(beginning); i++) {
		size_t n = strlen(beginning[i].line);

		if (length > n && strncmp(line, beginning[i].line, n) == 0)
			return beginning[i].kind;
	}
	return is_secret_line(line, length) ? "TSIG" : NULL;
}

static const char *of_text(const struct look *l)
{
	const char *end = l->start + l->size, *kind = NULL;

	if (!is_text(l))
		return NULL;
	for (const char *line = skip_space(l->start, end); line < end && !kind;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		stop = stop ? stop : end;
		kind = of_line(line, (size_t)(stop - line), end);
		line = skip_space(stop, end);
	}
	return kind;
}

/* ---- binary formats ------------------------------------------------------------------------- */

/* The length of a DER element's content, and where that begins; false: this is no such element. */
static bool read_der(const unsigned char **p, const unsigned char *end, unsigned tag, size_t *ret)
{
	const unsigned char *q = *p;
	size_t length, more = 0;

	if (end - q < 2 || *q++ != tag)
		return false;
	length = *q++;
	if (length > 0x80) {
		more = length & 0x7f;
		length = 0;
	}
	if (more > 4 || (size_t)(end - q) < more)
		return false;
	while (more-- > 0)
		length = length << 8 | *q++;
	*p = q;
	*ret = length;
	return true;
}

/* PKCS#8 (RFC 5958): a version, then a sequence that begins with an algorithm's id; PKCS#1 and
 * SEC 1 (RFC 8017, 5915): a version of 0 or 1, then an integer or an octet string. A certificate
 * begins with a sequence, a public key as well or with a large integer. */
static const char *of_der(const struct look *l)
{
	const unsigned char *p = (const unsigned char *)l->start, *end = p + l->size;
	const unsigned char *start = p;
	size_t length;

	if (!read_der(&p, end, DER_SEQUENCE, &length) || (size_t)(p - start) + length != l->size ||
	    end - p < 5 || p[0] != DER_INTEGER || p[1] != 1 || p[2] > 1)
		return NULL;
	return p[3] == DER_SEQUENCE || p[3] == DER_INTEGER || p[3] == 0x04 ? "DER" : NULL;
}

/* A length in four bytes, then the name of the algorithm, as in RFC 4253; public keys of that form
 * are in base64. */
static const char *of_dropbear(const struct look *l)
{
	static const char *const algorithm[] = { "ssh-rsa", "ssh-dss", "ssh-ed25519",
						 "ecdsa-sha2-" };
	const unsigned char *p = (const unsigned char *)l->start;

	if (l->size < 32 || p[0] || p[1] || p[2] || p[3] > 32)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(algorithm); i++)
		if (strncmp(l->start + 4, algorithm[i], strlen(algorithm[i])) == 0)
			return "Dropbear";
	return NULL;
}

static const char *of_magic(const struct look *l)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *kind;
	} magic[] = {
		{ "== ed25519v1-secret:", 20, "Tor" },
		{ "(11:private-key", 15, "GnuPG" },
		{ "(21:protected-private-key", 25, "GnuPG" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(magic); i++)
		if (l->size > magic[i].size && memcmp(l->start, magic[i].bytes, magic[i].size) == 0)
			return magic[i].kind;
	/* keytab: version 5.2, then the length of the first entry in four bytes. */
	return l->size > 8 && memcmp(l->start, "\x05\x02\0\0", 4) == 0 ? "Kerberos keytab" : NULL;
}

/* ---- raw bytes ------------------------------------------------------------------------------ */

static bool is_named_key(const char *path)
{
	static const char *const pattern[] = { "*key",	   "*secret", "*.cookie",
					       "*_cookie", "*.psk",   "*keyfile" };
	const char *slash = strrchr(path, '/');
	cleanup_free char *name = xstrdup(slash ? slash + 1 : path);
	bool found = false;

	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	for (size_t i = 0; i < ARRAY_SIZE(pattern) && !found; i++)
		found = fnmatch(pattern[i], name, 0) == 0;
	return found;
}

/* One word, with or without a newline behind it. */
static bool is_word(const struct look *l)
{
	const char *end = l->start + l->size;
	size_t length = base64_length(l->start, end);

	return length >= RAW_MIN && skip_space(l->start + length, end) == end;
}

/* Random bytes are of many values: 16 of them are 15.5 different ones on the average, and more than
 * that are no less different than half of what is possible. Text has neither zeroes nor bytes that
 * are not ASCII. */
static bool is_random_bytes(const struct look *l)
{
	bool seen[256] = { false }, binary = false;
	size_t different = 0, possible = l->size < 128 ? l->size : 128;

	for (size_t i = 0; i < l->size; i++) {
		unsigned char c = (unsigned char)l->start[i];

		different += !seen[c];
		seen[c] = true;
		binary |= c == 0 || c >= 0x80;
	}
	return binary && different * 2 >= possible;
}

static const char *of_raw(const struct look *l)
{
	bool candidate = (l->mode & 0007) == 0 && l->size >= RAW_MIN && l->size <= RAW_MAX &&
			 is_named_key(l->name);

	return candidate && (is_word(l) || is_random_bytes(l)) ? "random bytes" : NULL;
}

const char *private_key_kind(const char *name, mode_t mode, const void *bytes, size_t size)
{
	const struct look look = { .name = name, .mode = mode, .start = bytes, .size = size };
	static const char *(*const way[])(const struct look *) = { of_text, of_magic, of_dropbear,
								   of_der, of_raw };
	const char *kind = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(way) && !kind && size > 0; i++)
		kind = way[i](&look);
	return kind;
}
