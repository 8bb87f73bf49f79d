/* SPDX-License-Identifier: MIT */
/*
 * The recipe: what the user asks for, read and checked. recipe_load_source() reads the file and
 * everything that it extends, fills in every default and resolves every path, so that no stage
 * after it has to decide anything.
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
enum initramfs_program { INITRAMFS_TOOLS, INITRAMFS_DRACUT };
enum firmware { FIRMWARE_BIOS, FIRMWARE_UEFI };
/* What the kernel loads into cards, and not what starts the machine. */
enum card_firmware { CARD_FIRMWARE_NONE, CARD_FIRMWARE_NETWORK, CARD_FIRMWARE_ALL };

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

struct recipe_hooks { /* `hooks:` */
	struct recipe_files before_packages, after_base, before_settings, before_initramfs, check;
};

struct recipe_repository { /* `apt-repositories:` */
	char *url;
	char *suite;
	struct recipe_list components;
	struct recipe_file keyring;
	struct recipe_file auth; /* .path is NULL if there is none, as in the next one */
	struct recipe_file ca;
	int priority; /* of its packages, as in a pin; 0: what its Release says */
	struct position at;
};

struct recipe_pin { /* `pins:` as in apt_preferences(5); pin.h reads the texts */
	char *package;
	char *pin;
	int priority;
	struct position at;
};

/* Numbers of users and groups of the recipe: below 1000 are the system's, and from 60000 on Debian
 * has its own (Debian policy 9.2.2). */
#define ACCOUNT_ID_MIN 100
#define ACCOUNT_ID_FIRST 1000
#define ACCOUNT_ID_MAX 59999

struct recipe_user { /* `users:` */
	char *name;
	int id; /* of the user and its group; one is chosen where none is given */
	char *comment;
	char *password; /* as root's */
	struct recipe_list authorized_keys;
	char *shell;
	char *home;
	struct recipe_list groups;
	bool sudo;
	struct position at;
};

struct recipe_group { /* `groups:` */
	char *name;
	int id; /* -1: the image's, or else a free one */
	struct recipe_list members;
	struct position at;
};

struct recipe_tree_file { /* `files:` */
	char *path;	  /* in the tree */
	char *content;	  /* NULL: source */
	struct recipe_file source;
	char *mode;	     /* octal */
	char *owner, *group; /* names or numbers */
	struct position at;
};

enum identity_action { IDENTITY_KEEP, IDENTITY_REMOVE, IDENTITY_MAKE };

struct recipe_identity { /* `identity:` a key or an id that a package's script makes */
	char *path;	 /* absolute, in the image; may be a pattern (glob(7)) */
	enum identity_action action;
	char *command; /* of IDENTITY_MAKE, for sh -e; "": netrescue's own */
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

struct recipe_place {	 /* where the value of a key was written */
	const char *key; /* as the schema has it: "console.font" */
	struct position at;
};

struct recipe {
	char *path;	     /* of the file given on the command line */
	struct reach *reach; /* which files it may name (reach.h) */
	char *name;
	char *title;
	char *suite;	    /* trixie */
	char *architecture; /* amd64 */
	struct recipe_list foreign_architectures;
	struct recipe_list components;
	struct recipe_list pockets; /* updates, security; the suite itself is not in the list */

	struct recipe_list priorities; /* required, important, … */
	struct recipe_list packages;
	struct recipe_list exclude;
	bool recommends;
	struct recipe_list debconf;	  /* lines (debconf.h); files already read */
	struct recipe_list boot_packages; /* fetched and verified, never installed */
	struct recipe_files debs;
	struct recipe_repository *repository;
	size_t repository_count;
	struct recipe_pin *pin;
	size_t pin_count;
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
	struct recipe_user *user;
	size_t user_count;
	struct recipe_group *group;
	size_t group_count;
	struct {
		struct recipe_list disable;
		struct recipe_list mask;
	} services;
	struct {
		enum initramfs_program generator;
		char *modules;		  /* netboot | most | list (initramfs.conf MODULES) */
		struct recipe_list extra; /* modules */
		char *compress;		  /* zstd | gzip | xz | lz4 */
	} initramfs;
	struct recipe_list overlays; /* paths of directories, ready to be opened, in order */
	struct strv overlay_digests; /* of each overlay: see digest below */
	struct recipe_tree_file *tree_file;
	size_t tree_file_count;
	struct recipe_files scripts;
	struct recipe_hooks hooks;
	enum card_firmware firmware;
	struct recipe_identity *identity;
	size_t identity_count;
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

	/* Keys whose values stand in templates of the overlays, by overlays_check(): the stages
	 * that lay the overlays read these, too. */
	struct strv template_keys;

	/* What the tree has to know of the menu, so that another title is no other tree. */
	bool boots_over_network; /* a menu entry boots this image */
	bool boots_read_only; /* clients, or those of such an entry, cannot write to their root */

	/* SHA-256 of recipe_canonical(), which is all that the recipe decides; every lock has
	 * it. */
	char digest[DIGEST_HEX];
	/* The same in parts: see recipe_inputs(). */
	struct strv inputs;

	bool laid_over;		/* by --site or --set */
	struct strv files;	/* paths of all recipes that were read; positions point at these */
	struct strv places;	/* "--set KEY": positions point at these, too */
	struct strv line_files; /* paths of the files whose lines stand above: keys, answers */
	struct recipe_place *place; /* of single values that somebody wrote: recipe_position() */
	size_t place_count;
	size_t place_allocated;
};

/* A recipe, and what is laid over it as if a recipe that extends it said so. */
struct recipe_source {
	const char *path;	 /* of the recipe */
	const struct strv *site; /* files with a recipe's keys, later ones over earlier ones; NULL:
				    * none */
	const struct strv *set;	 /* KEY=VALUE or KEY+=VALUE (override.h), over those; NULL: none */
	const char *set_directory; /* where relative paths in `set` start; NULL: the current one */
	/* paths that the recipe may read besides its own folder (reach.h); NULL: none */
	const struct strv *allow;
};

/* Reads the recipe. Errors are ERR_USAGE, at their place in the file, with a hint. */
int recipe_load_source(const struct recipe_source *source, struct recipe *ret, struct err *err);
/* For tests: the same with nothing laid over it, without --allow and without the recipes that come
 * with netrescue. */
int recipe_load(const char *path, struct recipe *ret, struct err *err);
void recipe_release(struct recipe *recipe);

/* Where the single value of that key ("kernel", "console.font") was written; the recipe as a whole
 * if it is a default. Elements of lists have positions of their own. */
struct position recipe_position(const struct recipe *recipe, const char *key);

/* Whether boot-packages has the loader for machines of this firmware: PXELINUX for BIOS, shim
 * and GRUB for UEFI (boot-loaders.c). */
bool recipe_boots(const struct recipe *recipe, enum firmware firmware);
/* Whether the initramfs has to find a root on a server. The image of a virtual machine, which has
 * its root on a disk, has no such menu entry. */
bool recipe_boots_over_network(const struct recipe *recipe);

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
