/* SPDX-License-Identifier: MIT */
/*
 * Hands: presses keys of the machine's PS/2 keyboard, for whoever reads it: firmware, boot loader,
 * Linux console. Not for a USB keyboard.
 *
 * The keyboard's buffer holds 16 bytes and drops what comes after. So a key's bytes are sent only
 * once the machine has taken those before, which the keyboard controller's status says
 * (KEYBOARD_TIMEOUT_MS without that: an error, nobody reads the keyboard). That the reader then
 * *does* something, only screen or serial line can show.
 */
#pragma once

#include "base/err.h"
#include "lab/qmp.h"

#define KEYBOARD_TIMEOUT_MS 20000

/* Keys by QEMU's names (QKeyCode), held together if joined by '-': "down", "ret", "tab", "esc",
 * "shift-s", "ctrl-alt-delete", "alt-f2". */
int keyboard_press(struct qmp *q, const char *keys, struct err *err);

/* Types printable ASCII as on a US keyboard, "\n" as Enter: right for firmware, PXELINUX and GRUB,
 * whose layout is US whatever the recipe says. Anything else is an error. */
int keyboard_type(struct qmp *q, const char *text, struct err *err);

/* The same on a Linux text console, under whatever keymap it has: each character is Alt and its
 * decimal code on the keypad (keymaps(5), Ascii_0 … Ascii_9). "\n" is Enter. */
int keyboard_type_anywhere(struct qmp *q, const char *text, struct err *err);
