#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The servers themselves take the snippets: dhcpd, exportfs and in.tftpd of this Debian release, unpacked
# but not installed, on the text that tests/cases/server pins. tftpd runs chrooted as in production
# (--secure), so that the links of the TFTP tree are seen to hold there.
. tests/lib/tap.sh
plan 14

cd "$scratch" || exit 1
mkdir -p root/proc root/dev
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mmdebstrap --quiet --variant=extract --include=isc-dhcp-server,nfs-kernel-server,tftpd-hpa,curl,iproute2,dash,coreutils \
	"$suite" - 2>log | tar -x -C root --no-same-owner --exclude='./dev/*'
if [[ ! -x root/usr/sbin/in.tftpd ]]; then
	diag "$(<log)"
	tap_die 'the servers cannot be downloaded'
fi
printf 'root:x:0:0::/:\nnobody:x:65534:65534::/:\n' >root/etc/passwd
printf 'root:x:0:\nnogroup:x:65534:\n' >root/etc/group

# part CASE NAME: one file out of a case
part() {
	awk -v name="$2" '/^--- / { on = $2 == name; next } on' "$top/tests/cases/server/$1.case"
}

# inside SCRIPT: in the servers' root, with namespaces of its own; as root, or as who has subordinate ids.
isolate=(unshare -mn)
((EUID == 0)) || isolate=(unshare --map-root-user --map-auto -mn)
inside() {
	"${isolate[@]}" sh -euc 'mount --rbind /proc root/proc; mount --rbind /dev root/dev; exec chroot root dash -euc "$1"' sh "$1"
}

for case in defaults everything uefi uefi-only; do
	part $case dhcpd.conf >root/dhcpd.conf
	: >root/leases
	ok "dhcpd takes dhcpd.conf ($case)" inside 'dhcpd -t -cf /dhcpd.conf -lf /leases'
	cat root/etc/dhcp/dhcpd.conf root/dhcpd.conf >root/appended.conf
	ok 'and behind the one that it comes with' inside 'dhcpd -t -cf /appended.conf -lf /leases'
done

# Without an NFS server in the kernel exportfs fails, but after it has understood.
exports() {
	local path
	part "$1" exports >root/etc/exports
	path=$(sed -n 's,^\(/[^ ]*\) .*,\1,p' root/etc/exports)
	mkdir -p "root$path" root/var/lib/nfs
	: >root/var/lib/nfs/etab
	inside 'exportfs -a' >log 2>&1
	cat log root/var/lib/nfs/etab
}
like "$(exports defaults)" \
	'/srv/pxe/rescue64	192\.168\.1\.0/24\(ro,.*no_root_squash,.*no_subtree_check' \
	'exportfs takes exports, read-only'
like "$(exports everything)" \
	'/export/rescue	10\.20\.0\.0/22\(rw,.*no_root_squash,.*no_subtree_check' \
	'exportfs takes exports, writable'

version=20260829T041900Z-1f3a9c2e
tftp=root/srv/pxe/tftp
mkdir -p $tftp/menu/$version/pxelinux.cfg
echo menu >$tftp/menu/$version/pxelinux.cfg/default
ln -s $version $tftp/menu/current
ln -s menu/current/pxelinux.cfg $tftp/pxelinux.cfg
mkdir $tftp/grub
echo grub >$tftp/menu/$version/grub.cfg
ln -s ../menu/current/grub.cfg $tftp/grub/grub.cfg
part defaults tftpd-hpa >root/settings
is "$(. root/settings && echo "$TFTP_USERNAME $TFTP_DIRECTORY $TFTP_ADDRESS $TFTP_OPTIONS")" \
	'tftp /srv/pxe/tftp :69 --secure -vv' 'tftpd-hpa is what a shell reads'

# The user it drops to is made by the package's scripts, which did not run.
served() {
	inside "
		ip link set lo up
		. /settings
		in.tftpd --foreground --user nobody --address \$TFTP_ADDRESS \$TFTP_OPTIONS \
			\$TFTP_DIRECTORY &
		for i in 1 2 3 4 5 6 7 8 9 10; do
			curl -sS --max-time 2 tftp://127.0.0.1/$1 && break
			sleep 0.2
		done
		kill \$!" 2>log
}
is "$(served pxelinux.cfg/default)" menu 'in.tftpd --secure follows the links of the tree' ||
	diag "$(<log)"
is "$(served menu/current/pxelinux.cfg/default)" menu 'and menu/current' || diag "$(<log)"
is "$(served grub/grub.cfg)" grub 'and those of GRUB' || diag "$(<log)"
