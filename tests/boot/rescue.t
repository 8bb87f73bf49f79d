#!/bin/bash
# SPDX-License-Identifier: MIT
#
# rescue64 with a key of the test's, on BIOS, from the read-only export: from power-on to the prompt and off again, and
# in between what a rescue system is for (rescue-inside.sh). One boot, some three minutes under emulation.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
. tests/lib/screenshot.sh
need ssh-keygen mke2fs mkswap
plan 29

# ---- an image, its mirror, four disks ----------------------------------------------------------

ssh-keygen -q -t ed25519 -N '' -C test -f "$scratch/key"
image_variant site recipes/rescue64.yaml <<<'root: { authorized-keys: [key.pub] }'
python3 tests/lib/apt-mirror.py "$image_store" "$image/provenance.json" "$scratch/mirror" ||
	tap_die 'the build left no lists of packages'
python3 tests/lib/used-disk.py "$scratch/used" || tap_die 'no disk'
used=$(sha256sum <"$scratch/used")
head -c 8M /dev/urandom >"$scratch/bad"
truncate -s 8M "$scratch/copy"
truncate -s 32M "$scratch/secret"
{
	printf 'private_key=%q\n' "$(<"$scratch/key")"
	cat tests/boot/rescue-inside.sh
} >"$scratch/script"

# Reading these sectors of the disk gives an I/O error.
bad_sectors=(5000 5001 9000)
bad="if=none,id=bad,format=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename=$scratch/bad"
for i in "${!bad_sectors[@]}"; do
	rule=file.inject-error.$i
	bad+=",$rule.event=none,$rule.iotype=read,$rule.errno=5,$rule.sector=${bad_sectors[i]}"
done

# ---- the boot ----------------------------------------------------------------------------------

lab_boot 'boot --check succeeds, from power-on to a clean end' "$image" \
	--script "$scratch/script" --serve "$scratch/mirror" --screenshot "$scratch/shot.png" \
	--disk "$scratch/used" --disk "$scratch/copy" --disk "$scratch/secret" \
	--qemu -drive --qemu "$bad" --qemu -device --qemu virtio-blk-pci,drive=bad,serial=bad
output=$(lab_said 1)
phases=$(sed -n 's/^client 1  \([^|]*[^| ]\)  *[0-9.]* s  (at .*/\1/p' <<<"$stdout")
is "${phases//$'\n'/, }" 'firmware, DHCP, TFTP, menu, kernel, initramfs, NFS root, login, health, script, end' \
	'through every phase'

version=$(basename "$(realpath "$image")")
like "$(lab_events 1)" "TFTP: /*kernel/site/$version/vmlinuz: [0-9.]+ .?B in .*TFTP: /*kernel/site/$version/initrd\.img: [0-9.]+ .?B in " \
	'kernel and initramfs came by the paths of this version'
like "$output" "# cmdline: .*nfsroot=/srv/pxe/site/$version,.* BOOTIF=01-52-54-00-12-34-56" \
	'its command line has the version, and the card that booted'

ok 'it ends in less than a minute' lab_within 1 end 60

# inside NAME: what rescue-inside.sh said of it, with its reasons if it failed.
inside() {
	if grep -Fxq "ok $1" <<<"$output"; then
		pass "$1"
	else
		fail "$1"
		diag "$(sed -n "/^not ok $1\$/,/^ok /p" <<<"$output" | grep '^# ')"
	fi
}

inside 'the root is an overlay over a read-only NFS'
inside 'the server is not asked again what cannot change'
inside 'messages and dates are in the language of the recipe'
inside 'the keyboard is the one of the recipe'
inside 'font and keymap come from what the image has saved'
inside 'the prompt waits for no network and no second systemd'
inside 'what is not started at boot can be started by hand'
inside 'LVM, md, swap and ext4 are seen, and left alone'
inside 'they can be used by hand'
is "$(sed -n 's/^# disk0: //p' <<<"$output")" "$used" 'that disk is the same to the bit once the system is up'
is "$(sha256sum <"$scratch/used")" "$used" 'and after the end'

inside 'ssh takes the key of the recipe'
inside 'and no other'
inside 'names are resolved'
inside 'apt-get update'
inside 'apt-get refuses a list that was changed'

# ---- what is on the disks ----------------------------------------------------------------------

inside 'ddrescue copies a disk with bad sectors'
is "$(sed -n 's/^# bad: //p' <<<"$output" | tr -s ' \n' ' ')" '0x00271000 0x00000400 - 0x00465000 0x00000200 - ' \
	'its map names the bad ones and no others'
# sectors FILE FIRST COUNT
sectors() {
	dd if="$scratch/$1" bs=512 skip="$2" count="$3" status=none
}
copied() {
	local piece
	for piece in '0 5000' '5002 3998' '9001 7383'; do
		# shellcheck disable=SC2086 # two words
		cmp <(sectors bad $piece) <(sectors copy $piece) || return 1
	done
}
ok 'the good ones are on the other disk' copied
not_copied() {
	local i
	for i in "${bad_sectors[@]}"; do
		cmp -s <(sectors copy "$i" 1) <(head -c 512 /dev/zero) || { echo "sector $i was read"; return 1; }
	done
}
ok 'the bad ones are not' not_copied

inside 'cryptsetup makes an encrypted disk and opens it'
encrypted() {
	[[ $(head -c 4 "$scratch/secret") == LUKS ]] && ! grep -aq 'a text that nobody may read' "$scratch/secret"
}
ok 'on the disk itself nobody can read it' encrypted

# ---- screenshots -------------------------------------------------------------------------------

ok 'a screenshot of the menu' screenshot "$scratch/shot-menu.png"
ok 'and of the prompt' screenshot "$scratch/shot.png"
