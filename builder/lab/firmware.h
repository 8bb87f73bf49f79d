/* SPDX-License-Identifier: MIT */
/*
 * What a client is before any system runs on it: BIOS, UEFI or UEFI that boots signed systems only,
 * and a network card with its boot ROM. The files come out of the Debian packages that the file
 * server's lock names as boot packages (ovmf, ipxe-qemu), so that the host needs QEMU alone.
 */
#pragma once

#include "base/store.h"
#include "base/err.h"
#include "base/text.h"
#include "lab/lab-image.h"

enum client_kind { CLIENT_BIOS, CLIENT_UEFI, CLIENT_SECUREBOOT };

/* ERR_USAGE for words that name none. NULL: BIOS. */
int firmware_parse(const char *word, enum client_kind *ret, struct err *err);
const char *firmware_name(enum client_kind f);
/* ERR_USAGE, with those there are, if there is no such network card, or if the firmware would not
 * run its driver. NULL: virtio. */
int firmware_check_card(enum client_kind f, const char *model, struct err *err);

/* Adds to QEMU's arguments board, flash memories, and the card `model` (NULL: virtio) with address
 * `mac` on the netdev "n". Files are written into `directory` as NAME.*; the variables of UEFI are
 * this machine's own. */
int firmware_add(enum client_kind f, const char *model, const char *mac, struct store *s,
		 const struct image *server, const char *directory, const char *name,
		 struct strv *arguments, struct err *err);
