/* SPDX-License-Identifier: MIT */
/*
 * Eyes: the text of a VGA text screen, read from the video memory of the machine. It sees what a
 * BIOS machine shows in text mode, 80x25: BIOS, iPXE, PXELINUX and its menu, memtest86+, Linux's
 * vgacon, scrolled or not. It sees nothing in graphics modes: UEFI's screens, GRUB's and
 * PXELINUX's graphical menus, Linux once a framebuffer driver has the screen. There, the serial
 * line and qmp_screenshot() remain.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "lab/qmp.h"

#define SCREEN_COLUMNS 80
#define SCREEN_LINES 25
/* Two bytes a cell: character, attribute. */
#define SCREEN_BYTES ((size_t)SCREEN_COLUMNS * SCREEN_LINES * 2)

/* Replaces *ret by 25 lines, each without its trailing blanks and with a newline; or by nothing
 * (length 0) if the screen is in a graphics mode. Halts the machine for some milliseconds. */
int screen_text(struct qmp *q, struct text *ret, struct err *err);

/* The cells of a screen as ASCII, appended. Code page 437's lines and corners become - | = and +,
 * blocks #, arrows < > ^ v, everything else beyond ASCII '?': a loaded console font may have
 * another glyph there. */
void screen_decode(const uint8_t cells[SCREEN_BYTES], struct text *ret);
