/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/err-report.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/resources.h"
#include "base/text.h"
#include "base/tree.h"
#include "sandbox/locked-dir.h"
#include "sandbox/namespace/ns.h"

/* What the builder and the image's own programs (mkinitramfs, zstd) need beside the tree. */
#define MEMORY_RESERVE (512ULL << 20)

static void remove_as_we_are(const struct ns_tree *t)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (remove_tree(t->parent, t->name, &err) < 0) {
		err_wrap(&err, "removing the sandbox's tree '%s'", t->name);
		err_print(&err, stderr);
	}
}

/* An ordinary user's trees belong to the ids of the user's range: only the root of a user namespace
 * with these ids can remove them. */
static void remove_as_owner(const struct ns_tree *t)
{
	CLEANUP(err_release) struct err err = { 0 };
	int pidfd = -1;
	pid_t pid;

	if (!t->map.by_helper) {
		remove_as_we_are(t);
		return;
	}
	pid = ns_fork(0, &t->map, &pidfd, &err);
	if (pid == 0) {
		remove_as_we_are(t);
		_exit(0);
	}
	if (pid < 0) {
		err_print(&err, stderr);
		return;
	}
	(void)waitpid(pid, NULL, 0);
	(void)close(pidfd);
}

static void remove_stale(int parent)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	locked_dir_list(parent, "", &names);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_fd int fd = locked_dir_take(parent, names.item[i]);
		struct ns_tree t = { .parent = parent, .name = names.item[i], .fd = -1 };

		if (fd < 0)
			continue;
		log_note("removing the sandbox tree '%s' that an interrupted build left",
			 names.item[i]);
		if (ns_map_plan(true, &t.map, &err) < 0)
			err_print(&err, stderr);
		else
			remove_as_owner(&t);
	}
}

static int no_directory(struct err *err)
{
	return err_errno(err, ERR_BUILD, errno, "cannot make a directory for the sandbox's tree");
}

static int make_box(const struct ns_tree *t, struct err *err)
{
	cleanup_fd int box = -1;
	int r;

	if (mkdirat(t->fd, "box", 0755) < 0)
		return no_directory(err);
	box = openat(t->fd, "box", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (box < 0)
		return no_directory(err);
	r = locked_dir_set_mode(box, 0755, err);
	if (r < 0)
		return r;
	if (t->map.by_helper || fchown(box, t->map.uid[0].outside, t->map.gid[0].outside) == 0)
		return 0;
	err_errno(err, ERR_BUILD, errno, "cannot give the sandbox its directory in the store%s",
		  errno == EPERM ? ", whose file system keeps no owners" : "");
	return err_hint(err, "choose another place with --store DIR or NETRESCUE_STORE, not on FAT "
			     "or NFS");
}

/* PID.RANDOM/box: the outer directory is ours and is locked, the inner one is given to the
 * sandbox's root. Nobody else may get through the outer one, since the image has setuid
 * programs. */
static int make_directory(struct ns_tree *t, struct err *err)
{
	int r = locked_dir_new(t->parent, "", &t->name, &t->fd, err);

	return r < 0 ? r : make_box(t, err);
}

int ns_tree_choose(const struct ns_options *options, struct ns_tree *ret, struct err *err)
{
	CLEANUP(ns_tree_release) struct ns_tree t = { .fd = -1, .parent = options->trees };
	uint64_t need = options->space + options->space / 10 * 3 + MEMORY_RESERVE;
	uint64_t available = memory_available();
	uint64_t most = options->limits.memory < available ? options->limits.memory : available;
	int r;

	remove_stale(options->trees);
	t.on_disk = options->on_disk || need >= most;
	t.size = available / 10 * 8 < most ? available / 10 * 8 : most;
	r = ns_map_plan(t.on_disk, &t.map, err);
	if (r < 0)
		return r;
	if (t.on_disk) {
		r = make_directory(&t, err);
		if (r < 0)
			return r;
	}
	*ret = TAKE_LEAVING(t, { .fd = -1 });
	return 0;
}

void ns_tree_release(struct ns_tree *t)
{
	if (t->fd >= 0) {
		remove_as_owner(t);
		(void)close(take_fd(&t->fd));
	}
	free(t->name);
	t->name = NULL;
}
