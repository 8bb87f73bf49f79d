#!/bin/bash
# dracut.modules(7). dracut's own modules get an address (systemd-networkd) and mount the root (nfs), by the words that
# initramfs-tools knows too. This one adds what a rescue system does with it: the scripts that initramfs-tools runs once
# the root is mounted, /etc/initramfs-tools/scripts/nfs-bottom, run here as well.

check() {
	return 255 # only where it is asked for
}

depends() {
	# networkd first: dracut's module network would not find it by itself.
	echo systemd-networkd nfs base dracut-systemd kernel-modules shell-interpreter terminfo
	# For those who stop in the initramfs.
	[ ! -x /usr/bin/setupcon ] || echo console-setup
}

installkernel() {
	hostonly='' instmods overlay
}

install() {
	inst_multiple cat chroot ip mkdir modprobe mount rm tr
	inst_simple "${moddir:?}/networkd.conf" /etc/systemd/networkd.conf.d/netrescue.conf
	inst_hook cmdline 95 "$moddir/netrescue-cmdline.sh"
	inst_hook pre-pivot 50 "$moddir/netrescue-root.sh"
	inst_simple "$moddir/functions" /scripts/functions
	for _script in /etc/initramfs-tools/scripts/nfs-bottom/*; do
		inst_script "$_script" "/scripts/nfs-bottom/${_script##*/}"
	done
	# Root has no password in there: who has the console gets a shell when the boot fails.
	mkdir -p "${initdir:?}/etc/cmdline.d"
	echo SYSTEMD_SULOGIN_FORCE=1 > "$initdir/etc/cmdline.d/20-netrescue.conf"
}
