/* SPDX-License-Identifier: MIT */
/*
 * The text of a VGA screen, read from the machine's video memory. A machine with a BIOS shows these
 * in the text mode of 80x25: the BIOS, iPXE, PXELINUX and its menu, memtest86+, Linux's vgacon,
 * scrolled or not. There is no text to read in graphics modes: UEFI's screens, GRUB's and
 * PXELINUX's graphical menus, and Linux once it has a framebuffer driver. For those there are the
 * serial line and qmp_screenshot().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "lab/qmp.h"

#define SCREEN_COLUMNS 80
#define SCREEN_LINES 25
/* Each cell has two bytes: character and attribute. */
#define SCREEN_BYTES ((size_t)SCREEN_COLUMNS * SCREEN_LINES * 2)

/* Replaces *ret by 25 lines, each without its trailing blanks and with a newline, or by an empty
 * text if the screen is in a graphics mode. Halts the machine for some milliseconds.
 *
 * Characters become ASCII: code page 437's lines and corners - | = and +, its blocks #, its arrows
 * < > ^ v, and all others '?', since a console font may have other glyphs in their places. */
int screen_text(struct qmp *q, struct text *ret, struct err *err);
