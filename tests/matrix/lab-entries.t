#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What else a menu starts: the memory test, the local disk, a machine's own entry. And cards that are not virtio.
# Where no NFS is needed, QEMU plays the server, which saves half of the time.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 22

image_variant entries recipes/minimal.yaml <<.
boot-packages: ["memtest86+"]
menu:
  entries:
    - { kind: memtest, label: memtest86, title: "Memtest86+" }
.
entries=$image
image_variant own "$scratch/entries.yaml" <<.
menu:
  entries:
    - { kind: rescue, label: own, append: "console=ttyS0,115200n8 own.entry" }
  clients:
    - { mac: "52:54:00:12:34:56", entry: own, timeout: 0 }
.
own=$image

# CLIENT: what came to it over TFTP, in order.
files() {
	lab_events "${1:-1}" | sed -nE 's/^TFTP: (\S+): [0-9.]+ .?B in .*/\1/p'
}

# ---- the memory test ---------------------------------------------------------------------------

lab_boot 'BIOS: the memory test is on the screen' "$entries" --simple --entry memtest86
ok 'its file came' grep -x '/*kernel/memtest86/memtest86' <(files)
not_ok 'and no kernel' grep -F vmlinuz <(files)
# Its screen is graphics; its words on the serial line, which the lab asks for in GRUB's editor, are the same.
lab_boot 'UEFI: the memory test tests' "$entries" --simple --firmware uefi --entry memtest86 \
	--expect 'Status: Testing'
ok 'its file came' grep -x '/*kernel/memtest86/memtest86.efi' <(files)
ok 'it is Memtest86+' grep -aF 'Memtest86+ v' "$lab/client1.console"

# ---- the local disk ----------------------------------------------------------------------------

# A boot sector that prints what follows it by the BIOS (int 10h, function 0eh), and halts.
{
	printf '\xfc\x31\xc0\x8e\xd8\xbe\x19\x7c\xac\x84\xc0\x74\x09\xb4\x0e\xbb\x07\x00\xcd\x10\xeb\xf2\xf4\xeb\xfd'
	printf 'the disk was started\0'
} >"$scratch/disk"
truncate -s 510 "$scratch/disk"
printf '\x55\xaa' >>"$scratch/disk"
truncate -s 1M "$scratch/disk"
lab_boot 'BIOS: the entry "local" goes on to the disk' "$entries" --simple --entry local --disk "$scratch/disk" \
	--expect 'the disk was started'
ok 'from the menu' grep -F menu.c32 <(files)
not_ok 'and needs no kernel' grep -F kernel/ <(files)

# The same as an EFI program, where the firmware looks on a disk that it does not know. QEMU makes a FAT of it.
mkdir -p "$scratch/esp/EFI/BOOT"
cat >"$scratch/disk.c" <<'.'
struct out {
	void *reset;
	long (*print)(struct out *, const unsigned short *) __attribute__((ms_abi));
};
struct table {
	char header[24];
	void *vendor;
	unsigned revision;
	void *in_handle, *in, *out_handle;
	struct out *out;
};
__attribute__((ms_abi)) long start(void *image, struct table *t)
{
	(void)image;
	t->out->print(t->out, L"the disk was started\r\n");
	for (;;)
		;
}
.
efi_program() {
	gcc -Os -ffreestanding -fshort-wchar -fpic -mno-red-zone -fno-stack-protector -fcf-protection=none \
		-fno-asynchronous-unwind-tables -fno-ident -c -o "$scratch/disk.o" "$scratch/disk.c" &&
		ld -m i386pep --subsystem 10 -e start --image-base 0x400000 -o "$1" "$scratch/disk.o"
}
ok 'an EFI program' efi_program "$scratch/esp/EFI/BOOT/BOOTX64.EFI"
lab_boot 'UEFI: the entry "local" goes on to the disk' "$entries" --simple --firmware uefi --entry local \
	--expect 'the disk was started' \
	--qemu -drive --qemu "if=none,id=esp,format=raw,readonly=on,file=fat:$scratch/esp" \
	--qemu -device --qemu virtio-blk-pci,drive=esp,bootindex=2
ok 'from the menu' grep -F grub.cfg <(files)
not_ok 'and needs no kernel' grep -F kernel/ <(files)

# ---- a machine's own menu ----------------------------------------------------------------------

# Its entry is not the default, and nobody presses a key: the kernel that speaks has the words of that entry.
talks_by_itself() {
	grep -aq 'Command line: .* own.entry' "$lab/client1.console"
}
lab_boot 'BIOS: a menu of its own starts at once' "$own" --simple --clients 2 --entry own --until initramfs
ok 'with its own entry' talks_by_itself
ok 'its own file came' grep -x '/*pxelinux.cfg/01-52-54-00-12-34-56' <(files)
not_ok 'and no menu' grep -F menu.c32 <(files)
ok 'another machine has the menu of all' grep -F menu.c32 <(files 2)
lab_boot 'UEFI: a menu of its own starts at once' "$own" --simple --firmware uefi --entry own --until initramfs
ok 'with its own entry' talks_by_itself

# ---- cards -------------------------------------------------------------------------------------

for card in e1000 rtl8139; do
	lab_boot "$card: firmware, kernel and initramfs know the card" "$entries" --nic "$card" --until 'NFS root'
done
