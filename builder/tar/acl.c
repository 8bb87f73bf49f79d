/* SPDX-License-Identifier: MIT */
#include "tar/acl.h"

#include <archive.h>
#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>

#include "base/memory.h"

static const struct {
	uint16_t tag;
	int entry_tag;
	const char *word;
	bool has_id;
} acl_tag[] = {
	/* in the order the kernel wants */
	{ ACL_USER_OBJ, ARCHIVE_ENTRY_ACL_USER_OBJ, "user", false },
	{ ACL_USER, ARCHIVE_ENTRY_ACL_USER, "user", true },
	{ ACL_GROUP_OBJ, ARCHIVE_ENTRY_ACL_GROUP_OBJ, "group", false },
	{ ACL_GROUP, ARCHIVE_ENTRY_ACL_GROUP, "group", true },
	{ ACL_MASK, ARCHIVE_ENTRY_ACL_MASK, "mask", false },
	{ ACL_OTHER, ARCHIVE_ENTRY_ACL_OTHER, "other", false },
};

static int add_row(const struct posix_acl_xattr_entry *row, struct text *ret)
{
	unsigned tag = le16toh(row->e_tag), perm = le16toh(row->e_perm);

	for (size_t i = 0; i < ARRAY_SIZE(acl_tag); i++) {
		if (acl_tag[i].tag != tag)
			continue;
		text_printf(ret, "%s%s:", ret->length > 0 ? "," : "", acl_tag[i].word);
		if (acl_tag[i].has_id)
			text_printf(ret, "%u", le32toh(row->e_id));
		text_printf(ret, ":%c%c%c", perm & ACL_READ ? 'r' : '-',
			    perm & ACL_WRITE ? 'w' : '-', perm & ACL_EXECUTE ? 'x' : '-');
		return 0;
	}
	return -EINVAL;
}

int acl_to_text(const void *xattr, size_t size, struct text *ret)
{
	CLEANUP(text_release) struct text t = { 0 };
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry row;

	if (size < sizeof(header) || (size - sizeof(header)) % sizeof(row) != 0)
		return -EINVAL;
	memcpy(&header, xattr, sizeof(header));
	if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION)
		return -EINVAL;
	for (size_t at = sizeof(header); at < size; at += sizeof(row)) {
		memcpy(&row, (const char *)xattr + at, sizeof(row));
		if (add_row(&row, &t) < 0)
			return -EINVAL;
	}
	text_append(ret, t.data, t.length);
	return 0;
}

/* Adds the rows of one tag, by ascending ids: each pass finds the next larger id. */
static int add_rows(struct archive_entry *e, int type, size_t which, struct text *ret)
{
	int64_t last = -1;

	for (;;) {
		struct posix_acl_xattr_entry row = { 0 };
		int t, permset, tag, id;
		int64_t best = INT64_MAX;
		const char *name;

		(void)archive_entry_acl_reset(e, type);
		while (archive_entry_acl_next(e, type, &t, &permset, &tag, &id, &name) ==
		       ARCHIVE_OK) {
			if (tag != acl_tag[which].entry_tag)
				continue;
			if (acl_tag[which].has_id && id < 0)
				return -EINVAL;
			if (!acl_tag[which].has_id)
				id = 0;
			if (id <= last || id >= best)
				continue;
			best = id;
			row.e_perm = htole16((uint16_t)(permset & 7));
		}
		if (best == INT64_MAX)
			return 0;
		last = best;
		row.e_tag = htole16(acl_tag[which].tag);
		row.e_id = htole32(acl_tag[which].has_id ? (uint32_t)best : ~0U);
		text_append(ret, &row, sizeof(row));
	}
}

int acl_from_entry(struct archive_entry *e, int type, struct text *ret)
{
	CLEANUP(text_release) struct text rows = { 0 };
	struct posix_acl_xattr_header header = { htole32(POSIX_ACL_XATTR_VERSION) };

	if (archive_entry_acl_count(e, type) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(acl_tag); i++) {
		int r = add_rows(e, type, i, &rows);

		if (r < 0)
			return r;
	}
	text_append(ret, &header, sizeof(header));
	text_append(ret, rows.data, rows.length);
	return 0;
}
