/* SPDX-License-Identifier: MIT */
#include "verify/other-user.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"

#define STATUS_MAX ((size_t)64 << 10)
#define ROUNDS 200
#define ROUND_MILLISECONDS 50

/* proc_pid_status(5): "Uid:", then real, effective, saved and file system's. A process that has
 * ended meanwhile has none. */
static bool has_uid(const char *pid, uid_t uid)
{
	CLEANUP(err_release) struct err ended = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };
	CLEANUP(strv_release) struct strv field = { 0 };
	cleanup_free char *path = xasprintf("/proc/%s/status", pid);
	uint64_t number;

	if (read_file(AT_FDCWD, path, STATUS_MAX, &t, &ended) < 0)
		return false;
	strv_split(&lines, t.data, "\n");
	for (size_t i = 0; i < lines.count && field.count == 0; i++)
		if (starts_with(lines.item[i], "Uid:"))
			strv_split(&field, lines.item[i], "\t");
	for (size_t i = 1; i < field.count; i++)
		if (parse_u64(field.item[i], &number) == 0 && number == uid)
			return true;
	return false;
}

/* The pids of that user, as text. Kernel threads and zombies count like others. */
static int list(uid_t uid, struct strv *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	int r = list_names(AT_FDCWD, "/proc", &names);
	uint64_t pid;

	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot list the processes in /proc");
	for (size_t i = 0; i < names.count; i++)
		if (parse_u64(names.item[i], &pid) == 0 && has_uid(names.item[i], uid))
			strv_add(ret, names.item[i]);
	return 0;
}

int other_user_has_processes(uid_t uid, bool *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv pids = { 0 };
	int r = list(uid, &pids, err);

	*ret = pids.count > 0;
	return r;
}

/* By a pidfd, since the number may be another process's by now. */
static void end(const char *pid, uid_t uid)
{
	int number = 0;
	cleanup_fd int fd =
		parse_int(pid, &number) == 0 ? (int)syscall(SYS_pidfd_open, number, 0) : -1;

	if (fd >= 0 && has_uid(pid, uid))
		(void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

static int end_all(uid_t uid, struct err *err)
{
	for (int round = 0; round < ROUNDS; round++) {
		CLEANUP(strv_release) struct strv pids = { 0 };
		int r = list(uid, &pids, err);

		if (r < 0 || pids.count == 0)
			return r;
		for (size_t i = 0; i < pids.count; i++)
			end(pids.item[i], uid);
		(void)poll(NULL, 0, ROUND_MILLISECONDS);
		r = interrupt_check(err);
		if (r < 0)
			return r;
	}
	return err_set(err, ERR_BUILD, "processes of the rebuild's user %u do not end",
		       (unsigned)uid);
}

static int give_entry(const struct walk_entry *e, void *data, struct err *err)
{
	const uid_t *uid = data;

	if (fchownat(e->dirfd, e->name, *uid, *uid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot change the owner of '%s'", e->path);
	return 0;
}

int other_user_give(int dir_fd, uid_t uid, struct err *err)
{
	int r = walk_tree(dir_fd, give_entry, &uid, err);

	if (r < 0)
		return r;
	if (fchown(dir_fd, uid, uid) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot change a directory's owner");
	return 0;
}

int other_user_take_back(int dir_fd, struct err *err)
{
	struct stat st;
	int r;

	if (fstat(dir_fd, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot see whose the rebuild is");
	if (st.st_uid == geteuid())
		return 0;
	r = end_all(st.st_uid, err);
	return r < 0 ? r : other_user_give(dir_fd, geteuid(), err);
}
