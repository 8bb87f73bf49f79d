# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What a menu starts besides the rescue system. To be sourced after tap.sh, image.sh and lab.sh. QEMU plays the server
# (`boot --simple`), since none of this needs NFS. Each function is a boot and some TAP lines.
#
#	entries_image NAME MAC		builds recipes/minimal.yaml with the memory test, and with an entry `own` that the
#					machine of that MAC starts at once; sets $image
#	entries_memory_test IMAGE	3 lines: BIOS starts the memory test
#	entries_local_disk IMAGE	3 lines: BIOS goes on to the disk
#	entries_own IMAGE N ARGUMENT…	4 lines: of two clients, N is the machine with an entry of its own
#
# The lab's clients have the MACs 52:54:00:12:34:56 and …:57.

entries_image() {
	image_variant "$1" recipes/minimal.yaml <<.
boot-packages: ["memtest86+"]
menu:
  entries:
    - { kind: memtest, label: memtest86, title: "Memtest86+" }
    - { kind: rescue, label: own, append: "console=ttyS0,115200n8 own.entry" }
  clients:
    - { mac: "$2", entry: own, timeout: 0 }
.
}

entries_memory_test() {
	lab_boot 'BIOS: the memory test is on the screen' "$1" --simple --entry memtest86
	ok 'its file came' grep -x '/*kernel/memtest86/memtest86' <(lab_files 1)
	not_ok 'and no kernel' grep -F vmlinuz <(lab_files 1)
}

# The boot sector prints what follows it by the BIOS (int 10h, function 0eh), and halts.
entries_local_disk() {
	# shellcheck disable=SC2154 # tap.sh sets $scratch
	local disk=$scratch/disk
	{
		printf '\xfc\x31\xc0\x8e\xd8\xbe\x19\x7c\xac\x84\xc0\x74\x09\xb4\x0e\xbb\x07\x00\xcd\x10\xeb\xf2\xf4\xeb\xfd'
		printf 'the disk was started\0'
	} >"$disk"
	truncate -s 510 "$disk"
	printf '\x55\xaa' >>"$disk"
	truncate -s 1M "$disk"
	lab_boot 'BIOS: the entry "local" goes on to the disk' "$1" --simple --entry local --disk "$disk" \
		--expect 'the disk was started'
	ok 'from the menu' grep -F menu.c32 <(lab_files 1)
	not_ok 'and needs no kernel' grep -F kernel/ <(lab_files 1)
}

entries_own() {
	local image=$1 n=$2
	shift 2
	lab_boot 'BIOS: a machine of two has a menu of its own, which starts at once' "$image" --simple --clients 2 \
		--entry own "$@"
	ok 'its own file came' grep -x "/*pxelinux.cfg/01-52-54-00-12-34-5$((5 + n))" <(lab_files "$n")
	not_ok 'and no menu' grep -F menu.c32 <(lab_files "$n")
	ok 'the other machine has the menu of all' grep -F menu.c32 <(lab_files "$((3 - n))")
}
