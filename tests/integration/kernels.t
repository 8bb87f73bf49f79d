#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Kernels that are not called as Debian's are, several in one image, and what is refused before anything is installed
# because the packages do not have what the recipe names.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg jq newuidmap
plan 36

m=$scratch/m
tiny_new "$m"
# kernel PACKAGE RELEASE: a stand-in, with the modules that its initramfs is to have.
kernel() {
	cat <<.
Package: $1
Depends: initramfs-tools
Files:
 /boot/vmlinuz-$2 0644 kernel $2\n
 /usr/lib/modules/$2/kernel/af_packet.ko 0644 x
 /usr/lib/modules/$2/kernel/nfs.ko 0644 x
 /usr/lib/modules/$2/kernel/nfsv3.ko.xz 0644 x
 /usr/lib/modules/$2/kernel/rare-$2.ko 0644 x
 /usr/lib/modules/$2/modules.builtin 0644 kernel/overlay.ko\n

.
}
{
	kernel vendor-kernel-9.9-signed 9.9+vendor
	kernel linux-image-6.1.0-made-up 6.1.0-made-up
	cat <<'.'
Package: vendor-kernel
Architecture: all
Depends: hello, vendor-kernel-9.9-signed

Package: hello
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n

Package: linux-nothing
Depends: hello

Package: initramfs-tools
Architecture: all
Files:
 /usr/sbin/update-initramfs 0755 #!/bin/sh\n[ "$*" = "-c -k $3" ] && echo "initrd of $3" >"/boot/initrd.img-$3"\n
 /usr/sbin/mkinitramfs 0755 #!/bin/sh\n
 /usr/bin/lsinitramfs 0755 #!/bin/sh\nfor f in scripts/nfs conf/conf.d/netrescue bin/nfsmount bin/ipconfig scripts/nfs-bottom/rescue-overlay; do echo $f; done\ncd /usr && find lib/modules/${1#/boot/initrd.img-}\n
 /etc/initramfs-tools/conf.d/ 0755

Package: sysvinit-core
Files:
 /etc/inittab 0644 id:2:initdefault:\n
 /usr/sbin/init -> /bin/true

Package: keyboard-configuration
Depends: xkb-data

Package: xkb-data
Files:
 /usr/share/xkeyboard-config-2/rules/base.lst 0644 ! model\n  pc105 Generic\n\n! layout\n  us English\n  de German\n  jp Japanese\n\n! variant\n  neo de: German (Neo 2)\n  kana jp: Japanese (Kana)\n\n! option\n  grp Switching\n
 /usr/share/X11/xkb -> ../xkeyboard-config-2

Package: console-setup-linux
Files:
 /usr/share/consolefonts/Uni2-Fixed16.psf.gz 0644 x
 /usr/share/consolefonts/Uni2-Terminus32x16.psf.gz 0644 x
 /usr/share/consoletrans/ISO-8859-1.acm.gz 0644 x

Package: tzdata
Files:
 /usr/share/zoneinfo/Etc/UTC 0644 x
 /usr/share/zoneinfo/Europe/Berlin 0644 x

Package: locales
Version: 99
Files:
 /usr/share/i18n/SUPPORTED 0644 de_DE.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n
.
} | mirror_package "$m"
tiny_serve "$m"

tiny_recipe "$scratch/tiny.yaml"
# recipe NAME LINE…: with a kernel, an entry that boots it, and the LINEs
recipe() {
	{
		cat <<.
extends: tiny.yaml
name: $1
init: sysvinit
kernel: vendor-kernel
menu:
  default: rescue
  entries:
    - { kind: rescue, label: rescue, title: Rescue }
.
		printf '%s\n' "${@:2}"
	} >"$scratch/$1.yaml"
}

# ---- two kernels, of which the older one is the recipe's own ---------------------------------------------------------

recipe both 'packages: [sysvinit-core, vendor-kernel]' 'initramfs: { extra: [af_packet] }'
sed -i 's/^kernel: .*/kernel: linux-image-6.1.0-made-up/' "$scratch/both.yaml"
run tiny_build "$scratch/both.yaml"
is "$status" 0 'an image with two kernels is built' || diag "$stderr"
image=$scratch/out/both/latest
version=$(basename "$(readlink -f "$image")")
is "$(jq -c '[.kernel, ."other-kernels"]' "$image/manifest.json")" '["6.1.0-made-up",["9.9+vendor"]]' \
	"the recipe's own is the first, though the other one is newer"
tree=$image/tftp/kernel/both/$version
is "$(cd "$tree" && find . -type f | sort | tr '\n' ' ')" \
	'./9.9+vendor/initrd.img ./9.9+vendor/vmlinuz ./initrd.img ./vmlinuz ' 'both are in the TFTP tree'
is "$(<"$tree/vmlinuz"), $(<"$tree/initrd.img")" 'kernel 6.1.0-made-up, initrd of 6.1.0-made-up' \
	'each with its own initramfs'
is "$(<"$tree/9.9+vendor/vmlinuz"), $(<"$tree/9.9+vendor/initrd.img")" 'kernel 9.9+vendor, initrd of 9.9+vendor' \
	'the other one, too'
menu=$(<"$image/tftp/pxelinux.cfg/default")
is "$(sed -n 's/^LABEL //p' <<<"$menu" | tr '\n' ' ')" 'local rescue rescue-9.9-vendor ' 'the menu has an entry for each'
like "$menu" $'LABEL rescue\n\tMENU LABEL Rescue\n\tMENU DEFAULT' "the recipe's own is the default"
like "$menu" $'MENU LABEL Rescue, Linux 9\\.9\\+vendor\n\tKERNEL kernel/both/'"$version/9\.9\+vendor/vmlinuz" \
	'the other says which kernel it boots'
is "$(jq -r '.menu.entries[] | select(.label == "rescue-9.9-vendor") | .initrd' "$image/manifest.json")" \
	"kernel/both/$version/9.9+vendor/initrd.img" 'so does the manifest'
ok 'and all is summed up' sh -c "cd '$image' && sha256sum --quiet -c SHA256SUMS && grep -q 9.9+vendor/vmlinuz SHA256SUMS"

# ---- refused early ---------------------------------------------------------------------------------------------------

# fetched TEST: no package was, but for the first bytes that tell its date
fetched() {
	is "$(grep 'GET /pool/' "$m/access.log" | grep -vc '^bytes=0-131 ')" 0 "$1"
}
# refused NAME WHAT MESSAGE LINE…: at a place of the recipe, and before anything was installed
refused() {
	recipe "$1" "${@:4}"
	run tiny_build "$scratch/$1.yaml"
	is "$status" 2 "$2: refused" || diag "$stderr"
	like "$stderr" "$1\.yaml:[0-9]+:[0-9]+: error: $3" "$2: in words, at its place"
	unlike "$stderr" $'\nbase: ' "$2: nothing was installed"
}
own='packages: [sysvinit-core, hello, linux-nothing, linux-image-6.1.0-made-up]'

recipe hello "$own"
sed -i 's/^kernel: .*/kernel: hello/' "$scratch/hello.yaml"
: >"$m/access.log"
tiny_store=$scratch/store-empty run tiny_build "$scratch/hello.yaml"
is "$status" 2 'kernel: hello is refused'
like "$stderr" "hello\.yaml:4:9: error: neither the package 'hello' nor what it depends on is a kernel" 'in words'
fetched 'and nothing was fetched for it'

recipe nothing "$own"
sed -i 's/^kernel: .*/kernel: linux-nothing/' "$scratch/nothing.yaml"
run tiny_build "$scratch/nothing.yaml"
is "$status" 2 'a package that is only called like a kernel is refused'
like "$stderr" "nothing\.yaml:4:9: error: neither the package 'linux-nothing' .* brings a kernel.*hint: the image has the \
kernel 6.1.0-made-up: write 'kernel: linux-image-6.1.0-made-up'" 'with the kernel that is there'
unlike "$stderr" $'\nbase: ' 'before anything is installed'

own='packages: [sysvinit-core, keyboard-configuration, console-setup-linux, tzdata, locales]'
refused keymap 'a keymap' "there is no keymap 'de\(neos\)'.*hint: did you mean 'de\(neo\)'" "$own" 'keymap: de(neos)'
refused font 'a font' "'console.font': .* has no 'Terminis'.*hint: there are Fixed, Terminus" "$own" \
	'console: { font: Terminis }'
refused size 'a size of a font' "'console.size': .* has no '8x14'.*hint: there are 16" "$own" 'console: { size: 8x14 }'
refused zone 'a time zone' "there is no time zone 'Europe/Berln'.*hint: did you mean 'Europe/Berlin'" "$own" \
	'timezone: Europe/Berln'
refused locale 'a locale' "there is no locale 'de_DU.UTF-8'.*hint: did you mean 'de_DE.UTF-8'" "$own" \
	'locales: [de_DU.UTF-8]'
# The package `vendor-kernel` has none itself; the one that it depends on counts.
refused module 'a module' "kernel 9.9\+vendor has no module 'nfsv4'.*hint: did you mean 'nfsv3'" "$own" \
	'initramfs: { extra: [nfsv4] }'

recipe keys 'packages: [sysvinit-core]' 'keymap: de'
: >"$m/access.log"
tiny_store=$scratch/store-empty run tiny_build "$scratch/keys.yaml"
like "$status:$stderr" "2:.*keys\.yaml:10:9: error: no package of the image can set keymap 'de'.*hint: add \
'keyboard-configuration' to packages" 'a keymap without the package that sets it is refused'
fetched 'before anything is fetched'
