/* SPDX-License-Identifier: MIT */
#include "lab/health.h"

#include <string.h>

#include "base/text.h"

/* Messages that are logged as errors in a healthy system, too: extended regular expressions, joined
 * by |.
 *
 * libudev's is from dhcpcd: its socket to udev was readable, but the message was not for it, and it
 * goes on. The next two are from cfg80211, which wants the rules of wireless networks; there are
 * none in a system for cables, and bookworm's kernel calls that an error. The last comes when an
 * emulated machine gets no processor while the kernel tests its timer for ten ticks; the kernel
 * then finds another way to that timer. */
#define NO_ERROR                                                                                   \
	"^libudev: received NULL device$"                                                          \
	"|^platform regulatory.0: firmware: failed to load regulatory.db "                         \
	"|^firmware_class: See https://wiki.debian.org/Firmware "                                  \
	"|^[.][.]MP-BIOS bug: 8254 timer not connected to IO-APIC$"

/* The same for emulated machines: if the host gives one no processor for 20 s, its kernel reports
 * that its processor hangs. On a real machine that is an error. */
#define NO_STALL "^rcu: |^watchdog: BUG: soft lockup - CPU"

static bool has_systemd(const struct image *i)
{
	return streq(i->init, "systemd");
}

const struct health_check health_checks[] = {
	{ "the system is up", has_systemd,
	  "state=$(systemctl is-system-running --wait)\n"
	  "[ \"$state\" = running ] && exit\n"
	  "echo \"systemctl is-system-running: $state\"\n"
	  "systemctl --failed --plain --no-legend\n"
	  "exit 1\n" },
	{ "no unit failed", has_systemd,
	  "failed=$(systemctl --failed --plain --no-legend)\n"
	  "[ -z \"$failed\" ] || { echo \"$failed\"; exit 1; }\n" },
	{ "the entry", NULL,
	  "set -f\n"
	  "for word in $append; do\n"
	  "	case \" $(cat /proc/cmdline) \" in\n"
	  "	*\" $word \"*) ;;\n"
	  "	*) echo \"the kernel was started without '$word': by another entry\"; exit 1 ;;\n"
	  "	esac\n"
	  "done\n" },
	{ "the root file system", NULL,
	  "type=$(findmnt -n -o FSTYPE /)\n"
	  "if [ $overlay = 1 ]; then want=overlay; else want=nfs; fi\n"
	  "[ \"$type\" = $want ] || { echo \"it is $type, not $want\"; exit 1; }\n"
	  "touch /netrescue-check && rm /netrescue-check\n" },
	{ "the firmware", NULL,
	  "secure=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c\n"
	  "is=bios\n"
	  "[ -d /sys/firmware/efi ] && is=uefi\n"
	  "[ $is = uefi ] && [ \"$(od -An -tu1 -j4 $secure | tr -d ' ')\" = 1 ] && is=secureboot\n"
	  "[ $is = $firmware ] || { echo \"it is $is, not $firmware\"; exit 1; }\n" },
	{ "nothing of the machine's disks is in use", NULL,
	  "used=$(grep -E '^/dev/(sd|vd|nvme|md|mapper|dm)' /proc/mounts)\n"
	  "swap=$(sed 1d /proc/swaps)\n"
	  "held=$(ls -d /sys/block/*/holders/* /sys/block/*/*/holders/* 2>/dev/null)\n"
	  "[ -z \"$used$swap$held\" ] || { echo \"$used $swap $held\"; exit 1; }\n" },
	{ "the host name", NULL,
	  "[ \"$(hostname)\" = \"$hostname\" ] || { echo \"it is $(hostname)\"; exit 1; }\n" },
	{ "name servers", NULL,
	  "grep -q '^nameserver' /etc/resolv.conf || { echo 'resolv.conf has none'; exit 1; }\n" },
	{ "the locale", NULL,
	  "[ -z \"$locale\" ] || [ ! -e /etc/default/locale ] && exit\n"
	  ". /etc/default/locale\n"
	  "[ \"$LANG\" = \"$locale\" ] || { echo \"LANG is $LANG, not $locale\"; exit 1; }\n"
	  "LC_ALL=$LANG locale charmap 2>&1 >/dev/null | grep . && exit 1\n"
	  "exit 0\n" },
	{ "the machine's own identity", has_systemd,
	  "grep -Eq '^[0-9a-f]{32}$' /etc/machine-id || { cat /etc/machine-id; exit 1; }\n" },
	/* Before sshd is asked, which logs an error when a client leaves without a word. */
	{ "no errors in the logs", NULL,
	  "{\n"
	  "	dmesg -t -l emerg,alert,crit,err\n"
	  "	[ $init != systemd ] || journalctl -q -b -p err -o cat\n"
	  "} | sort -u | grep -vE '" NO_ERROR "' |\n"
	  "	if [ $emulated = 1 ]; then grep -vE '" NO_STALL
	  "'; else cat; fi | grep . && exit 1\n"
	  "exit 0\n" },
	{ "sshd answers", NULL,
	  "[ -x /usr/sbin/sshd ] || exit 0\n"
	  "for i in $(seq 30); do\n"
	  "	line=$(exec 2>&1 3<>/dev/tcp/127.0.0.1/22; read -r -u 3 line; echo \"$line\")\n"
	  "	case $line in SSH-2.0-*) exit ;; esac\n"
	  "	sleep 1\n"
	  "done\n"
	  "echo \"it says '$line'\"\n"
	  "exit 1\n" },
	{ NULL, NULL, NULL },
};

static void add_fact(struct text *t, const char *name, const char *value)
{
	text_printf(t, "%s='%s'\n", name, value ? value : "");
}

/* No recipe can have a quote in any of these. */
char *health_facts(const struct client_options *o)
{
	const struct image *i = o->image;
	const char *words = o->entry->append;
	CLEANUP(text_release) struct text t = { 0 };

	add_fact(&t, "init", i->init);
	add_fact(&t, "firmware", firmware_name(o->firmware));
	add_fact(&t, "append", words);
	add_fact(&t, "emulated", o->accel == ACCEL_TCG ? "1" : "0");
	add_fact(&t, "overlay", strstr(words, "rescue.overlay") ? "1" : "0");
	add_fact(&t, "locale", i->locale);
	add_fact(&t, "hostname", i->hostname);
	return text_take(&t);
}
