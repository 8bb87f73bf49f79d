#!/bin/bash
# SPDX-License-Identifier: MIT
# rescue64 from what `store export` wrote, on a machine that has no network and knows nothing: the same bytes.
. tests/lib/tap.sh
. tests/lib/image.sh
need unshare
((EUID == 0)) || skip_all 'a network namespace without interfaces takes root'
plan 4

image_build recipes/rescue64.yaml "$scratch/out"
first=$image
run "$NETRESCUE" store export "$first/rescue64.lock" "$scratch/rescue64.tar.zst" --store "$image_store"
is "$status" 0 'export' || diag "$stderr"
run "$NETRESCUE" store import "$scratch/rescue64.tar.zst" --store "$scratch/store"
is "$status" 0 'import into an empty store' || diag "$stderr"
run unshare -n "$NETRESCUE" build recipes/rescue64.yaml --lock "$first/rescue64.lock" --offline \
	--store "$scratch/store" --out "$scratch/out2"
is "$status" 0 'a build where there is no network' || diag "$stderr"
same_files "$scratch/out2/rescue64/latest/SHA256SUMS" "$first/SHA256SUMS" 'the same bytes'
