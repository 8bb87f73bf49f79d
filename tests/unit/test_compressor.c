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

/* What is written to the file when it is looked at: one piece of the packed tar each time. */
struct writer {
	const struct packed *p;
	size_t size; /* of what will be in it */
	size_t done;
	size_t piece;
	uint64_t tar_size;
	int fd;
	unsigned idle;
};

static int look(void *data, bool idle, uint64_t *limit, struct err *err)
{
	struct writer *w = data;
	size_t piece = w->size - w->done < w->piece ? w->size - w->done : w->piece;

	(void)err;
	w->idle += idle;
	assert_int_equal(pwrite(w->fd, w->p->data + w->done, piece, (off_t)w->done), piece);
	w->done += piece;
	if (w->done < w->size)
		return 0;
	*limit = w->tar_size;
	return 1;
}

static int unpack(struct writer *w, struct err *err)
{
	CLEANUP(unpacking_release) struct unpacking u = { 0 };
	cleanup_fd int back = openat(scratch_fd, "f", O_RDONLY | O_CLOEXEC);
	int r = unpacking_init(&u, back, look, w, err);

	return r < 0 ? r : unpacking_finish(&u, w->p->digest, &w->tar_size, err);
}

static void check_pieces(const struct packed *p, size_t size, size_t piece, uint64_t tar_size,
			 const char *why)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = openat(scratch_fd, "f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct writer w = { p, size, 0, piece, tar_size, fd, 0 };
	int r = unpack(&w, &err);

	if (!why) {
		assert_int_equal(r, 0);
		assert_int_equal(w.done, size);
		return;
	}
	assert_true(r < 0);
	assert_int_equal(err.class, ERR_BUILD);
	if (!strstr(err.message, why))
		fail_msg("'%s' has no '%s'", err.message, why);
}

static void check(const struct packed *p, size_t size, uint64_t tar_size, const char *why)
{
	check_pieces(p, size, SIZE_MAX, tar_size, why);
	check_pieces(p, size, 10007, tar_size, why);
	check_pieces(p, size, (size_t)1 << 19, tar_size, why);
}

/* The writer's own failure is what is told, and ends the reading. */
static int look_in_vain(void *data, bool idle, uint64_t *limit, struct err *err)
{
	struct writer *w = data;

	if (w->done < w->size / 2)
		return look(data, idle, limit, err);
	return err_set(err, ERR_INTERRUPTED, "interrupted by SIGINT");
}

static void passes_on_what_the_writer_says(void **state)
{
	CLEANUP(packed_release) struct packed p = { 0 };
	CLEANUP(unpacking_release) struct unpacking u = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = openat(scratch_fd, "f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)state;
	pack(&p);
	struct writer w = { &p, p.size, 0, 100000, TAR_SIZE, fd, 0 };
	cleanup_fd int back = openat(scratch_fd, "f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unpacking_init(&u, back, look_in_vain, &w, &err), 0);
	assert_true(unpacking_finish(&u, p.digest, &w.tar_size, &err) < 0);
	assert_int_equal(err.class, ERR_INTERRUPTED);
	assert_true(u.size > TAR_SIZE / 4 && u.size < TAR_SIZE);
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
		cmocka_unit_test_setup_teardown(passes_on_what_the_writer_says, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
