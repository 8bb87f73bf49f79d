/* SPDX-License-Identifier: MIT */
/*
 * How much the scripts may take, where the user has not said it, and the limits of the kernel's own
 * that hold between two looks of the watch (ns-watch.c).
 *
 * There is no limit of a process's address space (RLIMIT_AS, RLIMIT_DATA): these count what a
 * program has only reserved, and some reserve a thousand times what they use. The watch counts what
 * is used. When the machine's memory does run out, the kernel ends the sandbox before anything
 * else.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/resources.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

#define MEBI (1ULL << 20)
/* Where less is left, a build would fail in any case, and the kernel decides at which process. */
#define MEMORY_MIN (256 * MEBI)
/* A build of rescue64 has 30 at most; make -j of a DKMS module on a large machine a few hundred. */
#define PROCESSES_MAX 2048U
#define PROCESSES_MIN 64U
/* An inode takes about 1 KiB of the kernel's memory. rescue64 has one for each 20 KiB of files. */
#define BYTES_PER_FILE (8ULL << 10)
#define FILES_MIN (256ULL << 10)
#define FILES_MAX (4ULL << 20)
/* mkinitramfs and zstd say nothing for 40 seconds, and some ten times as long where the processor
 * is emulated. */
#define SILENCE 300U

#define PROCESSES_SHOWN 8192 /* the same everywhere, since scripts can ask for it */
#define OPEN_FILES_SOFT 1024
#define OPEN_FILES_HARD 524288
#define FILE_SIZE_MAX (16ULL << 30) /* a tree on disk has no other limit */
#define QUEUE_BYTES 819200	    /* POSIX message queues; the kernel's default */
#define SIGNALS_PENDING 4096
#define STACK_SOFT (8 * MEBI)
#define LOCKED_BYTES (8 * MEBI) /* mlock(2); the kernel's default */
#define OOM_FIRST "1000"
#define OOM_FILE "/proc/self/oom_score_adj"

/* Nine tenths of what can be had without taking it from somebody else. */
static uint64_t choose_memory(void)
{
	uint64_t available = memory_and_swap_available();

	if (available == 0) /* /proc does not say */
		return UINT64_MAX;
	return between(MEMORY_MIN, available / 10 * 9, UINT64_MAX);
}

void ns_limits_choose(struct sandbox_limits *limits)
{
	if (limits->memory == 0)
		limits->memory = choose_memory();
	/* Half of what is left, so that a script that forks without end is stopped while others can
	 * still start processes. */
	if (limits->processes == 0)
		limits->processes =
			between(PROCESSES_MIN, processes_available() / 2, PROCESSES_MAX);
	if (limits->files == 0)
		limits->files = between(FILES_MIN, limits->memory / BYTES_PER_FILE, FILES_MAX);
	if (limits->silence == 0)
		limits->silence = SILENCE;
}

static void limit(int what, rlim_t soft, rlim_t hard)
{
	struct rlimit now;

	if (getrlimit(what, &now) < 0)
		return;
	now.rlim_max = hard < now.rlim_max ? hard : now.rlim_max;
	now.rlim_cur = soft < now.rlim_max ? soft : now.rlim_max;
	(void)setrlimit(what, &now);
}

static void set_oom_order(const char *value)
{
	cleanup_fd int fd = open(OOM_FILE, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)write_all(fd, value, strlen(value));
}

char *ns_limits_go_first(void)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text before = { 0 };

	if (read_file(AT_FDCWD, OOM_FILE, 64, &before, &ignored) < 0)
		return NULL;
	set_oom_order(OOM_FIRST);
	return xstrdup(before.data);
}

void ns_limits_go_as_before(const char *before)
{
	if (before)
		set_oom_order(before);
}

void ns_limits_apply(const struct ns *ns)
{
	rlim_t processes = ns->limits.processes + NS_PROCESSES_BESIDE;

	if (processes < PROCESSES_SHOWN)
		processes = PROCESSES_SHOWN;
	/* Not 0: where /proc/sys/kernel/core_pattern names a program, that would get the dump in
	 * spite of 0, as root of the host. 1 is what the kernel takes for none (core(5)); the
	 * filter keeps it (ns-filter.c). */
	limit(RLIMIT_CORE, 1, 1);
	limit(RLIMIT_NOFILE, OPEN_FILES_SOFT, OPEN_FILES_HARD);
	limit(RLIMIT_FSIZE, FILE_SIZE_MAX, FILE_SIZE_MAX);
	limit(RLIMIT_NPROC, processes, processes);
	limit(RLIMIT_MSGQUEUE, QUEUE_BYTES, QUEUE_BYTES);
	limit(RLIMIT_SIGPENDING, SIGNALS_PENDING, SIGNALS_PENDING);
	/* These for no other reason than to be the same everywhere. */
	limit(RLIMIT_STACK, STACK_SOFT, RLIM_INFINITY);
	limit(RLIMIT_MEMLOCK, LOCKED_BYTES, LOCKED_BYTES);
	limit(RLIMIT_NICE, 0, 0);
	limit(RLIMIT_RTPRIO, 0, 0);
}
