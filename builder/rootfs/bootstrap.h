/* SPDX-License-Identifier: MIT */
/*
 * What the stages base and rest consist of (bootstrap.c runs them in order).
 *
 * The packages are installed in three phases, each one `dpkg --unpack` and one `dpkg --configure`:
 *   essential  Essential packages and what they depend on, as mmdebstrap and debootstrap begin.
 *              dpkg cannot run before they are there, so their payloads are extracted first.
 *   base       what else the lock flags as base: every target of a Pre-Depends, debconf, apt and
 *              their dependencies. After it nothing can stop dpkg from unpacking the others in one
 *              go.
 *   rest       everything else.
 * Why essential apart: maintainer scripts look whether systemctl is there already and make other
 * links if so; a base in one piece gave a system that differed from mmdebstrap's.
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

/* What dpkg, maintainer scripts and the recipe's scripts get beside the sandbox's own environment:
 * PATH begins with BOOTSTRAP_BIN, where depmod, update-initramfs and locale-gen are held back.
 * NULL-terminated. */
extern const char *const bootstrap_env[];

/* bootstrap-seed.c: things into the tree before anything can run there. */
int bootstrap_seed_tools(struct rootfs *rootfs, struct err *err);
/* Merged /usr, if base-files does not carry the links. */
int bootstrap_seed_links(struct rootfs *rootfs, struct err *err);
int bootstrap_seed_debs(struct rootfs *rootfs, const struct phase *phase, struct err *err);
/* The path that bootstrap_seed_debs() gave it. Caller frees. */
char *bootstrap_deb_path(const struct package *p);

/* bootstrap-configure.c: `dpkg --configure -a` of everything with what was held back beside it,
 * each once: depmod, and locale-gen for the recipe's locales. update-initramfs stays held back:
 * stage_initramfs. */
int bootstrap_configure(struct rootfs *rootfs, struct err *err);

/* bootstrap-run.c: dpkg with arguments and paths of a phase's .debs (NULL: none), its lines as
 * progress. The error names the package that dpkg gave up on. */
int bootstrap_dpkg(struct rootfs *rootfs, const char *const *arguments, const struct phase *phase,
		   struct err *err);
/* Runs commands at the same time with bootstrap_env; same progress and errors. */
int bootstrap_run(struct rootfs *rootfs, struct sandbox_command *command, size_t count,
		  struct err *err);

/* ids.c: `ids:` of the recipe. ids_tool() appends a wrapper's script for that program (adduser,
 * addgroup, useradd, groupadd, systemd-sysusers) to ret, through which a package that creates a
 * name of the recipe gives it the recipe's number. ids_check(), after the rest, checks all numbers
 * and fills rootfs->allocated_ids with those that packages chose; with strict-ids these are an
 * error. */
extern const char *const ids_tools[];
void ids_tool(const struct recipe *recipe, const char *program, struct text *ret);
int ids_check(struct rootfs *rootfs, struct err *err);
