#!/bin/bash
# SPDX-License-Identifier: MIT
# GRUB's own parser takes the menus that tests/cases/menu/grub-*.case pin.
. tests/lib/tap.sh
need grub-script-check

cases=(tests/cases/menu/grub-*.case)
plan $((${#cases[@]} + 1))
for case in "${cases[@]}"; do
	sed '1,/^=== grub$/d' "$case" >"$scratch/grub.cfg"
	# The parser takes an empty file, too.
	grep -q '^menuentry ' "$scratch/grub.cfg" || tap_die "$case holds no menu"
	ok "$(basename "$case")" grub-script-check "$scratch/grub.cfg"
done

# The quotes are what holds: without them the parser objects.
tr -d "'" <tests/cases/menu/grub-quoting.case | sed '1,/^=== grub$/d' >"$scratch/bare.cfg"
run grub-script-check "$scratch/bare.cfg"
is "$status" 1 'titles without quotes are not taken'
