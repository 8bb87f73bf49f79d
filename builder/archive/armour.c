/* SPDX-License-Identifier: MIT */
#include "archive/armour.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

#define TAG_SIGNATURE 2
#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/* Text that is read line by line; `line` has no blanks at its end, `full` counts them. */
struct lines {
	const char *name;
	const char *next, *end;
	const char *line;
	size_t length, full;
};

static bool next_line(struct lines *l)
{
	const char *newline;

	if (l->next >= l->end)
		return false;
	newline = memchr(l->next, '\n', (size_t)(l->end - l->next));
	l->line = l->next;
	l->full = (size_t)((newline ? newline : l->end) - l->line);
	l->length = l->full;
	l->next = newline ? newline + 1 : l->end;
	while (l->length > 0 && memchr(" \t\r", l->line[l->length - 1], 3))
		l->length--;
	return true;
}

static bool line_is(const struct lines *l, const char *text)
{
	return l->length == strlen(text) && memcmp(l->line, text, l->length) == 0;
}

static bool line_begins(const struct lines *l, const char *text)
{
	return l->length >= strlen(text) && memcmp(l->line, text, strlen(text)) == 0;
}

static int breaks_off(const char *name, struct err *err)
{
	return err_set(err, ERR_TRUST, "%s breaks off before the end of its signature", name);
}

/* ---- packets (RFC 9580, section 4.2) -------------------------------------------------------- */

/* The length of a packet's body, of which `size` bytes are there with the length itself; the bytes
 * of the length go to *ret_head. SIZE_MAX: it is none that ends. */
static size_t body_length(const unsigned char *p, size_t size, size_t *ret_head)
{
	bool new_form = *p & 0x40;
	size_t octets = new_form ? 1 : (size_t)1 << (*p & 3), length = 0;

	if (!new_form && octets == 8)
		return SIZE_MAX;
	if (new_form && size > 1)
		octets = p[1] < 192 ? 1 : p[1] < 224 ? 2 : p[1] == 255 ? 5 : 8;
	if (octets == 8 || size < 1 + octets)
		return SIZE_MAX;
	*ret_head = 1 + octets;
	for (size_t i = new_form && octets == 5 ? 1 : 0; i < octets; i++)
		length = length << 8 | p[1 + i];
	return new_form && octets == 2 ? length - (192 << 8) + 192 : length;
}

static bool are_signatures(const unsigned char *p, size_t size)
{
	if (size == 0)
		return false;
	while (size > 0) {
		unsigned tag = *p & 0x40 ? *p & 0x3f : (*p & 0x3f) >> 2;
		size_t head = 0, length;

		if (!(*p & 0x80) || tag != TAG_SIGNATURE)
			return false;
		length = body_length(p, size, &head);
		if (length == SIZE_MAX || length > size - head)
			return false;
		p += head + length;
		size -= head + length;
	}
	return true;
}

static int check_packets(const char *name, const void *data, size_t size, struct err *err)
{
	if (are_signatures(data, size))
		return 0;
	return err_set(err, ERR_TRUST, "%s has something else than signatures in its signature",
		       name);
}

/* ---- armour (RFC 9580, section 6.2) --------------------------------------------------------- */

static int check_base64(const char *name, const struct text *text, struct err *err)
{
	size_t digits = text->length > 0 ? strspn(text->data, ALPHABET) : 0;
	size_t padding = text->length - digits;
	cleanup_free unsigned char *bytes = xmalloc(text->length + 1);
	int n;

	if (digits == 0 || padding > 2 || (digits + padding) % 4 != 0 ||
	    (padding > 0 && strspn(text->data + digits, "=") != padding))
		return err_set(err, ERR_TRUST, "%s has a signature that is not base64", name);
	n = EVP_DecodeBlock(bytes, (const unsigned char *)text->data, (int)text->length);
	if (n < 0)
		return err_set(err, ERR_TRUST, "%s has a signature that is not base64", name);
	return check_packets(name, bytes, (size_t)n - padding, err);
}

/* What follows the line ARMOUR_SIGNATURE, up to its end. */
static int check_block(struct lines *l, struct err *err)
{
	CLEANUP(text_release) struct text base64 = { 0 };
	bool found = next_line(l);

	while (found && l->length > 0 && memchr(l->line, ':', l->length))
		found = next_line(l);
	if (!found || l->length > 0)
		return found ? err_set(err, ERR_TRUST, "%s has no signature in its armour", l->name)
			     : breaks_off(l->name, err);
	while ((found = next_line(l)) && *l->line != '=' && !line_begins(l, "-----"))
		text_append(&base64, l->line, l->length);
	if (found && *l->line == '=')
		found = next_line(l);
	if (!found)
		return breaks_off(l->name, err);
	if (!line_is(l, ARMOUR_SIGNATURE_END))
		return err_set(err, ERR_TRUST, "%s has a signature that does not end as one",
			       l->name);
	return check_base64(l->name, &base64, err);
}

static bool is_end(const struct lines *l)
{
	for (const char *p = l->next; p < l->end; p++)
		if (!isspace((unsigned char)*p))
			return false;
	return true;
}

/* ---- clear-signed texts (RFC 9580, section 7) ----------------------------------------------- */

static int check_headers(struct lines *l, struct err *err)
{
	while (next_line(l)) {
		if (l->length == 0)
			return 0;
		if (!line_begins(l, "Hash: "))
			return err_set(err, ERR_TRUST,
				       "%s has a header other than Hash before its signed text",
				       l->name);
	}
	return breaks_off(l->name, err);
}

/* Up to the line that begins the signature. */
static int check_text(struct lines *l, struct err *err)
{
	while (next_line(l)) {
		if (line_is(l, ARMOUR_SIGNATURE))
			return 0;
		if (l->full > ARMOUR_LINE_MAX)
			return err_set(err, ERR_TRUST, "%s has a line of more than %zu bytes",
				       l->name, ARMOUR_LINE_MAX);
		if (line_is(l, ARMOUR_SIGNED))
			return err_set(err, ERR_TRUST, "%s holds more than one signed text",
				       l->name);
		if (line_begins(l, "-") && !line_begins(l, "- "))
			return err_set(err, ERR_TRUST,
				       "%s has a line in its signed text that begins with a dash",
				       l->name);
	}
	return breaks_off(l->name, err);
}

int armour_check_signed(const char *name, const char *data, size_t size, struct err *err)
{
	struct lines l = { .name = name, .next = data, .end = data + size };
	int r;

	if (!next_line(&l) || !line_is(&l, ARMOUR_SIGNED)) {
		(void)err_set(err, ERR_TRUST, "%s is not a signed file", name);
		return err_hint(err, "something between this machine and the mirror (a proxy, a "
				     "log-in page) may have answered instead");
	}
	if (memchr(data, '\0', size))
		return err_set(err, ERR_TRUST, "%s holds a NUL byte", name);
	r = check_headers(&l, err);
	if (r < 0)
		return r;
	r = check_text(&l, err);
	if (r < 0)
		return r;
	r = check_block(&l, err);
	if (r < 0)
		return r;
	return is_end(&l) ? 0 : err_set(err, ERR_TRUST, "%s goes on after its signature", name);
}

int armour_check_signature(const char *name, const struct text *signature, struct err *err)
{
	struct lines l = {
		.name = name,
		.next = signature->data,
		.end = signature->data + signature->length,
	};

	if (signature->length == 0 || *signature->data != '-')
		return check_packets(name, signature->data, signature->length, err);
	if (memchr(signature->data, '\0', signature->length))
		return err_set(err, ERR_TRUST, "%s holds a NUL byte", name);
	while (!is_end(&l)) {
		int r;

		while (next_line(&l) && l.length == 0)
			;
		if (!line_is(&l, ARMOUR_SIGNATURE))
			return err_set(err, ERR_TRUST, "%s goes on after its signature", name);
		r = check_block(&l, err);
		if (r < 0)
			return r;
	}
	return 0;
}
