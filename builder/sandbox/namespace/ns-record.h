/* SPDX-License-Identifier: MIT */
/*
 * Recording what a command is made of (sandbox/recording.h says what for).
 *
 *	ns-record-calls.c   which system calls name a path, and in which of their arguments. The
 *			    seccomp filter of a recorded command reports each of these calls before
 *			    it is done, whoever makes it: a static program as well as the C library,
 *			    of 64 or 32 bits. What could look at files without them (io_uring, file
 *			    handles), or hide a path from us (memfd_secret), is refused to every
 *			    command (ns-filter.c).
 *	ns-record-walk.c    follows such a path, as the kernel is about to do, and notes every
 *			    component, every link and the first name that is not there
 *	ns-record-memory.c  reads a path out of the caller's memory
 *	ns-record-node.c    what is known of each path that was looked at
 *	ns-record.c         answers the calls, and sums up when the command has ended
 *	ns-print.c          what is to be seen at a path
 *	ns-replay.c         compares a recording with a tree, and removes what the command removed
 *
 * What was to be seen before the command ran is found out as late as possible: at a path that the
 * command is about to change, while it waits for the answer; everywhere else, when it has ended. A
 * file that was changed all the same, in a way that we have not seen, betrays itself by the time of
 * its last change (ctime), and the recording is given up. So it is whenever something happens that
 * is not worth understanding; the command goes on undisturbed. What lies in a directory that the
 * command has made is nobody's input, and is not noted.
 *
 * What is under /proc, /dev and the scratch directory is not recorded: it is the same in every
 * sandbox of the same build of this program and the same options (ns-world.c). Nor is what a build
 * must not depend on anyway: clocks, numbers of inodes and devices, the size of directories.
 *
 * A command can lie about what it reads (by changing a path in its memory while we look at it). For
 * us that is harmless: all we do is to read names, links and regular files in the tree, each of
 * bounded size. But its result must not be laid in a tree that lacks the program that lied. What
 * was run is known before it runs, and nobody can set a file's ctime: so a liar can spoil the
 * recording, but not take itself out of it.
 */
#pragma once

#include <limits.h>
#include <sys/stat.h>
#include <time.h>

#include "base/digest.h"
#include "sandbox/namespace/ns.h"
#include "sandbox/recording.h"

/* ---- ns-print.c ----------------------------------------------------------------------------- */

/* Bytes that are read for one recording, or compared with one. A kernel with all its modules and
 * all firmware has less than one GiB. */
#define PRINT_BYTES_MAX ((uint64_t)4 << 30)

struct ns_print {
	char kind; /* - absent, f file, d directory, l link, o other */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	nlink_t links; /* f */
	uint64_t size; /* f */
	int64_t seconds;
	long nanoseconds;
	char *target;		  /* l */
	char xattrs[DIGEST_HEX];  /* f d; "" if there are none */
	char content[DIGEST_HEX]; /* f d, from LOOK_CONTENT on */
	struct timespec changed;  /* ctime, not part of what is compared */
};

struct ns_printer {
	int tree; /* borrowed: without what is mounted in it */
	int64_t epoch;
	uint64_t bytes_left; /* begin with PRINT_BYTES_MAX */
};

/* The kind of what has that mode; 0: nothing is there. */
char print_kind(mode_t mode);
/* What is to be seen at a path of the form of recording.h. -EFBIG: more than may be read. */
int print_take(struct ns_printer *p, const char *path, enum look look, struct ns_print *ret);
bool print_is_empty(const struct ns_printer *p, const char *directory);
/* Whether the kernel runs the file by another one, which is written into it: a script's interpreter
 * ("#!"), or the dynamic linker. */
bool print_interpreter(const struct ns_printer *p, const char *path, char ret[PATH_MAX]);
/* As text, for comparison; caller frees. */
char *print_format(const struct ns_print *print, enum look look);
void print_release(struct ns_print *print);

/* ---- ns-record-node.c ----------------------------------------------------------------------- */

struct ns_node {
	char *path;	/* as in recording.h */
	enum look look; /* the most that was looked at before the command changed it */
	bool replaced;	/* made, removed or written by the command: all below it is the command's */
	bool touched;	/* a directory whose mode, owner or attributes it may have changed */
	bool has_before; /* its state before was found out in time: */
	struct ns_print before;
	/* What it is, for the walk, as long as it is not replaced. */
	bool is_known;
	mode_t mode; /* 0: absent */
	char *target;
	bool was_run; /* its interpreters have been looked at */
};

/* An absolute path as calls had it, of which nothing new is to be learnt by these kinds of call as
 * long as the generation is the same. */
struct ns_said {
	char *path;
	unsigned generation;
	unsigned kinds; /* bits */
};

struct ns_table { /* of pointers to structs that begin with a path */
	void **slot;
	size_t size, count;
	uint64_t seed;
};

void **ns_table_find(struct ns_table *t, const char *path);
/* After a new entry was put into the slot that was found: makes room for the next. */
void ns_table_grow(struct ns_table *t);

struct ns_record {
	const struct ns *ns; /* borrowed */
	struct ns_printer printer;
	struct ns_table nodes, said;
	size_t text;	       /* bytes of all paths, and of what links say */
	unsigned generation;   /* raised when a path may lead elsewhere than before */
	bool has_chroot;       /* somebody has another root */
	struct timespec begin; /* by the clock of the tree's file system */
	char *why;	       /* owned: the recording is given up; NULL: it holds */
	uint64_t calls;
	bool has_begun;		    /* the program itself runs: its memory could be read */
	struct seccomp_notif *call; /* owned, with its answer: the one that is being dealt with */
	struct seccomp_notif_resp *answer;
};

/* Gives the recording up; the first reason stays. */
void ns_record_spoil(struct ns_record *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* NULL if there is none; ns_node_make() makes it, and returns NULL if the recording is full. */
struct ns_node *ns_node_find(struct ns_record *r, const char *path);
struct ns_node *ns_node_make(struct ns_record *r, const char *path);
/* Whether it is not what the command found when it began, although nobody of the command was seen
 * to change it. print: what is there now. */
bool ns_node_betrays(const struct ns_record *r, const struct ns_node *n,
		     const struct ns_print *print);
/* Finds out what is there now, unless that is known; to be called before it changes. */
void ns_node_before(struct ns_record *r, struct ns_node *n);

/* ---- ns-record-walk.c ----------------------------------------------------------------------- */

struct ns_caller {
	pid_t pid;
	char *root; /* owned; of its chroot(2); NULL: it has none */
};

struct ns_found {
	char path[PATH_MAX];  /* in the tree, without links on the way; "." is the root */
	struct ns_node *node; /* NULL: not recorded, since it is the command's own, or of no tree */
	mode_t mode;	      /* 0: absent */
	bool is_whole;	      /* the path was followed to its end */
};

/* Follows path from the directory dirfd of the caller (AT_FDCWD), and notes what is looked at. */
void ns_walk(struct ns_record *r, const struct ns_caller *caller, int dirfd, const char *path,
	     bool follow, enum look look, struct ns_found *ret);
/* The same for what a descriptor of the caller is open on. */
void ns_walk_fd(struct ns_record *r, const struct ns_caller *caller, int fd, enum look look,
		struct ns_found *ret);

/* ---- ns-record-memory.c --------------------------------------------------------------------- */

/* Reads what a process that waits in a call has at an address. False: it has nothing there, so the
 * call fails; or it cannot be read, which spoils the recording. */
bool ns_record_memory(struct ns_record *r, pid_t pid, uint64_t address, void *data, size_t size);

/* ---- ns-record-calls.c ---------------------------------------------------------------------- */

enum ns_call_kind {
	CALL_NONE,
	CALL_LOOK,  /* at a path */
	CALL_OPEN,  /* flags: of open(2) */
	CALL_OPEN2, /* flags: struct open_how */
	CALL_EXEC,
	CALL_CHANGE, /* mode, owner, time, attributes, length of what a path names */
	CALL_CHANGE_FD,
	CALL_MAKE, /* a new name */
	CALL_REMOVE,
	CALL_LINK, /* a new name for a file */
	CALL_RENAME,
	CALL_CHROOT,
	CALL_ADDRESS,  /* a struct sockaddr at `path`, its length behind it */
	CALL_BIND,     /* the same, for a new name */
	CALL_MESSAGE,  /* a struct msghdr with such an address */
	CALL_SPOIL,    /* nobody uses it: the recording is given up */
	CALL_ANSWERED, /* it names no path, but is one of ns_filter_do() */
};

enum ns_call_follow {
	FOLLOW,
	NOFOLLOW,
	FOLLOW_BY_FLAGS, /* unless AT_SYMLINK_NOFOLLOW is in the flags */
};

/* Numbers of arguments; -1: it has none. Of two paths, the other one has `second`. */
struct ns_call {
	const char *name;
	enum ns_call_kind kind;
	signed char dirfd, path, flags;
	enum ns_call_follow follow;
	signed char second_dirfd, second;
};

/* The call of that number; NULL: it is unknown, and spoils a recording. */
const struct ns_call *ns_call_find(uint32_t arch, int number);
/* Adds rules to the filter that report the calls. 0, or a negative value: nothing can be recorded
 * with this libseccomp. */
int ns_calls_report(scmp_filter_ctx filter);
