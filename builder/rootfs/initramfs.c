/* SPDX-License-Identifier: MIT */
#include "rootfs/initramfs.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "rootfs/initramfs-parts.h"
#include "rootfs/settings.h"

#define LOG_FILE SANDBOX_SCRATCH "/initramfs.log"
#define LOG_MAX ((size_t)4 << 20)

static int configure(struct rootfs *rootfs, struct err *err)
{
	const struct initramfs_generator *generator = initramfs_generator(rootfs->recipe);
	bool exists = false;
	int r = sandbox_exists(rootfs->sandbox, generator->path, &exists, err);

	if (r < 0)
		return r;
	if (exists)
		return generator->configure(rootfs, err);
	err_set(err, ERR_USAGE, "the image has a kernel, %s, but no %s to make its initramfs",
		rootfs->kernel, generator->name);
	return err_hint(err, "add '%s' to packages, or choose another initramfs.generator",
			generator->name);
}

/* ---- the program itself ---- */

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
		/* forky's has 3cpio call the program, in its own words, with one thread. */
		"dracut[W]: custom compressor ",
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (starts_with(line, known[i]))
			return true;
	return false;
}

static bool is_warning(const char *line)
{
	return starts_with(line, "W: ") || starts_with(line, "E: ") ||
	       starts_with(line, "dracut[W]") || starts_with(line, "dracut[E]") ||
	       strstr(line, "WARNING") != NULL || strstr(line, "ERROR") != NULL;
}

/* A hook that cannot do its work warns and goes on. Whether what it made boots is for
 * initramfs_check() to see; what is unknown here a person should see, once each. */
static void report_warnings(const char *program, const char *log)
{
	CLEANUP(strv_release) struct strv line = { 0 };
	CLEANUP(strv_release) struct strv told = { 0 };

	strv_split(&line, log, "\n");
	for (size_t i = 0; i < line.count; i++) {
		if (!is_warning(line.item[i]) || strv_has(&told, line.item[i]))
			continue;
		strv_add(&told, line.item[i]);
		if (is_known_warning(line.item[i]))
			log_debug("%s: %s", program, line.item[i]);
		else
			log_warning("%s: %s", program, line.item[i]);
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
static int run(struct rootfs *rootfs, const char *script, bool record, struct text *ret_log,
	       struct err *err)
{
	const struct initramfs_generator *generator = initramfs_generator(rootfs->recipe);
	const char *const argv[] = { "/bin/sh", "-c", script, "sh", rootfs->kernel, NULL };
	struct sandbox_command command = {
		.argv = argv, .output = LOG_FILE, .record = record, .may_fail = true
	};
	int r = sandbox_run(rootfs->sandbox, &command, 1, err);

	if (r < 0)
		return r;
	r = sandbox_read(rootfs->sandbox, LOG_FILE, LOG_MAX, ret_log, err);
	if (r < 0)
		return r;
	if (command.status != 0)
		return err_set(err, ERR_BUILD, "%s failed:\n%s", generator->program,
			       last_lines(ret_log, 12));
	return 0;
}

/* Lays one that was made of the same, or makes it. */
static int find_or_run(struct rootfs *rootfs, const char *script, struct text *ret_log,
		       struct err *err)
{
	CLEANUP(initramfs_entries_release) struct initramfs_entries entries = { 0 };
	int r = initramfs_entries_find(rootfs, script, &entries, err);

	if (r < 0)
		return r;
	r = initramfs_entries_use(&entries, ret_log, err);
	if (r < 0)
		return r;
	if (r > 0) {
		log_note("the initramfs for %s is out of the store: all that it was made of is the "
			 "same",
			 rootfs->kernel);
		return 0;
	}
	r = run(rootfs, script, entries.stage != NULL, ret_log, err);
	return r < 0 ? r : initramfs_entries_keep(&entries, ret_log, err);
}

static int generate(struct rootfs *rootfs, struct err *err)
{
	const struct initramfs_generator *generator = initramfs_generator(rootfs->recipe);
	cleanup_free char *script = xasprintf("exec 2>&1; %s", generator->command);
	CLEANUP(text_release) struct text log = { 0 };
	int r = find_or_run(rootfs, script, &log, err);

	if (r < 0)
		return r;
	report_warnings(generator->program, log.data ? log.data : "");
	return 0;
}

/* The programs would keep what is there beside the new one. */
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

/* One for each kernel of the image, each of which can be booted. */
static int generate_all(struct rootfs *rootfs, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rootfs->kernels.count; i++) {
		rootfs->kernel = rootfs->kernels.item[i].release;
		progress_detail("for %s", rootfs->kernel);
		r = generate(rootfs, err);
		if (r == 0)
			r = initramfs_check(rootfs, err);
	}
	rootfs->kernel = rootfs->kernels.item[0].release;
	return r;
}

int stage_initramfs(struct rootfs *rootfs, struct err *err)
{
	static int (*const step[])(struct rootfs * rootfs, struct err * err) = {
		remove_old,
		configure,
		generate_all,
	};
	int r;

	if (!rootfs->kernel)
		return 0;
	progress_start("initramfs", 0, PROGRESS_STEPS);
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
