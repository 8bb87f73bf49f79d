# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Images that are broken on purpose, though they are what they say of themselves, and what the lab says of them. To be sourced after tap.sh and image.sh.
#
#	broken_copy NAME		a copy of $image to be broken, in $broken
#	broken_pxelinux FILE NAME	three TAP lines: a copy without that FILE of PXELINUX's fails in its menu
#	broken_boot NAME PHASE REGEX [ARGUMENT…]
#					three TAP lines: the lab fails in this phase (ERR_BOOT), with a message
#					that has the words, and has not waited until its patience was over

# shellcheck disable=SC2154 # image.sh sets $image
broken_copy() {
	broken=$scratch/broken/$1
	mkdir -p "$scratch/broken"
	cp -a "$(realpath "$image")" "$broken"
}

broken_pxelinux() {
	broken_copy "without-$1"
	rm "$broken/tftp/$1"
	broken_boot "$2" 'phase menu' "Failed to load.*TFTP: /*${1/./\\.}: file not found"
}

# shellcheck disable=SC2154 # tap.sh and image.sh set the others
broken_boot() {
	local name=$1 phase=$2 words=$3
	shift 3
	[[ $broken != "$scratch"/broken/* ]] || python3 tests/lib/forge.py describe "$broken"
	run "$NETRESCUE" boot "$broken" --check --store "$image_store" --logs "$scratch/logs" --timeout 300 "$@"
	is "$status" 5 "$name: the lab fails"
	like "$stderr" "error: (client 1, [a-z]+, )?$phase: .*$words" "$name: it says where and why"
	unlike "$stderr" 'no progress' "$name: and does not wait for more"
}
