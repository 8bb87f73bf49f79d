/* SPDX-License-Identifier: MIT */
/*
 * The tree into artifacts, and these into out/RECIPE/VERSION: a new directory beside the target gets
 * everything, is fsynced, renamed, and `latest` follows. It appears whole or not at all. If the version
 * exists already it is compared: equal files are kept and the new ones dropped; different ones are an
 * ERR_BUILD ("not reproducible") that keeps both.
 */
#pragma once

#include "archive/index.h"
#include "archive/lock.h"
#include "base/err.h"
#include "recipe/recipe.h"
#include "rootfs/rootfs.h"

struct result {
	struct store *store;
	const struct recipe *recipe;
	const struct lock *lock;
	const struct indices *indices; /* NULL with --lock */
	char *version;	 /* owned */
	int out_fd;	 /* owned: out/RECIPE */
	int dir_fd;	 /* owned: the directory being filled */
	char *temporary; /* owned: its name in out_fd */
	char tar_sha256[DIGEST_HEX]; /* of rootfs.tar, by pack */
	uint64_t tar_size;
	char *kernel;	 /* owned: release, or NULL */
};

int result_begin(struct store *s, const struct recipe *recipe, const struct lock *lock,
		 const struct indices *indices, const char *out, struct result *ret, struct err *err);
int stage_pack(struct result *res, struct rootfs *r, struct err *err); /* rootfs.tar.zst, kernel, initrd */
int publish_tftp(struct result *res, struct err *err);	   /* tftp.c: loaders, kernel, memtest, menus */
int publish_menu(struct result *res, struct err *err);	   /* menu.c: pxelinux.cfg (grub.cfg: one description) */
int publish_server(struct result *res, struct err *err);   /* server.c: server/ snippets */
int publish_manifest(struct result *res, const struct rootfs *r, struct err *err); /* manifest.json */
int publish_provenance(struct result *res, const char *sandbox, struct err *err);  /* provenance.json */
/* SHA256SUMS over every file (but provenance.json), then the rename; *ret_path is out/RECIPE/VERSION. */
int result_commit(struct result *res, const char *out, char **ret_path, struct err *err);
void result_release(struct result *res);
