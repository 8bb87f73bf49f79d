#!/bin/bash
# SPDX-License-Identifier: MIT
# The examples of docs/how-do-i.md, taken out of it: each resolves on its own over Debian's mirror. One image has what
# many of them say, and says that they do what the page promises. With NETRESCUE_TEST_ALL each is built by itself.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/mirror.sh
. tests/lib/apt.sh
need python3 gpg openssl apt-get ssh-keygen dpkg-deb newuidmap

# ---- the examples, and what they name ----------------------------------------------------------------

cp -R recipes overlays "$scratch"
examples=$scratch/recipes
python3 tests/lib/examples.py docs/how-do-i.md "$examples" rescue64.yaml >"$scratch/names" 2>"$scratch/said" ||
	tap_die "$(<"$scratch/said")"
mapfile -t names <"$scratch/names"

# Two archives with the same packages and keys: a vendor's, and a flat one behind a password and a CA of its own.
mirror_new "$scratch/vendor" stable
for version in 3.1 3.2; do
	printf 'Package: vendor-agent\nVersion: %s\nFiles:\n /opt/agent 0644 agent\\n\n' $version | mirror_package "$scratch/vendor"
done
mirror_publish "$scratch/vendor" --origin Vendor --label Vendor --codename stable
cp -R "$scratch/vendor" "$scratch/private"
mirror_serve "$scratch/vendor"
at_exit kill "$MIRROR_PID"
vendor=$MIRROR_URL
mirror_publish "$scratch/private" --flat .
mirror_certificate "$scratch/private"
mirror_fault "$scratch/private" '* login site:secret'
mirror_serve "$scratch/private"
at_exit kill "$MIRROR_PID"
private=$MIRROR_URL
cp "$scratch/vendor/keyring.gpg" "$examples/vendor.gpg"
cp "$scratch/private/ca.crt" "$examples/private-ca.pem"
(umask 077 && echo "machine $private login site password secret" >"$examples/private.auth")
ssh-keygen -q -t ed25519 -N '' -C admin -f "$examples/admin"
mkdir -p "$scratch/tools/DEBIAN" "$scratch/tools/opt"
echo tools >"$scratch/tools/opt/site-tools"
printf '%s\n' 'Package: site-tools' 'Version: 1.0' 'Architecture: all' 'Maintainer: Nobody <nobody@example.org>' \
	'Description: ours' >"$scratch/tools/DEBIAN/control"
SOURCE_DATE_EPOCH=1700000000 dpkg-deb --root-owner-group -b "$scratch/tools" "$examples/site-tools_1.0_all.deb" >/dev/null
archive=$(apt_mirror '')
[[ $archive ]] || tap_die "this machine's apt knows no mirror of Debian"
sed -i "s,url: http://mirror.example/debian\$,url: $archive,; s,url: http://packages.example/debian\$,url: $vendor,;
	s,url: https://private.example/debian\$,url: $private," "$examples"/*.yaml

builds=()
[[ ! ${NETRESCUE_TEST_ALL:-} ]] || builds=("${names[@]}")
plan $((1 + ${#names[@]} + 1 + 14 + 21 + ${#builds[@]}))
ok 'the page has at least 25 answers' test ${#names[@]} -ge 25

# ---- each resolves -----------------------------------------------------------------------------------

for name in "${names[@]}"; do
	exits 0 "… ${name//-/ }: resolves" "$NETRESCUE" lock --quiet "$examples/$name.yaml" --store "$image_store"
	cp "$scratch/.stdout" "$scratch/$name.lock"
done

run "$NETRESCUE" lock --quiet "$examples/serve-several-sites-with-one-recipe.yaml" --store "$image_store" \
	--site "$examples/berlin.yaml" --set server.interface=enp1s0
like "$stdout" $'\nRecipe: siterescue-berlin\n' "the file of a site is laid over" || diag "$stderr"

# in_image LOCK: its packages, with their versions
in_image() {
	awk '/^Package:/ { name = $2 } /^Version:/ { version = $2 } /^Role: image/ { print name, version }' \
		"$scratch/$1.lock"
}
# has NAME REGEX, lacks NAME REGEX: the lock of that example has such a package
has() {
	ok "… ${1//-/ }: has $2" grep -Eq "^$2" <(in_image "$1")
}
lacks() {
	unlike "$(in_image "$1")" $'\n'"$2 " "… ${1//-/ }: lacks $2"
}
has add-packages-and-leave-out-some-of-ours tcpdump
lacks add-packages-and-leave-out-some-of-ours testdisk
lacks keep-a-package-out-that-a-priority-or-a-dependency-brings nano
has get-what-packages-recommend mc-data
has take-the-kernel-or-any-other-package-from-backports 'linux-image-amd64 [^ ]*[~]bpo'
lacks take-the-kernel-or-any-other-package-from-backports 'libc6 [^ ]*[~]bpo[^ ]*'
has boot-another-kernel 'linux-image-[0-9].*-rt-amd64'
has use-sysvinit-instead-of-systemd sysvinit-core
lacks use-sysvinit-instead-of-systemd systemd-sysv
has make-network-cards-work-that-need-firmware firmware-iwlwifi
has use-an-archive-that-wants-a-password-or-is-just-one-directory 'vendor-agent 3.2'
has take-whatever-is-newer-in-backports-for-some-packages 'btrfs-progs [^ ]*[~]bpo'
lacks take-whatever-is-newer-in-backports-for-some-packages 'tmux [^ ]*[~]bpo[^ ]*'
has have-two-kernels-to-choose-from 'linux-image-[0-9].*-rt-amd64'

# ---- what they promise, in one image -----------------------------------------------------------------

# together NAME...: one recipe of the examples' parts, which have no key in common; it builds on the last one
part=minimal.yaml
parts=0
together() {
	local name
	((++parts))
	{
		printf 'extends: %s\nname: together-%d\n' "$part" "$parts"
		for name; do
			sed '1,2d' "$examples/$name.yaml" || tap_die "there is no example $name"
		done
	} >"$examples/together-$parts.yaml"
	part=together-$parts.yaml
}
together set-keyboard-language-and-time-zone add-one-small-file add-or-change-many-files \
	run-a-command-in-the-system-while-it-is-built have-the-build-fail-if-something-is-missing-in-the-image \
	let-the-rescue-system-s-apt-use-our-mirror fit-it-into-our-network
together get-a-console-font-that-can-be-read-from-two-metres-away install-a-package-of-our-own give-root-a-password
together install-a-package-from-a-third-party-s-archive use-a-serial-console change-the-tree-on-the-server-from-a-client
together log-in-over-the-network get-a-driver-into-the-initramfs
together keep-a-service-from-starting
together give-the-users-that-packages-make-the-same-numbers-everywhere
together have-users-beside-root
image_build "$examples/$part" "$scratch/out"
mkdir "$scratch/tree"
tar -C "$scratch/tree" --zstd --no-same-owner -xpf "$image/rootfs.tar.zst"
tree=$scratch/tree

like "$(<"$tree/etc/default/keyboard")" $'XKBLAYOUT="fr"\nXKBVARIANT="bepo"' 'the keyboard is French'
like "$(<"$tree/etc/default/locale")" 'LANG="?fr_FR.UTF-8' 'the language, too'
is "$(readlink "$tree/etc/localtime")" /usr/share/zoneinfo/Europe/Paris 'and the time zone'
like_all "$(<"$tree/etc/default/console-setup")" 'the font is large' 'FONTFACE="Terminus"' 'FONTSIZE="16x32"'
is "$(<"$tree/etc/motd")" "This is together-$parts, the rescue system of site.example." "the overlay's values are filled in"
is "$(stat -c %a "$tree/srv/rescued")" 700 'and its directory is there'
is "$(<"$tree/etc/sysctl.d/site.conf")" 'kernel.sysrq = 1' 'a file has the text of the recipe'
is "$(stat -c %a "$tree/etc/site/motto")" 640 'and the mode'
ok 'the script ran' grep -qF 'alias ll="ls -l"' "$tree/root/.bashrc"
like "$(<"$tree/etc/apt/sources.list")" '^deb http://mirror.example/debian trixie main' "apt's sources are the site's"
like "$(<"$image/server/dhcpd.conf")" 'subnet 10.20.0.0 netmask 255.255.0.0' 'the server is in its network'
like "$(<"$image/tftp/pxelinux.cfg/default")" 'nfsroot=10.20.0.2:/srv/pxe/' 'and the kernel is told its address'
like "$(<"$image/tftp/pxelinux.cfg/default")" 'SERIAL 0 115200' 'the menu is on the serial line'
like "$(<"$image/server/exports")" '10\.20\.0\.0/.*\(rw,' 'the tree can be written to'
is "$(<"$tree/opt/site-tools")" tools 'our own package is in it'
is "$(sed -n '/^Package: vendor-agent$/,/^$/s/^Version: //p' "$tree/var/lib/dpkg/status")" 3.1 "the vendor's in the version asked for"
# shellcheck disable=SC2016 # a hash begins so
like "$(grep ^root: "$tree/etc/shadow")" '^root:\$6\$rescuesystem\$' 'root has the password'
same_files "$tree/root/.ssh/authorized_keys" "$examples/admin.pub" 'and the key'
is "$(readlink "$tree/etc/systemd/system/rpcbind.socket")" /dev/null 'a service is masked'
like_all "$(<"$tree/etc/passwd")" 'users have their numbers' 'sshd:x:901:' 'messagebus:x:902:' 'alice:x:2001:2001:'
same_files "$tree/home/alice/.ssh/authorized_keys" "$examples/admin.pub" 'one of the recipe has a key, too'

# ---- each by itself ----------------------------------------------------------------------------------

# Parts of a recipe now go into the smallest one, which shows that they name all that they need.
for name in "${builds[@]}"; do
	sed -i "1{N;s/^extends: rescue64.yaml\nname: $name\$/extends: minimal.yaml\nname: $name/}" "$examples/$name.yaml"
	exits 0 "… ${name//-/ }: builds" "$NETRESCUE" build --quiet "$examples/$name.yaml" --store "$image_store" \
		--out "$scratch/out"
done
