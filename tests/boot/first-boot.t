#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A finished image's TFTP tree boots: PXELINUX, the menu, the rescue entry as it stands there, the
# kernel, the initramfs, until it asks the server for the NFS root. About 45 s under emulation.
#
# NETRESCUE_RESULT=out/RECIPE/VERSION tests that one; else recipes/minimal.yaml is built.
. tests/lib/tap.sh
. tests/lib/qemu.sh
plan 14

result=${NETRESCUE_RESULT:-}
if [[ ! $result ]]; then
	run "$NETRESCUE" build recipes/minimal.yaml --out "$scratch/out"
	if ((status)); then
		diag "$stderr"
		tap_die 'recipes/minimal.yaml does not build'
	fi
	result=$scratch/out/minimal/latest
fi
tftp=$(realpath "$result/tftp") || tap_die "no TFTP tree in '$result'"
menu=$tftp/pxelinux.cfg/default
field() {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' \
		"$result/manifest.json" "$1"
}
release=$(field kernel) version=$(field version)

# ---- without booting ---------------------------------------------------------------------------

checksums() (cd "$result" && sha256sum --quiet --strict -c SHA256SUMS)
ok 'SHA256SUMS holds' checksums

# A module that lacks another fails at boot with a message that names the wrong file.
modules_needed() {
	local module needed
	for module in "$tftp"/*.c32; do
		for needed in $(readelf -d "$module" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'); do
			[[ -e $tftp/$needed ]] || { echo "$module needs $needed"; return 1; }
		done
	done
}
ok 'every PXELINUX module finds the modules it needs' modules_needed

menu_files() {
	local word file
	word=$(sed -nE 's/^\s*(KERNEL|LINUX) (\S+).*/\2/p; s/.*initrd=(\S+).*/\1/p' "$menu")
	[[ $word ]] || return 1
	for file in $word; do
		[[ -s $tftp/$file ]] || { echo "$file is missing"; return 1; }
		[[ $file != *.bin ]] || { echo "$file: PXELINUX takes .bin for a boot sector"; return 1; }
	done
}
ok 'every file that the menu names is there' menu_files

world_readable() {
	local found
	found=$(find "$tftp" \( -type f ! -perm 0644 \) -o \( -type d ! -perm 0755 \))
	[[ ! $found ]] || { echo "$found"; return 1; }
}
ok 'every file may be read by tftpd' world_readable

# ---- which entry -------------------------------------------------------------------------------

# Where the loader itself talks to the serial line, the BIOS must not; such a menu has an entry whose
# kernel does so, too. Otherwise its words are typed behind the entry, as an admin would.
if grep -q '^SERIAL' "$menu"; then
	serial_menu=1 machine=
	label=$(sed -n 's/^LABEL \(.*-serial\)$/\1/p' "$menu" | head -n 1)
else
	serial_menu='' machine=graphics=off
	label=$(awk '$1 == "LABEL" { l = $2 } $1 == "KERNEL" { print l; exit }' "$menu")
fi
title=$(awk -v l="$label" '$1 == "LABEL" { on = $2 == l }
	on && $1 == "MENU" && $2 == "LABEL" { sub(/^[ \t]*MENU LABEL /, ""); print; exit }' "$menu")
row=$(awk -v l="$label" '$1 == "LABEL" { if ($2 == l) { print n + 0; exit } n++ }' "$menu")
like "$title" . "the menu has a rescue entry, '$label'"

# ---- boot --------------------------------------------------------------------------------------

vm_start "$tftp" $machine
ok 'PXELINUX shows the menu' vm_wait 'Press \[Tab\] to edit options' 120
ok 'with the rescue entry' vm_wait "${title//[^A-Za-z0-9]/.}" 10
vm_keys home
for ((i = 0; i < row; i++)); do
	vm_keys down
done
if [[ ! $serial_menu ]]; then
	vm_keys tab
	typed=$(vm_wait 'kernel/[^ ]*/vmlinuz initrd=' 30) || diag "$typed"
	vm_type ' console=ttyS0'
	typed=$(vm_wait 'console=ttyS0' 30) || diag "$typed"
fi
vm_keys ret
ok "the kernel is $release" vm_wait "Linux version ${release//[^A-Za-z0-9]/.} " 180
ok 'its command line has the version and the card that booted' \
	vm_wait "Command line: .*nfsroot=[^ ]*/$version,[^ ]* .*BOOTIF=01-52-54-00-12-34-56" 10
ok 'the initramfs runs' vm_wait 'Run /init as init process' 180
ok 'it gets an address by DHCP' vm_wait 'IP-Config: .* complete' 180
ok 'and the server from next-server' vm_wait 'rootserver: 10\.0\.2\.2' 30
ok 'it asks the server where its NFS is' vm_wait_event \
	'portmapper (port 111/tcp): connecting to 10.0.2.2' 120
vm_stop

all_came() {
	local file
	for file in pxelinux.0 ldlinux.c32 pxelinux.cfg/default menu.c32 libutil.c32 \
		"kernel/${result_recipe:=$(field recipe)}/$version/vmlinuz" \
		"kernel/$result_recipe/$version/initrd.img"; do
		vm_got "$file" || return 1
	done
}
ok 'all came over TFTP, by the paths of this version' all_came
