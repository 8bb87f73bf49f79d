#!/bin/bash
# SPDX-License-Identifier: MIT
#
# rescue64 from its read-only export on each firmware, with all health checks, to a clean end. That it switches itself off on
# BIOS is proved by tests/boot/rescue.t.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 15

image_shared recipes/rescue64.yaml
cat >"$scratch/script" <<'END'
findmnt -n -o FSTYPE /
[ ! -d /sys/firmware/efi ] || echo EFI
END
# ends NAME WANTED ARGUMENT…
ends() {
	local name=$1 wanted=$2
	shift 2
	lab_boot "$name" "$image" --entry rescue64 --script "$scratch/script" "$@"
	is "$(lab_said 1)" "$wanted" 'from the overlay'
	ok 'in less than a minute' lab_within 1 end 60
}

ends 'UEFI: switched off' $'overlay\nEFI' --firmware uefi
ends 'UEFI: reboots' $'overlay\nEFI' --firmware uefi --reboot
ends 'UEFI, Secure Boot: switched off' $'overlay\nEFI' --firmware secureboot
ends 'UEFI, Secure Boot: reboots' $'overlay\nEFI' --firmware secureboot --reboot
ends 'BIOS: reboots' overlay --reboot
