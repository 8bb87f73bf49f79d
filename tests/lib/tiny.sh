# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A whole small Debian on loopback: this machine's own essential packages, dpkg and apt, repacked
# (repack.py), and made-up boot packages and kernel-less recipe, so that a build runs from end to end, with real dpkg and real
# maintainer scripts, without network. To be sourced after tap.sh and mirror.sh.
#
#	tiny_new DIR [PACKAGE…]	makes the mirror in DIR (SUITE trixie by name), with more packages of this
#				machine, unpublished: add some of your own with mirror_package DIR, then
#	tiny_serve DIR		publishes and serves it (MIRROR_URL)
#	tiny_recipe FILE [LINE…]	writes a recipe for it, LINEs added
#	tiny_build ARGUMENT…	runs `netrescue build` with mirror, keyring, store and out in $scratch; under the
#				command in the array tiny_under, if there is one

tiny_under=()

tiny_new() {
	local dir=$1
	shift
	mirror_new "$dir" trixie
	mkdir -p "$dir/repacked"
	python3 tests/lib/repack.py "$dir/repacked" apt debconf passwd zstd "$@"
	mirror_deb "$dir" trixie "$dir"/repacked/*.deb
	mirror_package "$dir" <<'.'
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
	mirror_publish "$1"
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

tiny_build() {
	"${tiny_under[@]}" "$NETRESCUE" build --mirror "$MIRROR_URL" --keyring "$tiny_mirror/keyring.gpg" \
		--store "${tiny_store:-$scratch/store}" --out "${tiny_out:-$scratch/out}" "$@"
}
