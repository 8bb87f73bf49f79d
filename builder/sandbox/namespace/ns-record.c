/* SPDX-License-Identifier: MIT */
/* Answers the calls that the filter of a recorded command reports: each goes on (CONTINUE), once it
 * is noted what it looks at and what it is about to change. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns-record.h"

/* Between two looks at all else that the server waits for. */
#define ANSWERS_AT_ONCE 256
#define READ_PART ((size_t)256)
#define PAGE 4096U
#define INTERPRETERS_MAX 5 /* as many as the kernel follows, and one more */
#define BEGIN_FILE "/.netrescue/recording"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* since Linux 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#endif
#define SYNC_WAKE_UP 1U

struct call_state {
	struct ns_record *record;
	const struct ns_call *call;
	const struct seccomp_notif *n;
	int listener;
	struct ns_caller caller;
};

static bool read_memory(const struct call_state *s, uint64_t address, void *data, size_t size)
{
	return ns_record_memory(s->record, (pid_t)s->n->pid, address, data, size);
}

/* False: there is no such text, so the call fails. */
static bool read_path(struct call_state *s, int argument, char path[PATH_MAX])
{
	uint64_t address = s->n->data.args[argument];
	size_t length = 0;

	while (length < PATH_MAX) {
		size_t part = PAGE - (address + length) % PAGE;

		part = part < READ_PART ? part : READ_PART;
		part = part < PATH_MAX - length ? part : PATH_MAX - length;
		if (!read_memory(s, address + length, path + length, part))
			return false;
		if (memchr(path + length, '\0', part))
			return true;
		length += part;
	}
	return false; /* ENAMETOOLONG */
}

static int descriptor_of(const struct call_state *s, int argument)
{
	return argument < 0 ? AT_FDCWD : (int)s->n->data.args[argument];
}

static unsigned flags_of(const struct call_state *s)
{
	return s->call->flags < 0 ? 0 : (unsigned)s->n->data.args[s->call->flags];
}

static bool follows(const struct call_state *s)
{
	return s->call->follow == FOLLOW ||
	       (s->call->follow == FOLLOW_BY_FLAGS && !(flags_of(s) & AT_SYMLINK_NOFOLLOW));
}

/* ---- what calls do -------------------------------------------------------------------------- */

/* The directory that holds the name is another one afterwards. */
static void before_in_parent(struct ns_record *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *parent = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	struct ns_node *n = ns_node_make(r, parent);

	if (n && !n->replaced)
		ns_node_before(r, n);
}

static bool is_input(const struct ns_found *f)
{
	return f->node && !f->node->replaced;
}

static void replace(struct ns_record *r, struct ns_node *n)
{
	ns_node_before(r, n);
	n->look = LOOK_CONTENT;
	n->replaced = true;
	r->generation++;
}

/* A name that is there makes the call fail. */
static void make(struct ns_record *r, const struct ns_found *f)
{
	if (!is_input(f) || f->mode != 0 || !f->is_whole)
		return;
	before_in_parent(r, f->path);
	replace(r, f->node);
}

/* Of a directory that is not empty the call fails: what is in it stays an input. */
static void take_away(struct ns_record *r, const struct ns_found *f)
{
	if (!is_input(f) || f->mode == 0)
		return;
	if (S_ISDIR(f->mode) && !print_is_empty(&r->printer, f->path))
		return;
	before_in_parent(r, f->path);
	replace(r, f->node);
}

static void change(struct ns_record *r, const struct ns_found *f)
{
	if (!is_input(f) || f->mode == 0)
		return;
	if (S_ISDIR(f->mode)) {
		ns_node_before(r, f->node);
		f->node->touched = true;
	} else {
		replace(r, f->node);
	}
}

static void do_look(struct call_state *s, const char *path)
{
	struct ns_found f;

	ns_walk(s->record, &s->caller, descriptor_of(s, s->call->dirfd), path, follows(s),
		LOOK_STATUS, &f);
}

static void do_chroot(struct call_state *s, const char *path)
{
	do_look(s, path);
	s->record->has_chroot = true;
}

static void do_open(struct call_state *s, const char *path, uint64_t flags)
{
	const bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
	const bool makes = flags & O_CREAT;
	const bool only_path = flags & O_PATH, unnamed = (flags & O_TMPFILE) == O_TMPFILE;
	const bool follow = !(flags & O_NOFOLLOW) && !(makes && flags & O_EXCL);
	struct ns_found f;

	ns_walk(s->record, &s->caller, descriptor_of(s, s->call->dirfd), path, follow,
		only_path || unnamed ? LOOK_STATUS : LOOK_CONTENT, &f);
	if (only_path || unnamed)
		return;
	if (f.mode == 0 && makes)
		make(s->record, &f);
	else if (writes && !S_ISDIR(f.mode))
		change(s->record, &f);
}

static void do_open2(struct call_state *s, const char *path)
{
	struct {
		uint64_t flags, mode, resolve;
	} how;

	if (!read_memory(s, s->n->data.args[s->call->flags], &how, sizeof(how)))
		return;
	if (how.resolve & 0x10) /* RESOLVE_IN_ROOT */
		ns_record_spoil(s->record, "it opens '%s' in a root of its own (openat2)", path);
	do_open(s, path, how.flags);
}

static void do_change(struct call_state *s, const char *path)
{
	struct ns_found f;

	ns_walk(s->record, &s->caller, descriptor_of(s, s->call->dirfd), path, follows(s),
		LOOK_CONTENT, &f);
	change(s->record, &f);
}

static void do_change_fd(struct call_state *s, int fd)
{
	struct ns_found f;

	ns_walk_fd(s->record, &s->caller, fd, LOOK_STATUS, &f);
	if (is_input(&f) && !S_ISDIR(f.mode))
		f.node->look = LOOK_CONTENT;
	change(s->record, &f);
}

static void do_name(struct call_state *s, const char *path)
{
	struct ns_found f;
	const bool makes = s->call->kind == CALL_MAKE || s->call->kind == CALL_BIND;

	ns_walk(s->record, &s->caller, descriptor_of(s, s->call->dirfd), path, false,
		makes ? LOOK_STATUS : LOOK_CONTENT, &f);
	/* With a link, a path may lead elsewhere than before. */
	if (starts_with(s->call->name, "symlink"))
		s->record->generation++;
	if (makes)
		make(s->record, &f);
	else
		take_away(s->record, &f);
}

static void do_link(struct call_state *s, const char *path)
{
	const unsigned flags = flags_of(s);
	char name[PATH_MAX];
	struct ns_found f;

	if (!read_path(s, s->call->second, name))
		return;
	if (!*path && flags & AT_EMPTY_PATH)
		ns_walk_fd(s->record, &s->caller, descriptor_of(s, s->call->dirfd), LOOK_CONTENT,
			   &f);
	else
		ns_walk(s->record, &s->caller, descriptor_of(s, s->call->dirfd), path,
			flags & AT_SYMLINK_FOLLOW, LOOK_CONTENT, &f);
	if (S_ISLNK(f.mode))
		s->record->generation++;
	if (!S_ISDIR(f.mode))
		change(s->record, &f); /* its number of links, and its content by the new name */
	ns_walk(s->record, &s->caller, descriptor_of(s, s->call->second_dirfd), name, false,
		LOOK_STATUS, &f);
	make(s->record, &f);
}

static void do_rename(struct call_state *s, const char *path)
{
	char name[PATH_MAX];
	struct ns_found from, to;

	if (!read_path(s, s->call->second, name))
		return;
	ns_walk(s->record, &s->caller, descriptor_of(s, s->call->dirfd), path, false, LOOK_CONTENT,
		&from);
	ns_walk(s->record, &s->caller, descriptor_of(s, s->call->second_dirfd), name, false,
		LOOK_CONTENT, &to);
	s->record->generation++;
	if (flags_of(s) & ~(unsigned)RENAME_NOREPLACE) {
		ns_record_spoil(s->record, "it exchanges '/%s' (renameat2)", from.path);
		return;
	}
	if ((is_input(&from) && S_ISDIR(from.mode)) || (is_input(&to) && S_ISDIR(to.mode))) {
		ns_record_spoil(s->record, "it renames the directory '/%s'", from.path);
		return;
	}
	take_away(s->record, &from);
	if (to.mode == 0)
		make(s->record, &to);
	else
		take_away(s->record, &to);
}

/* ---- programs ------------------------------------------------------------------------------- */

static void run_file(struct call_state *s, const struct ns_found *f, unsigned depth);

static void run_interpreter(struct call_state *s, const char *path, unsigned depth)
{
	struct ns_found f;

	ns_walk(s->record, &s->caller, AT_FDCWD, path, true, LOOK_CONTENT, &f);
	run_file(s, &f, depth + 1);
}

/* The kernel opens these by itself: no call names them. */
static void run_file(struct call_state *s, const struct ns_found *f, unsigned depth)
{
	char interpreter[PATH_MAX];

	if (!f->is_whole || !S_ISREG(f->mode) || depth > INTERPRETERS_MAX ||
	    (is_input(f) && f->node->was_run))
		return;
	if (is_input(f))
		f->node->was_run = true;
	if (print_interpreter(&s->record->printer, f->path, interpreter))
		run_interpreter(s, interpreter, depth);
}

static void do_exec(struct call_state *s, const char *path)
{
	struct ns_found f;

	if (!*path)
		ns_walk_fd(s->record, &s->caller, descriptor_of(s, s->call->dirfd), LOOK_CONTENT,
			   &f);
	else
		ns_walk(s->record, &s->caller, descriptor_of(s, s->call->dirfd), path, follows(s),
			LOOK_CONTENT, &f);
	run_file(s, &f, 0);
}

/* ---- sockets -------------------------------------------------------------------------------- */

static void do_address(struct call_state *s, uint64_t address, uint64_t length)
{
	struct sockaddr_un name = { 0 };
	const size_t before = offsetof(struct sockaddr_un, sun_path);
	char path[sizeof(name.sun_path) + 1] = "";

	if (address == 0 || length <= before)
		return;
	length = length < sizeof(name) ? length : sizeof(name);
	if (!read_memory(s, address, &name, length) || name.sun_family != AF_UNIX)
		return;
	memcpy(path, name.sun_path, length - before);
	if (!*path)
		return; /* an abstract one */
	if (s->call->kind == CALL_BIND)
		do_name(s, path);
	else
		do_look(s, path);
}

static void do_message(struct call_state *s)
{
	struct {
		uint64_t name;
		uint32_t length;
	} wide;
	uint32_t narrow[2];
	uint64_t address = s->n->data.args[s->call->path];

	if (s->n->data.arch == SCMP_ARCH_X86) {
		if (read_memory(s, address, narrow, sizeof(narrow)))
			do_address(s, narrow[0], narrow[1]);
	} else if (read_memory(s, address, &wide, sizeof(wide))) {
		do_address(s, wide.name, wide.length);
	}
}

/* ---- paths that were seen before ------------------------------------------------------------ */

/* A kind of call with these flags looks at the same things at each time. 0: it does not. */
static unsigned repeated_kind(const struct call_state *s)
{
	if (s->call->kind == CALL_LOOK)
		return follows(s) ? 1 : 2;
	if (s->call->kind == CALL_EXEC)
		return 4;
	if (s->call->kind == CALL_OPEN && s->call->flags >= 0 &&
	    !(flags_of(s) & (O_ACCMODE | O_TRUNC | O_CREAT | O_PATH | O_NOFOLLOW)))
		return 8;
	return 0;
}

/* Most paths come again and again. What lies under /proc and /dev may be another file for each. */
static bool is_repeated(struct call_state *s, const char *path)
{
	struct ns_record *r = s->record;
	const unsigned kind = repeated_kind(s);
	struct ns_said *said;
	void **slot;

	if (kind == 0 || *path != '/' || r->has_chroot || starts_with(path, "/proc/") ||
	    starts_with(path, "/dev/") || strstr(path, ".."))
		return false;
	slot = ns_table_find(&r->said, path);
	said = *slot;
	if (said && said->generation == r->generation && said->kinds & kind)
		return true;
	if (said) {
		said->kinds = kind | (said->generation == r->generation ? said->kinds : 0);
		said->generation = r->generation;
		return false;
	}
	r->text += strlen(path);
	if (r->said.count >= RECORDING_PATHS_MAX || r->text > RECORDING_TEXT_MAX) {
		ns_record_spoil(r, "it looks at too many paths");
		return false;
	}
	said = xcalloc(1, sizeof(*said));
	*said = (struct ns_said){ xstrdup(path), r->generation, kind };
	*slot = said;
	ns_table_grow(&r->said);
	return false;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void find_root(struct call_state *s)
{
	char link[32], root[PATH_MAX];
	ssize_t length;

	if (!s->record->has_chroot)
		return;
	(void)snprintf(link, sizeof(link), "%u/root", s->n->pid);
	length = readlinkat(s->record->ns->proc, link, root, sizeof(root) - 1);
	if (length > 1)
		s->caller.root = xstrndup(root, (size_t)length);
}

/* An empty path, or none at all, means the descriptor itself. */
static bool is_about_descriptor(const struct call_state *s, const char *path)
{
	return s->call->kind == CALL_CHANGE && s->call->dirfd >= 0 && !*path;
}

/* Whether the caller has been killed: its number may be another process's by now, and so may the
 * memory that was read. A path that is known anyway does no harm. */
static bool is_gone(const struct call_state *s)
{
	return seccomp_notify_id_valid(s->listener, s->n->id) != 0;
}

static void note_path(struct call_state *s)
{
	char path[PATH_MAX] = "";
	const bool none = s->n->data.args[s->call->path] == 0;

	if ((!none && !read_path(s, s->call->path, path)) || is_repeated(s, path))
		return;
	if (is_gone(s)) {
		s->record->generation++; /* since is_repeated() has taken it for known */
		return;
	}
	if (is_about_descriptor(s, path))
		do_change_fd(s, descriptor_of(s, s->call->dirfd));
	else if (s->call->kind == CALL_LOOK)
		do_look(s, path);
	else if (s->call->kind == CALL_OPEN)
		do_open(s, path, s->call->flags < 0 ? O_WRONLY | O_CREAT | O_TRUNC : flags_of(s));
	else if (s->call->kind == CALL_OPEN2)
		do_open2(s, path);
	else if (s->call->kind == CALL_EXEC)
		do_exec(s, path);
	else if (s->call->kind == CALL_CHROOT)
		do_chroot(s, path);
	else if (s->call->kind == CALL_CHANGE)
		do_change(s, path);
	else if (s->call->kind == CALL_LINK)
		do_link(s, path);
	else if (s->call->kind == CALL_RENAME)
		do_rename(s, path);
	else
		do_name(s, path);
}

static void note(struct call_state *s, int listener)
{
	const enum ns_call_kind kind = s->call->kind;

	s->listener = listener;
	s->caller.pid = (pid_t)s->n->pid;
	find_root(s);
	if (kind == CALL_SPOIL)
		ns_record_spoil(s->record, "it uses %s(2)", s->call->name);
	else if (kind == CALL_CHANGE_FD)
		do_change_fd(s, descriptor_of(s, s->call->dirfd));
	else if (kind == CALL_ADDRESS || kind == CALL_BIND)
		do_address(s, s->n->data.args[s->call->path], s->n->data.args[s->call->path + 1]);
	else if (kind == CALL_MESSAGE)
		do_message(s);
	else
		note_path(s);
	free(s->caller.root);
}

static void answer(struct ns_record *r, int listener)
{
	const struct seccomp_notif *n = r->call;
	struct call_state s = { .record = r, .n = n };

	s.call = ns_call_find(n->data.arch, n->data.nr);
	if (s.call && s.call->kind == CALL_ANSWERED) {
		ns_filter_do(r->ns, listener, n, r->answer);
		return;
	}
	if (!s.call)
		ns_record_spoil(r, "it makes the system call %d, which is unknown", n->data.nr);
	else if (!r->why)
		note(&s, listener);
	r->calls++;
	*r->answer = (struct seccomp_notif_resp){
		.id = n->id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};
}

/* A caller goes on at once where we are, without a processor having to be woken. An older kernel
 * refuses, and is slower. */
static void answer_quickly(int listener)
{
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP);
}

void ns_record_answer(struct ns_record *r, int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	if (r->calls == 0)
		answer_quickly(listener);
	for (unsigned i = 0; i < ANSWERS_AT_ONCE; i++) {
		if (i > 0 && (poll(&p, 1, 0) <= 0 || !(p.revents & POLLIN)))
			return;
		memset(r->call, 0, sizeof(*r->call));
		/* The caller may have been killed meanwhile. */
		if (seccomp_notify_receive(listener, r->call) != 0)
			continue;
		answer(r, listener);
		(void)seccomp_notify_respond(listener, r->answer);
	}
}

/* ---- begin and end -------------------------------------------------------------------------- */

/* The clock by which the file system notes changes is not quite that of the process. The scripts
 * before may have left anything there: opening a pipe would wait for ever. */
static int read_begin(struct timespec *ret)
{
	cleanup_fd int fd =
		ns_open(BEGIN_FILE,
			O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	struct stat st;

	if (fd < 0)
		return fd;
	if (futimens(fd, NULL) < 0 || fstat(fd, &st) < 0)
		return -errno;
	*ret = st.st_ctim;
	return 0;
}

static int prepare(struct ns *ns, struct ns_record *r)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (seccomp_notify_alloc(&r->call, &r->answer) < 0)
		return -ENOMEM;
	if (!ns->recorder && ns_filter_make(true, &ns->recorder, &err) < 0)
		return -EOPNOTSUPP;
	return read_begin(&r->begin);
}

/* The command is a path, so it is known what execve(2) does first. */
static void note_program(struct ns_record *r, const char *program)
{
	static const struct ns_call call = { "execve", CALL_EXEC, -1, 0, -1, FOLLOW, -1, -1 };
	const struct seccomp_notif none = { 0 };
	struct call_state s = { .record = r, .call = &call, .n = &none, .caller.pid = getpid() };

	if (*program == '/')
		do_exec(&s, program);
	else
		ns_record_spoil(r, "'%s' is no absolute path", program);
}

void ns_record_begin(struct ns *ns, const char *program)
{
	struct ns_record *r = xcalloc(1, sizeof(*r));
	int error;

	ns_record_free(ns->record);
	ns->record = r;
	r->ns = ns;
	r->printer = (struct ns_printer){ ns->tree, ns->epoch, PRINT_BYTES_MAX };
	(void)!getrandom(&r->nodes.seed, sizeof(r->nodes.seed), GRND_NONBLOCK);
	r->said.seed = r->nodes.seed;
	error = prepare(ns, r);
	if (error < 0)
		ns_record_spoil(r, "this machine cannot record: %s", strerrordesc_np(-error));
	else
		note_program(r, program);
}
