#!/bin/bash
# SPDX-License-Identifier: MIT
# What the recipe says about the system itself is in the tree, and what cannot be is refused in words.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg zstd newuidmap

tiny_new "$scratch/m"
mirror_package "$scratch/m" <<'.'
Package: made-up-systemd
Version: 1.0
Files:
 /usr/lib/systemd/system/getty@.service 0644 [Service]\n
 /usr/lib/systemd/system/rsync.service 0644 [Service]\n

Package: mingetty
Version: 1.0
Files:
 /usr/sbin/mingetty 0755 #!/bin/sh\n

Package: made-up-sysvinit
Version: 1.0
Files:
 /etc/inittab 0644 id:2:initdefault:\n# comment\n1:2345:respawn:/sbin/getty --noclear 38400 tty1\n2:23:respawn:/sbin/getty 38400 tty2\n
 /etc/init.d/old 0755 #!/bin/sh\n### BEGIN INIT INFO\n# Provides: old\n# Required-Start:\n# Required-Stop:\n# Default-Start: 2\n# Default-Stop:\n### END INIT INFO\n
 /etc/rc2.d/S01old -> ../init.d/old
 /usr/lib/made-up 0644 x\n
X-Postinst:
 #!/bin/sh
 echo key >/etc/ssh_host_is_elsewhere
 mkdir -p /etc/ssh /var/log/journal
 echo private >/etc/ssh/ssh_host_rsa_key
 echo builder >/etc/machine-id
.
tiny_serve "$scratch/m"
plan 33

# build NAME LINE...: the tiny recipe under that name, a LINE in place of what it says to that key, built; the
# tree is in $scratch/NAME if that worked.
build() {
	local name=$1 recipe=$scratch/$1.yaml line key
	shift
	tiny_recipe "$recipe"
	for line in "name: $name" "$@"; do
		key=${line%%:*}
		sed -i "/^$key:/,/^[a-z]/{/^$key:/d;/^ /d}" "$recipe"
		echo "$line" >>"$recipe"
	done
	run tiny_build "$recipe"
	((status == 0)) || return 0
	mkdir -p "$scratch/$name"
	tar -C "$scratch/$name" --zstd --no-same-owner -xpf "$stdout/rootfs.tar.zst"
}

mkdir -p "$scratch/over/root/.ssh" "$scratch/over/etc/apt" "$scratch/over/etc/init.d"
echo 'ssh-ed25519 AAAAC3overlay over' >"$scratch/over/root/.ssh/authorized_keys"
echo 'from the overlay' >"$scratch/over/etc/motd"
cat >"$scratch/over/etc/init.d/new" <<'.'
#!/bin/sh
### BEGIN INIT INFO
# Provides: new
# Required-Start:
# Required-Stop:
# Default-Start: 2
# Default-Stop:
### END INIT INFO
.
chmod +x "$scratch/over/etc/init.d/new"
cat >"$scratch/script" <<'.'
#!/bin/sh -eu
cat /etc/motd >/etc/seen-by-script
ls /sys | wc -l >/etc/sys-of-script
command -v update-initramfs >/etc/initramfs-of-script
.

build systemd 'packages: [made-up-systemd, mingetty]' 'hostname: patient' 'timezone: UTC' \
	'autologin: {terminals: [tty1, ttyS0], program: mingetty}' 'overlays: [over]' \
	'scripts: [script]' \
	'root: {password: locked, authorized-keys: ["ssh-ed25519 AAAAC3recipe me"]}'
is "$status" 0 'a tree with systemd' || { diag "$stderr"; tap_die 'nothing else can work'; }
tree=$scratch/systemd
is "$(<"$tree/etc/hostname")" patient 'the host name'
like "$(<"$tree/etc/hosts")" $'127\\.0\\.1\\.1\tpatient' 'resolves to the machine itself'
is "$(cat "$tree"/etc/apt/sources.list "$tree"/etc/apt/sources.list.d/* 2>/dev/null)" \
	'deb http://mirror.example/debian trixie main' 'apt has the sources of the recipe and no others'
not_ok 'nothing names the mirror of the build' grep -rlF "${MIRROR_URL#http://}" "$tree/etc" "$tree/var/lib"
is "$(cut -d: -f1,2 "$tree/etc/shadow" | grep ^root:)" 'root:*' 'root is locked'
is "$(<"$tree/root/.ssh/authorized_keys")" \
	$'ssh-ed25519 AAAAC3overlay over\nssh-ed25519 AAAAC3recipe me' 'keys of overlay and recipe'
is "$(stat -c %a "$tree/root/.ssh" "$tree/root/.ssh/authorized_keys" | xargs)" '700 600' \
	'for root only'
unit=$tree/etc/systemd/system
is "$(grep ^ExecStart= "$unit/getty@tty1.service.d/rescue-autologin.conf")" \
	$'ExecStart=\nExecStart=-/sbin/mingetty --noclear --autologin root %I' 'mingetty on tty1'
is "$(readlink "$unit/getty.target.wants/getty@tty1.service")" \
	/usr/lib/systemd/system/getty@.service 'which is started'
like "$(<"$unit/serial-getty@ttyS0.service.d/rescue-autologin.conf")" '/sbin/agetty .*--autologin root' \
	'agetty on ttyS0, since mingetty knows no serial lines'
not_ok 'which no boot waits for' test -e "$unit/getty.target.wants/serial-getty@ttyS0.service"
like "$(<"$tree/etc/udev/rules.d/90-rescue-terminals.rules")" 'KERNEL=="ttyS0".*serial-getty@ttyS0' \
	'udev starts it'
is "$(<"$tree/etc/seen-by-script")" 'from the overlay' 'scripts run after the overlays'
is "$(<"$tree/etc/sys-of-script")" 0 'and see no /sys'
is "$(<"$tree/etc/initramfs-of-script")" /.netrescue/bin/update-initramfs 'and make no initramfs'
is "$(stat -c '%s %a' "$tree/etc/machine-id")" '0 444' 'the machine-id is empty'
ok 'an init script of an overlay lies there under systemd too' test -e "$tree/etc/init.d/new"

build sysvinit 'packages: [made-up-sysvinit, mingetty]' 'init: sysvinit' \
	'autologin: {terminals: [tty1, tty3, ttyS1], program: mingetty}' 'overlays: [over]' \
	'services: {disable: [old, apt-daily.timer], mask: []}' 'root: {password: locked}'
is "$status" 0 'a tree with sysvinit' || diag "$stderr"
tree=$scratch/sysvinit
is "$(grep -v '^$' "$tree/etc/inittab")" 'id:2:initdefault:
# comment
1:2345:respawn:/sbin/mingetty --noclear --autologin root tty1
2:23:respawn:/sbin/getty 38400 tty2
# A terminal of the recipe.
3:2345:respawn:/sbin/mingetty --noclear --autologin root tty3
# A terminal of the recipe.
S1:2345:respawn:/sbin/agetty --autologin root --local-line 115200 ttyS1 vt102' \
	'inittab: lines replaced where they stand, others kept, new ones added'
silent 'a disabled service has no links' find "$tree"/etc/rc*.d -name '*old'
like "$(cd "$tree" && ls etc/rc2.d)" 'S[0-9]+new' 'an init script of an overlay has'
not_ok 'host keys that a package made are gone' test -e "$tree/etc/ssh/ssh_host_rsa_key"
not_ok 'so is the directory that makes the journal persistent' test -e "$tree/var/log/journal"
is "$(stat -c %s "$tree/etc/machine-id")" 0 'and the id of the machine that built'

# refused EXIT PATTERN WHAT LINE...: the build fails with that code, its message matches.
refused() {
	local code=$1 pattern=$2 what=$3
	shift 3
	build refused "$@"
	is "$status" "$code" "$what: refused" || diag "$stderr"
	like "$stderr" "$pattern" "$what: says why"
}

hash='"$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"'
refused 2 'nobody could enter.*no.* SSH server' 'a locked root with a key and no sshd' \
	'autologin: {terminals: []}' \
	'root: {password: locked, authorized-keys: ["ssh-ed25519 AAAAC3recipe me"]}'
refused 2 'rsyncd.*did you mean .rsync\.service' 'an unknown unit' 'packages: [made-up-systemd]' \
	"root: {password: $hash}" 'services: {mask: [rsyncd]}'
refused 2 "keymap 'de'.*keyboard-configuration" 'a keymap that nothing can set' \
	"root: {password: $hash}" 'keymap: de'
refused 2 'no /etc/inittab' 'sysvinit without inittab' 'init: sysvinit' "root: {password: $hash}" \
	'autologin: {terminals: [tty1], program: agetty}'
