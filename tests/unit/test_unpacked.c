/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/memory.h"
#include "lab/unpacked.h"

#define SIZE ((size_t)3 << 20)

typedef int add_filter(struct archive *a);

/* So many zeros, which each filter makes into some thousand bytes at most. The inner one, which may
 * be NULL, is compressed once more. */
static int compressed_by(add_filter *outer, add_filter *inner)
{
	cleanup_free char *zeros = xcalloc(1, SIZE);
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	int fd = openat(scratch_fd, "zeros.zst", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	/* libarchive puts the last one that was added nearest to the content. */
	assert_int_equal(outer(a), ARCHIVE_OK);
	if (inner)
		assert_int_equal(inner(a), ARCHIVE_OK);
	archive_write_set_format_raw(a);
	archive_entry_set_filetype(e, AE_IFREG);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, zeros, SIZE), SIZE);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_entry_free(e);
	archive_write_free(a);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int compressed(void)
{
	return compressed_by(archive_write_add_filter_zstd, NULL);
}

static void counts(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = compressed();

	(void)state;
	assert_int_equal(unpacked_check(fd, SIZE, "x", &err), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_int_equal(unpacked_check(fd, SIZE + 1, "x", &err), 0);
	assert_true(unpacked_check(fd, SIZE - 1, "x", &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_string_equal(err.message,
			    "'x' holds more than the 3145727 bytes that manifest.json says");
}

/* What unpacks the tree undoes all of these, one in another too. */
static void counts_what_is_compressed_otherwise(void **state)
{
	static const struct {
		add_filter *outer, *inner;
	} row[] = {
		{ archive_write_add_filter_gzip, NULL },
		{ archive_write_add_filter_xz, NULL },
		{ archive_write_add_filter_zstd, archive_write_add_filter_gzip },
		{ archive_write_add_filter_zstd, archive_write_add_filter_xz },
		{ archive_write_add_filter_gzip, archive_write_add_filter_zstd },
	};

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(row); n++) {
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_fd int fd = compressed_by(row[n].outer, row[n].inner);

		assert_int_equal(unpacked_check(fd, SIZE, "x", &err), 0);
		assert_true(unpacked_check(fd, SIZE - 1, "x", &err) < 0);
		assert_non_null(strstr(err.message, "holds more than"));
	}
}

static void damage(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = compressed();

	(void)state;
	assert_int_equal(ftruncate(fd, 50), 0);
	assert_true(unpacked_check(fd, SIZE, "x", &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, "cannot unpack 'x': "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(counts),
		TEST(counts_what_is_compressed_otherwise),
		TEST(damage),
	};

	return cmocka_run_group_tests_name("unpacked", tests, NULL, NULL);
}
