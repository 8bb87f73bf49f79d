/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

/* Any directory that every system has: it is covered only in our own mount namespace. */
#define BASE "/tmp"
#define NEW_ROOT BASE "/root"
#define SCRATCH_NAME ".netrescue"

int ns_preload(struct err *err)
{
	char hex[DIGEST_HEX];

	/* Built into glibc; with it libarchive and iconv need no gconv module of the tree. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return err_set(err, ERR_BUILD, "this system lacks the locale C.UTF-8 (libc-bin)");
	/* libcrypto reads its configuration, which can name modules to load, at its first use. */
	(void)setenv("OPENSSL_CONF", "/dev/null", 1);
	digest_bytes("", 0, hex);
	return 0;
}

static int make_directory(const char *path, mode_t mode, struct err *err)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return err_errno(err, ERR_BUILD, errno, "cannot make '%s' in the sandbox", path);
	return 0;
}

/* Mounts the directory that is to hold root/, scratch/ and world/: a new tmpfs, or the current
 * directory, which the keeper entered before it made the namespaces. A path would not do, as we may
 * not be allowed to search the directories above, nor would a descriptor, as it belongs to the
 * outer mount namespace. */
static int mount_base(const struct ns *ns, const struct ns_tree *tree, struct err *err)
{
	cleanup_free char *data = NULL;

	if (tree->on_disk) {
		if (chown(".", 0, 0) < 0)
			return err_errno(err, ERR_BUILD, errno,
					 "cannot take over the tree's directory");
		return ns_mount(".", BASE, NULL, MS_BIND | MS_REC, NULL, err);
	}
	data = xasprintf("mode=0755,nr_inodes=%llu,size=%lluk",
			 (unsigned long long)ns->limits.files,
			 (unsigned long long)tree->size >> 10);
	return ns_mount("tmpfs", BASE, "tmpfs", MS_NODEV | MS_NOSUID, data, err);
}

static int mount_all(struct ns *ns, const struct ns_tree *tree, struct err *err)
{
	static const char *const directory[] = {
		NEW_ROOT,	 BASE "/scratch",  BASE "/world",
		NEW_ROOT "/dev", NEW_ROOT "/proc", NEW_ROOT "/" SCRATCH_NAME,
	};
	int r = ns_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL, err);

	if (r < 0)
		return r;
	r = mount_base(ns, tree, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(directory); i++) {
		r = make_directory(directory[i], 0755, err);
		if (r < 0)
			return r;
	}
	r = ns_mount(NEW_ROOT, NEW_ROOT, NULL, MS_BIND, NULL, err);
	if (r < 0)
		return r;
	r = ns_mount(BASE "/scratch", NEW_ROOT "/" SCRATCH_NAME, NULL, MS_BIND, NULL, err);
	if (r < 0)
		return r;
	return ns_world_mount(ns, NEW_ROOT, BASE "/world", err);
}

static int pivot(struct ns *ns, struct err *err)
{
	if (chdir(NEW_ROOT) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot enter the sandbox's tree");
	ns->tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (ns->tree < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot look at the bare tree (open_tree)");
	return 0;
}

static int set_names(const struct ns *ns, struct err *err)
{
	if (sethostname(ns->hostname, strlen(ns->hostname)) == 0 && setdomainname("(none)", 6) == 0)
		return 0;
	err_errno(err, ERR_BUILD, errno, "cannot set the sandbox's host name");
	return ns_hint_refused(err);
}

int ns_setup(struct ns *ns, const struct ns_options *options, const struct ns_tree *tree,
	     struct err *err)
{
	int r;

	ns->epoch = options->epoch;
	ns->hostname = xstrdup(options->hostname);
	ns->kernel = xstrdup(options->kernel);
	ns->limits = options->limits;
	ns->in_memory = !tree->on_disk;
	(void)umask(022);
	r = set_names(ns, err);
	if (r < 0)
		return r;
	r = mount_all(ns, tree, err);
	if (r < 0)
		return r;
	r = pivot(ns, err);
	if (r < 0)
		return r;
	return ns_filter_make(false, &ns->filter, err);
}
