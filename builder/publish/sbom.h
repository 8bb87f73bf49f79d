/* SPDX-License-Identifier: MIT */
/*
 * The bill of materials: what the image and its boot files consist of, and, of each file that no
 * package brought, where it comes from. sbom_gather() collects it once, and two documents are
 * written from it: sbom.spdx.json (SPDX 2.3, ISO/IEC 5962) and sbom.cdx.json (CycloneDX 1.6,
 * ECMA-424). Both follow from the lock and the tree alone: UUIDs come from the lock's digest, dates
 * from SOURCE_DATE_EPOCH, and netrescue's own version is not in them.
 */
#pragma once

#include <jansson.h>

#include "archive/lock.h"
#include "publish/file-origins.h"
#include "publish/licence.h"
#include "publish/result.h"

#define SBOM_UUID 37 /* 36 characters */
#define SBOM_DATE 21 /* 2026-08-29T04:19:00Z */
#define SBOM_DARK "no package and no stage of the build accounts for it"
#define SBOM_ALTERED "a package's file, not as the package brought it"

struct sbom_package {
	const struct package *package; /* of the lock */
	char *purl;
	char *maintainer; /* "Name <address>", or NULL */
	char *source;	  /* "gcc-14 14.2.0-19" */
	char *licence;	  /* expression of SPDX, or NULL: not declared in a readable way */
};

struct sbom {
	const char *name;    /* of the recipe */
	const char *version; /* of the result */
	const struct lock *lock;
	const struct file_origins *origins;
	struct sbom_package *package; /* one for each of the lock, in its order */
	size_t count;
	struct licence_refs refs;
	char date[SBOM_DATE];
};

/* Finds out what is known of each package: of installed ones from the tree, of the others from
 * their .debs in the store. recipe, lock, version and origins must live as long as *ret. */
int sbom_gather(struct store *s, const struct recipe *recipe, const struct lock *lock,
		const char *version, const struct file_origins *origins, struct sbom *ret,
		struct err *err);
void sbom_release(struct sbom *b);

/* Name-based (RFC 9562, version 5) from the lock's digest and the kind of document. */
void sbom_uuid(const struct lock *lock, const char *kind, char ret[SBOM_UUID]);

/* sbom-spdx.c, sbom-cyclonedx.c: the documents; the caller's. */
json_t *sbom_spdx(const struct sbom *b);
json_t *sbom_cyclonedx(const struct sbom *b);
