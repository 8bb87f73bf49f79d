/* SPDX-License-Identifier: MIT */
#include "tar/tar-header.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE 100
#define OCTAL_ID_MAX 07777777ULL
#define OCTAL_SIZE_MAX 077777777777ULL

struct ustar {
	char name[NAME_SIZE];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char target[NAME_SIZE];
	char magic[6];
	char version[2];
	char rest[247];
};

_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "ustar header is one block");

void tar_header_add(struct tar_header *h, const char *key, const void *value, size_t size)
{
	size_t body = strlen(key) + size + 3; /* blank, '=', newline */
	size_t total = body;
	char digits[24];

	/* The record's length counts its own digits. */
	for (;;) {
		size_t n = (size_t)snprintf(digits, sizeof(digits), "%zu", total);

		if (body + n == total)
			break;
		total = body + n;
	}
	text_printf(&h->pax, "%s %s=", digits, key);
	text_append(&h->pax, value, size);
	text_append(&h->pax, "\n", 1);
}

static void octal(char *field, size_t size, uint64_t value)
{
	char digits[32];

	(void)snprintf(digits, sizeof(digits), "%0*llo", (int)size - 1, (unsigned long long)value);
	memcpy(field, digits, size);
}

static bool is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* Well-formed by Unicode 15 table 3-7: shortest forms only, no surrogates. */
static bool is_utf8(const char *s)
{
	for (const unsigned char *p = (const unsigned char *)s; *p != '\0';) {
		unsigned more = *p < 0x80 ? 0 : *p < 0xc2 ? 9 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
		unsigned low = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : 0x80;
		unsigned high = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : 0xbf;

		if (more == 9 || *p > 0xf4)
			return false;
		p++;
		for (unsigned i = 0; i < more; i++, p++) {
			if (*p < low || *p > high)
				return false;
			low = 0x80;
			high = 0xbf;
		}
	}
	return true;
}

static void octal_or_pax(struct tar_header *h, char *field, size_t size, uint64_t value,
			 uint64_t most, const char *key)
{
	char digits[24];
	int n;

	if (value <= most) {
		octal(field, size, value);
		return;
	}
	octal(field, size, 0);
	n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	tar_header_add(h, key, digits, (size_t)n);
}

/* A short name that is not UTF-8 stays in the ustar field, whose bytes every reader takes as they
 * are; in a pax record it would need a hdrcharset record beside it. */
static bool needs_pax(const char *s)
{
	return strlen(s) > NAME_SIZE || (!is_ascii(s) && is_utf8(s));
}

static void name_or_pax(struct tar_header *h, char *field, const char *s, const char *key)
{
	memcpy(field, s, strnlen(s, NAME_SIZE));
	if (needs_pax(s))
		tar_header_add(h, key, s, strlen(s));
}

static void seal(struct ustar *u)
{
	const unsigned char *p = (const unsigned char *)u;
	unsigned sum = 0;

	memcpy(u->magic, "ustar", 6);
	memcpy(u->version, "00", 2);
	memset(u->checksum, ' ', sizeof(u->checksum));
	for (size_t i = 0; i < sizeof(*u); i++)
		sum += p[i];
	octal(u->checksum, 7, sum);
}

static void add_pax_blocks(const struct tar_header *h, struct text *ret)
{
	static const char zero[TAR_BLOCK];
	struct ustar u = { .type = 'x' };

	memcpy(u.name, "PaxHeaders/entry", 16);
	octal(u.mode, sizeof(u.mode), 0644);
	octal(u.uid, sizeof(u.uid), 0);
	octal(u.gid, sizeof(u.gid), 0);
	octal(u.size, sizeof(u.size), h->pax.length);
	octal(u.mtime, sizeof(u.mtime), (uint64_t)h->mtime);
	seal(&u);
	text_append(ret, &u, sizeof(u));
	text_append(ret, h->pax.data, h->pax.length);
	if (h->pax.length % TAR_BLOCK != 0)
		text_append(ret, zero, TAR_BLOCK - h->pax.length % TAR_BLOCK);
}

void tar_header_format(struct tar_header *h, struct text *ret)
{
	CLEANUP(text_release) struct text attributes = TAKE(h->pax);
	struct ustar u = { .type = (char)h->type };

	if ((needs_pax(h->name) && !is_utf8(h->name)) ||
	    (h->target && needs_pax(h->target) && !is_utf8(h->target)))
		tar_header_add(h, "hdrcharset", "BINARY", 6);
	name_or_pax(h, u.name, h->name, "path");
	if (h->target)
		name_or_pax(h, u.target, h->target, "linkpath");
	octal(u.mode, sizeof(u.mode), h->mode);
	octal_or_pax(h, u.uid, sizeof(u.uid), h->uid, OCTAL_ID_MAX, "uid");
	octal_or_pax(h, u.gid, sizeof(u.gid), h->gid, OCTAL_ID_MAX, "gid");
	octal_or_pax(h, u.size, sizeof(u.size), h->size, OCTAL_SIZE_MAX, "size");
	octal_or_pax(h, u.mtime, sizeof(u.mtime), (uint64_t)h->mtime, OCTAL_SIZE_MAX, "mtime");
	text_append(&h->pax, attributes.data, attributes.length);
	seal(&u);
	if (h->pax.length > 0)
		add_pax_blocks(h, ret);
	text_append(ret, &u, sizeof(u));
}

void tar_header_release(struct tar_header *h)
{
	free(h->name);
	free(h->target);
	text_release(&h->pax);
}
