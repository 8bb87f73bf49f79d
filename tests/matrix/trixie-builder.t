#!/bin/bash
# SPDX-License-Identifier: MIT
# netrescue compiled and run inside a trixie tree (other compiler, libsolv, libarchive, libzstd, gpgv) makes the bytes that
# it makes here.
. tests/lib/tap.sh
. tests/lib/image.sh
[[ $(id -u) = 0 ]] || skip_all 'it takes root to enter a tree'
need mmdebstrap jq
recipe=${1:-recipes/rescue64.yaml}
name=$(basename "$recipe" .yaml)
plan 4

image_build "$recipe" "$scratch/here"
mirror=$(jq -r '[.predicate.buildDefinition.resolvedDependencies[].annotations | values][0].mirror' "$image/provenance.json")
cp "$image/$name.lock" "$scratch/lock"

packages=$(make -s --no-print-directory print-build-packages | tr ' ' ',')
ok 'a trixie tree with the build packages' mmdebstrap --quiet --mode=root --variant=apt --include="$packages,git" trixie "$scratch/tree" "$mirror" ||
	tap_die 'no tree to build in'
mkdir -p "$scratch/tree/source" "$scratch/tree/store" "$scratch/tree/old"
git ls-files -z | tar --null -T - -cf - | tar -C "$scratch/tree/source" -xf -

# User namespaces cannot be made in a chroot, so the tree becomes the root of a mount namespace.
cat >"$scratch/enter" <<.
set -e
mount --bind "$scratch/tree" "$scratch/tree"
mount --rbind /dev "$scratch/tree/dev"
mount -t proc proc "$scratch/tree/proc"
mount --bind "$image_store" "$scratch/tree/store"
cp "$scratch/lock" "$scratch/tree/lock"
cd "$scratch/tree"
pivot_root . old
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -c 'umount -l /old; cd /source && make -j2 >/make.log 2>&1 && out/bin/netrescue build $recipe --lock /lock --store /store --out /out --offline'
.
if unshare --mount --pid --fork sh "$scratch/enter" >"$scratch/log" 2>&1; then
	pass 'it compiles there and builds the lock'
else
	fail 'it compiles there and builds the lock'
	diag "$(tail -n 20 "$scratch/log" "$scratch/tree/make.log" 2>&1)"
fi
same_files "$image/SHA256SUMS" "$scratch/tree/out/$name/latest/SHA256SUMS" 'the same bytes'
unlike "$("$scratch/tree/lib64/ld-linux-x86-64.so.2" --version | head -1)" "$(ldd --version | awk 'NR == 1 { print $NF }')\$" 'by another C library (else this proves little)'
