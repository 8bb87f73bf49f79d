#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What else a menu starts: the memory test, the local disk, a machine's own entry. And cards that are not virtio.
# Where no NFS is needed, QEMU plays the server, which saves half of the time.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
. tests/lib/entries.sh
plan 22

# The second client's machine is the one with a menu of its own. Where there is one client, it has the menu of all.
entries_image entries 52:54:00:12:34:57
entries=$image

# ---- the memory test ---------------------------------------------------------------------------

entries_memory_test "$entries"
# Its screen is graphics; its words on the serial line, which the lab asks for in GRUB's editor, are the same.
lab_boot 'UEFI: the memory test tests' "$entries" --simple --firmware uefi --entry memtest86 \
	--expect 'Status: Testing'
ok 'its file came' grep -x '/*kernel/memtest86/memtest86.efi' <(lab_files 1)
ok 'it is Memtest86+' grep -aF 'Memtest86+ v' "$lab/client1.console"

# ---- the local disk ----------------------------------------------------------------------------

entries_local_disk "$entries"

# The same with an EFI program, where the firmware looks on a disk that it does not know. QEMU makes a FAT of it.
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
ok 'from the menu' grep -F grub.cfg <(lab_files 1)
not_ok 'and needs no kernel' grep -F kernel/ <(lab_files 1)

# ---- a machine's own menu ----------------------------------------------------------------------

entries_image own 52:54:00:12:34:56
own=$image
# Its entry is not the default, and nobody presses a key: the kernel that speaks has the words of that entry.
talks_by_itself() {
	grep -aq 'Command line: .* own.entry' "$lab/client1.console"
}
entries_own "$own" 1 --until initramfs
ok 'with its own entry' talks_by_itself
lab_boot 'UEFI: a menu of its own starts at once' "$own" --simple --firmware uefi --entry own --until initramfs
ok 'with its own entry' talks_by_itself

# ---- cards -------------------------------------------------------------------------------------

for card in e1000 rtl8139; do
	lab_boot "$card: firmware, kernel and initramfs know the card" "$entries" --nic "$card" --until 'NFS root'
done
