/* SPDX-License-Identifier: MIT */
/* The form of signed texts. That real ones have it, test_index shows. */
#include "unit.h"

#include <openssl/evp.h>

#include "archive/armour.h"
#include "base/memory.h"
#include "base/text.h"

#define SIGNED "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"
#define BEGIN "-----BEGIN PGP SIGNATURE-----\n\n"
#define END "-----END PGP SIGNATURE-----\n"
#define BODY "0123456789"

/* An old packet of a signature, with a body of ten bytes; and what it looks like in armour. */
#define PACKET "\x88\x0a" BODY
#define GOOD BEGIN "iAowMTIzNDU2Nzg5\n=njUN\n" END

static void check(int r, const struct err *err, const char *message, const char *what)
{
	if (message && r == 0)
		fail_msg("%s: is taken", what);
	if (!message && r < 0)
		fail_msg("%s: %s", what, err->message);
	if (!message)
		return;
	assert_int_equal(err->class, ERR_TRUST);
	if (!strstr(err->message, message))
		fail_msg("%s: '%s' lacks '%s'", what, err->message, message);
}

static void test_signed(void **state)
{
	static const struct {
		const char *text;
		const char *message; /* NULL: it is taken */
	} cases[] = {
		{ SIGNED "text\n" GOOD, NULL },
		{ SIGNED "- -----\ntext\n" GOOD "\n", NULL },
		{ SIGNED GOOD, NULL },
		{ "-----BEGIN PGP SIGNED MESSAGE-----\n\ntext\n" GOOD, NULL },
		{ SIGNED "x\n-----BEGIN PGP SIGNATURE-----\nVersion: 1\nComment: a: b\n\n"
			 "iAowMTIzNDU2Nzg5\n" END,
		  NULL },
		{ "", "not a signed file" },
		{ "\n" SIGNED "x\n" GOOD, "not a signed file" },
		{ "-----BEGIN PGP MESSAGE-----\n", "not a signed file" },
		{ "-----BEGIN PGP SIGNED MESSAGE-----", "breaks off" },
		{ SIGNED, "breaks off" },
		{ SIGNED "text\n", "breaks off" },
		{ SIGNED "text\n" BEGIN, "breaks off" },
		{ SIGNED "text\n" BEGIN "iAowMTIzNDU2Nzg5\n", "breaks off" },
		{ SIGNED "text\n" BEGIN "iAowMTIzNDU2Nzg5\n=njUN\n", "breaks off" },
		{ SIGNED "text\n" BEGIN END, "not base64" },
		{ SIGNED "text\n-----BEGIN PGP SIGNATURE-----\ntext\n" GOOD, "no signature in" },
		{ SIGNED "text\n" BEGIN "iAowMTIzNDU2Nz\n" END, "not base64" },
		{ SIGNED "text\n" BEGIN "iAow*TIzNDU2Nzg5\n" END, "not base64" },
		{ SIGNED "text\n" BEGIN "iAowMTIzNDU2Nzg5\n=njUN\nmore\n" END, "does not end" },
		{ SIGNED "text\n" GOOD "more\n", "goes on" },
		{ SIGNED "text\n" GOOD GOOD, "goes on" },
		{ SIGNED "text\n" SIGNED "text\n" GOOD, "more than one" },
		{ SIGNED "-text\n" GOOD, "begins with a dash" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = { 0 };
		int r = armour_check_signed("x", cases[i].text, strlen(cases[i].text), &err);

		check(r, &err, cases[i].message, cases[i].text);
	}
}

/* gpgv hashes the beginning of such a line, and prints all of it. */
static void test_long_line(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text text = { 0 };

	(void)state;
	text_add(&text, SIGNED "X: ");
	for (size_t i = 0; i < ARMOUR_LINE_MAX; i++)
		text_add(&text, " ");
	text_add(&text, "\n" GOOD);
	assert_true(armour_check_signed("x", text.data, text.length, &err) < 0);
	assert_non_null(strstr(err.message, "a line of more than"));
}

static void test_nul(void **state)
{
	static const char text[] = SIGNED "te\0xt\n" GOOD;
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_true(armour_check_signed("x", text, sizeof(text) - 1, &err) < 0);
	assert_non_null(strstr(err.message, "NUL"));
}

static const char none[] = "something else than signatures";

/* Each is looked at as it is, and in armour behind a text. */
static void test_packets(void **state)
{
	static const struct {
		const char *data;
		size_t size;
		bool good;
	} cases[] = {
		{ PACKET, sizeof(PACKET) - 1, true },
		{ PACKET PACKET, 2 * (sizeof(PACKET) - 1), true },
		{ "\xc2\x0a" BODY, 12, true },		       /* a new packet */
		{ "\xc2\xff\x00\x00\x00\x0a" BODY, 16, true }, /* its length in five bytes */
		{ "\x89\x00\x0a" BODY, 13, true },
		{ "\x8a\x00\x00\x00\x0a" BODY, 15, true },
		{ "\x8b" BODY, 11, false },	/* without a length */
		{ "\xc2\xe1" BODY, 12, false }, /* a part of a length */
		{ "\x88\x0b" BODY, 12, false }, /* longer than there is */
		{ "\x8a\xff\xff\xff\xff" BODY, 15, false },
		{ "\xc2\xff\xff\xff\xff\xff" BODY, 16, false },
		{ "\xc2\xc0\x00" BODY, 13, false },
		{ "\x88", 1, false },
		{ "\xc2\xff\x00", 3, false },
		{ "\xcb\x0a" BODY, 12, false },	       /* literal data */
		{ "\xac\x0a" BODY, 12, false },	       /* the same, old */
		{ "\xc4\x0a" BODY, 12, false },	       /* one-pass signature */
		{ "\xc8\x0a" BODY, 12, false },	       /* compressed data */
		{ "\xca\x0a" BODY, 12, false },	       /* marker */
		{ PACKET "\xcb\x0a" BODY, 24, false }, /* behind a signature */
		{ "\xcb\x0a" BODY PACKET, 24, false },
		{ "text", 4, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err plain = { 0 };
		CLEANUP(err_release) struct err armoured = { 0 };
		CLEANUP(text_release) struct text packets = { 0 };
		CLEANUP(text_release) struct text text = { 0 };
		unsigned char base64[64];
		cleanup_free char *what = xasprintf("packet %zu", i);
		int r;

		text_append(&packets, cases[i].data, cases[i].size);
		r = armour_check_signature("x", &packets, &plain);
		check(r, &plain, cases[i].good ? NULL : none, what);
		(void)EVP_EncodeBlock(base64, (const unsigned char *)cases[i].data,
				      (int)cases[i].size);
		text_printf(&text, SIGNED "text\n" BEGIN "%s\n" END, (const char *)base64);
		r = armour_check_signed("x", text.data, text.length, &armoured);
		check(r, &armoured, cases[i].good ? NULL : none, what);
	}
}

static void test_detached(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ GOOD, NULL },
		{ GOOD "\n" GOOD "\n", NULL }, /* as Debian had them for years */
		{ GOOD "text\n", "goes on" },
		{ "-----BEGIN PGP MESSAGE-----\n\niAowMTIzNDU2Nzg5\n", "goes on" },
		{ BEGIN "iAowMTIzNDU2Nzg5\n", "breaks off" },
		{ "", none },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = { 0 };
		CLEANUP(text_release) struct text text = { 0 };

		text_add(&text, cases[i].text);
		check(armour_check_signature("x", &text, &err), &err, cases[i].message,
		      cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signed),	 cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_nul),	 cmocka_unit_test(test_packets),
		cmocka_unit_test(test_detached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
