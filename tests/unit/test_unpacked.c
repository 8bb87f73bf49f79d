/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/memory.h"
#include "lab/unpacked.h"

#define SIZE ((size_t)3 << 20)

/* So many zeros, which zstd makes into some hundred bytes. */
static int compressed(void)
{
	cleanup_free char *zeros = xcalloc(1, SIZE);
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	int fd = openat(scratch_fd, "zeros.zst", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	archive_write_add_filter_zstd(a);
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
		TEST(damage),
	};

	return cmocka_run_group_tests_name("unpacked", tests, NULL, NULL);
}
