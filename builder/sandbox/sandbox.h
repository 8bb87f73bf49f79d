/* SPDX-License-Identifier: MIT */
/*
 * The sandbox: a tree, and commands that run in it as its root without reaching anything else. A
 * separate helper program holds it, sandbox-namespace or sandbox-guestfs; the functions here are
 * the main program's side of the socket to it (protocol.h). Callers need not know which helper is
 * at work.
 *
 *	CLEANUP(sandbox_cleanup) struct sandbox *sb = NULL;
 *	r = sandbox_open(store, &options, &sb, err);
 *	r = sandbox_put(sb, tar_fd, "/", err);
 *	r = sandbox_call(sb, err, "ldconfig", NULL);
 *	r = sandbox_archive(sb, NULL, out_fd, digest, &size, err);
 *
 * What a command sees: the tree as /; itself as uid 0 of a user namespace, with pid, mount, uts,
 * ipc, net (loopback only, down) and cgroup namespaces of its own; a minimal /dev and no /sys;
 * fixed /proc/cpuinfo, cmdline, swaps, bus/input/devices and others; the host name that is given;
 * uname(2) of the image's kernel; TZ=UTC, LC_ALL=C.UTF-8, SOURCE_DATE_EPOCH, HOME=/root,
 * DEBIAN_FRONTEND=noninteractive, umask 022; and /.netrescue, a scratch directory that is not part
 * of the tree (plain .debs, fixed files).
 *
 * Paths are absolute in the tree and resolved inside it, so links cannot lead out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/store.h"
#include "base/err.h"
#include "base/text.h"
#include "sandbox/limits.h"

/* A script that writes for ever would fill the disk. An ordinary build's log has about 1 MiB. */
#define SANDBOX_LOG_MAX ((size_t)16 << 20)
#define SANDBOX_SCRATCH "/.netrescue"

struct sandbox;

struct sandbox_options {
	const char *kind; /* auto | namespace | guestfs */
	int64_t source_date_epoch;
	const char *hostname; /* what uname -n says inside: in builds the recipe's */
	const char *kernel;   /* what uname -r says inside; sandbox_set_kernel() changes it */
	uint64_t space; /* bytes that tree and scratch will need: decides between tmpfs and disk */
	bool on_disk;	/* put the tree onto disk even if there is memory for it */
	struct sandbox_limits limits; /* of what scripts take; zeroed: those of docs/sandbox.md */
	int log_fd; /* output of commands goes here, up to SANDBOX_LOG_MAX bytes, of which the last
			 * line and a warning tell; -1: nowhere */
	/* as with sandbox_on_line(), but it also gets the steps of opening; may be NULL */
	void (*on_line)(const char *line, void *data);
};

int sandbox_open(struct store *s, const struct sandbox_options *options, struct sandbox **ret,
		 struct err *err);
/* ERR_USAGE unless the kind is one of those above, or NULL. sandbox_open() asks it, too. */
int sandbox_check_kind(const char *kind, struct err *err);
/* Whether the helper program of that kind (namespace, guestfs) is where netrescue looks for it. */
bool sandbox_is_installed(const char *kind);
void sandbox_free(struct sandbox *sb); /* kills everything in it, removes the tree */
DEFINE_CLEANUP_PTR(sandbox)
/* "namespace, tree in memory": for the log and provenance. */
const char *sandbox_description(const struct sandbox *sb);

int sandbox_set_kernel(struct sandbox *sb, const char *release, struct err *err);

/* Unpacks a tar stream (read from fd to its end; plain, gzip, xz or zstd) below directory
 * `where`, which must be there: owners, modes, xattrs and times as in the stream, but a
 * directory that exists keeps its own. extract.h says what is refused. */
int sandbox_put(struct sandbox *sb, int tar_fd, const char *where, struct err *err);

/* Unpacks data.tar of plain .debs that lie in the tree or the scratch directory (paths), `jobs`
 * at a time: first all directories in the order given, then the rest in any order. */
int sandbox_extract(struct sandbox *sb, const struct strv *debs, unsigned jobs, struct err *err);

struct sandbox_command {
	const char *const *argv;
	const char *const *env; /* added to the environment above; may be NULL */
	const char *input;	/* text for stdin; NULL: /dev/null */
	const char *output;	/* path inside the tree that gets stdout; NULL: the log */
	bool read_only; /* the tree cannot be written to, but for an empty /tmp and /var/tmp of the
			 * command's own */
	bool record;	/* for sandbox_recorded(); of one command, and not with read_only */
	bool may_fail;	/* a non-zero status is no error (it is in .status) */
	int status;	/* out: waitpid status */
};
/* Runs the commands (64 at most) at the same time and waits for all; whatever they leave running is
 * killed. As soon as one fails that may not, the others are killed, too; the error names the
 * command, its status and the last lines it wrote. A program that is not there: status 127. When
 * one of them reaches a limit (limits.h) all are killed, and the error names the limit and the
 * script. */
int sandbox_run(struct sandbox *sb, struct sandbox_command *command, size_t count, struct err *err);
/* One command, argv as arguments up to NULL. */
int sandbox_call(struct sandbox *sb, struct err *err, const char *program, ...)
	__attribute__((sentinel));
/* fn is called for each line that commands write while they run (for progress_detail()). */
void sandbox_on_line(struct sandbox *sb, void (*fn)(const char *line, void *data), void *data);

/* Files, as a shell inside would see them: links are followed. sandbox_read() reads a regular file
 * of at most limit bytes; if there is none it returns -ENOENT, with *err set. sandbox_write() makes
 * missing directories (0755, root); a file that is there keeps its owner and gets this content and
 * mode. */
int sandbox_read(struct sandbox *sb, const char *path, size_t limit, struct text *ret,
		 struct err *err);
/* Opens a file that is too large for sandbox_read(); *ret_fd is the caller's. */
int sandbox_open_file(struct sandbox *sb, const char *path, int *ret_fd, struct err *err);
int sandbox_write(struct sandbox *sb, const char *path, const void *data, size_t size,
		  unsigned mode, struct err *err);
/* Whether lstat(2) finds it. */
int sandbox_exists(struct sandbox *sb, const char *path, bool *ret, struct err *err);

/* What is to be removed or emptied (rootfs/normalise.c), as data: the helper applies all rules in
 * one request. */
enum sweep_action {
	SWEEP_REMOVE,	 /* file, link or whole directory */
	SWEEP_EMPTY,	 /* truncate to no bytes, keep owner and mode */
	SWEEP_CONTENT,	 /* remove what is in the directory, keep the directory */
	SWEEP_RECURSIVE, /* remove every file of that name pattern anywhere: pattern has no slash */
};
struct sweep {
	enum sweep_action action;
	const char *pattern; /* glob(7), absolute; no match is fine */
};
int sandbox_sweep(struct sandbox *sb, const struct sweep *rule, size_t count, struct err *err);

/* Writes the tree as a normalised pax tar (pack.h says how) through the filter command that runs
 * in the sandbox, read-only (NULL: no filter), to out_fd. ret_tar_sha256: digest of the tar
 * before the filter. */
int sandbox_archive(struct sandbox *sb, const char *const *filter, int out_fd,
		    char ret_tar_sha256[DIGEST_HEX], uint64_t *ret_tar_size, struct err *err);
/* The same for callers who read the archive while it is written: after sandbox_archive_begin() they
 * call sandbox_archive_look() until it says 1, which is the end, or fails. It waits at most that
 * long. */
int sandbox_archive_begin(struct sandbox *sb, const char *const *filter, int out_fd,
			  struct err *err);
int sandbox_archive_look(struct sandbox *sb, int milliseconds, char ret_tar_sha256[DIGEST_HEX],
			 uint64_t *ret_tar_size, struct err *err);

/* What the last command with .record was made of (recording.h), right after its run.
 *
 *	r = sandbox_recorded(sb, out_fd, &record, err);
 *	if (!record.why) ...keep record.bytes and what was written to out_fd...
 *	...in another sandbox with the same options, where the command would be run next:
 *	r = sandbox_matches(sb, bytes, size, &different, err);
 *	if (!different) r = sandbox_replay(sb, bytes, size, fd, err);
 *
 * The tree is then as after the command, but for the times of directories. */
struct sandbox_record {
	struct text bytes;
	char *why;	/* there is no recording, because of this; NULL: there is one */
	uint64_t calls; /* that name a path */
	uint64_t paths; /* different ones */
};
/* Whether this sandbox can record; one of libguestfs cannot. */
bool sandbox_can_record(const struct sandbox *sb);
/* Writes a tar of what the command has made to out_fd, unless there is no recording. */
int sandbox_recorded(struct sandbox *sb, int out_fd, struct sandbox_record *ret, struct err *err);
void sandbox_record_release(struct sandbox_record *record);
/* *ret_different: the first path at which the tree differs, owned by the caller, or NULL. */
int sandbox_matches(struct sandbox *sb, const char *bytes, size_t size, char **ret_different,
		    struct err *err);
int sandbox_replay(struct sandbox *sb, const char *bytes, size_t size, int tar_fd, struct err *err);

/* The tree as it is, for another sandbox to go on from: sandbox_snapshot() writes what is in "/",
 * or in SANDBOX_SCRATCH, which is no part of it; sandbox_restore() unpacks that at the same place.
 * Owners, modes, hard links, attributes and times, those of directories too, are the same then
 * (pack_exact() in tar/pack.h). ERR_BUILD if the tree holds a device node, a fifo, a socket or a
 * file of more than 4 GiB. */
int sandbox_snapshot(struct sandbox *sb, const char *where, int out_fd, struct err *err);
int sandbox_restore(struct sandbox *sb, int snapshot_fd, const char *where, struct err *err);
/* namespace or guestfs: which helper holds the tree. */
const char *sandbox_kind(const struct sandbox *sb);
/* Appends the digests of the helper programs of that kind: their code makes what is in a tree. */
int sandbox_code(const char *kind, struct text *ret, struct err *err);
