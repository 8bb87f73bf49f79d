/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/digest.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "lab/disk-files.h"

#define LARGE (70LL << 20) /* an initramfs with firmware; more than one message to the sandbox */

static int write_files(const char *mirror, int *ret_fd, uint64_t *ret_size, struct err *err)
{
	const struct image i = { .fd = scratch_fd, .path = scratch_path };
	cleanup_fd int fd = -1;

	assert_int_equal(temporary_fd(&fd, err), 0);
	int r = disk_files_write(&i, mirror, fd, ret_size, err);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	*ret_fd = take_fd(&fd);
	return r;
}

static void make_image(void)
{
	cleanup_fd int fd = -1;

	assert_int_equal(mkdirat(scratch_fd, "tftp", 0700), 0);
	assert_int_equal(mkdirat(scratch_fd, "tftp/menu", 0750), 0);
	assert_int_equal(mkdirat(scratch_fd, "server", 0755), 0);
	scratch_file("tftp/menu/default", "DEFAULT x\n");
	scratch_file("server/README", "how\n");
	assert_int_equal(symlinkat("menu/default", scratch_fd, "tftp/again"), 0);
	fd = openat(scratch_fd, "tftp/initrd", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	assert_int_equal(ftruncate(fd, LARGE), 0);
}

static void append_entry(struct text *t, struct archive *a, struct archive_entry *e)
{
	char content[16] = "";

	if (archive_entry_filetype(e) == AE_IFREG && archive_entry_size(e) < 16)
		assert_int_equal(archive_read_data(a, content, sizeof(content)),
				 archive_entry_size(e));
	text_printf(t, "%s %o %lld %lld:%lld %s%s\n", archive_entry_pathname(e),
		    (unsigned)archive_entry_mode(e), (long long)archive_entry_size(e),
		    (long long)archive_entry_uid(e), (long long)archive_entry_gid(e),
		    archive_entry_symlink(e) ? archive_entry_symlink(e) : "", content);
	assert_int_equal(archive_entry_mtime(e), 0);
}

static void read_back(int fd, struct text *ret)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;

	archive_read_support_format_tar(a);
	assert_int_equal(archive_read_open_fd(a, fd, 1 << 20), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK)
		append_entry(ret, a, e);
	archive_read_free(a);
}

static void writes_what_is_there(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text list = { 0 };
	cleanup_fd int fd = -1;
	uint64_t size;

	(void)state;
	make_image();
	assert_int_equal(write_files(NULL, &fd, &size, &err), 0);
	assert_int_equal(size, LARGE + 14);
	read_back(fd, &list);
	assert_string_equal(list.data, "tftp/ 40755 0 0:0 \n"
				       "tftp/again 120777 0 0:0 menu/default\n"
				       "tftp/initrd 100640 73400320 0:0 \n"
				       "tftp/menu/ 40750 0 0:0 \n"
				       "tftp/menu/default 100644 10 0:0 DEFAULT x\n\n"
				       "server/ 40755 0 0:0 \n"
				       "server/README 100644 4 0:0 how\n\n");
}

/* The disk of files that did not change is found again. */
static void depends_on_nothing_else(void **state)
{
	static const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	CLEANUP(err_release) struct err err = { 0 };
	char a[DIGEST_HEX], b[DIGEST_HEX];
	cleanup_fd int first = -1, second = -1, third = -1;
	uint64_t size;

	(void)state;
	make_image();
	assert_int_equal(write_files(NULL, &first, &size, &err), 0);
	assert_int_equal(utimensat(scratch_fd, "tftp/menu/default", old, 0), 0);
	assert_int_equal(write_files(NULL, &second, &size, &err), 0);
	assert_int_equal(digest_fd(first, a, &err), 0);
	assert_int_equal(digest_fd(second, b, &err), 0);
	assert_string_equal(a, b);
	assert_int_equal(fchmodat(scratch_fd, "tftp/menu/default", 0600, 0), 0);
	assert_int_equal(write_files(NULL, &third, &size, &err), 0);
	assert_int_equal(digest_fd(third, b, &err), 0);
	assert_string_not_equal(a, b);
}

static void assert_not_written(const char *message)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = -1;
	uint64_t size = 0;

	assert_true(write_files(NULL, &fd, &size, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, message));
}

/* Not a byte from outside of the image, and no more bytes than there can be. */
static void an_image_that_means_harm(void **state)
{
	cleanup_fd int fd = -1;

	(void)state;
	make_image();
	assert_int_equal(mkfifoat(scratch_fd, "tftp/pipe", 0600), 0);
	assert_not_written("'pipe' is neither a file nor a directory nor a symbolic link");
	assert_int_equal(unlinkat(scratch_fd, "tftp/pipe", 0), 0);
	fd = openat(scratch_fd, "tftp/holes", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	assert_int_equal(ftruncate(fd, (off_t)1 << 42), 0);
	assert_not_written("more than 8589934592 bytes");
	assert_int_equal(unlinkat(scratch_fd, "tftp/holes", 0), 0);
	assert_int_equal(renameat(scratch_fd, "server", scratch_fd, "elsewhere"), 0);
	assert_int_equal(symlinkat("elsewhere", scratch_fd, "server"), 0);
	assert_not_written("cannot open the directory");
}

static void takes_a_mirror(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text list = { 0 };
	cleanup_free char *mirror = xasprintf("%s/apt", scratch_path);
	cleanup_fd int fd = -1;
	uint64_t size;

	(void)state;
	make_image();
	assert_int_equal(mkdir(mirror, 0755), 0);
	scratch_file("apt/Release", "x");
	assert_int_equal(write_files(mirror, &fd, &size, &err), 0);
	read_back(fd, &list);
	assert_non_null(strstr(list.data, "mirror/ 40755 0 0:0 \n"
					  "mirror/Release 100644 1 0:0 x\n"));
}

static void refuses_what_cannot_be_served(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = -1;
	uint64_t size;

	(void)state;
	make_image();
	assert_int_equal(mkfifoat(scratch_fd, "tftp/pipe", 0600), 0);
	assert_true(write_files(NULL, &fd, &size, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_string_equal(err.message,
			    "'pipe' is neither a file nor a directory nor a symbolic link");
}

/* An image may hold files, or holes, for minutes. */
static void hears_a_signal(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	make_image();
	pid = fork();
	if (pid == 0) {
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_fd int fd = -1;
		uint64_t size;

		interrupt_init();
		(void)raise(SIGTERM);
		(void)write_files(NULL, &fd, &size, &err);
		_exit(err.class == ERR_INTERRUPTED ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_what_is_there, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(depends_on_nothing_else, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(takes_a_mirror, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(an_image_that_means_harm, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(hears_a_signal, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(refuses_what_cannot_be_served, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
