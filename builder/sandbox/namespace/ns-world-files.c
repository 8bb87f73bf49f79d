/* SPDX-License-Identifier: MIT */
/*
 * The files of the sandbox's /proc: those of a plausible PC of the last ten years with one core and
 * 8 GB, on which Debian's kernel has just started, so that hooks that look for `aes` (cryptsetup)
 * decide as for the machines that the image is meant for. A script that asks the scheduler instead
 * (nproc, sched_getaffinity(2)) sees the host's processors.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "sandbox/namespace/ns.h"

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

static const char meminfo[] = "MemTotal:        8051512 kB\n"
			      "MemFree:         7412340 kB\n"
			      "MemAvailable:    7653120 kB\n"
			      "Buffers:           24576 kB\n"
			      "Cached:           393216 kB\n"
			      "SwapCached:            0 kB\n"
			      "Active:           196608 kB\n"
			      "Inactive:         294912 kB\n"
			      "SwapTotal:             0 kB\n"
			      "SwapFree:              0 kB\n"
			      "Dirty:                 0 kB\n"
			      "Writeback:             0 kB\n"
			      "AnonPages:         81920 kB\n"
			      "Mapped:            65536 kB\n"
			      "Shmem:              8192 kB\n"
			      "Slab:              65536 kB\n"
			      "CommitLimit:     4025756 kB\n"
			      "Committed_AS:     262144 kB\n"
			      "HugePages_Total:       0\n"
			      "HugePages_Free:        0\n"
			      "HugePages_Rsvd:        0\n"
			      "HugePages_Surp:        0\n"
			      "Hugepagesize:       2048 kB\n"
			      "DirectMap4k:      131072 kB\n"
			      "DirectMap2M:     8257536 kB\n";

static const char devices[] =
	"Character devices:\n"
	"  1 mem\n  4 /dev/vc/0\n  4 tty\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n"
	"  5 /dev/ptmx\n  7 vcs\n 10 misc\n 13 input\n 21 sg\n 29 fb\n128 ptm\n136 pts\n"
	"180 usb\n188 ttyUSB\n189 usb_device\n202 cpu/msr\n203 cpu/cpuid\n226 drm\n"
	"\n"
	"Block devices:\n"
	"  7 loop\n  8 sd\n 11 sr\n 65 sd\n259 blkext\n";

static const char stat_text[] =
	"cpu  1000 0 1000 100000 0 0 0 0 0 0\n"
	"cpu0 1000 0 1000 100000 0 0 0 0 0 0\n"
	"intr 0\nctxt 100000\nbtime 1577836800\nprocesses 1000\nprocs_running 1\n"
	"procs_blocked 0\n";

/* What is not there is not there on any host: it cannot be seen (ns-world.c). */
static const struct world_file {
	const char *path;    /* below /proc */
	const char *content; /* with the kernel's release for %k and the host name for %h */
} world_file[] = {
	{ "cmdline", "\n" },
	{ "consoles", "tty0                 -WU (EC  p  )    4:7\n" },
	{ "cpuinfo", cpuinfo },
	{ "crypto", "" },
	{ "devices", devices },
	{ "diskstats", "" },
	{ "filesystems", filesystems },
	{ "iomem", "" },
	{ "ioports", "" },
	/* As for anybody but root, with addresses hidden: their width tells 64 bits. */
	{ "kallsyms", "0000000000000000 T _text\n" },
	{ "loadavg", "0.00 0.00 0.00 1/100 1000\n" },
	{ "meminfo", meminfo },
	{ "misc", "183 hw_random\n144 nvram\n228 hpet\n231 snapshot\n" },
	{ "partitions", "major minor  #blocks  name\n\n" },
	{ "stat", stat_text },
	{ "swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" },
	{ "version",
	  "Linux version %k (debian-kernel@lists.debian.org) (gcc) " NS_KERNEL_VERSION "\n" },

	/* /proc/bus and /proc/sys are whole directories of ours. */
	{ "bus/input/devices", "" },
	{ "bus/pci/devices", "" },
	{ "sys/crypto/fips_enabled", "0\n" },
	{ "sys/fs/aio-max-nr", "65536\n" },
	{ "sys/fs/file-max", "9223372036854775807\n" },
	{ "sys/fs/inotify/max_queued_events", "16384\n" },
	{ "sys/fs/inotify/max_user_instances", "128\n" },
	{ "sys/fs/inotify/max_user_watches", "65536\n" },
	{ "sys/fs/nr_open", "1048576\n" },
	{ "sys/fs/pipe-max-size", "1048576\n" },
	{ "sys/fs/protected_fifos", "1\n" },
	{ "sys/fs/protected_hardlinks", "1\n" },
	{ "sys/fs/protected_regular", "2\n" },
	{ "sys/fs/protected_symlinks", "1\n" },
	{ "sys/fs/suid_dumpable", "0\n" },
	{ "sys/kernel/cap_last_cap", "40\n" },
	{ "sys/kernel/core_pattern", "core\n" },
	{ "sys/kernel/dmesg_restrict", "1\n" },
	{ "sys/kernel/domainname", "(none)\n" },
	{ "sys/kernel/hostname", "%h\n" },
	{ "sys/kernel/kexec_load_disabled", "0\n" },
	{ "sys/kernel/kptr_restrict", "0\n" },
	{ "sys/kernel/modules_disabled", "0\n" },
	{ "sys/kernel/ngroups_max", "65536\n" },
	{ "sys/kernel/osrelease", "%k\n" },
	{ "sys/kernel/ostype", "Linux\n" },
	{ "sys/kernel/overflowgid", "65534\n" },
	{ "sys/kernel/overflowuid", "65534\n" },
	{ "sys/kernel/panic", "0\n" },
	{ "sys/kernel/perf_event_paranoid", "3\n" },
	{ "sys/kernel/pid_max", "4194304\n" },
	{ "sys/kernel/printk", "4\t4\t1\t7\n" },
	{ "sys/kernel/random/boot_id", "00000000-0000-4000-8000-000000000000\n" },
	{ "sys/kernel/random/entropy_avail", "256\n" },
	{ "sys/kernel/random/poolsize", "256\n" },
	{ "sys/kernel/random/uuid", "" }, /* the kernel's own is mounted here */
	{ "sys/kernel/randomize_va_space", "2\n" },
	{ "sys/kernel/shmall", "18446744073692774399\n" },
	{ "sys/kernel/shmmax", "18446744073692774399\n" },
	{ "sys/kernel/shmmni", "4096\n" },
	{ "sys/kernel/sysrq", "438\n" },
	{ "sys/kernel/tainted", "0\n" },
	{ "sys/kernel/threads-max", "62661\n" },
	{ "sys/kernel/unprivileged_userns_clone", "1\n" },
	{ "sys/kernel/version", NS_KERNEL_VERSION "\n" },
	{ "sys/net/core/rmem_max", "212992\n" },
	{ "sys/net/core/somaxconn", "4096\n" },
	{ "sys/net/core/wmem_max", "212992\n" },
	{ "sys/net/ipv4/ip_forward", "0\n" },
	{ "sys/net/ipv4/ip_local_port_range", "32768\t60999\n" },
	{ "sys/net/ipv6/bindv6only", "0\n" },
	{ "sys/net/ipv6/conf/all/disable_ipv6", "0\n" },
	{ "sys/net/ipv6/conf/default/disable_ipv6", "0\n" },
	{ "sys/net/ipv6/conf/lo/disable_ipv6", "0\n" },
	{ "sys/user/max_user_namespaces", "31330\n" },
	{ "sys/vm/drop_caches", "0\n" },
	{ "sys/vm/max_map_count", "65530\n" },
	{ "sys/vm/min_free_kbytes", "67584\n" },
	{ "sys/vm/mmap_min_addr", "65536\n" },
	{ "sys/vm/nr_hugepages", "0\n" },
	{ "sys/vm/overcommit_memory", "0\n" },
	{ "sys/vm/overcommit_ratio", "50\n" },
	{ "sys/vm/swappiness", "60\n" },
};

static char *text_of(const struct ns *ns, const struct world_file *f)
{
	CLEANUP(text_release) struct text text = { 0 };

	text_add(&text, "");
	for (const char *p = f->content; *p; p++) {
		if (*p != '%') {
			text_append(&text, p, 1);
			continue;
		}
		p++;
		text_add(&text, *p == 'k' ? ns->kernel : ns->hostname);
	}
	return text_take(&text);
}

/* Writes the file in place, since it may be mounted. */
static int write_file_of(const struct ns *ns, const struct world_file *f, struct err *err)
{
	cleanup_free char *path = xasprintf("proc/%s", f->path);
	cleanup_free char *text = text_of(ns, f);
	cleanup_fd int fd = openat(ns->world, path,
				   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0444);
	int r = fd < 0 ? -errno : write_all(fd, text, strlen(text));

	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write the sandbox's /proc/%s",
				 f->path);
	return 0;
}

int ns_world_files(const struct ns *ns, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(world_file); i++) {
		cleanup_free char *directory = xasprintf("proc/%s", world_file[i].path);
		int r;

		*strrchr(directory, '/') = '\0';
		r = make_dirs(ns->world, directory, 0755, err);
		if (r < 0)
			return r;
		r = write_file_of(ns, &world_file[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

int ns_world_kernel(struct ns *ns, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(world_file); i++) {
		int r = strstr(world_file[i].content, "%k") ? write_file_of(ns, &world_file[i], err)
							    : 0;

		if (r < 0)
			return r;
	}
	return 0;
}
