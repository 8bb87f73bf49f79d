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

/* Debian's builds of EDK II: the code, and the variables it starts with. With .ms, Microsoft's keys
 * and Debian's are enrolled and Secure Boot is on. */
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

const char *firmware_name(enum client_kind f)
{
	return names[f];
}

int firmware_parse(const char *word, enum client_kind *ret, struct err *err)
{
	*ret = CLIENT_BIOS;
	if (!word)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!streq(word, names[i]))
			continue;
		*ret = (enum client_kind)i;
		return 0;
	}
	return err_set(err, ERR_USAGE, "option --firmware: '%s' is not bios, uefi or secureboot",
		       word);
}

static int find_card(const char *model, const struct card **ret, struct err *err)
{
	CLEANUP(text_release) struct text known = { 0 };

	for (size_t i = 0; i < sizeof(cards) / sizeof(*cards); i++) {
		if (!model || streq(model, cards[i].name)) {
			*ret = &cards[i];
			return 0;
		}
		text_printf(&known, "%s%s", i > 0 ? ", " : "", cards[i].name);
	}
	err_set(err, ERR_USAGE, "option --nic: there is no '%s'", model);
	return err_hint(err, "one of %s", known.data);
}

int firmware_check_card(enum client_kind f, const char *model, struct err *err)
{
	const struct card *card;
	int r = find_card(model, &card, err);

	if (r < 0 || f != CLIENT_SECUREBOOT || streq(card->rom, "virtio"))
		return r;
	return err_set(err, ERR_USAGE,
		       "with Secure Boot the card can only be 'virtio', which the firmware drives "
		       "itself: iPXE's driver for '%s' is not signed",
		       card->name);
}

/* A file of one of the server's boot packages, as DIRECTORY/NAME. Where other releases of Debian
 * have it elsewhere, `otherwise` is that place, else NULL. */
static int take_file(struct store *s, const struct image *server, const char *package,
		     const char *member, const char *otherwise, const char *to, struct err *err)
{
	CLEANUP(lock_release) struct lock lock = { 0 };
	CLEANUP(text_release) struct text content = { 0 };
	CLEANUP(err_release) struct err not_there = { 0 };
	cleanup_free char *path = xasprintf("%s/%s.lock", server->path, server->recipe);
	const struct package *p;
	int r = lock_read(path, &lock, err);

	if (r < 0)
		return r;
	p = packages_find(&lock.packages, package, ROLE_BOOT);
	if (!p)
		return err_set(err, ERR_BOOT,
			       "the file server's recipe has no boot package '%s', which has the "
			       "client's firmware",
			       package);
	r = deb_read_member(s, p, member, FIRMWARE_MAX, &content, otherwise ? &not_there : err);
	if (r < 0 && otherwise)
		r = deb_read_member(s, p, otherwise, FIRMWARE_MAX, &content, err);
	if (r >= 0)
		r = write_file(AT_FDCWD, to, content.data, content.length, 0600, err);
	return r < 0 ? err_wrap(err, "taking '%s' out of the package '%s'", member, package) : 0;
}

/* bookworm's place, and before it the one of all since. */
static int take_rom(enum client_kind f, const struct card *card, struct store *s,
		    const struct image *server, const char *to, struct err *err)
{
	const char *kind = f == CLIENT_BIOS ? "pxe" : "efi";
	cleanup_free char *now = xasprintf("usr/share/qemu/%s-%s.rom", kind, card->rom);
	cleanup_free char *before = xasprintf("usr/lib/ipxe/qemu/%s-%s.rom", kind, card->rom);

	return take_file(s, server, "ipxe-qemu", now, before, to, err);
}

/* The BIOS runs a ROM only for the device that it names (PCI Firmware Specification 3.3, 5.1: the
 * word at 18h points at "PCIR", vendor, device). iPXE's is for virtio 1.0 since trixie. */
static bool is_for_virtio_1(const char *rom, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	const unsigned char *d;
	size_t at;

	if (read_file(AT_FDCWD, rom, FIRMWARE_MAX, &t, err) < 0 || t.length < 0x1a)
		return false;
	d = (const unsigned char *)t.data;
	at = (size_t)d[0x18] + ((size_t)d[0x19] << 8);
	return at + 8 <= t.length && memcmp(d + at, "PCIR\xf4\x1a\x41\x10", 8) == 0;
}

static int add_flash(enum client_kind f, struct store *s, const struct image *server,
		     const char *directory, const char *name, struct strv *v, struct err *err)
{
	cleanup_free char *code = xasprintf("%s/%s.code", directory, name);
	cleanup_free char *variables = xasprintf("%s/%s.variables", directory, name);
	cleanup_free char *code_path = qemu_path(code), *variables_path = qemu_path(variables);
	int r = take_file(s, server, "ovmf", ovmf[f].code, NULL, code, err);

	if (r >= 0)
		r = take_file(s, server, "ovmf", ovmf[f].variables, NULL, variables, err);
	if (r < 0)
		return r;
	strv_add(v, "-drive");
	strv_addf(v, "if=pflash,format=raw,unit=0,readonly=on,file=%s", code_path);
	strv_add(v, "-drive");
	strv_addf(v, "if=pflash,format=raw,unit=1,file=%s", variables_path);
	return 0;
}

/* System management mode guards the variables, so that the system cannot turn Secure Boot off. */
static void add_board(enum client_kind f, struct strv *v)
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

int firmware_add(enum client_kind f, const char *model, const char *mac, struct store *s,
		 const struct image *server, const char *directory, const char *name,
		 struct strv *v, struct err *err)
{
	cleanup_free char *rom = xasprintf("%s/%s.rom", directory, name);
	cleanup_free char *rom_path = qemu_path(rom);
	const struct card *card = NULL;
	bool has_rom;
	int r = find_card(model, &card, err);

	if (r < 0)
		return r;
	add_board(f, v);
	/* OVMF has a driver of its own for virtio, and Secure Boot takes no unsigned one. */
	has_rom = f == CLIENT_BIOS || !streq(card->name, "virtio");
	if (f != CLIENT_BIOS)
		r = add_flash(f, s, server, directory, name, v, err);
	if (r >= 0 && has_rom)
		r = take_rom(f, card, s, server, rom, err);
	strv_add(v, "-device");
	strv_addf(v, "%s%s,netdev=n,mac=%s,bootindex=1,romfile=%s", card->device,
		  r >= 0 && f == CLIENT_BIOS && streq(card->name, "virtio") &&
				  is_for_virtio_1(rom, err)
			  ? "-non-transitional"
			  : "",
		  mac, has_rom ? rom_path : "");
	return r;
}
