/* SPDX-License-Identifier: MIT */
#include "rootfs/bootstrap.h"
#include "rootfs/hooks.h"
#include "rootfs/identity.h"
#include "rootfs/ids.h"
#include "rootfs/locale-lines.h"

#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "rootfs/questions.h"
#include "rootfs/dkms.h"
#include "rootfs/settings.h"

#define AUDIT SANDBOX_SCRATCH "/audit"
#define AUDIT_MAX ((size_t)1 << 20)

int stage_plan(struct rootfs *rootfs, struct err *err)
{
	int r = phases_plan(rootfs->store, rootfs->lock, &rootfs->phases, err);

	if (r < 0)
		return r;
	r = locale_lines_find(rootfs->store, rootfs->lock, rootfs->recipe, &rootfs->locale_lines,
			      err);
	if (r < 0 || !rootfs->kernel)
		return r;
	return sandbox_set_kernel(rootfs->sandbox, rootfs->kernel, err);
}

static int extract(struct rootfs *rootfs, const struct phase *phase, struct err *err)
{
	CLEANUP(strv_release) struct strv first = { 0 };
	CLEANUP(strv_release) struct strv other = { 0 };
	int r;

	for (size_t i = 0; i < phase->count; i++)
		strv_add_take(streq(phase->item[i]->name, "base-files") ? &first : &other,
			      bootstrap_deb_path(phase->item[i]));
	/* base-files brings the top directories and links, which the others are unpacked through.
	 */
	r = sandbox_extract(rootfs->sandbox, &first, 1, err);
	if (r < 0)
		return r;
	return sandbox_extract(rootfs->sandbox, &other, rootfs->jobs, err);
}

/* What the first dpkg needs: an empty database of this architecture and the foreign ones, as
 * `dpkg --add-architecture` leaves it, and the users that files belong to by name, which
 * base-passwd's own preinst makes. */
static int prime_dpkg(struct rootfs *rootfs, struct err *err)
{
	static const char *const preinst[] = { SANDBOX_SCRATCH "/base-passwd/preinst", "install",
					       NULL };
	static const char *const env[] = { "DPKG_MAINTSCRIPT_NAME=preinst",
					   "DPKG_MAINTSCRIPT_PACKAGE=base-passwd", NULL };
	struct sandbox_command command = { .argv = preinst, .env = env };
	const struct package *p = packages_find(&rootfs->lock->packages, "base-passwd", ROLE_IMAGE);
	cleanup_free char *foreign = strv_join(&rootfs->lock->foreign, "\n");
	cleanup_free char *arch =
		xasprintf("%s\n%s%s", rootfs->lock->architecture, foreign, *foreign ? "\n" : "");
	cleanup_free char *deb = p ? bootstrap_deb_path(p) : NULL;
	int r;

	if (!p)
		return err_set(err, ERR_BUILD, "the lock has no package base-passwd");
	r = sandbox_write(rootfs->sandbox, "/var/lib/dpkg/status", "", 0, 0644, err);
	if (r < 0)
		return r;
	r = sandbox_write(rootfs->sandbox, "/var/lib/dpkg/arch", arch, strlen(arch), 0644, err);
	if (r < 0)
		return r;
	r = sandbox_call(rootfs->sandbox, err, "dpkg-deb", "--control", deb,
			 SANDBOX_SCRATCH "/base-passwd", NULL);
	if (r < 0)
		return r;
	return bootstrap_run(rootfs, &command, 1, err);
}

static int deny_starts(struct rootfs *rootfs, struct err *err)
{
	return sandbox_write(rootfs->sandbox, BOOTSTRAP_POLICY, BOOTSTRAP_POLICY_TEXT,
			     strlen(BOOTSTRAP_POLICY_TEXT), 0755, err);
}

static int drop_debs(struct rootfs *rootfs, struct err *err)
{
	static const struct sweep rule = { SWEEP_CONTENT, BOOTSTRAP_DEBS };

	return sandbox_sweep(rootfs->sandbox, &rule, 1, err);
}

static int configure_essential(struct rootfs *rootfs, struct err *err)
{
	static const char *const first[] = { "--force-depends", "--configure", "base-passwd",
					     "base-files", NULL };
	static const char *const configure[] = { "--configure", "-a", NULL };
	int r = bootstrap_dpkg(rootfs, first, NULL, err);

	if (r < 0)
		return r;
	return bootstrap_dpkg(rootfs, configure, NULL, err);
}

static int preseed(struct rootfs *rootfs, struct err *err)
{
	static const char *const argv[] = { "debconf-set-selections", NULL };
	CLEANUP(text_release) struct text answers = { 0 };
	struct sandbox_command command = { .argv = argv };

	settings_preseed(rootfs->recipe, &rootfs->locale_lines, &answers);
	if (answers.length == 0)
		return 0;
	command.input = answers.data;
	return bootstrap_run(rootfs, &command, 1, err);
}

static int install_essential(struct rootfs *rootfs, const struct phase *phase, struct err *err)
{
	static const char *const unpack[] = { "--force-depends", "--unpack", NULL };
	int r = bootstrap_seed_links(rootfs, err);

	if (r < 0)
		return r;
	r = bootstrap_seed_debs(rootfs, phase, err);
	if (r < 0)
		return r;
	r = extract(rootfs, phase, err);
	if (r < 0)
		return r;
	r = preseed(rootfs, err);
	if (r < 0)
		return r;
	r = prime_dpkg(rootfs, err);
	if (r < 0)
		return r;
	r = deny_starts(rootfs, err);
	if (r < 0)
		return r;
	r = bootstrap_dpkg(rootfs, unpack, phase, err);
	if (r < 0)
		return r;
	r = configure_essential(rootfs, err);
	if (r < 0)
		return r;
	return drop_debs(rootfs, err);
}

static int install_base(struct rootfs *rootfs, const struct phase *phase, struct err *err)
{
	static const char *const unpack[] = { "--force-depends", "--unpack", NULL };
	static const char *const configure[] = { "--configure", "-a", NULL };
	int r;

	if (phase->count == 0)
		return 0;
	r = bootstrap_seed_debs(rootfs, phase, err);
	if (r < 0)
		return r;
	r = bootstrap_dpkg(rootfs, unpack, phase, err);
	if (r < 0)
		return r;
	r = bootstrap_dpkg(rootfs, configure, NULL, err);
	if (r < 0)
		return r;
	return drop_debs(rootfs, err);
}

static int base(struct rootfs *rootfs, struct err *err)
{
	const struct phases *phases = &rootfs->phases;
	const struct recipe_hooks *hooks = &rootfs->recipe->hooks;
	int r;

	progress_total(2 * (phases->essential.count + phases->base.count));
	r = bootstrap_seed_tools(rootfs, err);
	if (r < 0)
		return r;
	r = install_essential(rootfs, &phases->essential, err);
	if (r < 0)
		return r;
	r = settings_host_name(rootfs, err);
	if (r < 0)
		return r;
	r = hooks_run(rootfs, &hooks->before_packages, "before-packages", err);
	if (r < 0)
		return r;
	r = install_base(rootfs, &phases->base, err);
	if (r < 0)
		return r;
	return hooks_run(rootfs, &hooks->after_base, "after-base", err);
}

/* Runs a stage's work with progress under its name. */
static int with_progress(struct rootfs *rootfs, const char *name,
			 int (*work)(struct rootfs *rootfs, struct err *err), struct err *err)
{
	int r;

	rootfs->steps = 0;
	progress_start(name, 0, PROGRESS_STEPS);
	rootfs->file_log.stage = name;
	r = work(rootfs, err);
	rootfs->file_log.stage = NULL;
	if (r < 0) {
		progress_abort();
		return r;
	}
	progress_end(NULL);
	return 0;
}

int stage_base(struct rootfs *rootfs, struct err *err)
{
	return with_progress(rootfs, "base", base, err);
}

/* Tells apt which packages nobody asked for by name (apt-mark(8)), in the format of its own file,
 * in which packages for all architectures have the native one. */
static int mark_automatic(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(text_release) struct text states = { 0 };
	bool apt;
	int r = sandbox_exists(rootfs->sandbox, "/var/lib/apt", &apt, err);

	if (r < 0 || !apt)
		return r;
	for (size_t i = 0; i < rootfs->lock->packages.count; i++) {
		const struct package *p = &rootfs->lock->packages.item[i];

		if (p->role == ROLE_IMAGE && p->automatic)
			text_printf(&states, "Package: %s\nArchitecture: %s\nAuto-Installed: 1\n\n",
				    p->name,
				    streq(p->architecture, "all") ? rootfs->lock->architecture
								  : p->architecture);
	}
	return sandbox_write(rootfs->sandbox, "/var/lib/apt/extended_states",
			     states.length ? states.data : "", states.length, 0644, err);
}

/* apt would make these directories when it first runs; what it downloads there belongs to its own
 * user. */
static int make_partial(struct rootfs *rootfs, struct err *err)
{
	bool apt;
	int r = sandbox_exists(rootfs->sandbox, "/usr/bin/apt-get", &apt, err);

	if (r < 0 || !apt)
		return r;
	return sandbox_call(rootfs->sandbox, err, "install", "-d", "-m", "0700", "-o", "_apt", "-g",
			    "root", "/var/lib/apt/lists/partial", "/var/cache/apt/archives/partial",
			    NULL);
}

/* By dpkg's own judgement nothing is half-installed and no trigger is pending. */
static int audit(struct rootfs *rootfs, struct err *err)
{
	static const char *const argv[] = { "dpkg", "--audit", NULL };
	struct sandbox_command command = { .argv = argv, .output = AUDIT, .may_fail = true };
	CLEANUP(text_release) struct text said = { 0 };
	int r = bootstrap_run(rootfs, &command, 1, err);

	if (r < 0)
		return r;
	r = sandbox_read(rootfs->sandbox, AUDIT, AUDIT_MAX, &said, err);
	if (r < 0)
		return r;
	if (command.status == 0 && said.length == 0)
		return 0;
	return err_set(err, ERR_BUILD, "dpkg --audit finds packages that are not installed: %s",
		       said.data ? said.data : "");
}

static int install_rest(struct rootfs *rootfs, const struct phase *phase, struct err *err)
{
	int r;

	if (phase->count == 0)
		return 0;
	r = bootstrap_seed_debs(rootfs, phase, err);
	if (r < 0)
		return r;
	r = bootstrap_unpack(rootfs, phase, err);
	if (r < 0)
		return r;
	return drop_debs(rootfs, err);
}

static int rest(struct rootfs *rootfs, struct err *err)
{
	const struct phase *phase = &rootfs->phases.rest;
	int r;

	progress_total(2 * phase->count);
	r = install_rest(rootfs, phase, err);
	if (r < 0)
		return r;
	r = identity_prevent(rootfs, err);
	if (r < 0)
		return r;
	r = bootstrap_configure(rootfs, err);
	if (r < 0)
		return dkms_explain(rootfs, err);
	r = dkms_check(rootfs, err);
	if (r < 0)
		return r;
	r = questions_check(rootfs, err);
	if (r < 0)
		return r;
	r = mark_automatic(rootfs, err);
	if (r < 0)
		return r;
	r = make_partial(rootfs, err);
	if (r < 0)
		return r;
	r = audit(rootfs, err);
	if (r < 0)
		return r;
	return ids_check(rootfs, err);
}

int stage_rest(struct rootfs *rootfs, struct err *err)
{
	return with_progress(rootfs, "rest", rest, err);
}

void rootfs_release(struct rootfs *rootfs)
{
	if (rootfs->sandbox)
		sandbox_free(rootfs->sandbox);
	kernels_release(&rootfs->kernels);
	phases_release(&rootfs->phases);
	strv_release(&rootfs->allocated_ids);
	strv_release(&rootfs->locale_lines);
	file_log_release(&rootfs->file_log);
	*rootfs = (struct rootfs){ 0 };
}
