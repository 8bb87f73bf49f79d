#!/bin/bash
# SPDX-License-Identifier: MIT
# What `netrescue boot` refuses before it begins anything: nothing is built, no machine is started.
. tests/lib/tap.sh
plan 80

image=$scratch/image
mkdir "$image"
cat >"$image/manifest.json" <<-'END'
	{"format": 1, "recipe": "x", "version": "1", "kernel": "6.1",
	 "settings": {"hostname": "x", "init": "systemd", "nfs-path": "/srv/pxe/x", "nfs-access": "ro",
	              "autologin": ["tty1"]},
	 "server": {"address": "192.168.1.1", "netmask": "255.255.255.0", "interface": "eth0",
	            "tftp-root": "/srv/pxe/tftp"},
	 "firmware": ["bios"],
	 "menu": {"entries": [
	     {"kind": "local", "label": "local", "title": "Boot locally"},
	     {"kind": "memtest", "label": "memtest", "title": "Test the memory"},
	     {"kind": "rescue", "label": "rescue", "title": "Rescue", "append": "ro"}]}}
END

# refused NAME MESSAGE HINT ARGUMENT...: exit code 2, these words, and nothing was made. No HINT: '-'.
refused() {
	local name=$1 message=$2 hint=$3
	shift 3
	run "$NETRESCUE" boot --store "$scratch/store" "$@"
	is "$status" 2 "$name: exit code 2"
	like "$stderr" "error: .*$message" "$name: says so" || return
	[[ $hint == - ]] || like "$stderr" "hint: .*$hint" "$name: and what to do"
	not_ok "$name: nothing was begun" test -e "$scratch/store"
}

refused 'no image named' 'missing DIR' 'netrescue boot \[OPTION…\] DIR'
refused 'two images' "unexpected argument 'b'" - a b
refused 'no such directory' 'none.? is not an image: No such file' 'netrescue build.* printed' "$scratch/none"
refused 'a directory that is no image' 'is not an image: No such file' 'out/RECIPE/latest' "$scratch"
refused 'a firmware there is not' "'efi' is not bios, uefi or secureboot" - "$image" --firmware efi
refused 'a card there is not' "--nic: there is no 'ne2000'" 'virtio, e1000, .*ne2k_pci' "$image" --nic ne2000
refused 'an entry there is not' "has no entry 'rescu'" 'it has local, memtest, rescue' "$image" --entry rescu
refused 'UEFI without loaders' 'no loaders for UEFI: add shim-signed' - "$image" --firmware uefi
refused 'the local disk without --expect' "'local' leaves the network" - "$image" --check --entry local
refused 'two networks' '--simple and --bridge exclude' - "$image" --simple --bridge br0
refused 'what only the lab has, without it' '--serve, --server-script and --systemd-server are for the lab' - "$image" --check --simple --serve /srv
refused 'no such bridge' "this host has no 'nosuchbridge'" 'ip link show type bridge' "$image" --bridge nosuchbridge
refused 'clients without --check' '--check' - "$image" --clients 2
refused 'a phase there is not' "no phase 'nfs root'" 'menu, kernel, initramfs, NFS root, expected text, login' "$image" --check \
	--until 'nfs root'
refused '--until without --check' '--until.*need --check' - "$image" --until menu
refused 'no number of clients' "'none' is not a number" - "$image" --check --clients none
refused 'an option there is not' "'--frimware'" "'--firmware'" "$image" --frimware bios

# ---- what a result's giver, or another user, may have laid there ----------------------------------

forge() {
	rm -rf "$scratch/forged"
	cp -r "$image" "$scratch/forged"
	sed -i "s|$1|$2|" "$scratch/forged/manifest.json"
}

forge '"version": "1"' '"version": "../../.."'
refused 'a version that is a path' "manifest.json' is not what this netrescue writes: version" 'build the image again' \
	"$scratch/forged"
forge '"title": "Rescue"' '"title": "R\\\\u001b]0;owned\\\\u0007"'
refused 'a menu that writes to the terminal' 'is not what this netrescue writes: menu' - "$scratch/forged"
rm "$scratch/forged/manifest.json"
mkfifo "$scratch/forged/manifest.json"
refused 'a pipe in place of the manifest' "'manifest.json' is a pipe, not a regular file" - "$scratch/forged"
rm -rf "$scratch/forged"

sed -i 's/"bios"/"bios", "uefi"/' "$image/manifest.json"
refused 'memtest under Secure Boot' 'memory test is not signed' - "$image" --check --entry memtest --firmware secureboot

if ((EUID == 0)) && command -v qemu-system-x86_64 >/dev/null; then
	install -d -o 12345 "$scratch/logs"
	refused "logs in another user's directory" "'$scratch/logs', where the logs go, belongs to the user 12345" \
		'directory of your own' "$image" --check --simple --until menu --logs "$scratch/logs"
	silent "logs in another user's directory: nothing was written" find "$scratch/logs" -mindepth 1
else
	skip 5 'logs of another user: needs root and qemu-system-x86'
fi

run env PATH="$scratch/nothing" "$NETRESCUE" boot --store "$scratch/store" "$image"
is "$status" 1 'no QEMU: exit code 1'
like "$stderr" 'needs QEMU \(package qemu-system-x86\)' 'no QEMU: says so, and which package has it'
not_ok 'no QEMU: nothing was begun' test -e "$scratch/store"
