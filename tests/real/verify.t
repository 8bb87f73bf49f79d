#!/bin/bash
# SPDX-License-Identifier: MIT
# verify builds an image again as another user of another machine: the same bytes.
#
#	verify.t [RECIPE [SANDBOX]]
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/guestfs.sh
need jq
recipe=${1:-recipes/rescue64.yaml}
sandbox=${2:-namespace}
[[ $(id -u) = 0 ]] || skip_all 'to become another user, with another host name and processor, it takes root'
if [[ $sandbox = guestfs ]]; then
	guestfs_need
	guestfs_kernel
fi
# Another user has to get at the programs and recipes, wherever the checkout lies.
chmod 755 "$scratch"
mkdir "$scratch/bin"
cp "$NETRESCUE_BIN"/{netrescue,sandbox-*} "$scratch/bin"
cp -R "$top/recipes" "$top/overlays" "$scratch"
chmod -R a+rX "$scratch"
plan 6

image_shared "$recipe"
run "$scratch/bin/netrescue" verify --json --store "$image_store" --sandbox "$sandbox" --recipe "$scratch/$recipe" "$image"
result=$(grep '"event": *"result"' <<<"$stdout")
is "$status" 0 'an image is the same when it is built again' || diag "$stderr" "$(jq . <<<"$result")"
is "$(jq -c '[.equal, .differences]' <<<"$result")" '[true,[]]' '0 differences'
varied=$(jq -r '.varied[].name' <<<"$result")
diag "$(jq -r '.varied[] | "varied: \(.name): \(.from) → \(.to)"' <<<"$result")"
diag "$(jq -r '.["not-varied"][] | "not varied: \(.name): \(.why)"' <<<"$result")"
ok 'at least twelve conditions were varied' test "$(wc -l <<<"$varied")" -ge 12
hard=(user 'host name' umask 'time zone' language 'flags of the processor' keyboard 'devices in /sys' 'kernel by uname(2)'
	'environment' store 'worker processes')
# Where /tmp and the checkout lie in memory there is no other file system and no other order.
[[ $(stat -f -c %T "$scratch") = tmpfs ]] || hard+=('file system' 'order of directories' tree)
[[ $sandbox = namespace ]] || hard+=(sandbox clock kernel)
missing=
for name in "${hard[@]}"; do
	[[ $'\n'$varied$'\n' == *$'\n'"$name"$'\n'* ]] || missing+="$name, "
done
is "$missing" '' 'among them the hard ones'
is "$(jq -r .path <<<"$result")" "$image" 'the result is named'
ok 'and SHA256SUMS speaks the truth' sh -c "cd '$image' && sha256sum --quiet -c SHA256SUMS"
