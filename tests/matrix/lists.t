#!/bin/bash
# SPDX-License-Identifier: MIT
# The package lists of well-known live systems, some 650 to 1200 packages each: they are built, dpkg and apt agree with
# what came out, a second build has the same bytes, and two of them boot to a system in which nothing has failed.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
[[ $(id -u) = 0 ]] || skip_all 'unpacking with owners and chroot need root'
lists=(like-grml-full like-clonezilla like-finnix)
boots=(like-clonezilla like-finnix)
plan $((6 * ${#lists[@]} + ${#boots[@]}))

# locked IMAGE NAME: its packages with their versions, as the lock has them
locked() {
	awk 'BEGIN { RS = ""; FS = "\n" } /\nRole: image/ { print substr($1, 10), substr($2, 10) }' "$1/$2.lock" | sort
}
# check NAME: unpacks $image and asks dpkg and apt
check() {
	local tree=$scratch/tree
	ok "$1: SHA256SUMS holds" sh -c "cd '$image' && sha256sum --quiet -c SHA256SUMS"
	silent "$1: both SBOMs are valid" /usr/bin/python3 tests/lib/sbom.py "$image"
	image_unpack "$image" "$tree"
	silent "$1: dpkg --audit finds nothing" image_inside "$tree" dpkg --audit
	exits 0 "$1: apt-get check passes" image_inside "$tree" apt-get check
	same_text "$(image_inside "$tree" dpkg-query -f '${binary:Package} ${Version} ${db:Status-Abbrev}\n' -W |
		sed 's/:amd64 / /; s/ ii $//' | sort)" "$(locked "$image" "$1")" "$1: all packages of the lock are installed"
	rm -rf --one-file-system "$tree"
}

for name in "${lists[@]}"; do
	image_build "tests/recipes/$name.yaml" "$scratch/out"
	first=$image
	check "$name"
	image_build "tests/recipes/$name.yaml" "$scratch/again" --no-cache --lock "$first/$name.lock"
	same_files "$image/SHA256SUMS" "$first/SHA256SUMS" "$name: the same bytes again"
	rm -rf "$scratch/again"
	if [[ " ${boots[*]} " == *" $name "* ]]; then
		lab_boot "$name: boots to a clean health check" "$first" --memory 2048
	fi
	rm -rf "$scratch/out"
done
