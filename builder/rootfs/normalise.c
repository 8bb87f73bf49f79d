/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "rootfs/bootstrap.h"
#include "rootfs/insserv.h"

#define SECONDS_A_DAY 86400

/* What differs from build to build, or is nobody's business after it. What differs between machines
 * that boot the image (host keys, machine-id) is settings_identity()'s. */
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

static int sweep(struct rootfs *r, struct err *err)
{
	struct sweep rule[sizeof(policy) / sizeof(*policy)];

	for (size_t i = 0; i < sizeof(policy) / sizeof(*policy); i++)
		rule[i] = (struct sweep){ policy[i].action, policy[i].pattern };
	return sandbox_sweep(r->sandbox, rule, sizeof(rule) / sizeof(*rule), err);
}

/* Ours only: an overlay may bring its own. */
static int allow_starts(struct rootfs *r, struct err *err)
{
	static const struct sweep rule = { SWEEP_REMOVE, BOOTSTRAP_POLICY };
	CLEANUP(text_release) struct text found = { 0 };
	bool exists;
	int e = sandbox_exists(r->sandbox, BOOTSTRAP_POLICY, &exists, err);

	if (e < 0 || !exists)
		return e;
	e = sandbox_read(r->sandbox, BOOTSTRAP_POLICY, (size_t)1 << 20, &found, err);
	if (e < 0 || !streq(found.data, BOOTSTRAP_POLICY_TEXT))
		return e;
	return sandbox_sweep(r->sandbox, &rule, 1, err);
}

/* shadow(5) counts the days since a password changed. Most programs take them from
 * SOURCE_DATE_EPOCH, a recipe's script may not. */
static int clamp_shadow(struct rootfs *r, struct err *err)
{
	static const char script[] =
		"new=" SANDBOX_SCRATCH "/shadow\n"
		"[ -e /etc/shadow ] || exit 0\n"
		"awk -F: -v OFS=: -v days=\"$1\" "
		"'$3 ~ /^[0-9]+$/ && $3 + 0 > days { $3 = days } { print }' /etc/shadow > $new\n"
		/* Into the file that is there, for its owner and mode. */
		"cmp -s /etc/shadow $new || cat $new > /etc/shadow";
	char days[32];

	snprintf(days, sizeof(days), "%lld",
		 (long long)(r->lock->source_date_epoch / SECONDS_A_DAY));
	return sandbox_call(r->sandbox, err, "sh", "-ec", script, "sh", days, NULL);
}

/* update-info-dir(8) takes the files as the file system lists them (until texinfo 7.2), so the
 * order of the menu's entries is the disk's: made again, sorted. */
static int sort_info_menu(struct rootfs *r, struct err *err)
{
	static const char script[] = "menu=/usr/share/info/dir sorted=" SANDBOX_SCRATCH "/sorted\n"
				     "[ -e $menu ] && [ -x /usr/sbin/update-info-dir ] || exit 0\n"
				     "mkdir -p $sorted\n"
				     "printf '#!/bin/sh\\n/usr/bin/find \"$@\" | LC_ALL=C sort\\n' "
				     "> $sorted/find\n"
				     "chmod 755 $sorted/find\n"
				     "PATH=$sorted:$PATH update-info-dir\n"
				     "rm -f $menu.old";

	return sandbox_call(r->sandbox, err, "sh", "-ec", script, NULL);
}

/* systemd.unit(5), ConditionNeedsUpdate=: as long as /usr is not newer than these, a boot rebuilds
 * no caches (ld.so, hwdb, catalogue, users). pack gives them and /usr the same time. */
static int mark_updated(struct rootfs *r, struct err *err)
{
	static const char *const mark[] = { "/etc/.updated", "/var/.updated" };
	cleanup_free char *content =
		xasprintf("# systemd-update-done.service(8)\nTIMESTAMP_NSEC=%lld\n",
			  (long long)r->lock->source_date_epoch * 1000000000);
	bool systemd;
	int e = sandbox_exists(r->sandbox, "/usr/lib/systemd/systemd", &systemd, err);

	for (size_t i = 0; e == 0 && systemd && i < sizeof(mark) / sizeof(*mark); i++)
		e = sandbox_write(r->sandbox, mark[i], content, strlen(content), 0644, err);
	return e;
}

/* Without a kernel there was no initramfs to do it beside. */
static int verify_packages(struct rootfs *r, struct err *err)
{
	struct sandbox_command command = file_log_verify_command();
	int e;

	if (r->file_log.verified)
		return 0;
	e = sandbox_run(r->sandbox, &command, 1, err);
	return e < 0 ? e : file_log_read_verified(r, err);
}

int stage_normalise(struct rootfs *r, struct err *err)
{
	int e;

	progress_start("normalise", 0, PROGRESS_STEPS);
	e = verify_packages(r, err);
	if (e == 0)
		e = allow_starts(r, err);
	if (e == 0)
		e = clamp_shadow(r, err);
	if (e == 0)
		e = mark_updated(r, err);
	if (e == 0)
		e = sort_info_menu(r, err);
	if (e == 0)
		e = insserv_sort(r, err);
	/* Last: what ran before leaves traces of its own. */
	if (e == 0)
		e = sweep(r, err);
	if (e < 0) {
		progress_abort();
		return err_wrap(err, "normalising the tree");
	}
	progress_end(NULL);
	return 0;
}
