/* SPDX-License-Identifier: MIT */
/*
 * Presses keys of the machine's PS/2 keyboard (not of a USB keyboard), for the firmware, the boot
 * loader or Linux's console.
 *
 * The keyboard's buffer holds 16 bytes and drops what comes after. So a key's bytes are sent only
 * after the machine has taken those before, which the keyboard controller's status says. It is an
 * error if that takes KEYBOARD_TIMEOUT_MS: then nothing reads the keyboard. What the key did, only
 * screen or serial line can show.
 */
#pragma once

#include "base/err.h"
#include "lab/qmp.h"

#define KEYBOARD_TIMEOUT_MS 20000

/* Keys by QEMU's names (QKeyCode), held together if joined by '-': "down", "ret", "tab", "esc",
 * "shift-s", "ctrl-alt-delete", "alt-f2". */
int keyboard_press(struct qmp *q, const char *keys, struct err *err);

/* Types printable ASCII as on a US keyboard, and "\n" as Enter: right for firmware, PXELINUX and
 * GRUB, whose layout is that whatever the recipe says. Other characters are an error. */
int keyboard_type(struct qmp *q, const char *text, struct err *err);

/* The same on Linux's console, whatever its keymap is: each character is typed as Alt and its
 * decimal code on the keypad (keymaps(5), Ascii_0 … Ascii_9). */
int keyboard_type_anywhere(struct qmp *q, const char *text, struct err *err);
