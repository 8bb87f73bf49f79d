#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Debian's signed shim, GRUB and kernel, Secure Boot enforced, from the read-only export. That it is enforced is one
# of the health checks: the firmware says so in the booted system. So does the kernel, and locks itself down. These
# packages are the same in the smallest recipe; rescue64 is booted so by tests/matrix/lab-firmware.t.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
. tests/lib/screenshot.sh
plan 7

image_shared recipes/minimal.yaml
cat >"$scratch/script" <<'END'
findmnt -n -o FSTYPE /
cat /sys/kernel/security/lockdown
dmesg | grep -i 'secure boot'
END

lab_boot 'boot --check succeeds under Secure Boot' "$image" \
	--entry minimal --firmware secureboot --script "$scratch/script" --screenshot "$scratch/shot.png"
ok 'it ends in less than a minute' lab_within 1 end 60
output=$(lab_said 1)
is "${output%%$'\n'*}" overlay 'the root is an overlay'
like "$output" '\[integrity\]' 'the kernel is locked down'
like "$output" 'Secure boot enabled' 'since it was told that Secure Boot is on'
ok 'a screenshot of the menu' screenshot "$scratch/shot-menu.png"
ok 'and of the prompt' screenshot "$scratch/shot.png"
