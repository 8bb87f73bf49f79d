/* SPDX-License-Identifier: MIT */
/*
 * The boot menu as data: which entries, with which titles, files and kernel words, which is the
 * default, after how long. Made from recipe, version and the image's kernels; each boot loader has
 * a writer that turns it into its own language (menu_pxelinux(), menu_grub()), so that all loaders
 * show the same menu.
 *
 * The recipe's entries boot the recipe's own kernel. For each other kernel of the image every
 * rescue entry comes once more, behind all of these, as LABEL-RELEASE.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

struct menu_entry {
	enum menu_kind kind;
	char *label;  /* unique; [A-Za-z0-9._-]+ */
	char *title;  /* for people */
	char *kernel; /* relative to the tftp root; NULL for MENU_LOCAL; BIOS's for MENU_MEMTEST */
	char *initrd; /* same; MENU_RESCUE only */
	char *append; /* kernel words but initrd= and BOOTIF=, which each loader spells its way */
	bool plain;   /* MENU_RESCUE of somebody else's: no BOOTIF= is added */
	bool earlier; /* in the submenu of earlier versions; such entries follow one another */
};

struct menu {
	char *heading; /* comment at the top of files: recipe and version */
	char *title;
	bool serial;		  /* PXELINUX, too, talks on the first serial port */
	struct menu_entry *entry; /* in the order shown */
	size_t count;
	size_t allocated;
};

/* What the submenu is called. */
#define MENU_EARLIER_TITLE "Earlier versions"

/* Where and how one file of the menu starts: the common one, or one machine's. */
struct menu_choice {
	const char *label; /* the entry that is booted when nobody chooses */
	int timeout;	   /* tenths of a second until then; 0: never */
	bool at_once;	   /* without showing the menu; timeout does not matter */
};

/* One machine's own start. */
struct menu_client {
	char *mac; /* aa:bb:cc:dd:ee:ff */
	struct menu_choice choice;
};

/* kernel/memtest86/memtest86: not a name that ends in .bin, which PXELINUX would take for a boot
 * sector. */
#define MENU_MEMTEST_PATH "kernel/memtest86/memtest86"
#define MENU_MEMTEST_EFI_PATH "kernel/memtest86/memtest86.efi"

/* kernels: releases, the recipe's own first; NULL while only the recipe's own can be spoken of. The
 * recipe is one that recipe_load_source() has accepted. ERR_USAGE, at the recipe's line, for what
 * PXELINUX or the kernel cannot take: file names over 127 bytes and kernel command lines over 2047
 * (with BOOT_IMAGE= and BOOTIF=); and for a label that the serial variant of another entry has.
 * GRUB has no narrower limits. A recipe without a kernel may have no entries. */
int menu_describe(const struct recipe *recipe, const char *version, const struct strv *kernels,
		  struct menu *ret, struct err *err);
void menu_release(struct menu *m);

/* The directory of a kernel, `vmlinuz`, and its initramfs, `initrd.img`, relative to the tftp root:
 * kernel/RECIPE/VERSION, and kernel/RECIPE/VERSION/RELEASE for another one than the recipe's own.
 * release: of another one, else NULL. Caller frees. */
char *menu_kernel_directory(const struct recipe *recipe, const char *version, const char *release);

/* The common start, and that of recipe->menu.client[i]. */
struct menu_choice menu_default_choice(const struct recipe *recipe);
struct menu_choice menu_client_choice(const struct recipe *recipe, size_t i);

/* pxelinux.c: text of a pxelinux.cfg file; caller frees. */
char *menu_pxelinux(const struct menu *m, const struct menu_choice *choice);
/* The file PXELINUX asks for: 01-aa-bb-cc-dd-ee-ff (01: Ethernet); caller frees. */
char *menu_pxelinux_name(const char *mac);

/* grub.c: text of grub.cfg, with the starts of all clients; caller frees. */
char *menu_grub(const struct menu *m, const struct menu_choice *choice,
		const struct menu_client *client, size_t count);
/* The same with the starts that the recipe has. */
char *menu_grub_recipe(const struct menu *m, const struct recipe *recipe);
