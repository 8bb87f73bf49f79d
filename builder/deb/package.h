/* SPDX-License-Identifier: MIT */
/* The packages of one image: what the solver answers, the lock records, and every later stage
 * reads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/text.h"

enum package_role {
	ROLE_IMAGE, /* installed */
	ROLE_BOOT,  /* fetched and verified, files taken from it, never installed */
};

struct package {
	char *name;
	char *version;
	char *architecture; /* amd64, all or a foreign one, as in the package */
	/* The pocket it came from: trixie, trixie-updates, trixie-security; "local" for debs: */
	char *suite;
	char *component;
	char *path; /* Filename of the index: pool/main/…; of a local .deb: its file name */
	/* "" for Debian's own archive (mirrors decide the host), "security" for the security
	 * archive, else the URL of an apt-repository, or "local" */
	char *repository;
	uint64_t size; /* bytes of the .deb */
	char sha256[DIGEST_HEX];
	enum package_role role;
	bool automatic;		 /* nobody asked for it by name: apt's Auto-Installed */
	bool base;		 /* solve/base-set.h says which these are */
	bool essential;		 /* Essential: yes */
	uint64_t installed_size; /* bytes, the index's estimate */
};

struct packages {
	struct package *item; /* sorted by name, architecture, role: one name may have both roles */
	size_t count;
	size_t allocated;
	struct strv left_out; /* optional packages that are not there, as the recipe says them */
};

/* Appends an empty package and returns it; valid until the next call. */
struct package *packages_add(struct packages *p);
void packages_sort(struct packages *p);
/* The order of the list; 0 for the same name, architecture and role. */
int packages_compare(const struct package *a, const struct package *b);
/* By exact name, of that role; NULL if absent. p must be sorted. */
const struct package *packages_find(const struct packages *p, const char *name,
				    enum package_role role);

/* The release of the kernel that a package of Debian's has, as its name tells: that of
 * "linux-image-6.12.107+deb13-amd64" is "6.12.107+deb13-amd64" (uname -r, /lib/modules/…,
 * /boot/vmlinuz-…). For those who have no more than a name: deb_kernels() (deb.h) knows all
 * kernels. Caller frees; NULL if it is not called so. */
char *package_kernel_release(const struct package *p);

void packages_release(struct packages *p);

/* Whether a path of an index or a lock leads to a file below the archive's root, as it stands and
 * as a server may read it: no ".." and no absolute path, no backslash, query, fragment or control,
 * and none of these behind "%"; "%3a", as in names with an epoch, may be there. At most 1000
 * bytes. */
bool package_path_is_safe(const char *path);
/* The name of an architecture, such as i386 or kfreebsd-amd64. */
bool package_architecture_is_valid(const char *name);
