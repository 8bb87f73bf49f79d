# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What rescue.t has done in the booted system, as root. It sets $private_key (the one whose public half is in the
# recipe). Disks, by serial number: disk0 used-disk.py's, disk1 empty, disk2 empty, bad with bad sectors.
# Prints `ok NAME` or `not ok NAME` for each, with `# ` lines that say why.
# shellcheck disable=SC2317,SC2154,SC1091 # called by name; set by rescue.t; a file of the system
set -u
work=$(mktemp -d)
cd "$work" || exit
umask 077
mkdir mnt

check() {
	local name=$1 output
	if output=$("$2" 2>&1); then
		echo "ok $name"
	else
		echo "not ok $name"
		tail -n 30 <<<"$output" | sed 's/^/# /'
	fi
}

# WORDS: fails with what there is instead.
same() {
	[[ $1 == "$2" ]] || { echo "it is '$1', not '$2'"; return 1; }
}

disk() {
	echo "/dev/disk/by-id/virtio-$1"
}

# ---- how it presents itself --------------------------------------------------------------------

root_is_overlay() {
	same "$(findmnt -n -o FSTYPE /)" overlay &&
		findmnt -t nfs,nfs4 -n -o OPTIONS | tr , '\n' | grep -qx ro
}

asks_once() {
	local options
	options=,$(findmnt -n -t nfs -o OPTIONS),
	[[ $options == *,nocto,* && $options == *,acregmin=3600,* && $options == *,acdirmax=3600,* ]] ||
		{ echo "$options"; return 1; }
}

language() {
	same "$LANG" de_DE.UTF-8 && same "$(date -d 2020-03-01 +%B)" März &&
		same "$(localectl | sed -n 's/.*System Locale: //p')" LANG=de_DE.UTF-8
}

# Where a US keyboard has y. The kernel's table, not a file.
keymap() {
	. /etc/default/keyboard
	same "$XKBLAYOUT" de || return
	dumpkeys -C /dev/tty1 | grep -E '^[[:space:]]*keycode[[:space:]]+21[[:space:]]*=[[:space:]]*\+?z\b'
}

# If one were older, console-setup would compile the keymap.
saved() {
	local file
	for file in keyboard console-setup; do
		[[ /etc/console-setup/cached_setup_terminal.sh -nt /etc/default/$file ]] || { ls -l /etc/default; return 1; }
	done
	systemctl is-active console-setup keyboard-setup
}

# UNIT…: of these none is active.
inactive() {
	local unit
	for unit; do
		same "$unit: $(systemctl is-active "$unit")" "$unit: inactive" || return
	done
}

prompt_waits() {
	systemctl show -p After --value systemd-user-sessions getty@tty1 | tr ' ' '\n' |
		grep -E '^(network|network-online|remote-fs)[.]target$' && return 1
	same "$(systemctl show -p Type --value getty@tty1)" simple && inactive user@0.service &&
		same "$(loginctl list-sessions --no-legend | grep -c tty1)" 1
}

started_by_hand() {
	local units=(lvm2-monitor.service sys-kernel-debug.mount dev-hugepages.mount systemd-binfmt.service)
	inactive "${units[@]}" nvmf-autoconnect.service || return
	systemctl start "${units[@]}" && systemctl is-active "${units[@]}" && systemctl stop "${units[@]}" || return
	touch /run/rescue/user-manager && systemctl start user@0 && systemctl is-active user@0 && systemctl stop user@0
}

# ---- the network -------------------------------------------------------------------------------

ssh_root() {
	ssh -n -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o IdentitiesOnly=yes "$@" \
		root@127.0.0.1 'echo "user $(id -u)"' 2>&1
}

ssh_takes_key() {
	printf '%s\n' "$private_key" >key
	ssh_root -i key | tee /dev/stderr | grep -x 'user 0'
}

ssh_refuses_others() {
	local answer
	ssh-keygen -q -t ed25519 -N '' -f other
	for key in /dev/null other; do
		answer=$(ssh_root -i "$key")
		[[ $answer == *'Permission denied (publickey'* ]] || { echo "$answer"; return 1; }
	done
}

names() {
	same "$(getent ahostsv4 some.example | awk 'NR == 1 { print $1 }')" 192.168.1.1
}

# hello is in no rescue system: only the lists know it. The build reads no translations, so there are none.
apt_update() {
	LC_ALL=C.UTF-8 apt-get update -o Acquire::Languages=none >update.log 2>&1 || { cat update.log; return 1; }
	grep -E '^(Err|W|E):' update.log && return 1
	LC_ALL=C.UTF-8 apt-cache policy hello | tee /dev/stderr |
		grep -E '^ +Candidate: [0-9]'
}

# The same suite, of which somebody changed a byte.
apt_refuses() {
	mkdir lists
	echo 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/changed trixie main' \
		>changed.list
	chmod -R go+rX "$work"
	if LC_ALL=C.UTF-8 apt-get update -o Dir::Etc::SourceList="$work/changed.list" \
		-o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/lists" >changed.log 2>&1; then
		cat changed.log
		return 1
	fi
	grep -iE 'signature|BADSIG' changed.log || { cat changed.log; return 1; }
}

# ---- disks -------------------------------------------------------------------------------------

in_use() {
	grep -E '^/dev/(vd|md|mapper|dm)' /proc/mounts
	sed 1d /proc/swaps
	ls -d /sys/block/{dm-,md}* /sys/block/vd*/holders/* /sys/block/vd*/*/holders/* 2>/dev/null
}

disks_at_rest() {
	local kinds
	udevadm settle
	kinds=$(lsblk -n -o FSTYPE "$(disk disk0)" | tr -s ' \n' ' ')
	same "$kinds" ' ext4 swap LVM2_member linux_raid_member ' && same "$(in_use)" ''
}

# Reads the device itself: what lsblk says comes from udev, which may not have looked at a new device yet.
label() {
	blkid --probe --match-tag LABEL --output value "$1"
}

# So that it was worth something that nobody did. Nothing of this writes.
disks_by_hand() {
	local vg
	vg=$(vgs --noheadings -o vg_name) && same "${vg// /}" used &&
		vgchange --activate y used && mount -o ro,noload /dev/used/data mnt &&
		same "$(label /dev/used/data)" used-lvm && umount mnt && vgchange --activate n used &&
		mdadm --assemble --readonly /dev/md0 "$(disk disk0)-part4" &&
		mount -o ro,noload /dev/md0 mnt && same "$(label /dev/md0)" used-md &&
		umount mnt && mdadm --stop /dev/md0
}

rescue_bad_disk() {
	ddrescue --force --idirect --retry-passes=1 "$(disk bad)" "$(disk disk1)" map &&
		sync
}

luks() {
	local device
	device=$(disk disk2)
	printf geheim | cryptsetup luksFormat --batch-mode --type luks2 --pbkdf-memory 32768 \
		--pbkdf-force-iterations 4 --pbkdf-parallel 1 --key-file - "$device" &&
		printf geheim | cryptsetup open --key-file - "$device" secret &&
		mkfs.ext4 -q /dev/mapper/secret && mount /dev/mapper/secret mnt &&
		echo 'a text that nobody may read' >mnt/text && umount mnt &&
		cryptsetup close secret && echo 3 >/proc/sys/vm/drop_caches || return
	if printf wrong | cryptsetup open --key-file - "$device" secret; then
		echo 'another key opens it, too'
		return 1
	fi
	printf geheim | cryptsetup open --key-file - "$device" secret && mount -o ro /dev/mapper/secret mnt &&
		same "$(<mnt/text)" 'a text that nobody may read' && umount mnt && cryptsetup close secret
}

echo "# cmdline: $(</proc/cmdline)"
check 'the root is an overlay over a read-only NFS' root_is_overlay
check 'the server is not asked again what cannot change' asks_once
check 'messages and dates are in the language of the recipe' language
check 'the keyboard is the one of the recipe' keymap
check 'font and keymap come from what the image has saved' saved
check 'the prompt waits for no network and no second systemd' prompt_waits
check 'LVM, md, swap and ext4 are seen, and left alone' disks_at_rest
echo "# disk0: $(sha256sum <"$(disk disk0)")"
check 'they can be used by hand' disks_by_hand
check 'ssh takes the key of the recipe' ssh_takes_key
check 'and no other' ssh_refuses_others
check 'names are resolved' names
check 'apt-get update' apt_update
check 'apt-get refuses a list that was changed' apt_refuses
check 'ddrescue copies a disk with bad sectors' rescue_bad_disk
check 'what is not started at boot can be started by hand' started_by_hand
grep -- '^0x.* -' map | sed 's/^/# bad: /'
check 'cryptsetup makes an encrypted disk and opens it' luks
exit 0
