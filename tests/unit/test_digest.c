/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>

#include "base/digest.h"
#include "base/memory.h"

/* FIPS 180-4 examples (NIST, "SHA256.pdf" of the example values). */
#define EMPTY_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define MILLION_A_HEX "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static void known_answers(void **state)
{
	char hex[DIGEST_HEX];

	(void)state;
	digest_bytes("", 0, hex);
	assert_string_equal(hex, EMPTY_HEX);
	digest_bytes("abc", 3, hex);
	assert_string_equal(hex, ABC_HEX);
}

static void pieces_equal_the_whole(void **state)
{
	CLEANUP(digest_cleanup) struct digest *d = digest_new();
	char hex[DIGEST_HEX], piece[1000];

	(void)state;
	memset(piece, 'a', sizeof(piece));
	for (int i = 0; i < 1000; i++)
		digest_update(d, piece, sizeof(piece));
	digest_final(d, hex);
	assert_string_equal(hex, MILLION_A_HEX);
}

static void files(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	char hex[DIGEST_HEX] = "untouched";
	cleanup_fd int fd = -1;

	(void)state;
	scratch_file("f", "xabc");
	fd = openat(scratch_fd, "f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(lseek(fd, 1, SEEK_SET), 1);
	assert_int_equal(digest_fd(fd, hex, &err), 0);
	assert_string_equal(hex, ABC_HEX);
	/* Now at the end. */
	assert_int_equal(digest_fd(fd, hex, &err), 0);
	assert_string_equal(hex, EMPTY_HEX);
	/* A directory cannot be read. */
	(void)strcpy(hex, "untouched");
	assert_int_equal(digest_fd(scratch_fd, hex, &err), -EISDIR);
	assert_string_equal(hex, "untouched");
	assert_int_equal(err.class, ERR_BUILD);
}

/* RFC 4231, test cases 2 and 6. */
static void keyed(void **state)
{
	char hex[DIGEST_HEX], long_key[131];

	(void)state;
	digest_keyed("Jefe", 4, "what do ya want for nothing?", 28, hex);
	assert_string_equal(hex,
			    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(long_key, 0xaa, sizeof(long_key));
	digest_keyed(long_key, sizeof(long_key),
		     "Test Using Larger Than Block-Size Key - Hash Key First", 54, hex);
	assert_string_equal(hex,
			    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	assert_false(digest_equals(hex, ABC_HEX));
	assert_true(digest_equals(EMPTY_HEX, EMPTY_HEX));
}

static void validity(void **state)
{
	char hex[80];

	(void)state;
	assert_true(digest_is_valid(ABC_HEX));
	assert_false(digest_is_valid(""));
	assert_false(digest_is_valid(ABC_HEX "0"));
	assert_false(digest_is_valid(ABC_HEX "\n"));
	(void)strcpy(hex, ABC_HEX);
	hex[63] = '\0';
	assert_false(digest_is_valid(hex));
	(void)strcpy(hex, ABC_HEX);
	hex[0] = 'B';
	assert_false(digest_is_valid(hex));
	hex[0] = 'g';
	assert_false(digest_is_valid(hex));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(pieces_equal_the_whole),
		cmocka_unit_test_setup_teardown(files, scratch_setup, scratch_teardown),
		cmocka_unit_test(keyed),
		cmocka_unit_test(validity),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
