/* SPDX-License-Identifier: MIT */
/* Private keys in what everybody on the network can read: the tree, by NFS, and the initrd, by
 * TFTP. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/private-key.h"
#include "publish/file-origins.h"
#include "publish/menu.h"
#include "publish/result-files.h"
#include "recipe/recipe-identity.h"

#define NAMED_MAX 10 /* keys that the message names */

struct found {
	const struct result *res;
	struct text start; /* the first bytes of the file that comes */
	struct strv path;  /* absolute */
	struct strv line;  /* "/etc/bind/rndc.key (TSIG, named by a script of bind9)" */
};

static void found_release(struct found *f)
{
	text_release(&f->start);
	strv_release(&f->path);
	strv_release(&f->line);
}

static bool is_kept(const struct found *f, const char *path)
{
	const struct recipe_identity *identity = recipe_identity_find(f->res->recipe, path);

	return identity && identity->action == IDENTITY_KEEP;
}

static void add(struct found *f, const char *path, const char *kind, const char *trace)
{
	strv_add(&f->path, path);
	strv_addf(&f->line, "%s (%s%s%s)", path, kind, trace ? ", " : "", trace ? trace : "");
}

/* All of them by name, or the first ones. */
static int refuse(const struct found *f, const char *where, struct err *err)
{
	CLEANUP(text_release) struct text list = { 0 };
	size_t shown = f->line.count < NAMED_MAX ? f->line.count : NAMED_MAX;

	for (size_t i = 0; i < shown; i++)
		text_printf(&list, "\n%s", f->line.item[i]);
	if (f->line.count > shown)
		text_printf(&list, "\nand %zu more", f->line.count - shown);
	return err_set(err, ERR_BUILD, "%s, which everybody who can boot it can read, %s:%s", where,
		       f->line.count == 1 ? "holds a private key" : "holds private keys",
		       list.data);
}

static int check_tree(const struct result *res, struct err *err)
{
	CLEANUP(found_release) struct found f = { .res = res };

	for (size_t i = 0; i < res->origins->count; i++) {
		const struct file_origin *origin = &res->origins->item[i];
		cleanup_free char *path = xasprintf("/%s", origin->member->path);

		if (origin->dark && origin->key && !is_kept(&f, path))
			add(&f, path, origin->key, origin->trace);
	}
	if (f.path.count == 0)
		return 0;
	(void)refuse(&f, "the image", err);
	return err_hint(err,
			"say in the recipe what becomes of each: 'identity: [{path: %s, do: "
			"remove}]', or 'do: make-at-boot' with a 'command' that makes it anew at "
			"each boot, or 'do: keep'",
			f.path.item[0]);
}

/* A key that the tree holds as well was judged there. */
static bool is_in_tree(const struct result *res, const char *sha256)
{
	for (size_t i = 0; i < res->origins->members.count; i++)
		if (streq(res->origins->members.item[i].sha256, sha256))
			return true;
	return false;
}

static void look_at_piece(const struct member *m, const void *bytes, size_t size, void *data)
{
	struct found *f = data;
	size_t room = PRIVATE_KEY_LOOK - f->start.length;
	cleanup_free char *path = NULL;
	const char *kind;

	if (size > 0) {
		text_append(&f->start, bytes, size < room ? size : room);
		return;
	}
	kind = private_key_kind(m->path, m->mode, f->start.data, f->start.length);
	f->start.length = 0;
	path = kind ? xasprintf("/%s", m->path) : NULL;
	if (kind && !is_kept(f, path) && !is_in_tree(f->res, m->sha256))
		add(f, path, kind, NULL);
}

static int check_initrd(const struct result *res, size_t kernel, struct err *err)
{
	CLEANUP(found_release) struct found f = { .res = res };
	CLEANUP(members_release) struct members members = { 0 };
	const struct member_reader reader = { .piece = look_at_piece, .data = &f };
	cleanup_free char *directory = menu_kernel_directory(
		res->recipe, res->version, kernel > 0 ? res->kernels.item[kernel] : NULL);
	cleanup_free char *path = xasprintf("tftp/%s/initrd.img", directory);
	cleanup_fd int fd = openat(res->dir_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s' back", path);
	r = members_read_initrd(fd, &reader, &members, err);
	if (r < 0)
		return err_wrap(err, "looking for private keys in '%s'", path);
	if (f.path.count == 0)
		return 0;
	(void)refuse(&f, "the initrd", err);
	return err_hint(
		err,
		"a hook of the initramfs made it, below /usr/share/initramfs-tools/hooks or "
		"/etc/initramfs-tools/hooks: an overlay can change the hook, and in the "
		"recipe 'identity: [{path: %s, do: keep}]' leaves the key there",
		f.path.item[0]);
}

int result_check_keys(const struct result *res, struct err *err)
{
	int r = check_tree(res, err);

	for (size_t i = 0; r == 0 && i < res->kernels.count; i++)
		r = check_initrd(res, i, err);
	return r;
}
