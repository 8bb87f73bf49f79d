/* SPDX-License-Identifier: MIT */
/* Compares the root file systems. A file that belongs to a changed package is counted in that
 * package's line; the others are named, and so is every change of permissions and owners. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/progress.h"
#include "diff/diff-file.h"
#include "diff/diff-parts.h"
#include "publish/file-owners.h"

#define ROOTFS "rootfs.tar.zst"
#define INFO "var/lib/dpkg/info/"
#define NO_CHANGE SIZE_MAX

struct tree {
	struct members members;
	struct file_owners owners;
	size_t *change; /* of each of owners.package: index in diff.item, or NO_CHANGE */
};

/* How many files of a changed package came, went and changed. */
struct fold {
	size_t added, removed, changed;
	uint64_t old_bytes, new_bytes;
};

struct trees {
	struct diff *d;
	struct tree old, new;
	struct fold
		*fold; /* one for each change that diff.item had before the trees were compared */
	size_t package_changes;
	bool same_date; /* if not, time stamps differ everywhere, and are no news */
};

static void tree_release(struct tree *t)
{
	members_release(&t->members);
	file_owners_release(&t->owners);
	free(t->change);
}

static void trees_release(struct trees *t)
{
	tree_release(&t->old);
	tree_release(&t->new);
	free(t->fold);
}

/* Whether a change is about a package of that name, of whichever architecture. */
static bool is_about(const struct change *c, const char *package)
{
	size_t length = strcspn(c->name, ":");

	return length == strlen(package) && strncmp(c->name, package, length) == 0;
}

/* The index of the change that replaced the package's content; a change of its role or of a flag
 * does not touch any file. */
static size_t change_of_package(const struct diff *d, const char *package)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct change *c = &d->item[i];

		if (c->section == DIFF_PACKAGES && c->kind != CHANGE_CHANGED &&
		    is_about(c, package))
			return i;
	}
	return NO_CHANGE;
}

static int read_tree(const struct diff_input *in, const struct diff *d, struct tree *ret,
		     struct err *err)
{
	struct member_reader reader = {
		.wants = file_owners_wants,
		.take = file_owners_take,
		.data = &ret->owners,
		.limit = FILE_OWNERS_TEXT_MAX,
	};
	cleanup_fd int fd = -1;
	int r = open_file(in->dir_fd, ROOTFS, O_NOFOLLOW, ERR_TRUST, &fd, err);

	if (r < 0)
		return err_wrap(err, "'%s'", in->path);
	progress_detail("%s/" ROOTFS, in->path);
	r = members_read(fd, &reader, &ret->members, err);
	if (r < 0) {
		err->class = err->class == ERR_INTERRUPTED ? err->class : ERR_TRUST;
		return err_wrap(err, "reading '%s/" ROOTFS "'", in->path);
	}
	file_owners_resolve(&ret->owners, &ret->members);
	ret->change = xcalloc(ret->owners.package.count + 1, sizeof(*ret->change));
	for (size_t i = 0; i < ret->owners.package.count; i++)
		ret->change[i] = change_of_package(d, ret->owners.package.item[i]);
	return 0;
}

/* "…/info/libc6:amd64.postinst" is dpkg's, but comes and goes with libc6. */
static size_t change_of_info(const struct diff *d, const char *path)
{
	const char *name = path + strlen(INFO);
	const char *dot = strrchr(name, '.');
	size_t length = strcspn(name, ":");
	cleanup_free char *package = NULL;

	if (!dot)
		return NO_CHANGE;
	if (length > (size_t)(dot - name))
		length = (size_t)(dot - name);
	package = xstrndup(name, length);
	return change_of_package(d, package);
}

static size_t change_in(const struct tree *t, const char *path)
{
	size_t first, count = file_owners_find(&t->owners, path, &first);

	for (size_t i = first; i < first + count; i++)
		if (t->change[t->owners.item[i].package] != NO_CHANGE)
			return t->change[t->owners.item[i].package];
	return NO_CHANGE;
}

/* The change of a package that explains what happened to the member m of the tree t; m may be
 * NULL. */
static size_t explanation(const struct diff *d, const struct tree *t, const struct member *m)
{
	if (!m)
		return NO_CHANGE;
	return starts_with(m->path, INFO) ? change_of_info(d, m->path) : change_in(t, m->path);
}

static void fold(struct fold *f, const struct member *old, const struct member *new)
{
	f->added += !old;
	f->removed += !new;
	f->changed += old && new;
	f->old_bytes += old && old->type == S_IFREG && !old->first ? old->size : 0;
	f->new_bytes += new &&new->type == S_IFREG && !new->first ? new->size : 0;
}

/* Files that programs make out of all packages together, and so anew when any of them changes. */
static bool is_generated(const char *path)
{
	static const char *const patterns[] = {
		"*/__pycache__/*",
		"boot/initrd.img-*",
		"etc/.updated",
		"etc/init.d/.depend.*",
		"etc/ld.so.cache",
		"initrd.img*",
		"usr/lib/locale/*",
		"usr/lib/modules/*/modules.*",
		"usr/lib/udev/hwdb.bin",
		"usr/share/mime/*",
		"var/.updated",
		"var/cache/*",
		"var/lib/apt/*",
		"var/lib/dpkg/*",
		"var/lib/systemd/catalog/*",
		"var/lib/systemd/deb-systemd-*helper-enabled/*",
		"var/lib/ucf/*",
		"vmlinuz*",
	};

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (fnmatch(patterns[i], path, 0) == 0)
			return true;
	return false;
}

/* Counts the file with the packages that explain what happened to it; false: none does. What dpkg
 * keeps in its database about a package is explained by that package, but not counted as its
 * file. */
static bool fold_file(struct trees *t, const struct member *old, const struct member *new)
{
	size_t was = explanation(t->d, &t->old, old), is = explanation(t->d, &t->new, new);

	if (starts_with(new ? new->path : old->path, INFO))
		return was != NO_CHANGE || is != NO_CHANGE;
	if (was != NO_CHANGE && is != NO_CHANGE && was != is) {
		fold(&t->fold[was], old, NULL);
		fold(&t->fold[is], NULL, new);
	} else if (was != NO_CHANGE || is != NO_CHANGE) {
		fold(&t->fold[is != NO_CHANGE ? is : was], old, new);
	}
	return was != NO_CHANGE || is != NO_CHANGE;
}

/* old or new is NULL: not there. */
static void file_change(struct trees *t, const struct member *old, const struct member *new)
{
	const struct member *m = new ? new : old;
	const struct tree *tree = new ? &t->new : &t->old;
	size_t first;
	bool generated = t->package_changes > 0 && is_generated(m->path);
	cleanup_free char *words = NULL;
	cleanup_free char *path = xasprintf("/%s", m->path);
	struct change *c;

	if (fold_file(t, old, new))
		return;
	words = file_words(old, new);
	c = diff_add(t->d, generated ? DIFF_GENERATED : DIFF_FILES,
		     !old   ? CHANGE_ADDED
		     : !new ? CHANGE_REMOVED
			    : CHANGE_CHANGED,
		     path, old ? file_json(old) : NULL, new ? file_json(new) : NULL);
	change_words(c, "%s", words);
	if (m->type != S_IFDIR && file_owners_find(&tree->owners, m->path, &first))
		change_words(c, "of %s",
			     tree->owners.package.item[tree->owners.item[first].package]);
}

static void permission_change(struct trees *t, const struct member *old, const struct member *new)
{
	bool privileged = (old && file_is_privileged(old)) || (new &&file_is_privileged(new));
	cleanup_free char *path = xasprintf("/%s", old ? old->path : new->path);
	struct change *c;

	/* That a new file has a mode and an owner is no news, unless it gives privileges away. */
	if (!privileged && (!old || !new))
		return;
	if (old && new &&file_same_permissions(old, new))
		return;
	c = diff_add(t->d, DIFF_PERMISSIONS,
		     !old   ? CHANGE_ADDED
		     : !new ? CHANGE_REMOVED
			    : CHANGE_CHANGED,
		     path, old ? file_permissions(old) : NULL, new ? file_permissions(new) : NULL);
	c->rank = !privileged;
}

static void compare_members(struct trees *t, const struct member *old, const struct member *new)
{
	permission_change(t, old, new);
	if (old && new &&file_same_content(old, new) && (!t->same_date || old->mtime == new->mtime))
		return;
	/* A directory that came or went with files in it is not named beside them. */
	if (!old && new->type == S_IFDIR && file_has_children(&t->new.members, new->path))
		return;
	if (!new && old->type == S_IFDIR && file_has_children(&t->old.members, old->path))
		return;
	file_change(t, old, new);
}

static void merge(struct trees *t)
{
	const struct members *old = &t->old.members, *new = &t->new.members;
	size_t i = 0, k = 0;

	while (i < old->count || k < new->count) {
		int order = i == old->count   ? 1
			    : k == new->count ? -1
					      : strcmp(old->item[i].path, new->item[k].path);

		compare_members(t, order <= 0 ? &old->item[i] : NULL,
				order >= 0 ? &new->item[k] : NULL);
		i += order <= 0;
		k += order >= 0;
	}
}

static void say_files(struct change *c, const struct fold *f)
{
	cleanup_free char *bytes = size_change(f->old_bytes, f->new_bytes);
	CLEANUP(strv_release) struct strv counts = { 0 };
	cleanup_free char *joined = NULL;

	if (c->kind == CHANGE_ADDED || c->kind == CHANGE_REMOVED) {
		size_t count = f->added + f->removed + f->changed;

		change_words(c, "%zu file%s, %s", count, count == 1 ? "" : "s", bytes);
		return;
	}
	if (f->changed)
		strv_addf(&counts, "%zu changed", f->changed);
	if (f->added)
		strv_addf(&counts, "%zu added", f->added);
	if (f->removed)
		strv_addf(&counts, "%zu removed", f->removed);
	joined = strv_join(&counts, ", ");
	change_words(c, "files: %s", joined);
	if (f->old_bytes != f->new_bytes)
		change_words(c, "%s", bytes);
}

static int compare(struct trees *t, const struct diff_input *old, const struct diff_input *new,
		   struct err *err)
{
	size_t before = t->d->count;
	int r;

	progress_start("compare", 2, PROGRESS_STEPS);
	r = read_tree(old, t->d, &t->old, err);
	if (r < 0)
		return r;
	progress_update(1);
	r = read_tree(new, t->d, &t->new, err);
	if (r < 0)
		return r;
	t->fold = xcalloc(before + 1, sizeof(*t->fold));
	for (size_t i = 0; i < before; i++)
		t->package_changes += t->d->item[i].section == DIFF_PACKAGES;
	t->same_date = old->lock.source_date_epoch == new->lock.source_date_epoch;
	merge(t);
	for (size_t i = 0; i < before; i++) {
		const struct fold *f = &t->fold[i];

		if (f->added || f->removed || f->changed)
			say_files(&t->d->item[i], f);
	}
	progress_end(NULL);
	return 0;
}

static const char *packed_digest(const struct diff_input *in)
{
	for (size_t i = 0; i < in->files.count; i++)
		if (streq(in->files.item[i].path, ROOTFS))
			return in->files.item[i].sha256;
	return NULL;
}

int diff_trees(struct diff *d, const struct diff_input *old, const struct diff_input *new,
	       struct err *err)
{
	CLEANUP(trees_release) struct trees t = { .d = d };

	if (streq(packed_digest(old), packed_digest(new)))
		return 0;
	return compare(&t, old, new, err);
}
