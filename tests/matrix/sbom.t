#!/bin/bash
# SPDX-License-Identifier: MIT
# The other recipes: no file that neither a package nor a stage accounts for. (rescue64: image.t)
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/sbom.sh
[[ $(id -u) = 0 ]] || skip_all 'unpacking with owners needs root'
plan 10

for name in rescue64-sysvinit rescue64-bookworm; do
	image_build "recipes/$name.yaml" "$scratch/out"
	image_unpack "$image" "$scratch/$name"
	sbom_check "$image" "$scratch/$name"
	rm -rf "${scratch:?}/$name" "$scratch/out"
done
