/* SPDX-License-Identifier: MIT */
/*
 * What runs in the appliance is this machine's sandbox-namespace with this machine's libraries, as
 * ldd(1) names them. libguestfs's own appliance has most of them, but not all, and its next version
 * may have others.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/libarchive.h"
#include "base/memory.h"
#include "base/text.h"
#include "sandbox/guestfs/guestfs.h"

#define SERVER "sandbox-namespace"
/* The locale C.UTF-8 where glibc looks for it; sandbox-namespace needs it. */
#define LOCALE "usr/lib/locale/C.utf8/LC_CTYPE"
#define LIST_MAX ((size_t)256 << 10)
#define CHUNK ((size_t)256 << 10)

static int cannot_write(struct archive *a, struct err *err)
{
	return err_set(err, ERR_BUILD, "cannot write what runs in the appliance: %s",
		       archive_error_string(a));
}

static int add_header(struct archive *a, const char *name, mode_t mode, int64_t size,
		      struct err *err)
{
	CLEANUP(archive_entry_cleanup) struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, size);
	return archive_write_header(a, e) == ARCHIVE_OK ? 0 : cannot_write(a, err);
}

static int add_file(struct archive *a, const char *name, const char *path, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_free char *chunk = xmalloc(CHUNK);
	struct stat st;
	ssize_t n;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s'", path);
	r = add_header(a, name, S_IFREG | 0755, st.st_size, err);
	if (r < 0)
		return r;
	while ((n = read_all(fd, chunk, CHUNK)) > 0)
		if (archive_write_data(a, chunk, (size_t)n) != n)
			return cannot_write(a, err);
	return n < 0 ? err_errno(err, ERR_BUILD, (int)-n, "cannot read '%s'", path) : 0;
}

/* The path in a line of ldd(1), such as "libc.so.6 => /lib/…/libc.so.6 (0x…)" or
 * "/lib64/ld-linux-x86-64.so.2 (0x…)", or NULL. */
static const char *library_path(char *line)
{
	char *path = strchr(line, '/');

	if (path)
		path[strcspn(path, " \t")] = '\0';
	return path;
}

static int add_libraries(struct archive *a, const char *server, struct err *err)
{
	const char *const argv[] = { "ldd", server, NULL };
	CLEANUP(text_release) struct text list = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };
	int r = child_run(&(struct child_options){ .argv = argv }, LIST_MAX, &list, err);

	if (r < 0)
		return r;
	strv_split(&lines, list.data, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		bool loader = !strstr(lines.item[i], "=>");
		const char *path = library_path(lines.item[i]);
		cleanup_free char *name = NULL;

		if (!path)
			continue;
		name = xasprintf("runtime/%s", loader ? "loader" : strrchr(path, '/') + 1);
		r = add_file(a, name, path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_all(struct archive *a, const char *server, struct err *err)
{
	static const char *const directory[] = { "runtime", "trees", "dev", "proc", "sys", "etc" };
	int r = add_header(a, "tmp", S_IFDIR | 01777, 0, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(directory); i++) {
		r = add_header(a, directory[i], S_IFDIR | 0755, 0, err);
		if (r < 0)
			return r;
	}
	r = add_file(a, "runtime/" SERVER, server, err);
	if (r < 0)
		return r;
	r = add_file(a, LOCALE, "/" LOCALE, err);
	if (r < 0)
		return r;
	return add_libraries(a, server, err);
}

/* It lies beside sandbox-guestfs: `make install` puts both into one directory. */
static int find_server(char **ret, struct err *err)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		return err_errno(err, ERR_BUILD, errno,
				 "cannot find out where sandbox-guestfs lies");
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	*ret = xasprintf("%s/" SERVER, exe);
	return 0;
}

static int write_archive(int fd, const char *server, struct err *err)
{
	CLEANUP(archive_write_cleanup) struct archive *a = archive_write_new();
	int r;

	if (archive_write_set_format_pax_restricted(a) != ARCHIVE_OK ||
	    archive_write_open_fd(a, fd) != ARCHIVE_OK)
		return cannot_write(a, err);
	r = add_all(a, server, err);
	if (r < 0)
		return r;
	return archive_write_close(a) == ARCHIVE_OK ? 0 : cannot_write(a, err);
}

int runtime_make(int directory, int *ret_fd, struct err *err)
{
	cleanup_free char *server = NULL;
	cleanup_fd int fd =
		openat(directory, "runtime", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	int r;

	if (fd < 0 || unlinkat(directory, "runtime", 0) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot write what runs in the appliance");
	r = find_server(&server, err);
	if (r < 0)
		return r;
	r = write_archive(fd, server, err);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot write what runs in the appliance");
	*ret_fd = take_fd(&fd);
	return 0;
}
