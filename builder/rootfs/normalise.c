/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "rootfs/bootstrap.h"
#include "rootfs/insserv.h"

#define SECONDS_A_DAY 86400

/* What differs from build to build or is of no use after it, with the reason. What must differ
 * between the machines that boot the image (host keys, machine-id) is removed by
 * settings_identity(). */
static const struct {
	enum sweep_action action;
	const char *pattern;
	const char *reason;
} policy[] = {
	{ SWEEP_EMPTY, "/var/log/[bw]tmp", "logins during the build" },
	{ SWEEP_EMPTY, "/var/log/lastlog", "logins during the build" },
	{ SWEEP_EMPTY, "/var/log/faillog", "logins during the build" },
	{ SWEEP_REMOVE, "/var/log/*.log", "dpkg.log, alternatives.log, …: the clock" },
	{ SWEEP_CONTENT, "/var/log/apt", "the clock" },
	{ SWEEP_REMOVE, "/var/log/*/*.log", "logs of packages' scripts: the clock" },
	{ SWEEP_REMOVE, "/var/log/journal/*", "the clock and a machine-id" },

	{ SWEEP_REMOVE, "/var/cache/ldconfig/aux-cache", "inode numbers and ctimes" },
	{ SWEEP_REMOVE, "/var/cache/apt/*.bin", "apt's mapped indices: the clock, pointers" },
	{ SWEEP_REMOVE, "/var/cache/apt/archives/*.deb", "packages apt downloaded" },
	{ SWEEP_REMOVE, "/var/cache/apt/archives/lock", "state of a run" },
	{ SWEEP_CONTENT, "/var/cache/apt/archives/partial", "state of a run" },
	{ SWEEP_REMOVE, "/var/lib/apt/lists/*_*", "indices of the day" },
	{ SWEEP_REMOVE, "/var/lib/apt/lists/lock", "state of a run" },
	{ SWEEP_CONTENT, "/var/lib/apt/lists/partial", "state of a run" },
	{ SWEEP_CONTENT, "/var/cache/man", "mandb's databases: the clock; man works without" },
	{ SWEEP_REMOVE, "/var/cache/fontconfig/*", "times of directories; made again when used" },
	{ SWEEP_REMOVE, "/var/cache/apparmor/*", "of the build machine's kernel" },
	{ SWEEP_REMOVE, "/var/lib/plocate/plocate.db", "the build's tree" },
	{ SWEEP_REMOVE, "/var/lib/dkms/*/*/*/*/log/make.log", "a module's build: the clock" },

	{ SWEEP_REMOVE, "/var/cache/debconf/*-old", "backups: the last step but one" },
	{ SWEEP_REMOVE, "/var/lib/dpkg/*-old", "backups: the last step but one" },
	{ SWEEP_REMOVE, "/etc/passwd-", "backups: the last step but one" },
	{ SWEEP_REMOVE, "/etc/group-", "backups: the last step but one" },
	{ SWEEP_REMOVE, "/etc/shadow-", "backups: the last step but one" },
	{ SWEEP_REMOVE, "/etc/gshadow-", "backups: the last step but one" },
	{ SWEEP_REMOVE, "/etc/sub[ug]id-", "backups: the last step but one" },
	{ SWEEP_REMOVE, "/etc/.pwd.lock", "state of a run" },
	{ SWEEP_CONTENT, "/var/backups", "copies of databases: the clock" },

	/* All of /run but /run/lock, which base-files ships. */
	{ SWEEP_REMOVE, "/run/[!l]*", "state of a run" },
	{ SWEEP_REMOVE, "/run/l[!o]*", "state of a run" },
	{ SWEEP_REMOVE, "/run/lo[!c]*", "state of a run" },
	{ SWEEP_CONTENT, "/run/lock", "state of a run" },
	{ SWEEP_CONTENT, "/tmp", "state of a run" },
	{ SWEEP_CONTENT, "/var/tmp", "state of a run" },
	{ SWEEP_REMOVE, "/root/.rnd", "random" },
};

static int sweep(struct rootfs *rootfs, struct err *err)
{
	struct sweep rule[ARRAY_SIZE(policy)];

	for (size_t i = 0; i < ARRAY_SIZE(policy); i++)
		rule[i] = (struct sweep){ policy[i].action, policy[i].pattern };
	return sandbox_sweep(rootfs->sandbox, rule, ARRAY_SIZE(rule), err);
}

/* Removes policy-rc.d if it is the one that bootstrap.c wrote: an overlay may bring its own. */
static int allow_starts(struct rootfs *rootfs, struct err *err)
{
	static const struct sweep rule = { SWEEP_REMOVE, BOOTSTRAP_POLICY };
	CLEANUP(text_release) struct text found = { 0 };
	bool exists;
	int r = sandbox_exists(rootfs->sandbox, BOOTSTRAP_POLICY, &exists, err);

	if (r < 0 || !exists)
		return r;
	r = sandbox_read(rootfs->sandbox, BOOTSTRAP_POLICY, (size_t)1 << 20, &found, err);
	if (r < 0 || !streq(found.data, BOOTSTRAP_POLICY_TEXT))
		return r;
	return sandbox_sweep(rootfs->sandbox, &rule, 1, err);
}

/* shadow(5) counts the days since a password changed. Most programs take them from
 * SOURCE_DATE_EPOCH, a recipe's script may not. */
static int clamp_shadow(struct rootfs *rootfs, struct err *err)
{
	static const char script[] =
		"new=" SANDBOX_SCRATCH "/shadow\n"
		"[ -e /etc/shadow ] || exit 0\n"
		"awk -F: -v OFS=: -v days=\"$1\" "
		"'$3 ~ /^[0-9]+$/ && $3 + 0 > days { $3 = days } { print }' /etc/shadow > $new\n"
		/* It is written into the file that is there, which keeps owner and mode. */
		"cmp -s /etc/shadow $new || cat $new > /etc/shadow";
	char days[32];

	snprintf(days, sizeof(days), "%lld",
		 (long long)(rootfs->lock->source_date_epoch / SECONDS_A_DAY));
	return sandbox_call(rootfs->sandbox, err, "sh", "-ec", script, "sh", days, NULL);
}

/* update-info-dir(8) takes the files as the file system lists them (until texinfo 7.2), so the
 * order of the menu's entries is the disk's. Here it is made again from a sorted list. */
static int sort_info_menu(struct rootfs *rootfs, struct err *err)
{
	static const char script[] = "menu=/usr/share/info/dir sorted=" SANDBOX_SCRATCH "/sorted\n"
				     "[ -e $menu ] && [ -x /usr/sbin/update-info-dir ] || exit 0\n"
				     "mkdir -p $sorted\n"
				     "printf '#!/bin/sh\\n/usr/bin/find \"$@\" | LC_ALL=C sort\\n' "
				     "> $sorted/find\n"
				     "chmod 755 $sorted/find\n"
				     "PATH=$sorted:$PATH update-info-dir\n"
				     "rm -f $menu.old";

	return sandbox_call(rootfs->sandbox, err, "sh", "-ec", script, NULL);
}

/* systemd.unit(5), ConditionNeedsUpdate=: as long as /usr is not newer than these, a boot rebuilds
 * no caches (ld.so, hwdb, catalogue, users). pack gives them and /usr the same time. */
static int stamp_updated(struct rootfs *rootfs, struct err *err)
{
	static const char *const stamp[] = { "/etc/.updated", "/var/.updated" };
	cleanup_free char *content =
		xasprintf("# systemd-update-done.service(8)\nTIMESTAMP_NSEC=%lld\n",
			  (long long)rootfs->lock->source_date_epoch * 1000000000);
	bool systemd;
	int r = sandbox_exists(rootfs->sandbox, "/usr/lib/systemd/systemd", &systemd, err);

	if (r < 0 || !systemd)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(stamp); i++) {
		r = sandbox_write(rootfs->sandbox, stamp[i], content, strlen(content), 0644, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int stage_normalise(struct rootfs *rootfs, struct err *err)
{
	static int (*const step[])(struct rootfs * rootfs, struct err * err) = {
		file_log_verify, allow_starts, clamp_shadow, stamp_updated,
		sort_info_menu,	 insserv_sort, sweep, /* comes last: the others leave traces */
	};
	int r;

	progress_start("normalise", 0, PROGRESS_STEPS);
	for (size_t i = 0; i < ARRAY_SIZE(step); i++) {
		r = step[i](rootfs, err);
		if (r < 0) {
			progress_abort();
			return r;
		}
	}
	progress_end(NULL);
	return 0;
}
