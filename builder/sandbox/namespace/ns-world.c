/* SPDX-License-Identifier: MIT */
/*
 * /proc and /dev of the sandbox: what package scripts can learn from them is the same on every
 * machine. /proc/cpuinfo describes a plausible PC of the last ten years with one core, so that
 * hooks that look for `aes` there (cryptsetup) decide as for the machines that the image is meant
 * for. A script that asks the scheduler instead (nproc, sched_getaffinity(2)) sees the host's
 * processors.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static const char cpuinfo[] =
	"processor\t: 0\n"
	"vendor_id\t: GenuineIntel\n"
	"cpu family\t: 6\n"
	"model\t\t: 60\n"
	"model name\t: x86-64 processor\n"
	"stepping\t: 3\n"
	"cpu MHz\t\t: 2000.000\n"
	"cache size\t: 8192 KB\n"
	"physical id\t: 0\n"
	"siblings\t: 1\n"
	"core id\t\t: 0\n"
	"cpu cores\t: 1\n"
	"apicid\t\t: 0\n"
	"initial apicid\t: 0\n"
	"fpu\t\t: yes\n"
	"fpu_exception\t: yes\n"
	"cpuid level\t: 13\n"
	"wp\t\t: yes\n"
	"flags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 "
	"clflush mmx fxsr sse sse2 ht syscall nx rdtscp lm constant_tsc rep_good nopl cpuid pni "
	"pclmulqdq ssse3 fma cx16 sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand "
	"lahf_lm abm avx2 bmi1 bmi2\n"
	"bugs\t\t:\n"
	"bogomips\t: 4000.00\n"
	"clflush size\t: 64\n"
	"cache_alignment\t: 64\n"
	"address sizes\t: 39 bits physical, 48 bits virtual\n"
	"power management:\n"
	"\n";

static const char filesystems[] =
	"nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\nnodev\tdevtmpfs\nnodev\tdevpts\n"
	"nodev\tsecurityfs\nnodev\tpipefs\nnodev\tsockfs\nnodev\tramfs\nnodev\toverlay\n\text4\n";

/* Files of ours that cover files of /proc. Those that this kernel does not have are left out. */
static const struct world_file {
	const char *name;    /* in the directory of fixed files */
	const char *path;    /* below /proc */
	const char *content; /* NULL: made from the kernel's release */
} world_file[] = {
	{ "cpuinfo", "cpuinfo", cpuinfo },
	{ "cmdline", "cmdline", "\n" },
	{ "swaps", "swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" },
	{ "input", "bus/input/devices", "" },
	{ "modules", "modules", "" },
	{ "mdstat", "mdstat", "Personalities : \nunused devices: <none>\n" },
	{ "partitions", "partitions", "major minor  #blocks  name\n\n" },
	{ "diskstats", "diskstats", "" },
	{ "filesystems", "filesystems", filesystems },
	{ "crypto", "crypto", "" },
	{ "keys", "keys", "" },
	{ "kcore", "kcore", "" },
	/* As for anybody but root, with addresses hidden: their width tells 64 bits. */
	{ "kallsyms", "kallsyms", "0000000000000000 T _text\n" },
	{ "config", "config.gz", "" },
	{ "version", "version", NULL },
	{ "osrelease", "sys/kernel/osrelease", NULL },
	{ "osversion", "sys/kernel/version", NULL },
};

static const char *const read_only[] = { "sys", "sysrq-trigger", "irq", "bus", "fs", "mtrr" };
static const char *const hidden[] = { "acpi", "asound", "scsi", "driver", "tty" };

static const char *const device[] = { "null", "zero", "full", "random", "urandom", "tty" };
static const char *const device_link[][2] = {
	{ "/proc/self/fd", "fd" },	 { "/proc/self/fd/0", "stdin" },
	{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
	{ "pts/ptmx", "ptmx" },
};

static char *world_text(const struct ns *ns, const struct world_file *f)
{
	if (f->content)
		return xstrdup(f->content);
	if (streq(f->name, "osrelease"))
		return xasprintf("%s\n", ns->kernel);
	if (streq(f->name, "osversion"))
		return xasprintf("%s\n", NS_KERNEL_VERSION);
	return xasprintf("Linux version %s (debian-kernel@lists.debian.org) (gcc) %s\n", ns->kernel,
			 NS_KERNEL_VERSION);
}

/* Writes the file in place, since the mount is of its inode. */
static int write_fixed(const struct ns *ns, const struct world_file *f, struct err *err)
{
	cleanup_free char *text = world_text(ns, f);
	cleanup_fd int fd = openat(ns->world, f->name,
				   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0444);
	int r = fd < 0 ? -errno : write_all(fd, text, strlen(text));

	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write the sandbox's /proc/%s",
				 f->path);
	return 0;
}

int ns_world_kernel(struct ns *ns, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(world_file); i++) {
		int r = world_file[i].content ? 0 : write_fixed(ns, &world_file[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A bind mount takes MS_RDONLY only when it is mounted again. */
static int cover(const char *source, const char *target, struct err *err)
{
	int r = ns_mount(source, target, NULL, MS_BIND, NULL, err);

	if (r < 0)
		return r;
	return ns_mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | SAFE, NULL, err);
}

static int mount_fixed(struct ns *ns, const char *root, const char *store, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(world_file); i++) {
		cleanup_free char *target = xasprintf("%s/proc/%s", root, world_file[i].path);
		cleanup_free char *source = xasprintf("%s/%s", store, world_file[i].name);
		int r;

		if (access(target, F_OK) < 0)
			continue;
		r = write_fixed(ns, &world_file[i], err);
		if (r < 0)
			return r;
		r = cover(source, target, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The rest of /proc that reaches beyond the sandbox. */
static int restrict_proc(const char *proc, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(read_only); i++) {
		cleanup_free char *path = xasprintf("%s/%s", proc, read_only[i]);
		int r = access(path, F_OK) == 0 ? cover(path, path, err) : 0;

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		cleanup_free char *path = xasprintf("%s/%s", proc, hidden[i]);
		int r = 0;

		if (access(path, F_OK) == 0)
			r = ns_mount("tmpfs", path, "tmpfs", MS_RDONLY | SAFE, "size=4k,mode=0555",
				     err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int mount_proc(struct ns *ns, const char *root, const char *store, struct err *err)
{
	cleanup_free char *proc = xasprintf("%s/proc", root);
	int r = ns_mount("proc", proc, "proc", SAFE, NULL, err);

	if (r < 0)
		return r;
	r = restrict_proc(proc, err);
	if (r < 0)
		return r;
	return mount_fixed(ns, root, store, err);
}

static int mount_device(const char *dev, const char *name, struct err *err)
{
	cleanup_free char *source = xasprintf("/dev/%s", name);
	cleanup_free char *target = xasprintf("%s/%s", dev, name);
	cleanup_fd int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make '%s' in the sandbox", target);
	return ns_mount(source, target, NULL, MS_BIND, NULL, err);
}

static int fill_dev(const char *dev, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(device); i++) {
		int r = mount_device(dev, device[i], err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(device_link); i++) {
		cleanup_free char *path = xasprintf("%s/%s", dev, device_link[i][1]);

		if (symlink(device_link[i][0], path) < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot make '%s'", path);
	}
	return 0;
}

static int mount_dev(const char *root, struct err *err)
{
	cleanup_free char *dev = xasprintf("%s/dev", root);
	cleanup_free char *pts = xasprintf("%s/pts", dev);
	cleanup_free char *shm = xasprintf("%s/shm", dev);
	int r = ns_mount("tmpfs", dev, "tmpfs", MS_NOSUID | MS_NOEXEC,
			 "mode=0755,size=64m,nr_inodes=4096", err);

	if (r < 0)
		return r;
	r = fill_dev(dev, err);
	if (r < 0)
		return r;
	if (mkdir(pts, 0755) < 0 || mkdir(shm, 01777) < 0 || chmod(shm, 01777) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make directories in '%s'", dev);
	return ns_mount("devpts", pts, "devpts", MS_NOSUID | MS_NOEXEC,
			"newinstance,ptmxmode=0666,mode=0620,gid=5", err);
}

int ns_world_mount(struct ns *ns, const char *new_root, const char *store, struct err *err)
{
	int r;

	ns->world = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ns->world < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '%s'", store);
	r = mount_dev(new_root, err);
	return r < 0 ? r : mount_proc(ns, new_root, store, err);
}
