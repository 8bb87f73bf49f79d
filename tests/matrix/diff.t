#!/bin/bash
# SPDX-License-Identifier: MIT
# diff between a trixie image and a bookworm image: all that differs is said, and nothing else, as dpkg and tar see it.
. tests/lib/tap.sh
. tests/lib/image.sh
need jq zstd dpkg
plan 8

image_build recipes/rescue64-bookworm.yaml "$scratch/out"
old=$image
image_build recipes/rescue64.yaml "$scratch/out"
new=$image

run "$NETRESCUE" diff --json "$old" "$new"
is "$status" 1 'they differ'
cp "$scratch/.stdout" "$scratch/diff.json"
silent 'dpkg and tar see the same differences' python3 tests/lib/diff-oracle.py "$old" "$new" "$scratch/diff.json"
count() {
	jq "[.changes.packages[] | select(.change == \"$1\")] | length" "$scratch/diff.json"
}
diag "$(count upgraded) packages upgraded, $(count added) added, $(count removed) removed"
ok 'of two releases most packages are upgraded' test "$(count upgraded)" -gt 100
is "$(jq -r '.changes.image[].name' "$scratch/diff.json" | sort | tr '\n' ' ')" 'kernel name suite ' 'kernel, name and suite are news'

run "$NETRESCUE" diff --all "$old" "$new"
same_text "$(sed -n 's/^Packages upgraded (\([0-9]*\))$/\1/p' <<<"$stdout")" "$(count upgraded)" 'the text counts the same'
text=$stdout
run "$NETRESCUE" diff --all "$old" "$new"
same_text "$stdout" "$text" 'and is the same each time'
run "$NETRESCUE" diff --markdown "$old" "$new"
like "$stdout" '### Packages upgraded' 'a table for a pull request'
ok 'that fits one (65,536 characters)' test ${#stdout} -lt 65536
