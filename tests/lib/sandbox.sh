# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Sandboxes for tests, by tests/tools/sandbox-driver.c. After tap.sh:
#
#	tree "$scratch/tree.tar" cat ls          a tree with sh and these programs of this machine
#	sandbox root-memory <<-END               one request a line, words separated by blanks;
#		put $scratch/tree.tar /          ~ stands for a blank inside a word
#		run sh -c echo~hello
#	END
#	is "$status" 0 …; like "$stdout" hello …
#
# The ways: root-memory, root-disk, user-memory, user-disk. As root, "user" is nobody with a range of ids
# in a private mount namespace; as an ordinary user it is that user, and "root" cannot be had.
# $sandbox_ways holds those that work here.

# shellcheck disable=SC2154 # scratch is tap.sh's
# Copies, since another user may not be let into the checkout.
chmod 755 "$scratch"
sandbox_bin=$scratch/bin
mkdir "$sandbox_bin"
cp "$NETRESCUE_BIN/sandbox-namespace" "$NETRESCUE_BIN"/tests/sandbox-* "$sandbox_bin" ||
	tap_die 'make the test tools first'
driver=$sandbox_bin/sandbox-driver

# shellcheck disable=SC2034 # for the test
if ((EUID == 0)); then
	sandbox_ways=(root-memory root-disk user-memory user-disk)
else
	sandbox_ways=(user-memory user-disk)
fi
sandbox_nobody=65534
sandbox_range=$sandbox_nobody:200000:65536 # subuid(5)

# tree FILE PROGRAM...: a tar of /usr/bin/PROGRAM (dash as sh) and the libraries they load, and /tmp.
tree() {
	local file=$1 root=$scratch/tree.made program library real
	shift
	rm -rf "$root"
	mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{etc,tmp,root,var}
	ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root"
	for program in dash "$@"; do
		real=$(command -v "$program") || tap_die "no program '$program' for the tree"
		cp -L "$real" "$root/usr/bin/${program##*/}"
		ldd "$real" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
			mkdir -p "$root/usr/${library%/*}"
			cp -L "$library" "$root/usr/${library#/usr}"
		done
	done
	# ldd's paths begin with /lib or /usr/lib: both are one place here.
	ln -s dash "$root/usr/bin/sh"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	tar -C "$root" --owner=0 --group=0 --numeric-owner -cf "$file" .
}

# sandbox_prefix WAY: sets $as, the words before a command that make it that way's user.
sandbox_prefix() {
	as=()
	[[ $1 == root-* || $EUID != 0 ]] && return
	echo "$sandbox_range" >"$scratch/subid"
	# shellcheck disable=SC2016 # expanded by the inner shell
	as=(unshare -m sh -c 'mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid &&
		id=$1 && shift && exec setpriv --reuid "$id" --regid "$id" --clear-groups -- "$@"' \
		"$scratch/subid" "$sandbox_nobody")
}

# sandbox_as WAY COMMAND...: as that way's user.
sandbox_as() {
	local as
	sandbox_prefix "$1"
	shift
	"${as[@]}" "$@"
}

# sandbox_store WAY: prints that user's store.
sandbox_store() {
	local store=$scratch/store-${1%-*}
	if [[ ! -d $store ]]; then
		mkdir "$store"
		((EUID == 0)) && [[ $1 == user-* ]] && chown "$sandbox_nobody" "$store"
	fi
	echo "$store"
}

# sandbox WAY [DRIVER-OPTION...]: requests on stdin; sets status, stdout, stderr.
# shellcheck disable=SC2034 # the test reads them
sandbox() {
	local way=$1 store options=()
	shift
	store=$(sandbox_store "$way")
	[[ $way == *-disk ]] && options=(disk)
	status=0
	tr ' ~' '\t ' | sandbox_as "$way" "$driver" "$store" "${options[@]}" "$@" \
		>"$scratch/.stdout" 2>"$scratch/.stderr" || status=$?
	stdout=$(<"$scratch/.stdout")
	stderr=$(<"$scratch/.stderr")
}
