/* SPDX-License-Identifier: MIT */
/*
 * What a client has before any system runs on it: a firmware (BIOS, UEFI, or UEFI with Secure Boot,
 * which starts signed systems only) and a network card with its boot ROM. Their files are taken
 * from the Debian packages that the file server's lock has as boot packages (ovmf, ipxe-qemu), so
 * the host needs nothing but QEMU.
 */
#pragma once

#include "base/err.h"
#include "base/store.h"
#include "base/text.h"
#include "lab/image.h"

enum client_firmware { CLIENT_BIOS, CLIENT_UEFI, CLIENT_SECUREBOOT };

/* ERR_USAGE if the word is not bios, uefi or secureboot. NULL: BIOS. */
int firmware_parse(const char *word, enum client_firmware *ret, struct err *err);
const char *firmware_name(enum client_firmware f);
/* ERR_USAGE if there is no such network card (then with the names of all), or if this firmware
 * would not run the card's boot ROM. NULL: virtio. */
int firmware_check_card(enum client_firmware f, const char *model, struct err *err);

/* Adds to QEMU's arguments the board, the firmware's flash memory, and the card `model` (NULL:
 * virtio) with the address `mac` on the netdev "n". The files they need are written into
 * `directory` as NAME.*; UEFI's variables, which it changes, are a copy for this machine. */
int firmware_add(enum client_firmware f, const char *model, const char *mac, struct store *s,
		 const struct image *server, const char *directory, const char *name,
		 struct strv *arguments, struct err *err);
