/* SPDX-License-Identifier: MIT */
#include "lab/firmware.h"

#include <fcntl.h>
#include <string.h>

#include "archive/lock.h"
#include "base/atomic-file.h"
#include "base/io.h"
#include "base/memory.h"
#include "lab/machine.h"
#include "deb/deb.h"

#define FIRMWARE_MAX ((size_t)16 << 20)
#define OVMF "usr/share/OVMF/"

static const char *const names[] = { "bios", "uefi", "secureboot" };

/* Debian's builds of EDK II: the code, and its first variables. In those of .ms the keys of
 * Microsoft and Debian are enrolled and Secure Boot is on. */
static const struct {
	const char *code, *variables;
} ovmf[] = {
	[CLIENT_UEFI] = { OVMF "OVMF_CODE_4M.fd", OVMF "OVMF_VARS_4M.fd" },
	[CLIENT_SECUREBOOT] = { OVMF "OVMF_CODE_4M.secboot.fd", OVMF "OVMF_VARS_4M.ms.fd" },
};

static const struct card {
	const char *name;   /* for people */
	const char *device; /* QEMU's */
	const char *rom;    /* pxe-ROM.rom for BIOS, efi-ROM.rom for UEFI */
} cards[] = {
	{ "virtio", "virtio-net-pci", "virtio" }, { "e1000", "e1000", "e1000" },
	{ "rtl8139", "rtl8139", "rtl8139" },	  { "e1000e", "e1000e", "e1000e" },
	{ "vmxnet3", "vmxnet3", "vmxnet3" },	  { "pcnet", "pcnet", "pcnet" },
	{ "ne2k_pci", "ne2k_pci", "ne2k_pci" },
};

const char *firmware_name(enum client_firmware f)
{
	return names[f];
}

int firmware_parse(const char *word, enum client_firmware *ret, struct err *err)
{
	*ret = CLIENT_BIOS;
	if (!word)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!streq(word, names[i]))
			continue;
		*ret = (enum client_firmware)i;
		return 0;
	}
	return err_set(err, ERR_USAGE, "option --firmware: '%s' is not bios, uefi or secureboot",
		       word);
}

/* NULL: there is none, and the error says so. */
static const struct card *find_card(const char *model, struct err *err)
{
	CLEANUP(text_release) struct text known = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cards); i++) {
		if (!model || streq(model, cards[i].name))
			return &cards[i];
		text_printf(&known, "%s%s", i > 0 ? ", " : "", cards[i].name);
	}
	err_set(err, ERR_USAGE, "option --nic: there is no '%s'", model);
	err_hint(err, "one of %s", known.data);
	return NULL;
}

int firmware_check_card(enum client_firmware f, const char *model, struct err *err)
{
	const struct card *card = find_card(model, err);

	if (!card)
		return err_value(err);
	if (f != CLIENT_SECUREBOOT || streq(card->rom, "virtio"))
		return 0;
	return err_set(err, ERR_USAGE,
		       "with Secure Boot the card can only be 'virtio', which the firmware drives "
		       "itself: iPXE's driver for '%s' is not signed",
		       card->name);
}

/* Writes the file `member` of one of the server's boot packages to the path `to`. If it has another
 * name in other releases of Debian, that is `otherwise`, else NULL. */
static int take_file(struct store *s, const struct image *server, const char *package,
		     const char *member, const char *otherwise, const char *to, struct err *err)
{
	CLEANUP(lock_release) struct lock lock = { 0 };
	CLEANUP(text_release) struct text content = { 0 };
	CLEANUP(err_release) struct err absent = { 0 };
	cleanup_free char *path = xasprintf("%s/%s.lock", server->path, server->recipe);
	const struct package *p;
	int r = lock_read(path, &lock, err);

	if (r < 0)
		return r;
	p = packages_find(&lock.packages, package, ROLE_BOOT);
	if (!p)
		return err_set(
			err, ERR_BOOT,
			"the file server's recipe lacks the boot package '%s', which has the "
			"client's firmware",
			package);
	r = deb_read_member(s, p, member, FIRMWARE_MAX, &content, otherwise ? &absent : err);
	if (r < 0 && otherwise)
		r = deb_read_member(s, p, otherwise, FIRMWARE_MAX, &content, err);
	if (r < 0)
		return err_wrap(err, "reading '%s' in the package '%s'", member, package);
	return write_file(AT_FDCWD, to, content.data, content.length, 0600, err);
}

/* It is in /usr/lib in bookworm, and in /usr/share in all later releases. */
static int take_rom(enum client_firmware f, const struct card *card, struct store *s,
		    const struct image *server, const char *to, struct err *err)
{
	const char *kind = f == CLIENT_BIOS ? "pxe" : "efi";
	cleanup_free char *path = xasprintf("usr/share/qemu/%s-%s.rom", kind, card->rom);
	cleanup_free char *in_bookworm = xasprintf("usr/lib/ipxe/qemu/%s-%s.rom", kind, card->rom);

	return take_file(s, server, "ipxe-qemu", path, in_bookworm, to, err);
}

/* Whether a ROM is for virtio 1.0, as iPXE's is since trixie. The BIOS runs a ROM only for the
 * device that it names (PCI Firmware Specification 3.3, 5.1: the word at 18h points at "PCIR",
 * vendor, device). If it cannot be read, QEMU will say so. */
static bool is_for_virtio_1(const char *rom)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	const unsigned char *d;
	size_t at;

	if (read_file(AT_FDCWD, rom, FIRMWARE_MAX, &t, &ignored) < 0 || t.length < 0x1a)
		return false;
	d = (const unsigned char *)t.data;
	at = (size_t)d[0x18] + ((size_t)d[0x19] << 8);
	return at + 8 <= t.length && memcmp(d + at, "PCIR\xf4\x1a\x41\x10", 8) == 0;
}

static int add_flash(enum client_firmware f, struct store *s, const struct image *server,
		     const char *directory, const char *name, struct strv *v, struct err *err)
{
	cleanup_free char *code = xasprintf("%s/%s.code", directory, name);
	cleanup_free char *variables = xasprintf("%s/%s.variables", directory, name);
	cleanup_free char *code_path = qemu_path(code), *variables_path = qemu_path(variables);
	int r = take_file(s, server, "ovmf", ovmf[f].code, NULL, code, err);

	if (r < 0)
		return r;
	r = take_file(s, server, "ovmf", ovmf[f].variables, NULL, variables, err);
	if (r < 0)
		return r;
	strv_add(v, "-drive");
	strv_addf(v, "if=pflash,format=raw,unit=0,readonly=on,file=%s", code_path);
	strv_add(v, "-drive");
	strv_addf(v, "if=pflash,format=raw,unit=1,file=%s", variables_path);
	return 0;
}

/* With Secure Boot only code in system management mode can write the variables: else the system
 * could turn it off. */
static void add_board(enum client_firmware f, struct strv *v)
{
	strv_add(v, "-machine");
	switch (f) {
	case CLIENT_BIOS:
		strv_add(v, "pc");
		break;
	case CLIENT_UEFI:
		strv_add(v, "q35");
		break;
	case CLIENT_SECUREBOOT:
		strv_add(v, "q35,smm=on");
		strv_add(v, "-global");
		strv_add(v, "driver=cfi.pflash01,property=secure,value=on");
		strv_add(v, "-global");
		strv_add(v, "ICH9-LPC.disable_s3=1");
		break;
	}
}

static int add_card(enum client_firmware f, const struct card *card, const char *mac,
		    struct store *s, const struct image *server, const char *directory,
		    const char *name, struct strv *v, struct err *err)
{
	cleanup_free char *rom = xasprintf("%s/%s.rom", directory, name);
	cleanup_free char *rom_path = qemu_path(rom);
	const char *suffix = "";
	/* OVMF drives virtio itself, and Secure Boot runs no unsigned driver. */
	const bool has_rom = f == CLIENT_BIOS || !streq(card->name, "virtio");

	if (has_rom) {
		int r = take_rom(f, card, s, server, rom, err);

		if (r < 0)
			return r;
	}
	if (f == CLIENT_BIOS && streq(card->name, "virtio") && is_for_virtio_1(rom))
		suffix = "-non-transitional";
	strv_add(v, "-device");
	strv_addf(v, "%s%s,netdev=n,mac=%s,bootindex=1,romfile=%s", card->device, suffix, mac,
		  has_rom ? rom_path : "");
	return 0;
}

int firmware_add(enum client_firmware f, const char *model, const char *mac, struct store *s,
		 const struct image *server, const char *directory, const char *name,
		 struct strv *v, struct err *err)
{
	const struct card *card = find_card(model, err);

	if (!card)
		return err_value(err);
	add_board(f, v);
	if (f != CLIENT_BIOS) {
		int r = add_flash(f, s, server, directory, name, v, err);
		if (r < 0)
			return r;
	}
	return add_card(f, card, mac, s, server, directory, name, v, err);
}
