/* SPDX-License-Identifier: MIT */
/*
 * The inside of the helper program sandbox-namespace, which answers the main program's requests
 * (protocol.h). There are two processes:
 *
 *	keeper	is what the main program starts. It reads MESSAGE_OPEN, decides where the tree is to
 *		lie, starts the server in new namespaces, writes its id maps, and waits. When the
 *		main program hangs up or dies it kills the server; then it removes a tree that lies
 *		on disk.
 *	server	is pid 1 of the sandbox and uid 0 of its user namespace, with every capability
 *		there. It makes the mounts, pivots into the tree, and answers requests. Commands are
 *		its children, with few capabilities, a seccomp filter and no new privileges.
 *
 * In the appliance of sandbox-guestfs a third one, which sits at the serial port (ns-serial.c),
 * plays the main program for the keeper.
 *
 * All are single-threaded, so they may fork. The server has no descriptor of the host except the
 * socket and those that a request brings, and they are close-on-exec. After pivot_root nothing may
 * be loaded that the tree could have forged (gconv, nss, openssl.cnf, programs): ns_preload() loads
 * it before.
 */
#pragma once

#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/subids.h"
#include "sandbox/limits.h"
#include "sandbox/protocol.h"

#define NS_IDS SUBIDS_COUNT /* ids inside: 0 to 65535 */
#define NS_KERNEL_VERSION "#1 SMP PREEMPT_DYNAMIC Debian"

struct ns_options { /* of MESSAGE_OPEN */
	int64_t epoch;
	char *hostname; /* owned */
	char *kernel;	/* owned */
	uint64_t space;
	bool on_disk;
	struct sandbox_limits limits;
	int trees; /* owned; the store's directory for trees */
};

/* ---- ns-map.c: user and group ids ----------------------------------------------------------- */

struct ns_extent {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

struct ns_map {
	struct ns_extent uid[2];
	struct ns_extent gid[2];
	size_t count;	/* 1, or 2 when our own ids are mapped too, as number NS_IDS */
	bool by_helper; /* newuidmap, newgidmap; else written directly */
};

/* Which ids of the host the inside gets. own_ids: the caller's own ids are mapped as well, so that
 * its files can be given to the root inside. */
int ns_map_plan(bool own_ids, struct ns_map *ret, struct err *err);

/* Forks into a new user namespace and the namespaces of flags (CLONE_NEW…). Returns the pid (and
 * a pidfd) in the parent, 0 in the child, which is then root of its namespace and dies with the
 * parent. */
pid_t ns_fork(int flags, const struct ns_map *map, int *ret_pidfd, struct err *err);

/* After EPERM or EACCES: adds a hint to *err that says how to permit the sandbox's namespaces on
 * this machine. */
int ns_hint_refused(struct err *err);

/* ---- ns-tree.c: where the tree lives -------------------------------------------------------- */

struct ns_tree {
	bool on_disk;
	bool has_group; /* a control group of our own holds it */
	uint64_t size;	/* limit of the tmpfs, in bytes */
	int parent;	/* borrowed: options.trees */
	int fd;		/* owned, locked; -1 in memory */
	char *name;	/* owned, in parent; NULL in memory */
	struct ns_map map;
};

/* Removes trees that dead helpers have left behind, decides between memory and disk, and makes and
 * locks the directory on disk. */
int ns_tree_choose(const struct ns_options *options, struct ns_tree *ret, struct err *err);
void ns_tree_release(struct ns_tree *t); /* removes it */

/* ---- server state --------------------------------------------------------------------------- */

struct ns {
	int sock;
	int tree;    /* the tree without what is mounted in it: for archive and sweep */
	int world;   /* directory of the fixed files */
	int proc;    /* /proc without what covers it for the scripts */
	int signals; /* signalfd of SIGCHLD */
	int events;  /* of the control group; -1: there is none */
	int64_t epoch;
	char *kernel;
	char *hostname;
	scmp_filter_ctx filter;
	scmp_filter_ctx recorder;     /* the filter of recorded commands; NULL: none was run */
	struct ns_record *record;     /* of the last recorded command; NULL: there was none */
	struct sandbox_limits limits; /* all of them chosen */
	bool in_memory;		      /* the tree is in a tmpfs of ours */
};

/* ---- ns-setup.c, ns-mount.c, ns-world.c, ns-filter.c, ns-clone.c ---------------------------- */

/* Everything that must be in memory before the tree becomes the root. */
int ns_preload(struct err *err);
/* In the server: mounts and pivot_root. Fills tree, world, kernel, hostname. */
int ns_setup(struct ns *ns, const struct ns_options *options, const struct ns_tree *tree,
	     struct err *err);

/* mount(2); where it is refused the error says what this machine or container would have to permit.
 */
int ns_mount(const char *source, const char *target, const char *type, unsigned long flags,
	     const char *data, struct err *err);

/* In a command's process: from now on it sees the tree read-only, with an empty /tmp and /var/tmp
 * of its own. Before ns_filter_confine(), which takes the right away to undo it. -errno. */
int ns_mount_read_only(void);

/* /proc and /dev below new_root, with the fixed files from the directory `store` (ns->world). */
int ns_world_mount(struct ns *ns, const char *new_root, const char *store, struct err *err);
/* Writes the fixed files below ns->world/proc (ns-world-files.c). */
int ns_world_files(const struct ns *ns, struct err *err);
/* After ns->kernel changed: /proc/version and osrelease. */
int ns_world_kernel(struct ns *ns, struct err *err);

/* Calls of this number and higher are newer than this program: they are refused (ENOSYS), since
 * nobody has looked at what they do, and an older kernel refuses them as well. */
#define NS_CALLS_KNOWN 463

/* recording: it reports what is recorded, too (ns-record.h). */
int ns_filter_make(bool recording, scmp_filter_ctx *ret, struct err *err);
/* In a command's process, before exec: few capabilities, no new privileges, the filter.
 * *ret_listener gets the calls that ns_filter_answer() is for. -errno. */
int ns_filter_confine(scmp_filter_ctx filter, int *ret_listener);
/* Answers one call of the listener: uname(2), or ioctl_ficlone(2). */
void ns_filter_answer(const struct ns *ns, int listener);
/* Does what an ioctl(FICLONE) asks for, by copying if need be. Returns 0 or -errno for the caller,
 * or 1 if the kernel shall answer. */
int ns_clone_answer(int listener, const struct seccomp_notif *n);
/* Does what such a call asks for, and fills the answer. */
void ns_filter_do(const struct ns *ns, int listener, const struct seccomp_notif *n,
		  struct seccomp_notif_resp *answer);

/* ---- ns-record.c: what a command was made of (ns-record.h) ---------------------------------- */

struct ns_record;

/* Begins a recording of the command that is started next, in place of the last one. program: its
 * argv[0], an absolute path. Whatever stands in its way spoils the recording, not the command. */
void ns_record_begin(struct ns *ns, const char *program);
/* Answers the calls that wait at the listener. */
void ns_record_answer(struct ns_record *r, int listener);
void ns_record_free(struct ns_record *r);

/* ---- ns-command.c: processes ---------------------------------------------------------------- */

struct ns_job {
	/* a command … */
	const char *const *argv;
	bool is_script;		/* silence and a timeout mean something */
	const char *const *env; /* added to the sandbox's environment */
	bool read_only;
	bool may_fail; /* the other jobs go on if it does */
	bool record;   /* of one job at most */
	/* … or work of our own, done in a forked process with all capabilities, from in to out.
	 * Returns 0, or an error, which ns_run() passes on. What it writes to `result` is in .said
	 * afterwards. */
	int (*work)(struct ns_job *job, int result, struct err *err);
	void *data;

	int in;		  /* owned; stdin; -1: /dev/null */
	int out;	  /* owned; stdout; -1: the log */
	struct text said; /* out: what the work wrote to `result` */
	int status;	  /* out: waitpid status */

	pid_t script;	/* ns-watch.c's: the process that is timed */
	uint64_t since; /* and when it was first seen */

	pid_t pid; /* the rest is ns-command.c's */
	int pipe;
	int listener;
	int confined;
};

#define NS_JOB_INIT                                                                                \
	{                                                                                          \
		.in = -1, .out = -1, .pipe = -1, .listener = -1, .confined = -1, .pid = -1         \
	}

/* Runs all jobs at the same time, sends the output of commands as MESSAGE_OUTPUT and waits; then
 * kills whatever they left running: all of it as soon as a command fails that may not, since nobody
 * needs the others then; their status stays 0. A command that fails is no error here, but work that
 * fails is, and so is a limit that was reached.
 * Ends the server if the main program hangs up. */
int ns_run(struct ns *ns, struct ns_job *job, size_t count, struct err *err);
void ns_job_release(struct ns_job *job);

/* ---- ns-limits.c, ns-usage.c, ns-watch.c: what the scripts take ----------------------------- */

/* In the keeper, which sees the host: puts a limit wherever there is 0. */
void ns_limits_choose(struct sandbox_limits *limits);
/* In a command's process: resource limits, which hold between two looks of the watch. */
void ns_limits_apply(const struct ns *ns);
/* In the keeper: what it forks from now on is what the kernel kills first when it runs out of
 * memory (proc_pid_oom_score_adj(5)). Returns what to give to ns_limits_go_as_before(); caller
 * frees. */
char *ns_limits_go_first(void);
void ns_limits_go_as_before(const char *before);

/* The kernel's own limit on processes is higher than the watch's by this. When it is reached,
 * fork(2) fails somewhere in a script, whereas the watch ends the build and says why. */
#define NS_PROCESSES_BESIDE 4096U

/* ns-cgroup.c, in the keeper. */
struct ns_cgroup {
	int own, rest, box, events; /* owned; -1: there is none */
	char *rest_name, *box_name;
};
#define NS_CGROUP_INIT                                                                             \
	{                                                                                          \
		.own = -1, .rest = -1, .box = -1, .events = -1                                     \
	}
/* Makes a control group with these limits, where one is to be had. */
void ns_cgroup_make(struct ns_cgroup *c, const struct sandbox_limits *limits);
/* Goes into it, so that what we fork is in it from its start, or out again. */
void ns_cgroup_enter(const struct ns_cgroup *c, bool enter);
/* In the server, which shall not have it: closes it, and leaves it as it is. Returns what
 * ns_cgroup_was_full() reads, or -1. */
int ns_cgroup_keep_events(struct ns_cgroup *c);
/* Whether the kernel has killed one of its processes because the group had no memory left. */
bool ns_cgroup_was_full(int events);
void ns_cgroup_release(struct ns_cgroup *c); /* removes it */

struct ns_process {
	pid_t pid, parent;
	uint64_t memory; /* bytes that are its alone: not files, nor what it shares with others */
	uint64_t threads;
};

struct ns_usage {
	struct ns_process *process; /* all but ourselves */
	size_t count, allocated;
	uint64_t threads; /* of all, at least one each */
	uint64_t memory;  /* bytes of all processes, and of System V's shared memory and queues */
	uint64_t tree_bytes, tree_files; /* of a tree in memory; each file takes some memory, too */
	bool out_of_bytes, out_of_files; /* it cannot grow any more */
	pid_t hidden; /* a process of which /proc does not tell what it takes; 0: there is none */
};

/* One look at /proc and the tree. Memory is counted in the cheap way, in which processes that were
 * forked and have not touched all of theirs have more than they take. */
void ns_usage_read(const struct ns *ns, struct ns_usage *ret);
/* Only which processes there are, each with one thread. */
void ns_usage_count(const struct ns *ns, struct ns_usage *ret);
/* Counts memory again, exactly. */
void ns_usage_count_exactly(const struct ns *ns, struct ns_usage *usage);
void ns_usage_release(struct ns_usage *usage);
/* "the postinst of package 'hello'" or "the command 'update-initramfs -c'": what a process belongs
 * to, as it says itself. Caller frees. */
char *ns_usage_script(const struct ns *ns, const struct ns_usage *usage, const struct ns_job *job,
		      size_t count, pid_t pid);

/* The same of a script of a package, or NULL. */
char *ns_usage_package_script(const struct ns *ns, pid_t pid);

struct ns_watch {
	/* milliseconds of CLOCK_MONOTONIC */
	uint64_t count;	   /* count processes again at that time */
	uint64_t look;	   /* look at all again */
	uint64_t heard;	   /* when a script wrote something */
	uint64_t patience; /* silence until the next warning */
};

void ns_watch_begin(const struct ns *ns, struct ns_watch *w);
void ns_watch_heard(const struct ns *ns, struct ns_watch *w);
/* For poll(2): milliseconds until the next look. */
int ns_watch_wait(const struct ns_watch *w);
/* Looks, if it is time: an error if a limit has been reached, with the script's name and what to
 * do. Sends a warning if the scripts have been silent for long. */
int ns_watch_look(struct ns *ns, struct ns_watch *w, struct ns_job *job, size_t count,
		  struct err *err);
/* When all jobs have ended: if a command failed, and the tree cannot grow any more, that is the
 * error. */
int ns_watch_end(const struct ns *ns, const struct ns_job *job, size_t count, struct err *err);
/* A failure for lack of space gets a hint that fits where the tree lies. */
void ns_watch_explain(const struct ns *ns, struct err *failure);

/* ---- ns-serial.c: in the appliance of sandbox-guestfs --------------------------------------- */

/* libguestfs starts programs in a chroot: makes that the root of a mount namespace of our own. */
int ns_serial_enter(struct err *err);
/* Passes the host's messages from the port on to the server at sock, and its answers back
 * (frame.h), until one of them hangs up. */
int ns_serial_serve(int port, int sock, struct err *err);

/* ---- requests ------------------------------------------------------------------------------- */

/* Answers until the main program hangs up. Returns the exit status. */
int ns_serve(struct ns *ns);

/* Each reads its request and, unless it fails, fills the reply (MESSAGE_OK). */
typedef int (*ns_request_fn)(struct ns *ns, struct message *request, struct message *reply,
			     struct err *err);
int ns_request_read(struct ns *ns, struct message *request, struct message *reply, struct err *err);
int ns_request_write(struct ns *ns, struct message *request, struct message *reply,
		     struct err *err);
int ns_request_exists(struct ns *ns, struct message *request, struct message *reply,
		      struct err *err);
int ns_request_put(struct ns *ns, struct message *request, struct message *reply, struct err *err);
int ns_request_extract(struct ns *ns, struct message *request, struct message *reply,
		       struct err *err);
int ns_request_archive(struct ns *ns, struct message *request, struct message *reply,
		       struct err *err);
int ns_request_snapshot(struct ns *ns, struct message *request, struct message *reply,
			struct err *err);
int ns_request_sweep(struct ns *ns, struct message *request, struct message *reply,
		     struct err *err);
int ns_request_recorded(struct ns *ns, struct message *request, struct message *reply,
			struct err *err);
int ns_request_match(struct ns *ns, struct message *request, struct message *reply,
		     struct err *err);
int ns_request_replay(struct ns *ns, struct message *request, struct message *reply,
		      struct err *err);

/* Opens an absolute path as the finished system would, without magic links: fd or -errno. With
 * O_CREAT in flags missing parents are made (0755). */
int ns_open(const char *path, int flags, mode_t mode);
