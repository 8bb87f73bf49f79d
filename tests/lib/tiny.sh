# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A small Debian on loopback and a recipe without a kernel for it. To be sourced after tap.sh and mirror.sh.
#
#	tiny_new DIR [PACKAGE…]	makes the mirror in DIR (SUITE trixie by name), from this machine's own essential
#				packages, dpkg, apt and the PACKAGEs, repacked (repack.py), and made-up boot
#				packages. So a build runs from end to end, with real dpkg and real maintainer
#				scripts, without network. Nothing is published yet: add packages of your own
#				with mirror_package DIR, then call tiny_serve.
#	tiny_new_hollow DIR [SUITE]	the same with packages that have the names and are empty, in a second: for tests
#				that lock and fetch, but install nothing
#	tiny_serve DIR [OPTION…]	publishes it with mirror_publish's OPTIONs and serves it (MIRROR_URL)
#	tiny_recipe FILE [LINE…]	writes a recipe for it, LINEs added
#	tiny_run VERB ARGUMENT…	runs `netrescue VERB` with the mirror, its keyring and the store $tiny_store
#				($scratch/store if that is not set); under the command in the array tiny_under,
#				if there is one
#	tiny_build ARGUMENT…	tiny_run build into $tiny_out ($scratch/out)

tiny_under=()

tiny_new() {
	local dir=$1
	shift
	mirror_new "$dir" trixie
	mkdir -p "$dir/repacked"
	python3 tests/lib/repack.py "$dir/repacked" apt debconf passwd zstd "$@"
	mirror_deb "$dir" trixie "$dir"/repacked/*.deb
	tiny_boot_packages "$dir"
}

tiny_new_hollow() {
	mirror_new "$1" "${2:-trixie}"
	mirror_package "$1" <<'.'
Package: base-files
Essential: yes
Files:
 /etc/debian_version 0644 13\n

Package: dpkg
Essential: yes
Date: 1700000200

Package: debconf
Architecture: all

Package: apt

Package: zstd
.
	tiny_boot_packages "$1"
}

tiny_boot_packages() {
	mirror_package "$1" <<'.'
Package: pxelinux
Architecture: all
Files:
 /usr/lib/PXELINUX/pxelinux.0 0644 made-up boot loader\n

Package: syslinux-common
Architecture: all
Files:
 /usr/lib/syslinux/modules/bios/ldlinux.c32 0644 made-up ldlinux\n
 /usr/lib/syslinux/modules/bios/menu.c32 0644 made-up menu\n
 /usr/lib/syslinux/modules/bios/libutil.c32 0644 made-up libutil\n
 /usr/lib/syslinux/modules/bios/libcom32.c32 0644 made-up libcom32\n
.
}

tiny_serve() {
	tiny_mirror=$1
	mirror_publish "$@"
	mirror_serve "$1"
	at_exit mirror_stop
}

tiny_recipe() {
	local file=$1
	shift
	{
		cat <<'.'
name: tiny
suite: trixie
priorities: [required] # trixie has no other way to passwd
kernel: none
boot-packages: [pxelinux, syslinux-common]
menu:
  default: local
  entries:
    - kind: local
      label: local
      title: Boot locally
autologin:
  terminals: []
root:
  password: "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
image:
  apt-sources: deb http://mirror.example/debian trixie main
locales: []
default-locale: C.UTF-8
.
		printf '%s\n' "$@"
	} >"$file"
}

tiny_run() {
	"${tiny_under[@]}" "$NETRESCUE" "$@" --mirror "$MIRROR_URL" --keyring "$tiny_mirror/keyring.gpg" \
		--store "${tiny_store:-$scratch/store}"
}

tiny_build() {
	tiny_run build --out "${tiny_out:-$scratch/out}" "$@"
}
