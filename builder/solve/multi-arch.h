/* SPDX-License-Identifier: MIT */
/*
 * Packages of several architectures side by side, as deb-control(5) has it under Multi-Arch, said
 * in names alone, because libsolv and closure.h know names, but no architectures. So the relations
 * of every package are rewritten before they see them:
 *
 *	libc6		the package of the image's own architecture, or of `all`, which counts as
 *			that
 *	libc6:i386	the one of a foreign architecture
 *	python3:ANY	what packages with Multi-Arch: allowed provide, of whichever architecture,
 *			for those that ask for python3:any
 *	libc6:SET	what all packages called libc6 provide, so that two of them conflict unless
 *			both have Multi-Arch: same and one version
 *
 * A package asks for others of its own architecture. One with Multi-Arch: foreign provides what it
 * is called, and what it provides, to those of all architectures.
 *
 * Where there is one architecture only, nothing changes but that "gcc:amd64" and "gcc:native" mean
 * gcc.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"

struct multi_arch {
	const char *own;	    /* amd64 */
	const struct strv *foreign; /* i386 */
};

/* A package as its control file describes it; what may be absent there is NULL or "". */
struct multi_arch_package {
	const char *name, *version, *architecture;
	const char *kind; /* Multi-Arch: same, foreign, allowed or no */
	const char *provides;
};

bool multi_arch_is_foreign(const struct multi_arch *m, const char *architecture);
/* The name that the package goes by; the caller frees it. */
char *multi_arch_name(const struct multi_arch *m, const char *name, const char *architecture);

/* Each appends to ret what its field is to be: Depends and others that ask for packages; Provides,
 * which also holds the names that the package has because of its kind; Conflicts or Breaks. Nothing
 * is appended for an empty field. */
void multi_arch_depends(const struct multi_arch *m, const struct multi_arch_package *p,
			const char *field, struct text *ret);
void multi_arch_provides(const struct multi_arch *m, const struct multi_arch_package *p,
			 struct text *ret);
void multi_arch_conflicts(const struct multi_arch *m, const struct multi_arch_package *p,
			  const char *field, struct text *ret);
/* The conflicts with packages of its own name and another architecture. */
void multi_arch_rivals(const struct multi_arch *m, const struct multi_arch_package *p,
		       struct text *ret);

/* For messages: what a name of the forms above is called in a control file, "python3:any" of
 * "python3:ANY". Appended to ret. */
void multi_arch_text(const char *name, struct text *ret);
/* Whether it is the name that all packages of one name provide. */
bool multi_arch_is_set(const char *name);
