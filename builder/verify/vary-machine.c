/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic-file.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"
#include "verify/vary-parts.h"

#define HOST_NAME "elsewhere.example"
#define UPTIME_SECONDS (400 * 86400)
#define DAY_SECONDS 86400
#define PROC_FILE_MAX ((size_t)4 << 20)
#define AES " aes "
#define CPUINFO "/proc/cpuinfo"
#define INPUT "/proc/bus/input/devices"
#define CURRENT_PERSONALITY 0xffffffffUL

static void read_proc(const char *path, struct text *ret)
{
	CLEANUP(err_release) struct err ignored = { 0 };

	if (read_file(AT_FDCWD, path, PROC_FILE_MAX, ret, &ignored) < 0)
		text_add(ret, "");
}

/* ---- names and numbers the kernel gives ----------------------------------------------------- */

static void look_host_name(const struct vary *v, struct text *ret)
{
	struct utsname u;

	(void)v;
	text_add(ret, uname(&u) == 0 ? u.nodename : "?");
}

static int change_host_name(struct vary *v, struct text *why_not)
{
	(void)v;
	(void)why_not;
	if (unshare(CLONE_NEWUTS) < 0 || sethostname(HOST_NAME, strlen(HOST_NAME)) < 0)
		return -errno;
	return 0;
}

static void look_kernel(const struct vary *v, struct text *ret)
{
	struct utsname u;

	(void)v;
	text_add(ret, uname(&u) == 0 ? u.release : "?");
}

/* uname(2) says 2.6.N (personality(2), UNAME26). */
static int change_kernel(struct vary *v, struct text *why_not)
{
	(void)v;
	(void)why_not;
	return personality((unsigned long)personality(CURRENT_PERSONALITY) | UNAME26) < 0 ? -errno
											  : 0;
}

static void look_layout(const struct vary *v, struct text *ret)
{
	(void)v;
	text_add(ret, personality(CURRENT_PERSONALITY) & ADDR_NO_RANDOMIZE ? "fixed" : "random");
}

static int change_layout(struct vary *v, struct text *why_not)
{
	(void)v;
	(void)why_not;
	return personality((unsigned long)personality(CURRENT_PERSONALITY) ^ ADDR_NO_RANDOMIZE) < 0
		       ? -errno
		       : 0;
}

static void look_processors(const struct vary *v, struct text *ret)
{
	cpu_set_t set;

	(void)v;
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		text_printf(ret, "%d", CPU_COUNT(&set));
}

/* One processor, the last of those that we may use. */
static int change_processors(struct vary *v, struct text *why_not)
{
	cpu_set_t all, one;

	(void)v;
	(void)why_not;
	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return -errno;
	for (int i = CPU_SETSIZE - 1; i >= 0 && CPU_COUNT(&one) == 0; i--)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	return sched_setaffinity(0, sizeof(one), &one) < 0 ? -errno : 0;
}

static void look_uptime(const struct vary *v, struct text *ret)
{
	struct timespec t = { 0 };

	(void)v;
	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	text_printf(ret, "%lld days", (long long)t.tv_sec / DAY_SECONDS);
}

/* time_namespaces(7): the offsets hold for children, and for whoever enters afterwards. */
static int change_uptime(struct vary *v, struct text *why_not)
{
	cleanup_free char *offsets =
		xasprintf("monotonic %d 0\nboottime %d 0\n", UPTIME_SECONDS, UPTIME_SECONDS);
	cleanup_fd int file = -1, ns = -1;

	(void)v;
	(void)why_not;
	if (unshare(CLONE_NEWTIME) < 0)
		return -errno;
	file = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (file < 0 || write(file, offsets, strlen(offsets)) < 0)
		return -errno;
	ns = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	return ns < 0 || setns(ns, CLONE_NEWTIME) < 0 ? -errno : 0;
}

static void look_network(const struct vary *v, struct text *ret)
{
	struct if_nameindex *list = if_nameindex();

	(void)v;
	text_add(ret, "");
	for (const struct if_nameindex *i = list; i && i->if_name; i++)
		text_printf(ret, "%s%s", ret->length > 0 ? " " : "", i->if_name);
	if (list)
		if_freenameindex(list);
}

static int change_network(struct vary *v, struct text *why_not)
{
	(void)v;
	(void)why_not;
	return unshare(CLONE_NEWNET) < 0 ? -errno : 0;
}

/* ---- what is mounted over ------------------------------------------------------------------- */

/* The kernel lets a user namespace mount its own /proc only where one is mounted that nothing
 * covers (mount_too_revealing); the one below the scratch directory is that. */
static int own_mounts(struct vary *v)
{
	cleanup_free char *proc = xasprintf("%s/proc", v->scratch);

	if (v->has_mounts)
		return 0;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	if (mkdir(proc, 0755) < 0 || mount("proc", proc, "proc", 0, NULL) < 0)
		return -errno;
	v->has_mounts = true;
	return 0;
}

int vary_cover(struct vary *v, const char *name, const char *target, const char *content)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *file = xasprintf("%s/%s", v->scratch, name);
	int r = own_mounts(v);

	if (r < 0)
		return r;
	r = write_file(AT_FDCWD, file, content, strlen(content), 0444, &err);
	if (r < 0)
		return r;
	return mount(file, target, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

static void look_processor(const struct vary *v, struct text *ret)
{
	CLEANUP(text_release) struct text t = { 0 };
	const char *flags;
	size_t count = 0;

	(void)v;
	read_proc(CPUINFO, &t);
	flags = strstr(t.data, "\nflags");
	for (const char *p = flags ? strchr(flags, ':') : NULL; p && *p && *p != '\n'; p++)
		count += *p == ' ' && p[1] != '\n';
	text_printf(ret, "%zu flags, %s aes", count,
		    flags && memmem(flags, strcspn(flags + 1, "\n") + 2, AES, strlen(AES))
			    ? "with"
			    : "without");
}

/* Takes aes out of the flags, or puts it in. */
static int change_processor(struct vary *v, struct text *why_not)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(text_release) struct text new = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };

	read_proc(CPUINFO, &t);
	strv_split(&lines, t.data, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		char *aes = starts_with(lines.item[i], "flags") ? strstr(lines.item[i], AES) : NULL;

		if (aes)
			memmove(aes, aes + (strlen(AES) - 1), strlen(aes + (strlen(AES) - 1)) + 1);
		text_printf(&new, "%s%s\n", lines.item[i],
			    !aes && starts_with(lines.item[i], "flags") ? AES : "");
	}
	if (lines.count == 0) {
		text_add(why_not, "this machine shows no " CPUINFO);
		return 1;
	}
	return vary_cover(v, "cpuinfo", CPUINFO, new.data);
}

static void look_keyboard(const struct vary *v, struct text *ret)
{
	CLEANUP(text_release) struct text t = { 0 };
	size_t count = 0;

	(void)v;
	read_proc(INPUT, &t);
	for (const char *p = t.data; (p = strstr(p, "N: Name=")); p++)
		count++;
	text_printf(ret, "%zu input devices%s", count,
		    strstr(t.data, "eyboard") ? ", a keyboard" : "");
}

static int change_keyboard(struct vary *v, struct text *why_not)
{
	static const char keyboard[] =
		"I: Bus=0003 Vendor=05ac Product=0250 Version=0111\n"
		"N: Name=\"Apple Inc. Apple Keyboard\"\nP: Phys=usb-0000:00:14.0-1/input0\n"
		"S: Sysfs=/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/input9\nU: Uniq=\n"
		"H: Handlers=sysrq kbd event9 leds\nB: PROP=0\nB: EV=120013\n\n";
	CLEANUP(text_release) struct text t = { 0 };

	if (access(INPUT, F_OK) < 0) {
		text_add(why_not, "this kernel has no " INPUT);
		return 1;
	}
	read_proc(INPUT, &t);
	return vary_cover(v, "input", INPUT, strstr(t.data, "eyboard") ? "" : keyboard);
}

static int count_top(const struct walk_entry *entry, void *data, struct err *err)
{
	(void)entry;
	(void)err;
	++*(size_t *)data;
	return 1;
}

static void look_devices(const struct vary *v, struct text *ret)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	cleanup_fd int fd = -1;
	size_t count = 0;

	(void)v;
	if (open_dir(AT_FDCWD, "/sys", &fd, &ignored) == 0)
		(void)walk_tree(fd, count_top, &count, &ignored);
	text_add(ret, count > 0 ? "those of this machine" : "none");
}

/* No /sys: no buses, no block devices, no memory limit. */
static int change_devices(struct vary *v, struct text *why_not)
{
	int r = own_mounts(v);

	(void)why_not;
	if (r < 0)
		return r;
	return mount("none", "/sys", "tmpfs", MS_RDONLY, "size=4k") < 0 ? -errno : 0;
}

const struct trial vary_machine[] = {
	{ "host name", look_host_name, change_host_name },
	{ "flags of the processor", look_processor, change_processor },
	{ "keyboard", look_keyboard, change_keyboard },
	{ "devices in /sys", look_devices, change_devices },
	{ "network", look_network, change_network },
	{ "time since boot", look_uptime, change_uptime },
	{ "kernel by uname(2)", look_kernel, change_kernel },
	{ "addresses of memory", look_layout, change_layout },
	{ "processors", look_processors, change_processors },
	{ NULL, NULL, NULL },
};
