#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Kernels that are not called as Debian's are, several in one image, their modules by DKMS, and what is refused before
# anything is installed because the packages do not have what the recipe names.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg jq newuidmap
plan 53

m=$scratch/m
tiny_new "$m"
# kernel PACKAGE RELEASE [FILE]: a stand-in, with the modules that its initramfs is to have. It lies in FILE, which a
# script copies to /boot, as Debian's do from Linux 7 on.
kernel() {
	local file=${3:-/boot/vmlinuz-$2}
	cat <<.
Package: $1
Depends: initramfs-tools
X-Postinst:
 #!/bin/sh
 [ -e /boot/vmlinuz-$2 ] || cp $file /boot/vmlinuz-$2
Files:
 /boot/README-$2 0644 kernels\n
 $file 0644 kernel $2\n
 /usr/lib/modules/$2/kernel/af_packet.ko 0644 x
 /usr/lib/modules/$2/kernel/nfs.ko 0644 x
 /usr/lib/modules/$2/kernel/nfsv3.ko.xz 0644 x
 /usr/lib/modules/$2/kernel/rare-$2.ko 0644 x
 /usr/lib/modules/$2/modules.builtin 0644 kernel/overlay.ko\n

.
}
# dkms NAME SCRIPT [LINE]: a module's source, with a LINE more in its dkms.conf; the SCRIPT leaves what dkms(8) would
dkms() {
	cat <<.
Package: $1-dkms
Depends: dkms
Files:
 /usr/src/$1-1.0/dkms.conf 0644 PACKAGE_NAME=$1\n${3:-}\n
X-Postinst:
 #!/bin/sh
 set -e
 tree=/var/lib/dkms/$1/1.0
 mkdir -p \$tree/build
 ln -s /usr/src/$1-1.0 \$tree/source
 $2

.
}
# A stand-in for update-initramfs: an archive (cpio's format newc) of the files that are asked for and the modules.
cat >"$scratch/update-initramfs" <<'.'
#!/usr/bin/perl
my $release = $ARGV[2];
open my $image, ">", "/boot/initrd.img-$release" or die;
sub add {
	my ($path, $text) = @_;
	my @number = (1, 0100644, 0, 0, 1, 0, length $text, 0, 0, 0, 0, 1 + length $path, 0);
	my $entry = join "", "070701", map { sprintf "%08x", $_ } @number;
	for ("$path\0", $text) {
		$entry .= $_;
		$entry .= "\0" x (-length($entry) % 4);
	}
	print $image $entry;
}
chdir "/usr";
add $_, "initrd of $release\n" for qw(scripts/nfs conf/conf.d/netrescue bin/nfsmount bin/ipconfig),
	"scripts/nfs-bottom/rescue-overlay", glob "lib/modules/$release/kernel/*";
add "TRAILER!!!", "";
.
{
	printf 'Package: initramfs-tools\nArchitecture: all\nFiles:\n'
	# With \ and newlines as mirror_package takes them.
	printf ' /usr/sbin/update-initramfs 0755 %s\n' "$(sed 's/\\/\\\\/g; s/$/\\n/' "$scratch/update-initramfs" | tr -d '\n')"
	printf ' /usr/sbin/mkinitramfs 0755 #!/bin/sh\\n\n /etc/initramfs-tools/conf.d/ 0755\n\n'
	# shellcheck disable=SC2016 # expanded by the package's own shell
	dkms good 'mkdir -p $tree/6.1.0-made-up/x86_64/module; echo x >$tree/6.1.0-made-up/x86_64/module/good.ko.xz'
	# shellcheck disable=SC2016
	dkms bad 'printf "%s: made up\n" first last >$tree/build/make.log; echo see make.log; exit 10'
	dkms lonely 'true'
	dkms never 'true' 'BUILD_EXCLUSIVE_KERNEL="^2"'
	cat <<'.'
Package: dkms
Depends: kmod

Package: kmod
Files:
 /usr/sbin/depmod 0755 #!/bin/sh\necho "dependencies of $*" >>/usr/lib/modules/$1/modules.dep\n

Package: needs-never
Depends: never-dkms

Package: linux-headers
Files:
 /usr/lib/modules/6.1.0-made-up/build/Makefile 0644 x
 /usr/lib/modules/9.9+vendor/build/Makefile 0644 x

.
	kernel vendor-kernel-9.9-signed 9.9+vendor
	kernel linux-image-6.1.0-made-up 6.1.0-made-up /usr/lib/modules/6.1.0-made-up/vmlinuz
	cat <<'.'
Package: vendor-kernel
Architecture: all
Depends: hello, vendor-kernel-9.9-signed

Package: hello
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n

Package: hostile-zstd
Depends: zstd
Files:
 /usr/share/hostile/zstd 0755 #!/bin/sh\n( for file in /boot/vmlinuz-*; do echo forged >$file; done\n cp /bin/sh /usr/bin/added; chmod 4755 /usr/bin/added; rm -r /etc/default\n) 2>/dev/null\nexec /usr/bin/zstd.real "$@"\n
X-Postinst:
 #!/bin/sh
 set -e
 mv /usr/bin/zstd /usr/bin/zstd.real
 cp /usr/share/hostile/zstd /usr/bin/zstd

Package: linux-nothing
Depends: hello

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

recipe both 'packages: [sysvinit-core, vendor-kernel, good-dkms, needs-never, linux-headers]' 'initramfs: { extra: [af_packet] }'
sed -i 's/^kernel: .*/kernel: linux-image-6.1.0-made-up/' "$scratch/both.yaml"
run tiny_build "$scratch/both.yaml"
is "$status" 0 'an image with two kernels is built' || diag "$stderr"
said=$stderr
image=$scratch/out/both/latest
version=$(basename "$(readlink -f "$image")")
is "$(jq -c '[.kernel, ."other-kernels"]' "$image/manifest.json")" '["6.1.0-made-up",["9.9+vendor"]]' \
	"the recipe's own is the first, though the other one is newer"
tree=$image/tftp/kernel/both/$version
is "$(cd "$tree" && find . -type f | sort | tr '\n' ' ')" \
	'./9.9+vendor/initrd.img ./9.9+vendor/vmlinuz ./initrd.img ./vmlinuz ' 'both are in the TFTP tree'
initrd_of() { grep -ao 'initrd of .*' "$1" | sort -u; }
is "$(<"$tree/vmlinuz"), $(initrd_of "$tree/initrd.img")" 'kernel 6.1.0-made-up, initrd of 6.1.0-made-up' \
	'each with its own initramfs'
is "$(<"$tree/9.9+vendor/vmlinuz"), $(initrd_of "$tree/9.9+vendor/initrd.img")" 'kernel 9.9+vendor, initrd of 9.9+vendor' \
	'the other one, too'
menu=$(<"$image/tftp/pxelinux.cfg/default")
is "$(sed -n 's/^LABEL //p' <<<"$menu" | tr '\n' ' ')" 'local rescue rescue-9.9-vendor ' 'the menu has an entry for each'
like "$menu" $'LABEL rescue\n\tMENU LABEL Rescue\n\tMENU DEFAULT' "the recipe's own is the default"
like "$menu" $'MENU LABEL Rescue, Linux 9\\.9\\+vendor\n\tKERNEL kernel/both/'"$version/9\.9\+vendor/vmlinuz" \
	'the other says which kernel it boots'
is "$(jq -r '.menu.entries[] | select(.label == "rescue-9.9-vendor") | .initrd' "$image/manifest.json")" \
	"kernel/both/$version/9.9+vendor/initrd.img" 'so does the manifest'
ok 'and all is summed up' sh -c "cd '$image' && sha256sum --quiet -c SHA256SUMS && grep -q 9.9+vendor/vmlinuz SHA256SUMS"

# ---- an image's own zstd that changes the tree while it packs it -----------------------------------------------------

recipe hostile 'packages: [sysvinit-core, vendor-kernel, hostile-zstd]'
run tiny_build "$scratch/hostile.yaml"
is "$status" 0 'a zstd that would change the tree packs it' || diag "$stderr"
tree=$scratch/out/hostile/latest/tftp/kernel/hostile/$(readlink "$scratch/out/hostile/latest")
is "$(<"$tree/vmlinuz"), $(initrd_of "$tree/initrd.img")" 'kernel 9.9+vendor, initrd of 9.9+vendor' \
	'kernel and initrd are those that were checked'
mkdir "$scratch/hostile"
zstd -dcq "$scratch/out/hostile/latest/rootfs.tar.zst" | tar -C "$scratch/hostile" -x --no-same-owner
ok 'the packed tree has the same kernel' cmp "$tree/vmlinuz" "$scratch/hostile/boot/vmlinuz-9.9+vendor"
ok 'and the same initrd' cmp "$tree/initrd.img" "$scratch/hostile/boot/initrd.img-9.9+vendor"
not_ok 'nothing was put into it' test -e "$scratch/hostile/usr/bin/added"
ok 'or taken out of it' test -d "$scratch/hostile/etc/default"

# ---- DKMS ------------------------------------------------------------------------------------------------------------

for module in good-dkms:9.9+vendor never-dkms:6.1.0-made-up never-dkms:9.9+vendor; do
	is "$(grep -cF "warning: the package '${module%:*}' has no module for kernel ${module#*:}: " <<<"$said")" 1 \
		"a warning: ${module%:*} has no module for ${module#*:}" || diag "$said"
done
tar -C "$scratch" --zstd -xf "$image/rootfs.tar.zst" ./usr/lib/modules/6.1.0-made-up/modules.dep
is "$(<"$scratch/usr/lib/modules/6.1.0-made-up/modules.dep")" 'dependencies of 6.1.0-made-up' 'depmod has run after dkms'
is "$(grep -c netrescue:finding "$image/sbom.cdx.json")" 0 'the SBOM knows what dkms has built'

# unbuilt NAME STATUS MESSAGE [PACKAGE]: the recipe with that module fails
unbuilt() {
	recipe "$1" "packages: [sysvinit-core, $1-dkms${4:+, $4}]"
	run tiny_build "$scratch/$1.yaml"
	is "$status" "$2" "$1-dkms: fails"
	like "$stderr" "$3" "$1-dkms: says why" || diag "$stderr"
}
unbuilt bad 1 "package 'bad-dkms': .*exit status 10.*hint: /var/lib/dkms/bad/1.0/build/make.log ends:"$'\n *first: made up\n *last: made up' \
	linux-headers
unbuilt lonely 2 "lonely\\.yaml:9:27: error: stage rest: the package 'lonely-dkms' .*/usr/src/lonely-1.0.* has no module for kernel \
9.9\\+vendor: dkms needs the kernel's headers.*hint: add the package with the headers of kernel 9.9"
unbuilt never 2 "never\\.yaml:9:27: error: .*its dkms.conf excludes this kernel: BUILD_EXCLUSIVE_KERNEL=.\^2.*hint: leave the \
package 'never-dkms' out" linux-headers

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
