/* SPDX-License-Identifier: MIT */
/*
 * The recipe: what the user asks for, read and checked. recipe_load() reads the file and everything
 * that it extends, fills in every default and resolves every path, so that no stage after it has to
 * decide anything.
 *
 * The keys with their types, defaults and explanations are rows of one table (schema.c). Values
 * keep the place where they were written, for messages.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"
#include "recipe/position.h"
#include "recipe/recipe-list.h"

enum init_system { INIT_SYSTEMD, INIT_SYSVINIT };
enum nfs_access { NFS_RO, NFS_RW };
enum firmware { FIRMWARE_BIOS, FIRMWARE_UEFI };

struct recipe_id { /* `ids:` fixed uid/gid of a system user or group */
	char *name;
	unsigned id;
	bool group_only; /* `group: 105` rather than user and group */
	struct position at;
};

struct recipe_file { /* a local file: script, .deb, keyring, authorized keys */
	char *given; /* as written */
	char *path;  /* the path to open it by: `given` as seen from the recipe that names it */
	char digest[DIGEST_HEX];
	struct position at;
};

struct recipe_files {
	struct recipe_file *item;
	size_t count;
	size_t allocated;
};

struct recipe_repository { /* `apt-repositories:` */
	char *url;
	char *suite;
	struct recipe_list components;
	struct recipe_file keyring;
	struct recipe_file auth; /* .path is NULL if there is none, as in the next one */
	struct recipe_file ca;
	struct position at;
};

enum menu_kind { MENU_LOCAL, MENU_MEMTEST, MENU_RESCUE };

struct recipe_menu_entry {
	enum menu_kind kind;
	char *label;		/* PXELINUX LABEL, GRUB --id */
	char *title;		/* MENU LABEL */
	char *append;		/* extra kernel words, "" */
	enum nfs_access access; /* of a rescue entry: ro (overlay), or rw */
	struct position at;
};

struct recipe_menu_client { /* `clients:` one machine's own menu */
	char *mac;	    /* aa:bb:cc:dd:ee:ff, lower case */
	char *entry;	    /* label of its default entry */
	int timeout;	    /* tenths of a second; -1: the menu's; 0: at once */
	struct position at;
};

struct recipe {
	char *path; /* of the file given on the command line */
	char *name;
	char *title;
	char *suite;	    /* trixie */
	char *architecture; /* amd64 */
	struct recipe_list components;
	struct recipe_list pockets; /* updates, security; the suite itself is not in the list */

	struct recipe_list priorities; /* required, important, … */
	struct recipe_list packages;
	struct recipe_list exclude;
	bool recommends;
	struct recipe_list boot_packages; /* fetched and verified, never installed */
	struct recipe_files debs;
	struct recipe_repository *repository;
	size_t repository_count;
	struct recipe_list mirrors;
	char *snapshot; /* 20260801T000000Z: the state of that moment; NULL: the newest */
	struct recipe_file keyring; /* of Debian's suites; .path is NULL: Debian's own */

	struct recipe_id *id;
	size_t id_count;
	bool strict_ids;

	char *hostname;
	enum init_system init;
	struct recipe_list locales; /* de_DE.UTF-8 */
	char *default_locale;
	char *keymap;	/* XKB layout, "de", or "de(nodeadkeys)" as layout(variant) */
	char *timezone; /* Europe/Berlin */
	struct {
		char *font;    /* console-setup FONTFACE, "Fixed" */
		char *size;    /* "8x16" */
		char *charmap; /* "UTF-8" */
	} console;
	struct {
		struct recipe_list terminals; /* tty1, ttyS0; empty: none */
		char *program;		      /* mingetty | agetty */
	} autologin;
	struct {
		char *password;			    /* "locked" or a crypt(3) hash */
		struct recipe_list authorized_keys; /* lines; files already read */
	} root;
	struct {
		struct recipe_list disable;
		struct recipe_list mask;
	} services;
	struct {
		char *generator;	  /* initramfs-tools */
		char *modules;		  /* netboot | most | list (initramfs.conf MODULES) */
		struct recipe_list extra; /* modules */
		char *compress;		  /* zstd | gzip | xz | lz4 */
	} initramfs;
	struct recipe_list overlays; /* paths of directories, ready to be opened, in order */
	struct strv overlay_digests; /* of each overlay: see digest below */
	struct recipe_files scripts;
	char *kernel; /* package whose dependency is the kernel: linux-image-amd64; "" for none */
	struct {
		char *title;
		int timeout;	     /* tenths of a second */
		char *default_entry; /* label */
		bool serial;	     /* also a serial console variant of each rescue entry */
		struct recipe_menu_entry *entry;
		size_t entry_count;
		struct recipe_menu_client *client;
		size_t client_count;
	} menu;
	struct {
		enum nfs_access access;
		char *path;	    /* /srv/pxe/rescue64, without the version */
		char *overlay_size; /* tmpfs size: 50% or 1G */
	} nfs;
	struct {
		char *address;	   /* 192.168.1.1 */
		char *subnet;	   /* 192.168.1.0 */
		char *netmask;	   /* 255.255.255.0 */
		char *range_first; /* 192.168.1.200 */
		char *range_last;
		char *router;
		char *nameserver;
		char *domain;
		char *tftp_root;    /* /srv/pxe/tftp */
		char *interface;    /* eth0 */
		bool write_address; /* ADDRESS in nfsroot= instead of DHCP's next-server */
	} server;
	int compression_level; /* zstd, 1..19 */
	char *apt_sources;     /* text of sources.list for the image; NULL: apt's own example */

	/* SHA-256 of recipe_canonical(), which is all that the recipe decides; every lock has
	 * it. */
	char digest[DIGEST_HEX];
	/* The same in parts: see recipe_inputs(). */
	struct strv inputs;

	struct strv files; /* paths of all recipes that were read; positions point at these */
};

/* Reads the recipe at path. Errors are ERR_USAGE, at their place in the file, with a hint. */
int recipe_load(const char *path, struct recipe *ret, struct err *err);
void recipe_release(struct recipe *recipe);

/* Whether boot-packages has the loader for machines of this firmware: PXELINUX for BIOS, shim
 * and GRUB for UEFI (boot-loaders.c). */
bool recipe_boots(const struct recipe *recipe, enum firmware firmware);

/*
 * The effective values as text, one a line, sorted by key: `packages[3] = vim` (canonical.c). What
 * equals its default is left out, so that a new key does not change the digest of recipes that do
 * not use it. A script, .deb or keyring is represented by the SHA-256 of its content, an overlay by
 * the SHA-256 of a list of the path, type, content, link target and executable bit of all that it
 * holds. Mirrors, Debian's keyring, passwords, CAs, comments, file names of recipes, the place of
 * the checkout and its umask are not in the text.
 */
void recipe_canonical(const struct recipe *recipe, struct text *ret);

/* The canonical text in parts, each "KEY SHA-256", in the text's order, so that a lock of an older
 * recipe can say what has changed: each overlay, script, .deb and keyring by itself (`overlays[0]`,
 * with its digest from the text), all else by the recipe's outermost key (`menu`). */
void recipe_inputs(const struct recipe *recipe, struct strv *ret);
