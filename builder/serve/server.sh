#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What netrescue does on a file server. The program has this text inside (server-script.c) and sends it over ssh to
# `sh`, or gives it to a `sh` of this machine when the server is a directory here: nothing is installed there, and both
# ways are one. It runs as root, through `sudo -n` where the user is not root.
#
# It reads requests from its standard input, a line each: a word and arguments without blanks, of which the client has
# seen that they hold nothing but [A-Za-z0-9._/:@+-]. Where a request brings bytes, its last argument is their number.
# It answers in lines:
#
#	step NAME		what begins now
#	fact NAME VALUE…	something that was asked for
#	file NAME SIZE		and then so many bytes and a newline
#	hint TEXT		what can be done about the failure that follows
#	fail TEXT		the request failed, and the session ends
#	ok			the request is done
#
# One session does everything from the lock to the last rename. The lock is one of flock(2) on a descriptor that the
# programs run here inherit. So it lasts as long as anything of an interrupted deployment still works, and no longer.
#
# Everything gets its place by a rename, so that each step is done or not done. Nothing is removed but from directories
# that have the file .netrescue in them, which says that netrescue made them or was told to take them over.
set -u
umask 022
LC_ALL=C
PATH=${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin
export LC_ALL PATH

say() {
	printf '%s\n' "$*"
}

flat() {
	printf '%s' "$*" | tr -c '[:print:]' ' ' | cut -c 1-900
}

fail() {
	say "fail $(flat "$*")"
	exit 1
}

hint() {
	say "hint $(flat "$*")"
}

# A test names a step in NETRESCUE_FAULT at which everything ends, as by a power cut.
step() {
	[ "${NETRESCUE_FAULT-}" != "$1" ] || kill -9 $$
	say "step $1"
}

try() {
	said=$("$@" 2>&1) || fail "$said ($*)"
}

if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null 2>&1 || {
		hint 'name root, as in root@HOST:/srv/pxe, or install sudo there and permit it to this user'
		fail "$(id -un) is not root on the server, and there is no sudo"
	}
	sudo -n true 2>/dev/null || {
		hint 'permit it to this user without a password (NOPASSWD, sudoers(5)), or name root@HOST'
		fail "$(id -un) is not root on the server, and sudo asks for a password there"
	}
	say 'fact sudo yes'
	exec sudo -n sh -c "$SCRIPT"
fi

work=$(mktemp -d) || fail "cannot make a temporary directory"
trap 'rm -rf "$work"' EXIT
# Tests put another tree in the place of /var/lib/nfs and /proc/fs/nfsd.
nfs=${NETRESCUE_TEST_NFS-}
root='' tftp='' state='' adopt=no

# ---- directories that are ours -------------------------------------------------------------------------------------

# Whether we may claim a directory: it is not there, is empty, or has the marker.
is_claimable() {
	[ ! -L "$1" ] || return 1
	[ -e "$1" ] || return 0
	[ -d "$1" ] || return 1
	[ -f "$1/.netrescue" ] || [ "$adopt" = yes ] || [ -z "$(ls -A "$1")" ]
}

claim() {
	is_claimable "$1" || {
		hint '--adopt takes it over: versions in it may then be removed by netrescue'
		fail "'$1' is there already, and netrescue did not make it"
	}
	try mkdir -p "$1"
	try chmod "$2" "$1"
	[ -f "$1/.netrescue" ] || echo 'netrescue may remove what is in this directory.' >"$1/.netrescue" ||
		fail "cannot write '$1/.netrescue'"
}

# discard DIRECTORY NAME: removes it from one of our directories, out of everybody's sight first
discard() {
	if [ ! -f "$1/.netrescue" ] || [ -L "$1" ]; then
		fail "'$1' has no file .netrescue: nothing is removed from there"
	fi
	case $2 in '' | . | .. | */* | .netrescue) fail "refusing to remove '$2' from '$1'" ;; esac
	rm -rf "$1/.gone-$2"
	[ -e "$1/$2" ] || [ -L "$1/$2" ] || return 0
	try mv "$1/$2" "$1/.gone-$2"
	try rm -rf "$1/.gone-$2"
}

# What interrupted runs left in one of our directories.
tidy() {
	for left in "$1"/.new-* "$1"/.gone-*; do
		[ -e "$left" ] || continue
		case $left in *.gone-*) try rm -rf "$left" ;; *) discard "$1" "${left##*/}" ;; esac
	done
}

# on_disk PATH: waits for a file, or for what has changed in a directory
on_disk() {
	sync "$1" 2>/dev/null || sync
}

# settle FROM TO: what has been written under one name gets its own, once it is on the disk. The renames may be on
# several disks, and a power cut must not undo one before another.
settle() {
	sync -f "$1" 2>/dev/null || sync
	try mv -T "$1" "$2"
	on_disk "${2%/*}"
}

# ---- looking -------------------------------------------------------------------------------------------------------

# open ROOT TFTP-ROOT ADOPT: TFTP-ROOT is - where the server knows it
do_open() {
	root=$1 tftp=$2 adopt=$3 state=$1/.netrescue known=''
	[ ! -f "$state/tftp" ] || known=$(cat "$state/tftp")
	[ "$tftp" != - ] || tftp=${known:-$root/tftp}
	[ -z "$known" ] || [ "$known" = "$tftp" ] || {
		hint "set server.tftp-root: $known in the recipe"
		fail "the image wants the TFTP root $tftp, and $root was set up with $known"
	}
	say "fact tftp $tftp"
}

nearest() {
	near=$1
	while [ ! -d "$near" ]; do near=$(dirname "$near"); done
	printf '%s' "$near"
}

# free RECIPE: KiB, files and the kind of file system where its root goes; - for files where there is no limit. What an
# interrupted run has left there counts as free, as `begin` removes it, or goes on with it.
free() {
	near=$(nearest "$root/$1")
	kib=$(df -Pk "$near" | awk 'NR == 2 { print $4 }')
	files=$(df -Pi "$near" | awk 'NR == 2 { print ($2 == 0 || $2 == "-") ? "-" : $4 }')
	kib=$((${kib:-0} + $(left_there "$1" -k)))
	case $files in '' | -) files=- ;; *) files=$((files + $(left_there "$1" --inodes))) ;; esac
	say "fact free $kib $files $(stat -f -c %T "$near" | tr ' /' '--')"
}

# left_there RECIPE UNIT
left_there() {
	du -sc "$2" "$root/$1"/.new-* "$root/$1"/.gone-* "$state/incoming/$1" 2>/dev/null | sed -n '$s/[^0-9].*//p'
}

# What nfsd exports now (etab(5)): whether that covers a directory, and leaves root its rights. Where the path has a
# link in it, the export may have the one or the other name.
look_at_exports() {
	[ -r "$nfs/var/lib/nfs/etab" ] || return 0
	awk -v path="$1" -v real="$(readlink -m "$1")" '
		function is_below(name, top) {
			return name == top || index(name, top == "/" ? "/" : top "/") == 1
		}
		is_below(path, $1) || is_below(real, $1) {
			covered = 1
			if ($0 !~ /[(,]no_root_squash[,)]/ || $0 ~ /[(,]all_squash[,)]/) next
			fine = 1
		}
		END { if (!covered) print "fact unexported " path; else if (!fine) print "fact squashed " path }' \
		"$nfs/var/lib/nfs/etab"
}

# probe RECIPE
do_probe() {
	for program in rsync zstd tar flock sha256sum; do
		command -v "$program" >/dev/null 2>&1 || say "fact missing $program"
	done
	free "$1"
	for directory in "$root/$1" "$tftp/kernel/$1" "$tftp/menu" "$tftp/menu/$1"; do
		is_claimable "$directory" || say "fact foreign $directory"
	done
	look_at_link "$tftp/pxelinux.cfg" menu/current/pxelinux.cfg
	look_at_link "$tftp/grub/grub.cfg" ../menu/current/grub.cfg
	if [ -e "$tftp/menu/current" ] && [ ! -L "$tftp/menu/current" ]; then
		say "fact inway $tftp/menu/current"
	fi
	look_at_exports "$root/$1"
	do_list
}

look_at_link() {
	[ -e "$1" ] || [ -L "$1" ] || return 0
	[ "$(readlink "$1")" = "$2" ] || say "fact inway $1"
}

# RECIPE/VERSION of all that there is a part of
versions() {
	for directory in "$root"/*/* "$tftp"/kernel/*/* "$tftp"/menu/*/*; do
		if [ ! -f "${directory%/*}/.netrescue" ] || [ ! -d "$directory" ]; then continue; fi
		recipe=${directory%/*}
		case ${directory##*/} in
		[0-9]*T[0-9]*Z-*) printf '%s/%s\n' "${recipe##*/}" "${directory##*/}" ;;
		esac
	done | sort -u
}

# The parts: r, the root; k, kernel and initramfs; e, the menu's entries, which come last
parts() {
	found=''
	[ ! -d "$root/$1" ] || found=r
	[ ! -d "$tftp/kernel/$1" ] || found=${found}k
	[ ! -f "$tftp/menu/$1/entries.json" ] || found=${found}e
	printf '%s' "$found"
}

do_list() {
	for version in $(versions); do
		say "fact have $version $(parts "$version")"
	done
	for first in "$tftp"/menu/*/first; do
		[ ! -f "$first" ] || say "fact first $(basename "$(dirname "$first")")/$(cat "$first")"
	done
}

# loaders VERSION SIZE: "SHA256  PATH" lines of boot loaders that VERSION brings
do_loaders() {
	head -c "$2" >"$work/loaders"
	while read -r sum path; do
		[ -e "$tftp/$path" ] || continue
		now=$(sha256sum <"$tftp/$path" | cut -c 1-64)
		[ "$now" = "$sum" ] || grep -qxF "$now  $path" "$tftp/.netrescue-loaders" 2>/dev/null ||
			say "fact inway $tftp/$path"
	done <"$work/loaders"
}

send() {
	say "file $1 $(wc -c <"$2" | tr -d ' ')"
	cat "$2"
	say
}

# What a menu is made of.
do_menus() {
	do_list
	for version in $(versions); do
		[ "$(parts "$version")" = rke ] || continue
		send "$version" "$tftp/menu/$version/entries.json"
	done
	for own in site.yaml clients.json; do
		[ ! -f "$tftp/menu/$own" ] || send "$own" "$tftp/menu/$own"
	done
}

# Who has mounted what. mountd writes a line into rmtab for each mount by NFSv3, and takes it out at an unmount, which a
# root file system never sees. Clients of NFSv4 are in the kernel's list, without the directory. mountd resolves links
# before it writes, so a root that has one in its path is called by its real name there.
do_clients() {
	real=$(readlink -f "$root")
	if [ -r "$nfs/var/lib/nfs/rmtab" ]; then
		sed -n 's/^\([^/[:blank:]]*\):\(\/.*\):0x.*/\1 \2/p' "$nfs/var/lib/nfs/rmtab" >"$work/rmtab"
		while read -r address path; do
			case $path/ in "$real"/*) path=$root${path#"$real"} ;; esac
			case $real/ in "${path%/}"/*) path=$root ;; esac
			say "fact client $address $path"
		done <"$work/rmtab"
	else
		say "fact blind there is no /var/lib/nfs/rmtab, in which mountd notes who mounts"
	fi
	# The package leaves an empty rmtab, whoever serves the directory.
	threads=$(cat "$nfs/proc/fs/nfsd/threads" 2>/dev/null)
	[ "${threads:-0}" != 0 ] || say "fact blind the kernel's NFS server does not run there"
	for info in "$nfs"/proc/fs/nfsd/clients/*/info; do
		[ ! -r "$info" ] || sed -n 's/^address: "\(.*\):[0-9]*"$/fact client4 \1/p' "$info"
	done
}

# ---- changing ------------------------------------------------------------------------------------------------------

# lock SECONDS WHO
do_lock() {
	command -v flock >/dev/null 2>&1 || {
		hint 'apt install util-linux'
		fail "there is no 'flock' on the server"
	}
	try mkdir -p "$state"
	try chmod 700 "$state"
	exec 9>>"$state/lock" || fail "cannot write '$state/lock'"
	flock -w "$1" 9 || {
		hint '--wait SECONDS waits for the other one to end'
		fail "somebody else works on $root: $(cat "$state/who" 2>/dev/null)"
	}
	say "$2, since $(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$state/who"
}

# begin RECIPE VERSION: everything is ready for an upload to the directory that it answers with
do_begin() {
	step begin
	claim "$root/$1" 700
	claim "$tftp/kernel/$1" 755
	claim "$tftp/menu" 755
	claim "$tftp/menu/$1" 755
	printf '%s' "$tftp" >"$state/tftp.new" || fail "cannot write '$state/tftp.new'"
	try mv "$state/tftp.new" "$state/tftp"
	for directory in "$root/$1" "$tftp/kernel/$1" "$tftp/menu" "$tftp/menu/$1"; do
		tidy "$directory"
	done
	incoming=$state/incoming/$1/$2
	for other in "$state/incoming/$1"/*; do
		[ ! -d "$other" ] || [ "$other" = "$incoming" ] || try rm -rf "$other"
	done
	try mkdir -p "$incoming"
	say "fact incoming $incoming"
}

# put NAME SIZE: a small file beside what was uploaded
do_put() {
	head -c "$2" >"$incoming/$1" || fail "cannot write '$incoming/$1'"
	[ "$(wc -c <"$incoming/$1" | tr -d ' ')" = "$2" ] || fail "cannot write '$incoming/$1'"
}

# check: what was uploaded is what the file SUMS says
do_check() {
	step check
	# Nothing, where root and kernel are there and the image brings no loaders.
	[ -s "$incoming/SUMS" ] || return 0
	said=$(cd "$incoming" 2>&1 && sha256sum -c SUMS 2>&1 | grep -v ': OK$')
	[ -z "$said" ] || {
		hint 'run it again: what arrived damaged is sent once more'
		fail "what arrived is not what was sent: $said"
	}
}

# unpack RECIPE VERSION SHA256, which is the tar's
do_unpack() {
	if [ -d "$root/$1/$2" ]; then return; fi
	step unpack
	new=$root/$1/.new-$2
	try mkdir -m 700 "$new"
	rm -f "$work/copy"
	try mkfifo "$work/copy"
	sha256sum <"$work/copy" >"$work/sum" &
	zstd -dcq "$incoming/rootfs.tar.zst" 2>"$work/unpacking" | tee "$work/copy" 2>>"$work/unpacking" |
		tar -C "$new" --numeric-owner --xattrs --xattrs-include='*' --acls --warning=no-timestamp \
			-xpf - >>"$work/unpacking" 2>&1
	status=$?
	wait
	# tar only warns where an extended attribute cannot be set.
	if [ "$status" != 0 ] || [ -s "$work/unpacking" ]; then
		discard "$root/$1" ".new-$2"
		fail "cannot unpack the root file system below '$root/$1': $(head -n 3 "$work/unpacking")"
	fi
	[ "$(cut -c 1-64 "$work/sum")" = "$3" ] || fail "the unpacked tar is not the one of manifest.json"
	step verified
	settle "$new" "$root/$1/$2"
	step root
}

install_file() {
	try mkdir -p "$(dirname "$2")"
	try cp "$1" "$2.netrescue-new"
	try chmod 644 "$2.netrescue-new"
	on_disk "$2.netrescue-new"
	try mv "$2.netrescue-new" "$2"
}

link_to() {
	[ ! -L "$2" ] || return 0
	try mkdir -p "$(dirname "$2")"
	try ln -s "$1" "$2"
}

# The loaders stay those of the newest version that was ever deployed.
install_loaders() {
	record=$tftp/.netrescue-loaders
	newest=$(sed -n '1s/^# //p' "$record" 2>/dev/null)
	older=no
	[ "$(printf '%s\n' "$newest" "$1" | sort | tail -n 1)" = "$1" ] || older=yes
	while read -r sum path; do
		if [ -e "$tftp/$path" ] && [ $older = yes ]; then continue; fi
		# First the record, so that a rerun knows the file as ours.
		grep -qxF "$sum  $path" "$record" 2>/dev/null || echo "$sum  $path" >>"$record" ||
			fail "cannot write '$record'"
		if cmp -s "$incoming/tftp/$path" "$tftp/$path"; then continue; fi
		on_disk "$record"
		install_file "$incoming/tftp/$path" "$tftp/$path"
	done <"$work/loaders" || exit 1
	[ $older = no ] || return 0
	{
		echo "# $1"
		grep -v '^#' "$record" 2>/dev/null
	} >"$record.new"
	try mv "$record.new" "$record"
}

# boot RECIPE VERSION: what TFTP serves, but menus
do_boot() {
	step boot
	new=$tftp/kernel/$1/.new-$2
	if [ ! -d "$tftp/kernel/$1/$2" ]; then
		try mkdir "$new"
		if [ -d "$incoming/tftp/kernel/$1/$2" ]; then try cp -R "$incoming/tftp/kernel/$1/$2/." "$new"; fi
		try chown -R 0:0 "$new"
		try chmod -R u=rwX,go=rX "$new"
		settle "$new" "$tftp/kernel/$1/$2"
	fi
	step kernel
	install_loaders "$2"
	step loaders
	link_to menu/current/pxelinux.cfg "$tftp/pxelinux.cfg"
	link_to ../menu/current/grub.cfg "$tftp/grub/grub.cfg"
	step links
}

# entries RECIPE VERSION: from here on the next menu has them
do_entries() {
	new=$tftp/menu/$1/.new-$2
	if [ ! -d "$tftp/menu/$1/$2" ]; then
		try mkdir "$new"
		install_file "$incoming/entries.json" "$new/entries.json"
		settle "$new" "$tftp/menu/$1/$2"
	fi
	step entries
	try rm -rf "$state/incoming/$1"
	step uploaded
}

# first RECIPE VERSION: the version whose entries come first; - for the newest
do_first() {
	if [ "$2" = - ]; then
		try rm -f "$tftp/menu/$1/first"
	else
		echo "$2" >"$tftp/menu/$1/first.new" || fail "cannot write '$tftp/menu/$1/first.new'"
		try mv "$tftp/menu/$1/first.new" "$tftp/menu/$1/first"
	fi
	step first
}

# own NAME SIZE: writes menu/NAME, a file of the server's own
do_own() {
	head -c "$2" >"$tftp/menu/$1.new" || fail "cannot write '$tftp/menu/$1.new'"
	[ "$(wc -c <"$tftp/menu/$1.new" | tr -d ' ')" = "$2" ] || fail "cannot write '$tftp/menu/$1.new'"
	settle "$tftp/menu/$1.new" "$tftp/menu/$1"
	step own
}

# generation NAME: a new menu, which put-menu fills
do_generation() {
	claim "$tftp/menu" 755
	tidy "$tftp/menu"
	generation=$tftp/menu/.new-$1
	try mkdir -p "$generation/pxelinux.cfg"
	step menu
}

# put-menu PATH SIZE
do_put_menu() {
	head -c "$2" >"$generation/$1" || fail "cannot write '$generation/$1'"
	[ "$(wc -c <"$generation/$1" | tr -d ' ')" = "$2" ] || fail "cannot write '$generation/$1'"
}

# switch NAME: the one rename by which clients get the new menu
do_switch() {
	before=$(readlink "$tftp/menu/current")
	if [ -d "$tftp/menu/$1" ]; then
		discard "$tftp/menu" ".new-$1"
	else
		settle "$generation" "$tftp/menu/$1"
	fi
	step switch
	[ "$before" != "$1" ] || return 0
	try rm -f "$tftp/menu/.new-current"
	try ln -s "$1" "$tftp/menu/.new-current"
	try mv -T "$tftp/menu/.new-current" "$tftp/menu/current"
	on_disk "$tftp/menu"
	step switched
	# The one before stays for clients that read it at this moment.
	for other in "$tftp"/menu/g-*; do
		# A recipe may be called so, too.
		[ ! -e "$other/.netrescue" ] || continue
		case ${other##*/} in "$1" | "$before" | 'g-*') ;; *) discard "$tftp/menu" "${other##*/}" ;; esac
	done
}

# hide RECIPE VERSION: the next menu does without it
do_hide() {
	[ ! -d "$tftp/menu/$1/$2" ] || discard "$tftp/menu/$1" "$2"
	step hide
}

# remove RECIPE VERSION, once no menu names it
do_remove() {
	[ ! -d "$tftp/kernel/$1/$2" ] || discard "$tftp/kernel/$1" "$2"
	step remove
	[ ! -d "$root/$1/$2" ] || discard "$root/$1" "$2"
	step removed
}

# clean: removes what interrupted deployments have left
do_clean() {
	for directory in "$root"/* "$tftp"/kernel/* "$tftp/menu" "$tftp"/menu/*; do
		if [ -f "$directory/.netrescue" ] && [ ! -L "$directory" ]; then tidy "$directory"; fi
	done
	try rm -rf "$state/incoming"
	step clean
}

say "fact hello 1"
while read -r request one two three; do
	case $request in
	hello) ;;
	open) do_open "$one" "$two" "$three" ;;
	probe) do_probe "$one" ;;
	list) do_list ;;
	loaders) do_loaders "$one" "$two" ;;
	menus) do_menus ;;
	clients) do_clients ;;
	lock) do_lock "$one" "$two" ;;
	begin) do_begin "$one" "$two" ;;
	put) do_put "$one" "$two" ;;
	check) do_check ;;
	unpack) do_unpack "$one" "$two" "$three" ;;
	boot) do_boot "$one" "$two" ;;
	entries) do_entries "$one" "$two" ;;
	first) do_first "$one" "$two" ;;
	own) do_own "$one" "$two" ;;
	generation) do_generation "$one" ;;
	put-menu) do_put_menu "$one" "$two" ;;
	switch) do_switch "$one" ;;
	hide) do_hide "$one" "$two" ;;
	remove) do_remove "$one" "$two" ;;
	clean) do_clean ;;
	*) fail "the request '$request' is not known" ;;
	esac
	say ok
done
