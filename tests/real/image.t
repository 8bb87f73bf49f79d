#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # what is quoted is expanded in the tree
# rescue64 as it comes from the real mirror: what is in the tree, and that dpkg and apt agree.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/sbom.sh
[[ $(id -u) = 0 ]] || skip_all 'unpacking with owners and chroot need root'
recipe=${1:-recipes/rescue64.yaml}
name=$(basename "$recipe" .yaml)
# A name that this machine has during this build only, and that no package can have in its files.
builder=machine-that-built-image-t
image_under=(unshare --uts sh -c 'hostname "$0" && exec "$@"' "$builder")
# The machine that builds is looked at, too, so nothing comes from earlier builds.
image_to_share "$recipe" "$scratch/out" --verbose --no-cache
image_unpack "$image" "$scratch/tree"
tree=$scratch/tree
plan 48

inside() {
	image_inside "$tree" "$@"
}

# ---- the builder -----------------------------------------------------------------------------------
memory=$(sed -n 's/.*peak memory of netrescue itself: \([0-9]*\) MB.*/\1/p' "$scratch/build.log")
ok "netrescue itself takes at most 200 MB (${memory:-?})" test "${memory:-9999}" -le 200

# ---- the result ------------------------------------------------------------------------------------
ok 'SHA256SUMS holds' sh -c "cd '$image' && sha256sum --quiet -c SHA256SUMS"
kernel=$(sed -n 's/^Package: linux-image-\([0-9].*\)/\1/p' "$image/$name.lock")
version=$(basename "$image")
ok 'the kernel lies under the version in the TFTP tree' cmp "$tree/boot/vmlinuz-$kernel" "$image/tftp/kernel/$name/$version/vmlinuz"
ok 'and the initramfs' cmp "$tree/boot/initrd.img-$kernel" "$image/tftp/kernel/$name/$version/initrd.img"
silent 'nothing that PXELINUX takes for something else by its name' find "$image/tftp" -name '*.bin'
silent 'tftpd may read all of it' find "$image" \( -type f ! -perm 644 \) -o \( -type d ! -perm 755 \)
# A module that lacks another fails at boot with a message that names the wrong file.
modules_needed() {
	local module needed
	[[ -e $image/tftp/menu.c32 ]] || { echo 'there are no modules'; return 1; }
	for module in "$image"/tftp/*.c32; do
		for needed in $(readelf -d "$module" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'); do
			[[ -e $image/tftp/$needed ]] || { echo "$module needs $needed"; return 1; }
		done
	done
}
ok 'every PXELINUX module finds the modules it needs' modules_needed
menu_files() {
	local word file
	word=$(sed -nE 's/^\s*(KERNEL|LINUX) (\S+).*/\2/p; s/.*initrd=(\S+).*/\1/p' "$image/tftp/pxelinux.cfg/default")
	[[ $word ]] || return 1
	for file in $word; do
		[[ -s $image/tftp/$file ]] || { echo "$file is missing"; return 1; }
	done
}
ok 'every file that the menu names is there' menu_files
tar --zstd -tvf "$image/rootfs.tar.zst" >"$scratch/list" || tap_die 'rootfs.tar.zst cannot be listed'
not_ok 'no device nodes, sockets or fifos' grep '^[bcps]' "$scratch/list"

# ---- the bill of materials -------------------------------------------------------------------------
sbom_check "$image" "$tree"
is "$(sbom_judge "$image")" 'status 0' "SPDX's own tools call its SPDX document valid"
mkdir "$scratch/invalid"
jq '.files[0].checksums[0].checksumValue = "short" | .packages[1].downloadLocation = "no where"' \
	"$image/sbom.spdx.json" >"$scratch/invalid/sbom.spdx.json"
like "$(sbom_judge "$scratch/invalid")" 'download_location must be.*ChecksumAlgorithm.*status 1' \
	'and find what is wrong with another'

# ---- dpkg and apt ----------------------------------------------------------------------------------
silent 'dpkg --audit is silent' inside dpkg --audit
is "$(inside dpkg-query -f '${db:Status-Abbrev}\n' -W | sort -u)" 'ii ' 'every package is installed'
same_text "$(inside dpkg-query -f '${Package} ${Version}\n' -W | sort)" \
	"$(awk 'BEGIN { RS = ""; FS = "\n" } /\nRole: image/ { sub("Package: ", "", $1); sub("Version: ", "", $2); print $1, $2 }' "$image/$name.lock" | sort)" \
	'the packages are those of the lock'
exits 0 'apt-get check passes' inside apt-get check
like "$(inside apt-get -s autoremove 2>&1)" '0 upgraded, 0 newly installed, 0 to remove' 'apt would remove nothing'
# What differs from the packages, each for a reason.
changed=$(inside dpkg -V 2>&1 | sed 's/^\S* *c\? *//' | sort)
explained=$(sort <<'.'
/etc/fstab
/etc/inittab
/etc/default/nfs-common
/etc/initramfs-tools/modules
/etc/default/mdadm
/etc/dhcpcd.conf
/etc/lvm/lvm.conf
/etc/default/cryptdisks
/etc/lvm/lvmlocal.conf
/etc/hosts
/etc/issue
.
)
[[ $changed ]] || tap_die 'dpkg -V does not even name /etc/hosts'
silent 'dpkg -V names only files that the settings changed' comm -23 <(echo "$changed") <(echo "$explained")
silent 'every file of every package is there' inside sh -c 'for l in /var/lib/dpkg/info/*.list; do
	while IFS= read -r f; do [ -e "$f" ] || [ -L "$f" ] || echo "$f"; done <"$l"
done'

# ---- what dpkg leaves ------------------------------------------------------------------------------
like "$(stat -c '%a %U' "$tree/usr/bin/passwd")" '^4755 root' 'passwd is setuid root'
like "$(stat -c '%a %U:%G' "$tree/usr/bin/ssh-agent")" '^2755 ' 'ssh-agent is setgid'
like "$(stat -c '%a %U' "$tree/usr/bin/mount")" '^4755 root' 'mount is setuid root'

# ---- a shared root ---------------------------------------------------------------------------------
is "$(stat -c %s "$tree/etc/machine-id")" 0 'machine-id is empty'
silent 'no host keys in the image' find "$tree/etc/ssh" -name 'ssh_host_*key*'
is "$(<"$tree/etc/hostname")" rescue64 'the host name'
not_ok 'fstab mounts nothing' grep -v -e '^#' -e '^$' "$tree/etc/fstab"
like "$(awk -F: '$1 == "root" { print $2 }' "$tree/etc/shadow")" '^[!*]' 'root has no password'
not_ok 'no journal' test -e "$tree/var/log/journal"
silent '/tmp and /var/tmp are empty' find "$tree/tmp" "$tree/var/tmp" -mindepth 1
# The name, and what else this machine has: its id, its addresses, and those of its gateway and its name servers.
{
	echo "$builder"
	grep . /etc/machine-id
	ip -o address show scope global | sed 's,.* inet6\? \([^ /]*\).*,\1,'
	ip route show default | sed -n 's/.* via \([^ ]*\).*/\1/p'
	sed -n 's/^nameserver *//p' /etc/resolv.conf | grep -v '^127\.'
} 2>/dev/null >"$scratch/traces"
not_ok 'nothing of this machine in /etc' grep -rlwFf "$scratch/traces" "$tree/etc"

# ---- settings --------------------------------------------------------------------------------------
like "$(inside locale -a)" 'de_DE.utf8' 'de_DE.UTF-8 is there'
like "$(<"$tree/etc/default/locale")" 'LANG="?de_DE.UTF-8' 'and the default'
like "$(<"$tree/etc/default/keyboard")" 'XKBLAYOUT="de"' 'the keyboard is German'
is "$(readlink -f "$tree/etc/localtime" | sed 's,.*zoneinfo/,,')" Europe/Berlin 'the time zone'
like_all "$(inside debconf-show locales keyboard-configuration)" 'debconf knows both' \
	'locales/default_environment_locale: de_DE\.UTF-8' 'keyboard-configuration/xkb-keymap: de'
listing=$(inside lsinitramfs "/boot/initrd.img-$kernel")
like "$listing" 'scripts/nfs' 'the initramfs has the NFS script'
unlike "$listing" 'tmpkbd' 'and no random keyboard file'

# ---- what a client has to fetch ----------------------------------------------------------------------
# The how-to's initramfs, by hand in the same tree: as it comes, with BOOT=nfs.
by_hand='cp -r /etc/initramfs-tools /tmp/by-hand && rm -rf /tmp/by-hand/conf.d/* /tmp/by-hand/hooks/* /tmp/by-hand/scripts/nfs-bottom &&
	echo BOOT=nfs >/tmp/by-hand/conf.d/nfs && mkinitramfs -d /tmp/by-hand -o /tmp/initrd.img "$0"'
ok 'an initramfs by hand' inside sh -c "$by_hand" "$kernel"
ours=$(stat -c %s "$tree/boot/initrd.img-$kernel")
theirs=$(stat -c %s "$tree/tmp/initrd.img")
ok "is larger than ours by half: $theirs bytes, not $ours" test $((ours * 3)) -lt $((theirs * 2))
listing_theirs=$(inside lsinitramfs /tmp/initrd.img)
# modules PATTERN LISTING: their paths, as modules.dep has them.
modules() {
	sed -nE "s,^usr/lib/modules/${kernel//+/[+]}/(kernel/$1.*\.ko[.a-z]*)$,\1,p" <<<"$2" | sort
}
like "$(modules drivers/net/ "$listing_theirs")" '/e1000/e1000\.ko' 'theirs has drivers of network cards'
is "$(comm -13 <(modules '' "$listing") <(modules drivers/net/ "$listing_theirs"))" '' \
	'but ours has the drivers of all network cards'
needed() {
	sed 's/://' "$tree/usr/lib/modules/$kernel/modules.dep" |
		awk 'NR == FNR { has[$1] = 1; next } $1 in has { for (i = 2; i <= NF; i++) print $i }' <(modules '' "$listing") -
}
like "$(needed | sort -u)" 'kernel/net/sunrpc/sunrpc' 'they need others'
is "$(comm -13 <(modules '' "$listing") <(needed | sort -u))" '' 'which are there, too'
unlike "$listing" '(/udev/hwdb\.bin|bin/(lvm|mdadm|cryptsetup|btrfs)|/drivers/md/|/fs/(xfs|btrfs)/.*)($|\n)' \
	'and nothing for disks is'
