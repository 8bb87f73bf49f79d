/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/memory.h"

static void make_tree(void)
{
	assert_int_equal(mkdirat(scratch_fd, "in", 0755), 0);
	assert_int_equal(mkdirat(scratch_fd, "in/a", 0755), 0);
	assert_int_equal(mkdirat(scratch_fd, "in/a/b", 0755), 0);
	scratch_file("in/a/b/file", "inside");
	scratch_file("secret", "outside");
	assert_int_equal(symlinkat("../secret", scratch_fd, "in/out"), 0);
	assert_int_equal(symlinkat("a", scratch_fd, "in/link"), 0);
	assert_int_equal(symlinkat("nowhere", scratch_fd, "in/dangling"), 0);
}

static int open_in(const char *path, int flags)
{
	cleanup_fd int in = openat(scratch_fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	assert_true(in >= 0);
	fd = open_beneath(in, path, flags, 0666);
	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}

static void what_is_inside_opens(void **state)
{
	static const char *const path[] = { "a/b/file", "a//b/./file", "./a/b/file" };
	static const char *const directory[] = { ".", "a", "a/", "a/b//", "a/." };

	(void)state;
	make_tree();
	for (size_t i = 0; i < ARRAY_SIZE(path); i++) {
		assert_int_equal(open_in(path[i], O_RDONLY), 0);
		assert_int_equal(open_in(path[i], O_PATH), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(directory); i++)
		assert_int_equal(open_in(directory[i], O_RDONLY | O_DIRECTORY), 0);
	assert_int_equal(open_in("a/new", O_WRONLY | O_CREAT | O_EXCL), 0);
	assert_int_equal(open_in("a/new", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
}

static void what_leaves_is_refused(void **state)
{
	static const struct {
		const char *path;
		int flags, error;
	} refused[] = {
		{ "out", O_RDONLY, -ELOOP },
		{ "out", O_PATH, -ELOOP },
		{ "out", O_WRONLY | O_CREAT | O_TRUNC, -ELOOP },
		{ "dangling", O_WRONLY | O_CREAT, -ELOOP },
		{ "link", O_RDONLY | O_DIRECTORY, -ELOOP },
		{ "link/", O_RDONLY, -ELOOP },
		{ "link/b/file", O_RDONLY, -ELOOP },
		{ "../secret", O_RDONLY, -EXDEV },
		{ "a/../../secret", O_RDONLY, -EXDEV },
		{ "a/..", O_RDONLY, -EXDEV },
		{ "/etc/passwd", O_RDONLY, -EXDEV },
		{ "", O_RDONLY, -ENOENT },
		{ "a/missing", O_RDONLY, -ENOENT },
		{ "a/missing/x", O_RDONLY, -ENOENT },
		{ "a/b/file/", O_RDONLY, -ENOTDIR },
		{ "a/b/file/x", O_RDONLY, -ENOTDIR },
	};

	(void)state;
	make_tree();
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(open_in(refused[i].path, refused[i].flags), refused[i].error);
}

static void a_parent_opens(void **state)
{
	cleanup_fd int fd = -1;
	const char *name = NULL;

	(void)state;
	make_tree();
	fd = open_parent_beneath(scratch_fd, "in/a/b/file", &name);
	assert_true(fd >= 0);
	assert_string_equal(name, "file");
	assert_int_equal(unlinkat(fd, name, 0), 0);
	assert_int_equal(open_in("a/b/file", O_RDONLY), -ENOENT);
	assert_int_equal(open_parent_beneath(scratch_fd, "in/link/b", &name), -ELOOP);
	assert_int_equal(open_parent_beneath(scratch_fd, "in/../secret", &name), -EXDEV);
	assert_int_equal(open_parent_beneath(scratch_fd, ".", &name), -EINVAL);
	assert_int_equal(open_parent_beneath(scratch_fd, "in/", &name), -EINVAL);
}

/* The last name is the link itself: whoever removes or renames it does not follow it. */
static void a_link_has_a_parent(void **state)
{
	cleanup_fd int fd = -1;
	const char *name = NULL;

	(void)state;
	make_tree();
	fd = open_parent_beneath(scratch_fd, "in/out", &name);
	assert_true(fd >= 0);
	assert_int_equal(unlinkat(fd, name, 0), 0);
	assert_int_equal(faccessat(scratch_fd, "secret", F_OK, 0), 0);
}

static void directories_are_made(void **state)
{
	struct stat st;

	(void)state;
	make_tree();
	assert_int_equal(make_dirs_beneath(scratch_fd, "in/a/b", 0755), 0);
	assert_int_equal(make_dirs_beneath(scratch_fd, "in//a/./c/d/", 0700), 0);
	assert_int_equal(fstatat(scratch_fd, "in/a/c/d", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	mode_t mask = umask(077);
	assert_int_equal(make_dirs_beneath(scratch_fd, "in/umask/e", 0755), 0);
	(void)umask(mask);
	assert_int_equal(fstatat(scratch_fd, "in/umask", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(fstatat(scratch_fd, "in/umask/e", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(make_dirs_beneath(scratch_fd, "in/link/e", 0755), -ELOOP);
	assert_int_equal(make_dirs_beneath(scratch_fd, "in/dangling/e", 0755), -ELOOP);
	assert_int_equal(make_dirs_beneath(scratch_fd, "in/../e", 0755), -EXDEV);
	assert_int_equal(make_dirs_beneath(scratch_fd, "/e", 0755), -EXDEV);
	assert_int_equal(make_dirs_beneath(scratch_fd, "in/a/b/file/e", 0755), -ENOTDIR);
	assert_int_equal(faccessat(scratch_fd, "in/a/e", F_OK, 0), -1);
}

static atomic_bool stop;

/* Puts a link that leads out, and the directory, in turn at the same place. */
static void *exchange(void *data)
{
	(void)data;
	while (!atomic_load(&stop))
		(void)renameat2(scratch_fd, "in/a", scratch_fd, "in/evil", RENAME_EXCHANGE);
	return NULL;
}

static void no_race_leads_out(void **state)
{
	cleanup_fd int in = -1;
	pthread_t thread;
	unsigned inside = 0, refused = 0;
	char content[16];

	(void)state;
	make_tree();
	assert_int_equal(mkdirat(scratch_fd, "b", 0755), 0);
	scratch_file("b/file", "outside");
	assert_int_equal(symlinkat("..", scratch_fd, "in/evil"), 0);
	in = openat(scratch_fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, exchange, NULL), 0);
	for (unsigned i = 0; (inside < 50 || refused < 50) && i < 1000000; i++) {
		cleanup_fd int fd = open_beneath(in, "a/b/file", O_RDONLY, 0);

		if (fd < 0) {
			/* Which of the two is asked of the place after the step has failed. */
			assert_true(fd == -ELOOP || fd == -ENOTDIR);
			refused++;
			continue;
		}
		assert_int_equal(read(fd, content, sizeof(content)), 6);
		assert_memory_equal(content, "inside", 6);
		inside++;
	}
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(inside >= 50 && refused >= 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_inside_opens, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(what_leaves_is_refused, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(a_parent_opens, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_link_has_a_parent, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(directories_are_made, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(no_race_leads_out, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests_name("beneath", tests, NULL, NULL);
}
