/* SPDX-License-Identifier: MIT */
#include "verify/other-user.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
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

/* The values behind that name: "Uid:", then real, effective, saved and file system's. */
static void read_field(const struct strv *lines, const char *name, struct strv *ret)
{
	for (size_t i = 0; i < lines->count && ret->count == 0; i++)
		if (starts_with(lines->item[i], name))
			strv_split(ret, lines->item[i] + strlen(name), "\t");
}

/* Zombies do not count: they can change nothing. But one whose first thread alone has ended looks
 * like them, except for the number of its threads. */
static bool has_ended(const struct strv *lines)
{
	CLEANUP(strv_release) struct strv state = { 0 };
	CLEANUP(strv_release) struct strv threads = { 0 };
	uint64_t count;

	read_field(lines, "State:", &state);
	read_field(lines, "Threads:", &threads);
	return state.count > 0 && starts_with(state.item[0], "Z") && threads.count > 0 &&
	       parse_u64(threads.item[0], &count) == 0 && count <= 1;
}

bool other_user_acts(const char *status, uid_t uid)
{
	CLEANUP(strv_release) struct strv lines = { 0 };
	CLEANUP(strv_release) struct strv ids = { 0 };
	uint64_t number;

	strv_split(&lines, status, "\n");
	read_field(&lines, "Uid:", &ids);
	for (size_t i = 0; i < ids.count; i++)
		if (parse_u64(ids.item[i], &number) == 0 && number == uid)
			return !has_ended(&lines);
	return false;
}

/* A process that has ended meanwhile has no status. */
static bool is_of(const char *pid, uid_t uid)
{
	CLEANUP(err_release) struct err ended = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("/proc/%s/status", pid);

	return read_file(AT_FDCWD, path, STATUS_MAX, &t, &ended) == 0 &&
	       other_user_acts(t.data, uid);
}

/* The pids of that user, as text. Kernel threads count like others. */
static int list(uid_t uid, struct strv *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	int r = list_names(AT_FDCWD, "/proc", &names);
	uint64_t pid;

	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot list the processes in /proc");
	for (size_t i = 0; i < names.count; i++)
		if (parse_u64(names.item[i], &pid) == 0 && is_of(names.item[i], uid))
			strv_add(ret, names.item[i]);
	return 0;
}

int other_user_has_processes(uid_t uid, bool *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv pids = { 0 };
	int r = list(uid, &pids, err);

	if (r < 0)
		return r;
	*ret = pids.count > 0;
	return 0;
}

/* By a pidfd, since the number may be another process's by now. */
static void end(const char *pid, uid_t uid)
{
	int number = 0;
	cleanup_fd int fd =
		parse_int(pid, &number) == 0 ? (int)syscall(SYS_pidfd_open, number, 0) : -1;

	if (fd >= 0 && is_of(pid, uid))
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
