#!/bin/bash
# SPDX-License-Identifier: MIT
# A pipe where a file is expected is refused in words. Opening one would wait until somebody writes to it, and no
# signal would end that.
. tests/lib/tap.sh
plan 20

mkfifo "$scratch/pipe"
mkdir "$scratch/result"
mkfifo "$scratch/result/manifest.json"
mkdir "$scratch/signed"
touch "$scratch/signed/x.lock" "$scratch/signed/SHA256SUMS"
echo '-----BEGIN SSH SIGNATURE-----' >"$scratch/signed/SHA256SUMS.sig"
cat >"$scratch/recipe.yaml" <<'.'
name: x
suite: trixie
autologin: {terminals: [tty1]}
.

# refused WHAT ARGUMENT…
refused() {
	local what=$1

	shift
	run timeout -s KILL 20 "$NETRESCUE" "$@"
	like "$status" '^[1-5]$' "$what: an error"
	like "$stderr" '(is|:) (a pipe, )?not a regular file|is neither a file nor a link|has no manifest' 'in words'
}

refused 'a recipe' lock --offline --store "$scratch/store" "$scratch/pipe"
refused 'a lock' build --offline --store "$scratch/store" --lock "$scratch/pipe" "$scratch/recipe.yaml"
refused 'keys of signers' verify --store "$scratch/store" --signed-by "$scratch/pipe" "$scratch/signed"
refused 'an archive of the store' store import --store "$scratch/store" "$scratch/pipe"
refused 'two locks' diff "$scratch/pipe" "$scratch/pipe"
refused 'a manifest, compared' diff "$scratch/result" "$scratch/result"
refused 'a manifest, booted' boot --check --store "$scratch/store" "$scratch/result"

for key in 'scripts: [pipe]' 'debs: [pipe.deb]' 'root: {authorized-keys: [pipe]}'; do
	ln -sf pipe "$scratch/pipe.deb"
	printf '%s\n' 'name: x' 'suite: trixie' 'autologin: {terminals: [tty1]}' "$key" >"$scratch/other.yaml"
	refused "$key" lock --offline --store "$scratch/store" "$scratch/other.yaml"
done
