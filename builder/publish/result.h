/* SPDX-License-Identifier: MIT */
/*
 * The tree into artifacts, and these into out/RECIPE/VERSION: a new directory beside the target
 * gets everything, is fsynced, renamed, and `latest` follows. It appears whole or not at all.
 *
 *	CLEANUP(result_release) struct result res = RESULT_INIT;
 *	r = preflight_check(&recipe, &lock, err);
 *	r = result_begin(s, &recipe, &lock, &indices, "out", &res, err);
 *	r = result_set_kernels(&res, &rootfs, err);
 *	r = stage_pack(&res, &rootfs, err);
 *	r = result_add_tftp(&res, err);
 *	r = result_add_menu(&res, err);
 *	r = result_add_server(&res, err);
 *	r = result_add_sbom(&res, &rootfs, RESULT_ROOTFS, err);
 *	r = result_check_keys(&res, err);
 *	r = result_add_manifest(&res, &rootfs, err);
 *	r = result_add_sums(&res, err);               after all files but provenance.json
 *	r = result_add_provenance(&res, description, &cached, err);
 *	r = result_commit(&res, &path, err);
 *
 * While it is filled the directory is out/RECIPE/.new-VERSION-N, locked (flock(2));
 * result_release() without commit removes it, and out/RECIPE and out/ where they are empty and
 * were made by result_begin(). What a killed builder left is not locked any more: the next
 * begin removes it.
 *
 * The store remembers what was published (result-built.h).
 *
 * If the version exists already it is compared, provenance.json aside: when equal the old
 * directory stays, the new one goes, and .up_to_date is set; when not, it is an ERR_BUILD that
 * names the first file that differs (of the tree: all, with who made them), the old one and
 * `latest` stay as they are, and the new one is kept as out/RECIPE/VERSION.differs (one, the
 * newest: a nightly job must not fill the disk).
 */
#pragma once

#include <time.h>

#include "archive/index.h"
#include "archive/lock.h"
#include "base/err.h"
#include "recipe/recipe.h"
#include "publish/signature.h"
#include "rootfs/rootfs.h"

struct result {
	struct store *store;
	const struct recipe *recipe;
	const struct lock *lock;
	const struct indices *indices; /* NULL with --lock */
	const struct signer *signer;   /* borrowed; NULL: unsigned */
	time_t started;		       /* for provenance.json */
	char *version;		       /* owned */
	char *out;		       /* owned: as given */
	int above_fd;		       /* owned: out/ */
	int out_fd;		       /* owned: out/RECIPE */
	int dir_fd;		       /* owned: the directory being filled */
	char *temporary;  /* owned: its name in out_fd; NULL once it has been published */
	bool made_out;	  /* out/ was not there before */
	bool made_recipe; /* out/RECIPE was not there before */
	bool published;	  /* by result_commit: there is nothing to take back */
	bool up_to_date;  /* by result_commit: the same bytes were there already */
	char tar_sha256[DIGEST_HEX]; /* of rootfs.tar, by pack */
	uint64_t tar_size;
	/* Owned: the releases of the kernels that can be booted, the recipe's own first; none with
	 * `kernel: none`. By result_set_kernels(). */
	struct strv kernels;
	struct file_origins *origins; /* owned: of the tree's files, by pack */
	struct text look;	      /* owned: what pack has read of them (file-origins.h) */
};
#define RESULT_INIT                                                                                \
	{                                                                                          \
		.above_fd = -1, .out_fd = -1, .dir_fd = -1                                         \
	}

/* Makes and locks (flock(2)) the directory that is filled, and puts the package lock into it. Call
 * preflight_check() first: it says whether recipe and lock have all that result_add_*() will
 * need. */
int result_begin(struct store *s, const struct recipe *recipe, const struct lock *lock,
		 const struct indices *indices, const char *out, struct result *ret,
		 struct err *err);
/* Keeps a result of this version that is there already, if its files are as its SHA256SUMS says and
 * the store remembers that it was built here (result-built.h), whoever owns it: one lock gives the
 * same bytes each time. `latest` then points at it, and *ret_path names it. Otherwise *ret_path is
 * left alone, and the result is to be built (again): it is not there, or damaged, or may be
 * anybody's, or lacks signatures although there is a .signer; all but the first are said. */
int result_reuse(struct result *res, char **ret_path, struct err *err);
/* Once the image's kernels are known: whether a menu with all of them can be written. ERR_USAGE, as
 * menu_describe(). */
int result_set_kernels(struct result *res, const struct rootfs *rootfs, struct err *err);
/* rootfs.tar.zst, kernels and initrds. Shows progress as stage "pack". */
int stage_pack(struct result *res, struct rootfs *rootfs, struct err *err);
/* Each adds a part: the loaders, out of boot packages (tftp.c); menu/VERSION and the links to it
 * (menu-files.c); the snippets in server/ (server.c). */
int result_add_tftp(struct result *res, struct err *err);
int result_add_menu(struct result *res, struct err *err);
int result_add_server(struct result *res, struct err *err);
/* sbom.spdx.json and sbom.cdx.json (sbom-files.c), from the file `packed` of the result, which is
 * the tree as a tar; warns of files of which nobody knows where they come from. */
#define RESULT_ROOTFS "rootfs.tar.zst"
int result_add_sbom(struct result *res, const struct rootfs *rootfs, const char *packed,
		    struct err *err);
/* Refuses a result that would give a private key to all who can read it (image-keys.c): one in the
 * tree that a package's script made, and any in the initrd, unless the recipe laid it there or its
 * `identity:` keeps it. After result_add_sbom(). */
int result_check_keys(const struct result *res, struct err *err);
int result_add_manifest(struct result *res, const struct rootfs *rootfs, struct err *err);
/* SHA256SUMS over every file. */
int result_add_sums(struct result *res, struct err *err);
/* After result_add_sums(). sandbox: sandbox_description() of the one that the tree was made in;
 * cached: the stages whose results came from the store. */
int result_add_provenance(struct result *res, const char *sandbox, const struct strv *cached,
			  struct err *err);
/* Signs by .signer and renames; *ret_path is OUT/RECIPE/VERSION. Shows progress as stage
 * "publish". */
int result_commit(struct result *res, char **ret_path, struct err *err);
void result_release(struct result *res);
