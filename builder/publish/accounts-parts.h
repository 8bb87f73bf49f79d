/* SPDX-License-Identifier: MIT */
/* What the files of accounts.h share. */
#pragma once

#include "publish/accounts.h"

#define ACCOUNTS_STATUS "var/lib/dpkg/status"

/* While they are drawn up; arrays are parallel to the members. */
struct accounts_read {
	struct accounts *accounts;
	const struct packages *packages;
	const struct made *made;
	const char **owner;		/* the package that lists it; NULL: none */
	const struct made_file **maker; /* who noted it last; NULL: nobody */
	bool *altered;			/* dpkg --verify says so */
	struct digest *digest;		/* SHA-1 of the file that comes */
	char (*sha1)[DIGEST_HEX];	/* by the entry's place in the archive */
	size_t sha1_allocated;
};

/* dpkg's lists and diversions (accounts-packages.c). */
void accounts_read_owners(struct accounts_read *read);
/* What was noted in the build (accounts-packages.c). */
void accounts_read_makers(struct accounts_read *read);

/* The index of the member at that path, through links of directories; the members' count: none. */
size_t accounts_place(const struct accounts *a, const char *path);
