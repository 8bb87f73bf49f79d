/* SPDX-License-Identifier: MIT */
#include "rootfs/initramfs.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "rootfs/settings.h"

#define HOOKS "/usr/share/initramfs-tools/hooks"
#define MODULES_FILE "/etc/initramfs-tools/modules"
#define LOG_FILE SANDBOX_SCRATCH "/initramfs.log"
#define LOG_MAX ((size_t)4 << 20)

/* ---- what update-initramfs reads ---- */

static int check_generator(struct rootfs *rootfs, struct err *err)
{
	const char *generator = rootfs->recipe->initramfs.generator;
	bool exists = false;
	int r;

	if (!streq(generator, "initramfs-tools")) {
		err_set(err, ERR_USAGE,
			"initramfs.generator '%s': only initramfs-tools can be used", generator);
		return err_hint(err, "leave initramfs.generator out, or set it to initramfs-tools");
	}
	r = sandbox_exists(rootfs->sandbox, "/usr/sbin/update-initramfs", &exists, err);
	if (r < 0 || exists)
		return r;
	err_set(err, ERR_USAGE, "the image has a kernel, %s, but nothing that makes an initramfs",
		rootfs->kernel);
	return err_hint(err, "add 'initramfs-tools' to packages");
}

/* In a file of its own: the package's initramfs.conf has no BOOT line that could be edited. */
static int write_configuration(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };

	text_printf(
		&text,
		"# initramfs.conf(5): the root comes from an NFS server, and nobody resumes here.\n"
		"BOOT=nfs\n"
		"RESUME=none\n"
		"MODULES=%s\n"
		"COMPRESS=%s\n",
		rootfs->recipe->initramfs.modules, rootfs->recipe->initramfs.compress);
	return settings_write(rootfs, INITRAMFS_CONF, text.data, 0644, err);
}

static int write_modules(struct rootfs *rootfs, struct err *err)
{
	const struct recipe_list *extra = &rootfs->recipe->initramfs.extra;
	CLEANUP(text_release) struct text text = { 0 };
	bool exists;
	int r;

	r = settings_read(rootfs, MODULES_FILE, &exists, &text, err);
	if (r < 0)
		return r;
	if (text.length && text.data[text.length - 1] != '\n')
		text_add(&text, "\n");
	text_add(&text, "\n# For rescue.overlay, and what the recipe adds.\noverlay\n");
	for (size_t i = 0; i < extra->count; i++)
		text_printf(&text, "%s\n", extra->item[i].value);
	return settings_write(rootfs, MODULES_FILE, text.data, 0644, err);
}

/* The hook of dropbear-initramfs makes root's home, under a name that is random, unless a hook
 * before it has done so. Not /root, where the real root is mounted. */
static int write_home(struct rootfs *rootfs, struct err *err)
{
	static const char hook[] =
		"#!/bin/sh -e\n"
		"# For the hook dropbear: root's home, always of the same name.\n"
		"[ \"$1\" != prereqs ] || exit 0\n"
		"mkdir -p \"$DESTDIR/etc\"\n"
		"mkdir -m 0700 \"$DESTDIR/root-home\"\n"
		"echo 'root:*:0:0::/root-home:/bin/sh' >> "
		"\"$DESTDIR/etc/passwd\"\n";
	bool exists = false;
	int r = sandbox_exists(rootfs->sandbox, HOOKS "/dropbear", &exists, err);

	return r < 0 || !exists ? r : settings_write(rootfs, HOOKS "/00netrescue", hook, 0755, err);
}

/* ---- update-initramfs itself ---- */

/* Warnings of hooks that do not matter in an image that boots over NFS. */
static bool is_known_warning(const char *line)
{
	static const char *const known[] = {
		/* cryptroot's hook finds no root in fstab, since the root is the server's. */
		"cryptsetup: WARNING: Couldn't determine root device",
		"cryptsetup: ERROR: Couldn't resolve device ",
		/* Whether firmware is installed is up to the recipe. */
		"W: Possible missing firmware ",
		"W: missing firmware ",
		/* identity-rules.c lets it make them at boot. */
		"dropbear: WARNING: Missing host keys",
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (starts_with(line, known[i]))
			return true;
	return false;
}

static bool is_warning(const char *line)
{
	return starts_with(line, "W: ") || starts_with(line, "E: ") ||
	       strstr(line, "WARNING") != NULL || strstr(line, "ERROR") != NULL;
}

/* A hook that cannot do its work warns and goes on. Whether what it made boots is for
 * initramfs_check() to see; what is unknown here a person should see, once each. */
static void report_warnings(const char *log)
{
	CLEANUP(strv_release) struct strv line = { 0 };
	CLEANUP(strv_release) struct strv told = { 0 };

	strv_split(&line, log, "\n");
	for (size_t i = 0; i < line.count; i++) {
		if (!is_warning(line.item[i]) || strv_has(&told, line.item[i]))
			continue;
		strv_add(&told, line.item[i]);
		if (is_known_warning(line.item[i]))
			log_debug("update-initramfs: %s", line.item[i]);
		else
			log_warning("update-initramfs: %s", line.item[i]);
	}
}

static const char *last_lines(const struct text *log, unsigned lines)
{
	const char *p = log->data + log->length;

	if (p > log->data && p[-1] == '\n')
		p--;
	while (p > log->data && (p[-1] != '\n' || --lines > 0))
		p--;
	return p;
}

/* Hooks write warnings to stderr and the rest to stdout; one file gets both, in their order. */
static int generate(struct rootfs *rootfs, struct err *err)
{
	static const char script[] = "exec update-initramfs -c -k \"$1\" 2>&1";
	const char *const argv[] = { "/bin/sh", "-c", script, "sh", rootfs->kernel, NULL };
	struct sandbox_command command[] = {
		{ .argv = argv, .output = LOG_FILE, .may_fail = true },
		file_log_verify_command(), /* beside it, on a processor that is idle */
	};
	CLEANUP(text_release) struct text log = { 0 };
	int r;

	r = sandbox_run(rootfs->sandbox, command, 2, err);
	if (r < 0)
		return r;
	r = file_log_read_verified(rootfs, err);
	if (r < 0)
		return r;
	r = sandbox_read(rootfs->sandbox, LOG_FILE, LOG_MAX, &log, err);
	if (r < 0)
		return r;
	if (command[0].status != 0)
		return err_set(err, ERR_BUILD, "update-initramfs failed:\n%s",
			       last_lines(&log, 12));
	report_warnings(log.data ? log.data : "");
	return 0;
}

/* update-initramfs -c would keep what is there beside the new one. */
static int remove_old(struct rootfs *rootfs, struct err *err)
{
	static const struct sweep old[] = {
		{ SWEEP_REMOVE, "/boot/initrd.img-*" },
		{ SWEEP_REMOVE, "/var/tmp/mkinitramfs*" },
		{ SWEEP_REMOVE, "/var/lib/initramfs-tools/*" },
		{ SWEEP_REMOVE, "/var/cache/ldconfig/aux-cache" },
	};

	return sandbox_sweep(rootfs->sandbox, old, ARRAY_SIZE(old), err);
}

int stage_initramfs(struct rootfs *rootfs, struct err *err)
{
	static int (*const step[])(struct rootfs * rootfs, struct err * err) = {
		remove_old, check_generator, write_configuration, write_modules,
		write_home, generate,	     initramfs_check,
	};
	int r;

	if (!rootfs->kernel)
		return 0;
	progress_start("initramfs", 0, PROGRESS_STEPS);
	progress_detail("for %s", rootfs->kernel);
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
