/* SPDX-License-Identifier: MIT */
#include "rootfs/bootstrap.h"

#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "rootfs/settings.h"

#define AUDIT SANDBOX_SCRATCH "/audit"
#define AUDIT_MAX ((size_t)1 << 20)

static int learn_kernel(struct rootfs *r, struct err *err)
{
	const struct package *p = packages_kernel(&r->lock->packages, r->recipe->kernel);

	if (!r->kernel && p)
		r->kernel = package_kernel_release(p);
	return r->kernel ? sandbox_set_kernel(r->sandbox, r->kernel, err) : 0;
}

static int extract(struct rootfs *r, const struct phase *phase, struct err *err)
{
	CLEANUP(strv_release) struct strv first = { 0 };
	CLEANUP(strv_release) struct strv other = { 0 };
	int e;

	for (size_t i = 0; i < phase->count; i++)
		strv_add_take(streq(phase->item[i]->name, "base-files") ? &first : &other,
			      bootstrap_deb_path(phase->item[i]));
	/* It brings the top of the tree, through whose links the others then go. */
	e = sandbox_extract(r->sandbox, &first, 1, err);
	if (e == 0)
		e = sandbox_extract(r->sandbox, &other, r->jobs, err);
	return e;
}

/* Before the first dpkg: an empty database of this architecture, and the users that dpkg's
 * unpacking needs by name, from base-passwd's own preinst. */
static int prime_dpkg(struct rootfs *r, struct err *err)
{
	static const char *const preinst[] = { SANDBOX_SCRATCH "/base-passwd/preinst", "install",
					       NULL };
	static const char *const env[] = { "DPKG_MAINTSCRIPT_NAME=preinst",
					   "DPKG_MAINTSCRIPT_PACKAGE=base-passwd", NULL };
	struct sandbox_command command = { .argv = preinst, .env = env };
	const struct package *p = packages_find(&r->lock->packages, "base-passwd", ROLE_IMAGE);
	cleanup_free char *arch = xasprintf("%s\n", r->lock->architecture);
	cleanup_free char *deb = p ? bootstrap_deb_path(p) : NULL;
	int e;

	if (!p)
		return err_set(err, ERR_BUILD, "the lock holds no package base-passwd");
	e = sandbox_write(r->sandbox, "/var/lib/dpkg/status", "", 0, 0644, err);
	if (e == 0)
		e = sandbox_write(r->sandbox, "/var/lib/dpkg/arch", arch, strlen(arch), 0644, err);
	if (e == 0)
		e = sandbox_call(r->sandbox, err, "dpkg-deb", "--control", deb,
				 SANDBOX_SCRATCH "/base-passwd", NULL);
	return e < 0 ? e : bootstrap_run(r, &command, 1, err);
}

static int deny_starts(struct rootfs *r, struct err *err)
{
	return sandbox_write(r->sandbox, BOOTSTRAP_POLICY, BOOTSTRAP_POLICY_TEXT,
			     strlen(BOOTSTRAP_POLICY_TEXT), 0755, err);
}

static int drop_debs(struct rootfs *r, struct err *err)
{
	static const struct sweep rule = { SWEEP_CONTENT, BOOTSTRAP_DEBS };

	return sandbox_sweep(r->sandbox, &rule, 1, err);
}

static int install_essential(struct rootfs *r, const struct phase *phase, struct err *err)
{
	static const char *const unpack[] = { "--force-depends", "--unpack", NULL };
	static const char *const first[] = { "--force-depends", "--configure", "base-passwd",
					     "base-files", NULL };
	static const char *const configure[] = { "--configure", "-a", NULL };
	int e = bootstrap_seed_links(r, err);

	if (e == 0)
		e = bootstrap_seed_debs(r, phase, err);
	if (e == 0)
		e = extract(r, phase, err);
	if (e == 0)
		e = prime_dpkg(r, err);
	if (e == 0)
		e = deny_starts(r, err);
	if (e == 0)
		e = bootstrap_dpkg(r, unpack, phase, err);
	if (e == 0)
		e = bootstrap_dpkg(r, first, NULL, err);
	if (e == 0)
		e = bootstrap_dpkg(r, configure, NULL, err);
	return e < 0 ? e : drop_debs(r, err);
}

static int preseed(struct rootfs *r, struct err *err)
{
	static const char *const argv[] = { "debconf-set-selections", NULL };
	CLEANUP(text_release) struct text answers = { 0 };
	struct sandbox_command command = { .argv = argv };
	int e = settings_preseed(r->recipe, &answers, err);

	if (e < 0 || answers.length == 0)
		return e;
	command.input = answers.data;
	return bootstrap_run(r, &command, 1, err);
}

static int install_base(struct rootfs *r, const struct phase *phase, struct err *err)
{
	static const char *const unpack[] = { "--force-depends", "--unpack", NULL };
	static const char *const configure[] = { "--configure", "-a", NULL };
	int e;

	if (phase->count == 0)
		return 0;
	e = bootstrap_seed_debs(r, phase, err);
	if (e == 0)
		e = bootstrap_dpkg(r, unpack, phase, err);
	if (e == 0)
		e = bootstrap_dpkg(r, configure, NULL, err);
	return e < 0 ? e : drop_debs(r, err);
}

static int base(struct rootfs *r, struct err *err)
{
	CLEANUP(phases_release) struct phases plan = { 0 };
	int e = phases_plan(r->store, r->lock, &plan, err);

	if (e < 0)
		return e;
	progress_total(2 * (plan.essential.count + plan.base.count));
	e = learn_kernel(r, err);
	if (e == 0)
		e = bootstrap_seed_tools(r, err);
	if (e == 0)
		e = install_essential(r, &plan.essential, err);
	if (e == 0)
		e = preseed(r, err);
	if (e == 0)
		e = install_base(r, &plan.base, err);
	return e;
}

int stage_base(struct rootfs *r, struct err *err)
{
	int e;

	r->steps = 0;
	progress_start("base", 0, PROGRESS_STEPS);
	e = base(r, err);
	if (e < 0) {
		progress_abort();
		return err_wrap(err, "installing the base");
	}
	progress_end(NULL);
	return 0;
}

/* apt's memory of what nobody asked for by name, in its own format and with the architecture that
 * apt gives to packages for all. */
static int mark_automatic(struct rootfs *r, struct err *err)
{
	CLEANUP(text_release) struct text states = { 0 };
	bool apt;
	int e = sandbox_exists(r->sandbox, "/var/lib/apt", &apt, err);

	if (e < 0 || !apt)
		return e;
	for (size_t i = 0; i < r->lock->packages.count; i++) {
		const struct package *p = &r->lock->packages.item[i];

		if (p->role == ROLE_IMAGE && p->automatic)
			text_printf(&states, "Package: %s\nArchitecture: %s\nAuto-Installed: 1\n\n",
				    p->name, r->lock->architecture);
	}
	return sandbox_write(r->sandbox, "/var/lib/apt/extended_states",
			     states.length ? states.data : "", states.length, 0644, err);
}

/* As apt makes them when it first runs: its downloads belong to its own user. */
static int make_partial(struct rootfs *r, struct err *err)
{
	bool apt;
	int e = sandbox_exists(r->sandbox, "/usr/bin/apt-get", &apt, err);

	if (e < 0 || !apt)
		return e;
	return sandbox_call(r->sandbox, err, "install", "-d", "-m", "0700", "-o", "_apt", "-g",
			    "root", "/var/lib/apt/lists/partial", "/var/cache/apt/archives/partial",
			    NULL);
}

/* dpkg's own opinion: nothing half-installed, no pending triggers. */
static int audit(struct rootfs *r, struct err *err)
{
	static const char *const argv[] = { "dpkg", "--audit", NULL };
	struct sandbox_command command = { .argv = argv, .output = AUDIT, .may_fail = true };
	CLEANUP(text_release) struct text said = { 0 };
	int e = bootstrap_run(r, &command, 1, err);

	if (e == 0)
		e = sandbox_read(r->sandbox, AUDIT, AUDIT_MAX, &said, err);
	if (e < 0)
		return e;
	if (command.status == 0 && said.length == 0)
		return 0;
	return err_set(err, ERR_BUILD, "dpkg --audit is not content: %s",
		       said.data ? said.data : "");
}

static int rest(struct rootfs *r, struct err *err)
{
	static const char *const unpack[] = { "--unpack", NULL };
	CLEANUP(phases_release) struct phases plan = { 0 };
	int e = phases_plan(r->store, r->lock, &plan, err);

	if (e < 0)
		return e;
	progress_total(2 * plan.rest.count);
	if (plan.rest.count > 0) {
		e = bootstrap_seed_debs(r, &plan.rest, err);
		if (e == 0)
			e = bootstrap_dpkg(r, unpack, &plan.rest, err);
		if (e == 0)
			e = drop_debs(r, err);
	}
	if (e == 0)
		e = bootstrap_configure(r, err);
	if (e == 0)
		e = mark_automatic(r, err);
	if (e == 0)
		e = make_partial(r, err);
	if (e == 0)
		e = audit(r, err);
	return e < 0 ? e : ids_check(r, err);
}

int stage_rest(struct rootfs *r, struct err *err)
{
	int e;

	r->steps = 0;
	progress_start("rest", 0, PROGRESS_STEPS);
	e = rest(r, err);
	if (e < 0) {
		progress_abort();
		return err_wrap(err, "installing packages");
	}
	progress_end(NULL);
	return 0;
}

void rootfs_release(struct rootfs *r)
{
	if (r->sandbox)
		sandbox_free(r->sandbox);
	free(r->kernel);
	strv_release(&r->allocated_ids);
	file_log_release(&r->file_log);
	*r = (struct rootfs){ 0 };
}
