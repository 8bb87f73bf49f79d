#!/bin/bash
# SPDX-License-Identifier: MIT
# `make install`: what is installed is complete, for everybody, and finds its parts where it lies.
. tests/lib/tap.sh
. tests/lib/state.sh
need make qemu-system-x86_64
plan 10

root=$scratch/root
# The programs are there already.
install_to() {
	make --silent -o all install BIN="$NETRESCUE_BIN" DESTDIR="$1" PREFIX=/usr
}
umask 077
mkdir -p "$root/usr/share/netrescue/overlays/old"
ok 'make install' install_to "$root"
umask 022
guestfs=
[[ -x $NETRESCUE_BIN/sandbox-guestfs ]] && guestfs=$'\nusr/libexec/netrescue/sandbox-guestfs'
is "$(cd "$root" && find usr -maxdepth 3 | sort)" "usr
usr/bin
usr/bin/netrescue
usr/libexec
usr/libexec/netrescue$guestfs
usr/libexec/netrescue/sandbox-namespace
usr/share
usr/share/netrescue
usr/share/netrescue/overlays
usr/share/netrescue/recipes" 'programs, recipes, overlays'
silent 'which everybody can read and only the owner change, whatever the umask' \
	find "$root/usr/share/netrescue" ! -type l \( ! -perm -a+r -o -perm /022 \)

# Without the modes that a umask decides about.
content() {
	state_of "$1" | sed -E 's/^([fd]) .([0-7])..? /\1 /'
}
same_text "$(content "$root/usr/share/netrescue/recipes")" "$(content recipes)" 'recipes are as here'
same_text "$(content "$root/usr/share/netrescue/overlays")" "$(content overlays)" 'overlays too, without those of before'
same_text "$(cd "$root/usr/share/netrescue" && find . -type f -perm -u+x | sort)" \
	"$(find ./recipes ./overlays -type f -perm -u+x | sort)" 'programs among them can be run'

image=$scratch/image
mkdir "$image"
cat >"$image/manifest.json" <<-'END'
	{"format": 1, "recipe": "x", "version": "1", "kernel": "6.1",
	 "settings": {"hostname": "x", "init": "systemd", "nfs-path": "/srv/pxe/x"},
	 "server": {"address": "192.168.1.1", "netmask": "255.255.255.0", "interface": "eth0",
	            "tftp-root": "/srv/pxe/tftp"},
	 "menu": {"entries": [{"kind": "rescue", "label": "rescue", "title": "Rescue", "append": "ro"}]}}
END
cd / || exit
boot=(boot "$image" --store "$scratch/store" --offline --mirror http://mirror.example/debian)
run "$root/usr/bin/netrescue" "${boot[@]}"
like "$stderr" "building the lab's file server: .*--offline" 'from there, boot finds the recipe of its server'

rm -rf "$root/usr/share/netrescue"
run "$root/usr/bin/netrescue" "${boot[@]}"
is "$status" 2 'without it: exit code 2'
like "$stderr" 'fileserver.yaml, is not where it was installed' 'which one'
like "$stderr" 'hint: name it with --server RECIPE' 'and what to do'
