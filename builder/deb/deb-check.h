/* SPDX-License-Identifier: MIT */
/*
 * What a package's archive may hold: names inside the tree, directories, regular files, symbolic
 * links (absolute targets are fine, climbing over the root is not), hard links to earlier regular
 * members of the same package, nothing below a link of its own, nothing twice but directories. No
 * devices, fifos, sockets (policy 10.6), no sparse files (dpkg has none), and not more than the
 * limits below.
 */
#pragma once

#include <archive_entry.h>
#include <stdint.h>

#include "base/err.h"
#include "deb/deb-reader.h"

#define DEB_DATA_MAX ((uint64_t)8 << 30)
#define DEB_CONTROL_MAX ((uint64_t)128 << 20)
#define DEB_MEMBERS_MAX 1000000
#define DEB_PATH_MAX 4095
/* What the index says is an estimate: files may be somewhat more. */
#define DEB_SLACK ((uint64_t)64 << 20)

struct deb_check {
	enum deb_member member;
	uint64_t limit; /* bytes of all files */
	uint64_t bytes; /* so far */
	uint64_t count;
	void *names; /* tsearch(3) tree of struct seen: what every name was */
};

/* installed_size: what the index says, bytes; 0: nothing. */
void deb_check_init(struct deb_check *c, enum deb_member member, uint64_t installed_size);
int deb_check_entry(struct deb_check *c, struct archive_entry *entry, struct err *err);
void deb_check_release(struct deb_check *c);
