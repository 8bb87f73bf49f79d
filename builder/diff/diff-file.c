/* SPDX-License-Identifier: MIT */
#include "diff/diff-file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/json.h"

bool file_same_content(const struct member *a, const struct member *b)
{
	return a->type == b->type && a->device == b->device && streq(a->target, b->target) &&
	       streq(a->first, b->first) && streq(a->sha256, b->sha256);
}

bool file_same_permissions(const struct member *a, const struct member *b)
{
	bool links = a->type == S_IFLNK || b->type == S_IFLNK;

	return (links || a->mode == b->mode) && a->uid == b->uid && a->gid == b->gid &&
	       streq(a->xattrs, b->xattrs);
}

/* A directory that all may write to, but whose files only their owners may remove, is /tmp. */
static bool is_writable_by_all(const struct member *m)
{
	return m->mode & S_IWOTH && m->type != S_IFLNK &&
	       !(m->type == S_IFDIR && m->mode & S_ISVTX);
}

static bool is_set_id(const struct member *m, mode_t bit)
{
	return m->type == S_IFREG && m->mode & bit;
}

bool file_is_privileged(const struct member *m)
{
	return is_set_id(m, S_ISUID) || is_set_id(m, S_ISGID) || is_writable_by_all(m) || m->xattrs;
}

/* Paths are sorted by bytes: "a", "a-b", "a/b". */
bool file_has_children(const struct members *members, const char *path)
{
	cleanup_free char *prefix = xasprintf("%s/", path);
	size_t next = members_from(members, prefix);

	return next < members->count && starts_with(members->item[next].path, prefix);
}

json_t *file_permissions(const struct member *m)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv xattrs = { 0 };

	text_printf(&t, "%04o %" PRIu64 ":%" PRIu64, m->mode, m->uid, m->gid);
	text_add(&t, is_set_id(m, S_ISUID) ? " setuid" : "");
	text_add(&t, is_set_id(m, S_ISGID) ? " setgid" : "");
	text_add(&t, is_writable_by_all(m) ? " writable-by-all" : "");
	strv_split(&xattrs, m->xattrs ? m->xattrs : "", "\n");
	for (size_t i = 0; i < xattrs.count; i++)
		text_printf(&t, " %s", xattrs.item[i]);
	return json_text(t.data);
}

static const char *type_name(const struct member *m)
{
	return m->type == S_IFREG   ? "file"
	       : m->type == S_IFDIR ? "directory"
	       : m->type == S_IFLNK ? "link"
				    : "special";
}

json_t *file_json(const struct member *m)
{
	cleanup_free char *mode = xasprintf("%04o", m->mode);
	json_t *o = json_object();

	json_add_text(o, "type", type_name(m));
	json_add_text(o, "mode", mode);
	json_add_number(o, "uid", m->uid);
	json_add_number(o, "gid", m->gid);
	if (m->type == S_IFREG) {
		json_add_number(o, "size", m->size);
		json_add_text(o, "sha256", m->sha256);
	}
	if (m->type == S_IFLNK)
		json_add_name(o, "target", m->target);
	return o;
}

static char *describe(const struct member *m)
{
	char size[16];

	if (m->type == S_IFREG)
		return xstrdup(human_size(m->size, size));
	if (m->type == S_IFLNK)
		return xasprintf("link to %s", m->target);
	return xstrdup(type_name(m));
}

char *file_words(const struct member *old, const struct member *new)
{
	cleanup_free char *was = old ? describe(old) : NULL;
	cleanup_free char *is = new ? describe(new) : NULL;

	if (!old || !new)
		return take_ptr(*(old ? &was : &is));
	if (!streq(was, is))
		return xasprintf("%s -> %s", was, is);
	if (!streq(old->sha256, new->sha256))
		return xasprintf("other content, %s", is);
	if (file_same_content(old, new))
		return xstrdup("time stamp");
	if (new->first)
		return xasprintf("%s, hard link to /%s", is, new->first);
	return xasprintf("%s, no hard link any more", is);
}
