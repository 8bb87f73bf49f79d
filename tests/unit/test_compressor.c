/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <zstd.h>

#include "base/digest.h"
#include "base/memory.h"
#include "publish/compressor.h"

#define TAR_SIZE ((size_t)5 << 20) /* more than one piece, packed and unpacked */

struct packed {
	char *tar;
	char *data;
	size_t size;
	char digest[DIGEST_HEX];
};

static void packed_release(struct packed *p)
{
	free(p->tar);
	free(p->data);
}

/* Half noise, half zeros. */
static void pack(struct packed *p)
{
	uint32_t state = 1;

	p->tar = xcalloc(1, TAR_SIZE);
	for (size_t i = 0; i < TAR_SIZE / 2; i++) {
		state = state * 1664525 + 1013904223;
		p->tar[i] = (char)(state >> 24);
	}
	digest_bytes(p->tar, TAR_SIZE, p->digest);
	p->size = ZSTD_compressBound(TAR_SIZE);
	p->data = xcalloc(1, p->size + 16);
	p->size = ZSTD_compress(p->data, p->size, p->tar, TAR_SIZE, 3);
	assert_false(ZSTD_isError(p->size));
}

static void check(const struct packed *p, size_t size, uint64_t tar_size, const char *why)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = openat(scratch_fd, "f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int r;

	assert_int_equal(write(fd, p->data, size), size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	r = compressor_verify(fd, p->digest, tar_size, &err);
	if (!why) {
		assert_int_equal(r, 0);
		return;
	}
	assert_true(r < 0);
	assert_int_equal(err.class, ERR_BUILD);
	if (!strstr(err.message, why))
		fail_msg("'%s' has no '%s'", err.message, why);
}

static void accepts_its_tar(void **state)
{
	CLEANUP(packed_release) struct packed p = { 0 };

	(void)state;
	pack(&p);
	check(&p, p.size, TAR_SIZE, NULL);
}

static void refuses_anything_else(void **state)
{
	CLEANUP(packed_release) struct packed p = { 0 };

	(void)state;
	pack(&p);
	check(&p, p.size, TAR_SIZE - 1, "longer than the tree");
	check(&p, p.size, TAR_SIZE + 1, "content differs");
	check(&p, 0, TAR_SIZE, "content differs");
	check(&p, p.size - 1, TAR_SIZE, "cut short");
	check(&p, p.size / 2, TAR_SIZE, "cut short");
	memcpy(p.data + p.size, "garbage!", 8);
	check(&p, p.size + 8, TAR_SIZE, "not unpack");
	p.digest[0] = p.digest[0] == '0' ? '1' : '0';
	check(&p, p.size, TAR_SIZE, "content differs");
	p.digest[0] = p.digest[0] == '0' ? '1' : '0';
	p.data[0] ^= 1;
	check(&p, p.size, TAR_SIZE, "not unpack");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(accepts_its_tar, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(refuses_anything_else, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
