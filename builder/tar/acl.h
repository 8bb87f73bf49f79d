/* SPDX-License-Identifier: MIT */
/*
 * POSIX ACLs in the three forms they travel in: the kernel's xattr system.posix_acl_access and
 * _default (linux/posix_acl_xattr.h: a version, then {tag, permissions, id} rows sorted by tag and
 * id), the text of a pax header SCHILY.acl.* (star(5)), and libarchive's entries. Ids are always
 * numbers.
 */
#pragma once

#include <archive_entry.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#define ACL_XATTR_ACCESS "system.posix_acl_access"
#define ACL_XATTR_DEFAULT "system.posix_acl_default"

/* The xattr's bytes as "user::rwx,user:1000:r-x,group::r-x,mask::r-x,other::---". -EINVAL if
 * malformed. */
int acl_to_text(const void *xattr, size_t size, struct text *ret);

/* The entry's ACL of that type (ARCHIVE_ENTRY_ACL_TYPE_ACCESS or _DEFAULT) as the xattr's bytes; no
 * bytes if it has none. -EINVAL if it names a user or group by a name instead of a number. */
int acl_from_entry(struct archive_entry *e, int type, struct text *ret);
