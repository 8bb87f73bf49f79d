/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/atomic-file.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"

static void assert_content(const char *path, const char *expected)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };

	assert_int_equal(read_file(scratch_fd, path, 1000, &t, &err), 0);
	assert_string_equal(t.data, expected);
}

static bool is_there(const char *path)
{
	struct stat st;

	return fstatat(scratch_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int collect(const struct walk_entry *e, void *data, struct err *err)
{
	struct text *seen = data;

	(void)err;
	text_printf(seen, "%s%s ", e->path, S_ISDIR(e->st->st_mode) ? "/" : "");
	return streq(e->name, "stop") ? 7 : 0;
}

/* All names in the scratch directory. */
static void assert_tree(const char *expected)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text seen = { 0 };

	text_add(&seen, "");
	assert_int_equal(walk_tree(scratch_fd, collect, &seen, &err), 0);
	assert_string_equal(seen.data, expected);
}

static void reading(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	scratch_file("five", "12345");
	scratch_file("none", "");
	assert_int_equal(read_file(scratch_fd, "five", 5, &t, &err), 0);
	assert_int_equal(t.length, 5);
	assert_int_equal(read_file(scratch_fd, "five", 4, &t, &err), -EIO);
	assert_string_equal(err.message, "'five' is larger than the 4 bytes allowed");
	assert_string_equal(t.data, "12345");
	err_release(&err);
	assert_int_equal(read_file(scratch_fd, "missing", 4, &t, &err), -ENOENT);
	assert_string_equal(err.message, "cannot open 'missing': No such file or directory");
	err_release(&err);
	assert_int_equal(read_file(scratch_fd, ".", 4, &t, &err), -EISDIR);
	assert_string_equal(t.data, "12345");
	err_release(&err);
	assert_int_equal(read_file(scratch_fd, "none", 0, &t, &err), 0);
	assert_string_equal(t.data, "");
	assert_int_equal(open_dir(scratch_fd, "five", &(int){ -1 }, &err), -ENOTDIR);
}

static void writing_to_a_full_disk(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	cleanup_fd int in = -1;
	uint64_t bytes = 4711;

	(void)state;
	scratch_file("f", "x");
	in = openat(scratch_fd, "f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(write_all(full, "x", 1), -ENOSPC);
	assert_int_equal(copy_fd(in, full, &bytes, &err), -ENOSPC);
	assert_non_null(err.hint);
	assert_true(bytes == 4711);
	err_release(&err);
	assert_int_equal(copy_fd(scratch_fd, in, NULL, &err), -EISDIR);
}

static void copying(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	const size_t size = 700001;
	cleanup_free char *data = xmalloc(size), *back = xmalloc(size + 1);
	cleanup_fd int in = openat(scratch_fd, "in", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cleanup_fd int out = openat(scratch_fd, "out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cleanup_fd int proc = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	uint64_t bytes = 0;

	(void)state;
	for (size_t i = 0; i < size; i++)
		data[i] = (char)(i * 7 + i / 251);
	assert_int_equal(write_all(in, data, size), 0);
	assert_int_equal(lseek(in, 1, SEEK_SET), 1);
	assert_int_equal(copy_fd(in, out, &bytes, &err), 0);
	assert_true(bytes == size - 1);
	assert_int_equal(lseek(out, 0, SEEK_SET), 0);
	assert_int_equal(read_all(out, back, size + 1), size - 1);
	assert_memory_equal(back, data + 1, size - 1);
	/* procfs says size 0; copy_file_range alone would copy nothing. */
	assert_int_equal(copy_fd(proc, out, &bytes, &err), 0);
	assert_true(bytes > 1);
}

static void publishing(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct stat st;
	mode_t before = umask(077);

	(void)state;
	assert_int_equal(mkdirat(scratch_fd, "d", 0755), 0);
	assert_int_equal(write_file(scratch_fd, "d/f", "one", 3, 0644, &err), 0);
	(void)umask(before);
	assert_int_equal(fstatat(scratch_fd, "d/f", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	{
		CLEANUP(atomic_file_release) struct atomic_file p = ATOMIC_FILE_INIT;

		assert_int_equal(atomic_file_begin(&p, scratch_fd, "d/f", 0600, &err), 0);
		assert_int_equal(write_all(p.fd, "two", 3), 0);
		assert_content("d/f", "one");
	}
	/* Given up: nothing is left. */
	assert_tree("d/ d/f ");
	{
		CLEANUP(atomic_file_release) struct atomic_file p = ATOMIC_FILE_INIT;

		assert_int_equal(atomic_file_begin(&p, scratch_fd, "d/f", 0600, &err), 0);
		assert_int_equal(write_all(p.fd, "three", 5), 0);
		assert_int_equal(atomic_file_commit(&p, &err), 0);
		assert_int_equal(p.fd, -1);
	}
	assert_content("d/f", "three");
	assert_tree("d/ d/f ");
}

static void publishing_where_it_cannot(void **state)
{
	static const char *const bad[] = { "", ".", "..", "d/", "d/..", "missing/f", "file/f" };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(mkdirat(scratch_fd, "d", 0755), 0);
	scratch_file("file", "");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(write_file(scratch_fd, bad[i], "x", 1, 0644, &err) < 0);
		assert_int_equal(err.class, ERR_BUILD);
		err_release(&err);
	}
	/* The target is a directory: the rename fails, the new file goes. */
	assert_int_equal(write_file(scratch_fd, "d", "x", 1, 0644, &err), -EISDIR);
	assert_tree("d/ file ");
	/* A struct that was never begun owns nothing, descriptor 0 least of all. */
	struct atomic_file never = ATOMIC_FILE_INIT;
	atomic_file_release(&never);
	assert_true(fcntl(0, F_GETFD) >= 0);
}

static void making_directories(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(make_dirs(scratch_fd, "a/b//c/", 0755, &err), 0);
	assert_int_equal(make_dirs(scratch_fd, "a/b/c", 0755, &err), 0);
	assert_int_equal(make_dirs(scratch_fd, "", 0755, &err), 0);
	assert_int_equal(make_dirs(AT_FDCWD, "/", 0755, &err), 0);
	/* There, though making it is forbidden. */
	assert_int_equal(make_dirs(AT_FDCWD, "/proc/self", 0755, &err), 0);
	assert_int_equal(symlinkat("a", scratch_fd, "link"), 0);
	assert_int_equal(make_dirs(scratch_fd, "link/d", 0755, &err), 0);
	assert_tree("a/ a/b/ a/b/c/ a/d/ link ");
	scratch_file("f", "");
	assert_int_equal(make_dirs(scratch_fd, "f", 0755, &err), -ENOTDIR);
	err_release(&err);
	assert_int_equal(make_dirs(scratch_fd, "f/g", 0755, &err), -ENOTDIR);
}

static int remove_all(const struct walk_entry *e, void *data, struct err *err)
{
	(void)data;
	return remove_tree(e->dirfd, e->name, err);
}

static int refuse(const struct walk_entry *e, void *data, struct err *err)
{
	(void)data;
	return err_set(err, ERR_USAGE, "not %s", e->path);
}

static void walking(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text seen = { 0 };
	static const char *const file[] = { "b/z", "b/a", "a-b", "a/x", "B" };

	(void)state;
	assert_int_equal(make_dirs(scratch_fd, "a", 0755, &err), 0);
	assert_int_equal(make_dirs(scratch_fd, "b", 0755, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(file); i++)
		scratch_file(file[i], "");
	assert_int_equal(symlinkat("a", scratch_fd, "c"), 0);
	/* Byte order of names, directory by directory; links are not followed. */
	assert_tree("B a/ a/x a-b b/ b/a b/z c ");
	scratch_file("b/stop", "");
	assert_int_equal(walk_tree(scratch_fd, collect, &seen, &err), 7);
	assert_string_equal(seen.data, "B a/ a/x a-b b/ b/a b/stop ");
	assert_int_equal(walk_tree(scratch_fd, refuse, NULL, &err), -EIO);
	assert_string_equal(err.message, "not B");
	err_release(&err);
	assert_int_equal(walk_tree(scratch_fd, remove_all, NULL, &err), 0);
	assert_tree("");
	assert_int_equal(walk_tree(-1, collect, &seen, &err), -EBADF);
}

static void make_deep(int depth)
{
	cleanup_fd int fd = openat(scratch_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < depth; i++) {
		assert_int_equal(mkdirat(fd, "deep", 0700), 0);
		int next = openat(fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		assert_int_equal(close(fd), 0);
		fd = next;
	}
	assert_int_equal(close(openat(fd, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
}

static void deep_trees(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text seen = { 0 };
	struct rlimit limit, before;

	(void)state;
	make_deep(500);
	assert_true(walk_tree(scratch_fd, collect, &seen, &err) < 0);
	assert_non_null(strstr(err.message, "nested more than"));
	err_release(&err);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 150;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	int r = remove_tree(scratch_fd, "deep", &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(r, 0);
	assert_tree("");
}

static void removing(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(remove_tree(scratch_fd, "missing", &err), 0);
	assert_int_equal(remove_tree(scratch_fd, "missing/below", &err), 0);
	assert_int_equal(make_dirs(scratch_fd, "keep/me", 0755, &err), 0);
	assert_int_equal(make_dirs(scratch_fd, "t/a/b", 0755, &err), 0);
	assert_int_equal(symlinkat("../../keep", scratch_fd, "t/a/out"), 0);
	assert_int_equal(symlinkat("keep", scratch_fd, "link"), 0);
	for (int i = 0; i < 500; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "t/a/%d", i);
		scratch_file(name, "x");
	}
	assert_int_equal(remove_tree(scratch_fd, "t", &err), 0);
	assert_int_equal(remove_tree(scratch_fd, "link", &err), 0);
	assert_tree("keep/ keep/me/ ");
	assert_true(remove_tree(scratch_fd, ".", &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	err_release(&err);
	assert_int_equal(remove_tree(-1, "x", &err), -EBADF);
}

/* Runs fn in a process of its own and returns its exit status. */
static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int remove_read_only(void)
{
	struct err err = { 0 };

	if (geteuid() == 0 &&
	    (fchown(scratch_fd, 65534, 65534) < 0 || setresgid(65534, 65534, 65534) < 0 ||
	     setresuid(65534, 65534, 65534) < 0))
		return 10;
	if (mkdirat(scratch_fd, "t", 0755) < 0 || mkdirat(scratch_fd, "t/a", 0755) < 0 ||
	    mkdirat(scratch_fd, "t/a/b", 0755) < 0 || mkdirat(scratch_fd, "t/a/b/c", 0) < 0 ||
	    fchmodat(scratch_fd, "t/a/b", 0, 0) < 0 || fchmodat(scratch_fd, "t/a", 0555, 0) < 0 ||
	    fchmodat(scratch_fd, "t", 0555, 0) < 0)
		return 11;
	/* The test is one only if rm without chmod would fail. */
	if (unlinkat(scratch_fd, "t/a", AT_REMOVEDIR) == 0 || errno != EACCES)
		return 12;
	if (remove_tree(scratch_fd, "t", &err) < 0)
		return 13;
	return is_there("t") ? 14 : 0;
}

static void removing_what_is_read_only(void **state)
{
	(void)state;
	assert_int_equal(in_child(remove_read_only), 0);
}

/* Nobody may remove what is in procfs, whoever runs the test. */
static void removing_what_cannot_be(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(remove_tree(AT_FDCWD, "/proc/self/status", &err), -EPERM);
	assert_string_equal(err.message, "cannot remove '/proc/self/status': "
					 "Operation not permitted");
	err_release(&err);
	/* EPERM for root, EACCES for others. */
	assert_true(remove_tree(AT_FDCWD, "/proc/self/fdinfo", &err) < 0);
	assert_non_null(strstr(err.message, "in '/proc/self/fdinfo': cannot remove '"));
}

static int can_mount(void)
{
	return unshare((geteuid() != 0 ? CLONE_NEWUSER : 0) | CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static int remove_mounted(void)
{
	char source[128], target[128];
	struct err err = { 0 };

	(void)snprintf(source, sizeof(source), "%s/host", scratch_path);
	(void)snprintf(target, sizeof(target), "%s/t/mount", scratch_path);
	/* A bind mount of the same file system: the device number does not tell. */
	if (!can_mount() || mount(source, target, NULL, MS_BIND, NULL) < 0)
		return 10;
	/* scratch_fd still leads to where nothing is mounted. */
	if (remove_tree(scratch_fd, "t/mount", &err) != -EBUSY)
		return 11;
	err_release(&err);
	int fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (remove_tree(fd, "t", &err) != -EBUSY)
		return 12;
	return err.hint && strstr(err.hint, "unmount") ? 0 : 13;
}

static void removing_never_enters_a_mount(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(make_dirs(scratch_fd, "t/mount", 0755, &err), 0);
	assert_int_equal(make_dirs(scratch_fd, "host/precious", 0755, &err), 0);
	assert_int_equal(in_child(remove_mounted), 0);
	assert_true(is_there("host/precious"));
}

static void temporary_files(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *before = getenv("TMPDIR") ? xstrdup(getenv("TMPDIR")) : NULL;
	struct stat st;
	int fd = -1;

	(void)state;
	(void)setenv("TMPDIR", scratch_path, 1);
	assert_int_equal(temporary_fd(&fd, &err), 0);
	assert_int_equal(write_all(fd, "x", 1), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(close(fd), 0);
	assert_tree("");
	(void)setenv("TMPDIR", "/nonexistent", 1);
	assert_int_equal(temporary_fd(&fd, &err), -ENOENT);
	assert_non_null(strstr(err.hint, "TMPDIR"));
	(void)(before ? setenv("TMPDIR", before, 1) : unsetenv("TMPDIR"));
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH(reading),
		SCRATCH(writing_to_a_full_disk),
		SCRATCH(copying),
		SCRATCH(publishing),
		SCRATCH(publishing_where_it_cannot),
		SCRATCH(making_directories),
		SCRATCH(walking),
		SCRATCH(deep_trees),
		SCRATCH(removing),
		SCRATCH(removing_what_is_read_only),
		SCRATCH(removing_what_cannot_be),
		SCRATCH(temporary_files),
		SCRATCH(removing_never_enters_a_mount),
	};
	size_t count = ARRAY_SIZE(tests);

	/* cmocka's skip() is a failure in TAP. */
	if (in_child(can_mount) != 1) {
		print_message(
			"# not run: removing_never_enters_a_mount: mounting is forbidden here\n");
		count--;
	}
	return _cmocka_run_group_tests("io", tests, count, NULL, NULL);
}
