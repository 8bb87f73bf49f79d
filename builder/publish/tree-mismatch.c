/* SPDX-License-Identifier: MIT */
#include "publish/tree-mismatch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/memory.h"
#include "publish/file-makers.h"
#include "publish/result.h"
#include "tar/members.h"

struct comparison {
	struct members members[2];
	struct file_makers makers; /* of the new result */
};

static void comparison_release(struct comparison *c)
{
	members_release(&c->members[0]);
	members_release(&c->members[1]);
	file_makers_release(&c->makers);
}

static int read_tree(int dir_fd, struct members *ret, struct err *err)
{
	cleanup_fd int fd = openat(dir_fd, RESULT_ROOTFS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read '" RESULT_ROOTFS "'");
	return members_read(fd, NULL, ret, err);
}

static bool is_equal(const struct member *a, const struct member *b)
{
	return a->type == b->type && a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       a->mtime == b->mtime && a->device == b->device && streq(a->sha256, b->sha256) &&
	       streq(a->target, b->target) && streq(a->first, b->first) &&
	       streq(a->xattrs, b->xattrs);
}

static void note(const struct comparison *c, const char *path, const char *how,
		 struct tree_mismatch *t)
{
	const struct file_maker *maker = file_makers_find(&c->makers, path);

	strv_addf(&t->line, "/%s%s%s%s%s", path, how, maker ? " (" : "", maker ? maker->text : "",
		  maker ? ")" : "");
	if (maker && maker->dark && !t->first)
		t->first = xasprintf("/%s", path);
	t->all_dark &= maker && (maker->dark || maker->initramfs);
}

static void compare(const struct comparison *c, struct tree_mismatch *t)
{
	const struct members *old = &c->members[0], *new = &c->members[1];
	size_t i = 0, k = 0;

	while (i < old->count || k < new->count) {
		int order = i == old->count   ? 1
			    : k == new->count ? -1
					      : strcmp(old->item[i].path, new->item[k].path);

		if (order < 0)
			note(c, old->item[i].path, ", only in the old one", t);
		else if (order > 0)
			note(c, new->item[k].path, ", only in the new one", t);
		else if (!is_equal(&old->item[i], &new->item[k]))
			note(c, old->item[i].path, "", t);
		i += order <= 0;
		k += order >= 0;
	}
}

int tree_mismatch(int old_fd, int new_fd, struct tree_mismatch *ret, struct err *err)
{
	CLEANUP(comparison_release) struct comparison c = { 0 };
	int r = read_tree(old_fd, &c.members[0], err);

	if (r < 0)
		return r;
	r = read_tree(new_fd, &c.members[1], err);
	if (r < 0)
		return r;
	file_makers_read(new_fd, &c.makers);
	*ret = (struct tree_mismatch){ .all_dark = true };
	compare(&c, ret);
	return 0;
}

void tree_mismatch_release(struct tree_mismatch *t)
{
	strv_release(&t->line);
	free(t->first);
	*t = (struct tree_mismatch){ 0 };
}
