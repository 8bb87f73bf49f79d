/* SPDX-License-Identifier: MIT */
/*
 * What the stages base and rest consist of. bootstrap.c runs the parts in their order, phase by
 * phase (phases.h):
 *
 *	stage_base  bootstrap_seed_tools, then the phases essential and base: for each,
 *	            bootstrap_seed_debs and then bootstrap_dpkg to unpack and to configure
 *	stage_rest  the phase rest: bootstrap_seed_debs and bootstrap_dpkg to unpack, then
 *	            bootstrap_configure
 *
 * All of them return 0, or a negative value with *err set: ERR_BUILD unless said otherwise. An
 * error of dpkg names the package that it gave up on.
 */
#pragma once

#include "deb/package.h"
#include "base/err.h"
#include "base/text.h"
#include "rootfs/rootfs.h"

#define BOOTSTRAP_DEBS SANDBOX_SCRATCH "/debs"
#define BOOTSTRAP_BIN SANDBOX_SCRATCH "/bin"
#define BOOTSTRAP_LOCALE_LOCK SANDBOX_SCRATCH "/locale-gen.lock"

/* Denies every start of a service (invoke-rc.d(8)) from the base to the end of settings; normalise
 * takes it away if it is still this one. */
#define BOOTSTRAP_POLICY "/usr/sbin/policy-rc.d"
#define BOOTSTRAP_POLICY_TEXT "#!/bin/sh\nexit 101\n"

/* What dpkg, maintainer scripts and the recipe's scripts get beside the sandbox's own environment.
 * PATH begins with BOOTSTRAP_BIN, where the programs lie that are held back (bootstrap-seed.c).
 * Ends with NULL. */
extern const char *const bootstrap_env[];

/* ---- bootstrap-seed.c: what comes into the tree before anything can run there ---- */

/* The programs of BOOTSTRAP_BIN: those that are held back, and the wrappers of ids.h. */
int bootstrap_seed_tools(struct rootfs *rootfs, struct err *err);
/* The links of a merged /usr (bin -> usr/bin, …), unless base-files has them itself. */
int bootstrap_seed_links(struct rootfs *rootfs, struct err *err);
/* A phase's packages in their plain form, into BOOTSTRAP_DEBS. An error that arises while they are
 * read from the store is the one of `netrescue deb-tar`. */
int bootstrap_seed_debs(struct rootfs *rootfs, const struct phase *phase, struct err *err);
/* Where bootstrap_seed_debs() has put that package. Caller frees. */
char *bootstrap_deb_path(const struct package *p);

/* ---- bootstrap-configure.c ---- */

/* `dpkg --unpack` for the packages of a phase. If `locales` is among them, locale-gen runs beside
 * it for the recipe's locales: dpkg has one processor busy, and when it comes to configure locales
 * there is nothing left to wait for. */
int bootstrap_unpack(struct rootfs *rootfs, const struct phase *phase, struct err *err);

/* `dpkg --configure -a` for everything that is unpacked. What was held back runs beside it, each
 * once: depmod, and locale-gen unless it has run. update-initramfs stays held back until
 * stage_initramfs. */
int bootstrap_configure(struct rootfs *rootfs, struct err *err);

/* ---- bootstrap-run.c ---- */

/* Runs dpkg with these arguments (NULL ends them) and the paths of a phase's packages (NULL: none).
 * Its lines become the stage's progress. */
int bootstrap_dpkg(struct rootfs *rootfs, const char *const *arguments, const struct phase *phase,
		   struct err *err);
/* The same while another command runs in the sandbox, whose failure is one, too; NULL: none. */
int bootstrap_dpkg_beside(struct rootfs *rootfs, const char *const *arguments,
			  const struct phase *phase, const char *const *beside, struct err *err);
/* Runs commands at the same time, with bootstrap_env; progress and errors are as above. */
int bootstrap_run(struct rootfs *rootfs, struct sandbox_command *command, size_t count,
		  struct err *err);
