#!/bin/bash
# SPDX-License-Identifier: MIT
# The memory test starts from PXELINUX, by a machine's own menu that does not wait.
. tests/lib/tap.sh
. tests/lib/qemu.sh
plan 4

cat >"$scratch/recipe.yaml" <<.
extends: $top/recipes/minimal.yaml
name: memtest
boot-packages: [memtest86+]
menu:
  entries:
    - { kind: memtest, label: memtest86, append: "console=ttyS0,115200" }
  clients:
    - { mac: "52:54:00:12:34:56", entry: memtest86, timeout: 0 }
.
run "$NETRESCUE" build "$scratch/recipe.yaml" --out "$scratch/out"
is "$status" 0 'the image builds' || { diag "$stderr"; tap_die 'no image'; }
vm_start "$(realpath "$scratch/out/memtest/latest/tftp")"
ok 'the memory test runs' vm_wait 'Memtest86\+ v' 180
ok 'its file came over TFTP' vm_got kernel/memtest86/memtest86
unlike "$(vm_events)" 'menu\.c32|vmlinuz' 'without menu and kernel'
vm_stop
