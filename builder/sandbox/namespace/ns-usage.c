/* SPDX-License-Identifier: MIT */
/*
 * What the processes of the sandbox take, by its own /proc (proc_pid_status(5)) and the tree's file
 * system. The server is pid 1 there, and nobody can hide from it.
 *
 * Files that a process has mapped are not counted: they are the tree's, which is counted as a
 * whole. Memory of which /proc knows no owner is not seen either: memfd_create(2), shared anonymous
 * memory that is not mapped any more, pipes and sockets. See docs/sandbox.md.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

/* With the 65,536 groups that a process may be in, which stand before what is read here. */
#define STATUS_MAX ((size_t)512 << 10)
#define ROLLUP_MAX ((size_t)4096)
#define ENVIRONMENT_MAX ((size_t)128 << 10)
#define IPC_MAX ((size_t)8 << 20)
#define ANCESTORS_MAX 64
#define COMMAND_SHOWN ((size_t)120)
#define PACKAGE_MAX 100
#define INODE_BYTES 1024

/* A file of our own /proc, as much of it as there is. -ENOENT or -ESRCH: it is not there any more.
 * -errno. */
static int read_proc(const struct ns *ns, const char *path, size_t limit, struct text *ret)
{
	cleanup_fd int fd = openat(ns->proc, path, O_RDONLY | O_CLOEXEC);
	char chunk[4096];
	ssize_t n = 1;

	text_add(ret, "");
	if (fd < 0)
		return -errno;
	while (ret->length < limit && (n = read(fd, chunk, sizeof(chunk))) > 0)
		text_append(ret, chunk, (size_t)n);
	return n < 0 ? -errno : 0;
}

static int read_of(const struct ns *ns, pid_t pid, const char *file, size_t limit, struct text *ret)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%d/%s", (int)pid, file);
	return read_proc(ns, path, limit, ret);
}

/* What stands behind "\nName:"; NULL if there is no such line. A process's name, which is on the
 * first line, cannot be taken for one: it has its newlines escaped. */
static const char *find_field(const struct text *t, const char *name)
{
	cleanup_free char *mark = xasprintf("\n%s:", name);
	const char *found = t->data ? strstr(t->data, mark) : NULL;

	return found ? found + strlen(mark) : NULL;
}

/* A number; 0 if there is none: a process that has ended has no memory. */
static uint64_t field(const struct text *t, const char *name)
{
	const char *found = find_field(t, name);

	return found ? strtoull(found, NULL, 10) : 0;
}

static void read_process(const struct ns *ns, pid_t pid, struct ns_usage *u)
{
	CLEANUP(text_release) struct text t = { 0 };
	struct ns_process *p;
	int r = read_of(ns, pid, "status", STATUS_MAX, &t);

	if (r == -ENOENT || r == -ESRCH)
		return;
	/* It is on every process's, behind all else that is read here. */
	if (r < 0 || !find_field(&t, "Threads")) {
		u->hidden = pid;
		return;
	}
	if (field(&t, "Threads") == 0) /* it has ended just now */
		return;
	GROW(u->process, u->count, u->allocated);
	p = &u->process[u->count++];
	*p = (struct ns_process){
		.pid = pid,
		.parent = (pid_t)field(&t, "PPid"),
		/* The tables are the kernel's, and can be larger than what they describe. */
		.memory = (field(&t, "RssAnon") + field(&t, "VmSwap") + field(&t, "VmPTE")) << 10,
		.threads = field(&t, "Threads"),
	};
	u->memory += p->memory;
	u->threads += p->threads;
}

static void count_process(const struct ns *ns, pid_t pid, struct ns_usage *u)
{
	(void)ns;
	GROW(u->process, u->count, u->allocated);
	u->process[u->count++] = (struct ns_process){ .pid = pid, .threads = 1 };
	u->threads++;
}

static void read_processes(const struct ns *ns, struct ns_usage *u,
			   void (*fn)(const struct ns *ns, pid_t pid, struct ns_usage *u))
{
	int fd = openat(ns->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) && !streq(e->d_name, "1"))
			fn(ns, (pid_t)strtol(e->d_name, NULL, 10), u);
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		(void)close(fd);
}

/* ---- System V ------------------------------------------------------------------------------- */

/* Adds up two columns of a table of /proc/sysvipc, of which each unit takes so many bytes. */
static uint64_t read_table(const struct ns *ns, const char *path, const char *const name[2],
			   const uint64_t bytes[2])
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	CLEANUP(strv_release) struct strv head = { 0 };
	uint64_t sum = 0;

	(void)read_proc(ns, path, IPC_MAX, &t);
	strv_split(&line, t.data, "\n");
	if (line.count < 2)
		return 0;
	strv_split(&head, line.item[0], " ");
	for (size_t i = 1; i < line.count; i++) {
		CLEANUP(strv_release) struct strv value = { 0 };

		strv_split(&value, line.item[i], " ");
		for (size_t c = 0; c < head.count && c < value.count; c++)
			for (size_t k = 0; k < 2; k++)
				if (streq(head.item[c], name[k]))
					sum += strtoull(value.item[c], NULL, 10) * bytes[k];
	}
	return sum;
}

/* Memory that belongs to no process; it stays after its maker has ended, until the sandbox does.
 * sysvipc(5). A message takes 64 bytes beside its text, a semaphore as much. */
static uint64_t read_ipc(const struct ns *ns)
{
	return read_table(ns, "sysvipc/shm", (const char *const[]){ "rss", "swap" },
			  (const uint64_t[]){ 1, 1 }) +
	       read_table(ns, "sysvipc/msg", (const char *const[]){ "cbytes", "qnum" },
			  (const uint64_t[]){ 1, 64 }) +
	       read_table(ns, "sysvipc/sem", (const char *const[]){ "nsems", "nsems" },
			  (const uint64_t[]){ 32, 32 });
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void read_tree(const struct ns *ns, struct ns_usage *u)
{
	struct statvfs v;

	if (!ns->in_memory || fstatvfs(ns->tree, &v) < 0)
		return;
	u->tree_files = v.f_files - v.f_ffree;
	u->tree_bytes = (v.f_blocks - v.f_bfree) * v.f_frsize + u->tree_files * INODE_BYTES;
	u->out_of_files = v.f_ffree == 0;
	u->out_of_bytes = v.f_bfree == 0;
}

void ns_usage_count(const struct ns *ns, struct ns_usage *ret)
{
	*ret = (struct ns_usage){ 0 };
	read_processes(ns, ret, count_process);
}

void ns_usage_read(const struct ns *ns, struct ns_usage *ret)
{
	*ret = (struct ns_usage){ 0 };
	read_processes(ns, ret, read_process);
	ret->memory += read_ipc(ns);
	read_tree(ns, ret);
}

/* proc_pid_smaps(5): what several processes share counts by its share. */
static uint64_t exact_memory(const struct ns *ns, const struct ns_process *p)
{
	CLEANUP(text_release) struct text t = { 0 };

	(void)read_of(ns, p->pid, "smaps_rollup", ROLLUP_MAX, &t);
	if (!t.data || !strstr(t.data, "\nPss_Anon:"))
		return p->memory;
	return (field(&t, "Pss_Anon") + field(&t, "SwapPss")) << 10;
}

void ns_usage_count_exactly(const struct ns *ns, struct ns_usage *usage)
{
	usage->memory = read_ipc(ns);
	for (size_t i = 0; i < usage->count; i++) {
		usage->process[i].memory = exact_memory(ns, &usage->process[i]);
		usage->memory += usage->process[i].memory;
	}
}

void ns_usage_release(struct ns_usage *usage)
{
	free(usage->process);
	*usage = (struct ns_usage){ 0 };
}

/* ---- whose it is ---------------------------------------------------------------------------- */

static bool is_package_name(const char *s)
{
	size_t length = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

	return length > 0 && length < PACKAGE_MAX && s[length] == '\0';
}

static bool is_script_name(const char *s)
{
	static const char *const name[] = { "preinst", "postinst", "prerm", "postrm" };

	for (size_t i = 0; i < ARRAY_SIZE(name); i++)
		if (streq(s, name[i]))
			return true;
	return false;
}

/* dpkg tells its scripts in the environment whose they are (dpkg(1)). NULL: it is none of them. */
char *ns_usage_package_script(const struct ns *ns, pid_t pid)
{
	static const char package_is[] = "DPKG_MAINTSCRIPT_PACKAGE=";
	static const char name_is[] = "DPKG_MAINTSCRIPT_NAME=";
	CLEANUP(text_release) struct text t = { 0 };
	const char *package = NULL, *name = NULL;

	(void)read_of(ns, pid, "environ", ENVIRONMENT_MAX, &t);
	for (size_t at = 0; at < t.length; at += strlen(t.data + at) + 1) {
		if (starts_with(t.data + at, package_is))
			package = t.data + at + strlen(package_is);
		else if (starts_with(t.data + at, name_is))
			name = t.data + at + strlen(name_is);
	}
	if (!package || !name || !is_package_name(package) || !is_script_name(name))
		return NULL;
	return xasprintf("the %s of package '%s'", name, package);
}

static char *command_text(const struct ns_job *job)
{
	CLEANUP(text_release) struct text t = { 0 };

	for (size_t i = 0; job->argv && job->argv[i]; i++)
		text_printf(&t, "%s%s", i > 0 ? " " : "", job->argv[i]);
	if (t.length > COMMAND_SHOWN) {
		t.length = COMMAND_SHOWN;
		t.data[t.length] = '\0';
		text_add(&t, " …");
	}
	return xasprintf("the command '%s'", t.data ? t.data : "");
}

static pid_t parent_of(const struct ns_usage *u, pid_t pid)
{
	for (size_t i = 0; i < u->count; i++)
		if (u->process[i].pid == pid)
			return u->process[i].parent;
	return 0;
}

static const struct ns_job *job_of(const struct ns_job *job, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (job[i].argv && job[i].pid == pid)
			return &job[i];
	return NULL;
}

char *ns_usage_script(const struct ns *ns, const struct ns_usage *usage, const struct ns_job *job,
		      size_t count, pid_t pid)
{
	for (unsigned i = 0; i < ANCESTORS_MAX && pid > 1; i++, pid = parent_of(usage, pid)) {
		char *found = ns_usage_package_script(ns, pid);
		const struct ns_job *j = found ? NULL : job_of(job, count, pid);

		if (found)
			return found;
		if (j)
			return command_text(j);
	}
	/* Something that a command has left behind; there is rarely more than one. */
	for (size_t i = 0; i < count; i++)
		if (job[i].argv)
			return command_text(&job[i]);
	return xstrdup("the sandbox");
}
