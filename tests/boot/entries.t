#!/bin/bash
# SPDX-License-Identifier: MIT
# What else a menu starts, and another card: witnesses of tests/matrix/lab-entries.t. QEMU plays the server.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 7

image_variant entries recipes/minimal.yaml <<.
boot-packages: ["memtest86+"]
menu:
  entries:
    - { kind: memtest, label: memtest86, title: "Memtest86+" }
    - { kind: rescue, label: own, append: "console=ttyS0,115200n8 own.entry" }
  clients:
    - { mac: "52:54:00:12:34:57", entry: own, timeout: 0 }
.
files() {
	lab_events "${1:-1}" | sed -nE 's/^TFTP: (\S+): [0-9.]+ .?B in .*/\1/p'
}

lab_boot 'BIOS: the memory test is on the screen' "$image" --simple --entry memtest86
ok 'its file came' grep -x '/*kernel/memtest86/memtest86' <(files)

# A boot sector with nothing in it but its mark: the BIOS starts it, and it loops.
printf '\xeb\xfe' >"$scratch/disk"
truncate -s 510 "$scratch/disk"
printf '\x55\xaa' >>"$scratch/disk"
truncate -s 1M "$scratch/disk"
lab_boot 'BIOS: the entry "local" goes on to the disk' "$image" --simple --entry local --disk "$scratch/disk" \
	--expect 'Booting from Hard Disk'
not_ok 'and needs no kernel' grep -F kernel/ <(files)

lab_boot 'a machine of two has a menu of its own, another card than virtio starts both' "$image" --simple --clients 2 \
	--nic e1000 --entry own --until kernel
ok 'its own file came' grep -x '/*pxelinux.cfg/01-52-54-00-12-34-57' <(files 2)
not_ok 'and no menu' grep -F menu.c32 <(files 2)
