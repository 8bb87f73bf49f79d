/* SPDX-License-Identifier: MIT */
/*
 * The licence that a package declares, as a SPDX expression, where its copyright file is
 * machine-readable (Debian's copyright-format 1.0, "DEP-5"). It is declared, never concluded:
 * nobody looked into the sources. The licence of the whole package is the AND of the short names
 * that its stanzas give.
 *
 * Debian's short names become SPDX ids by a table (licence-names.c). A name that is not in the
 * table becomes LicenseRef-NAME-DIGITS with the text that the copyright file gives for it. The
 * digits are of that text's digest, since "permissive" is not the same in two packages.
 */
#pragma once

#include <stddef.h>

struct licence_ref {
	char *id;   /* LicenseRef-public-domain-1f3a9c2e */
	char *name; /* public-domain */
	char *text;
};

struct licence_refs {
	struct licence_ref *item;
	size_t count;
	size_t allocated;
	void *known; /* their ids, as a tsearch(3) tree */
};

/* NULL if the file is not machine-readable, or names none. Caller frees. New references are added
 * to refs. */
char *licence_declared(const char *copyright, struct licence_refs *refs);
/* By id. */
void licence_refs_sort(struct licence_refs *refs);
void licence_refs_release(struct licence_refs *refs);

/* SPDX's id of a Debian short name, in any case of letters; NULL: none is known. */
const char *licence_id(const char *short_name);
/* The same of what follows "with". */
const char *licence_exception_id(const char *name);
