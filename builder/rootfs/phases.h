/* SPDX-License-Identifier: MIT */
/*
 * In which order the packages of a lock are installed: three phases, each one `dpkg --unpack` and
 * one `dpkg --configure`.
 *
 *	essential  Essential packages and what they depend on (solve/closure.h), as mmdebstrap and
 *	           debootstrap begin. dpkg cannot run before they are there, so their files are
 *	           extracted first.
 *	base       what else the lock flags as base (solve/base-set.h), and adduser, which scripts
 *	           use too early. After it nothing can stop dpkg from unpacking all the others in
 *	           one run.
 *	rest       everything else, unpacked in an order in which each package comes after what it
 *	           depends on (solve/closure.h), because some scripts that run before a package is
 *	           unpacked use more than its Pre-Depends. apt orders them so, too.
 *
 * The essential ones stand apart because maintainer scripts look whether systemctl is there
 * already, and make other links if it is: with a base in one piece the system differed from
 * mmdebstrap's.
 */
#pragma once

#include "archive/lock.h"
#include "base/err.h"
#include "base/store.h"
#include "solve/closure.h"

struct phase {
	const struct package **item; /* borrowed from the lock */
	size_t count;
};

struct phases {
	struct phase essential;
	struct phase base;
	struct phase rest;
};

/* From the lock's flags and the control files of its packages (deb_read_control(): facts of the
 * store). ERR_BUILD if no package is essential, or a control file cannot be read. */
int phases_plan(struct store *s, const struct lock *lock, struct phases *ret, struct err *err);
void phases_release(struct phases *p);

/* Fills a closure with all packages of the image and what they depend on; none is taken yet. Those
 * of a foreign architecture are called NAME:ARCHITECTURE (solve/multi-arch.h). */
int phases_closure(struct store *s, const struct lock *lock, struct closure *ret, struct err *err);
