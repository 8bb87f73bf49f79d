#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Packages of a foreign architecture, optional packages and pins from end to end: what the lock says, what dpkg
# and apt know of it in the tree, and what a later lock makes of it. dpkg is the real one.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg newuidmap jq

m=$scratch/m
recipe=$scratch/tiny.yaml
plan 25

tiny_new "$m"
mirror_package "$m" <<'.'
Package: libgame
Version: 1.0
Architecture: amd64
Multi-Arch: same
Files:
 /usr/lib/x86_64-linux-gnu/libgame.so.1 0644 amd64\n
 /usr/share/doc/libgame/copyright 0644 both\n

Package: libgame
Version: 1.0
Architecture: i386
Multi-Arch: same
Files:
 /usr/lib/i386-linux-gnu/libgame.so.1 0644 i386\n
 /usr/share/doc/libgame/copyright 0644 both\n

Package: game
Version: 1.0
Architecture: i386
Pre-Depends: libgame
Depends: launcher
Files:
 /usr/games/game 0755 i386\n

Package: launcher
Version: 1.0
Architecture: amd64
Multi-Arch: foreign
Depends: libgame

Package: launcher
Version: 0.9
Architecture: amd64
Multi-Arch: foreign
Depends: libgame
.
tiny_serve "$m"

lock() {
	run tiny_run lock "$recipe" "$@"
}

# ---- hints that lead out -------------------------------------------------------------------------
tiny_recipe "$recipe" 'packages: ["game:i386", "extra?"]'
lock
is "$status" 2 'a package of an architecture that the recipe does not have'
like "$stderr" "hint: write 'foreign-architectures: \\[i386\\]' into the recipe" 'and the way out'
tiny_recipe "$recipe" 'packages: [game]' 'foreign-architectures: [i386]'
lock
like "$stderr" "no package 'game' for amd64 in trixie, but there is one for i386" 'a package without its architecture'
like "$stderr" "hint: write 'game:i386'" 'and the way out'

mkdir -p "$scratch/local/DEBIAN"
printf 'Package: local\nVersion: 1\nArchitecture: i386\nMaintainer: a <a@b.example>\nDescription: x\n' \
	>"$scratch/local/DEBIAN/control"
SOURCE_DATE_EPOCH=1700000000 dpkg-deb --root-owner-group -b "$scratch/local" "$scratch/local_1_i386.deb" >/dev/null
tiny_recipe "$recipe" 'debs: [local_1_i386.deb]'
lock
like "$stderr" "hint: write 'foreign-architectures: \\[i386\\]' into the recipe" 'a local package of that architecture'
tiny_recipe "$recipe" 'debs: [local_1_i386.deb]' 'foreign-architectures: [i386]'
lock
like "$stdout" $'\nPackage: local\nVersion: 1\nArchitecture: i386\n' 'and the way out'

# ---- lock ----------------------------------------------------------------------------------------
tiny_recipe "$recipe" 'packages: ["game:i386", "extra?"]' 'foreign-architectures: [i386]' \
	'pins: [{package: launcher, pin: version 0.*, priority: 990}]'
lock
is "$status" 0 'followed, they lead to a lock' || tap_die "$stderr"
printf '%s\n' "$stdout" >"$scratch/lock"
is "$(sed -n '/^Foreign/,/^Source/p' "$scratch/lock" | sed '$d')" 'Foreign-Architectures: i386
Left-Out:
 extra?' 'which names the architecture, and what is left out'
is "$(grep -A2 '^Package: \(game\|libgame\|launcher\)$' "$scratch/lock" | grep -v '^--' | sed 's/.*: //' | xargs)" \
	'game 1.0 i386 launcher 0.9 amd64 libgame 1.0 amd64 libgame 1.0 i386' 'each package has its own'
like "$stderr" "extra \\(optional\\) is left out: no package 'extra' in trixie" 'what is left out is said'

# ---- build ---------------------------------------------------------------------------------------
run tiny_build "$recipe"
is "$status" 0 'it is built' || tap_die "$stderr"
image=$scratch/out/tiny/latest
mkdir "$scratch/tree"
tar -C "$scratch/tree" --zstd -xf "$image/rootfs.tar.zst" ./var ./usr/games ./usr/lib
database=$scratch/tree/var/lib/dpkg
is "$(<"$database/arch")" $'amd64\ni386' 'dpkg knows both architectures'
is "$(dpkg --admindir="$database" --audit)" '' 'to dpkg all is installed'
is "$(dpkg-query --admindir="$database" -W -f '${binary:Package} ${Status}\n' '*game*')" \
	'game:i386 install ok installed
libgame:amd64 install ok installed
libgame:i386 install ok installed' 'the same library twice'
ok 'each with a list of its own' test -e "$database/info/libgame:i386.list" -a -e "$database/info/libgame:amd64.list"
is "$(cat "$scratch"/tree/usr/lib/*/libgame.so.1 | sort | xargs)" 'amd64 i386' 'both files are there'
is "$(grep -A1 '^Package: libgame' "$scratch/tree/var/lib/apt/extended_states" | sed -n 's/Architecture: //p' | xargs)" \
	'amd64 i386' 'apt knows that nobody asked for the libraries'
unlike "$(<"$scratch/tree/var/lib/apt/extended_states")" $'Package: game\n' 'but for the game'
is "$(jq -r '.components[].purl // empty | select(test("/(lib)?game@"))' "$image/sbom.cdx.json" | sed 's/&.*//' | sort)" \
	'pkg:deb/debian/game@1.0?arch=i386
pkg:deb/debian/libgame@1.0?arch=amd64
pkg:deb/debian/libgame@1.0?arch=i386' 'the bill of materials has the architectures'
is "$(jq '[.components[] | select(.properties[]?.name == "netrescue:finding")] | length' "$image/sbom.cdx.json")" 0 \
	'and every file is accounted for'

# ---- later ---------------------------------------------------------------------------------------
mirror_package "$m" <<'.'
Package: extra
Version: 1.0

Package: libgame
Version: 1.1
Architecture: amd64
Multi-Arch: same

Package: libgame
Version: 1.1
Architecture: i386
Multi-Arch: same
.
mirror_publish "$m" --date $((EPOCHSECONDS + 10))
lock --keep "$scratch/lock"
same_text "$stdout" "$(<"$scratch/lock")" 'on the old lock nothing moves, and what was left out stays out' || diag "$stderr"
lock --keep "$scratch/lock" --update extra
is "$(grep -c '^Package: extra$\|^Left-Out:' <<<"$stdout") $(grep -c '^Version: 1.1$' <<<"$stdout")" '1 0' \
	'unless it is named'
lock --keep "$scratch/lock" --update libgame
is "$(grep -A1 '^Package: libgame$' <<<"$stdout" | sed -n 's/^Version: //p' | xargs)" '1.1 1.1' \
	'a name moves in all architectures'
lock --keep "$scratch/lock" --update libgame:i386
is "$(grep -A1 '^Package: libgame$' <<<"$stdout" | sed -n 's/^Version: //p' | xargs)" '1.1 1.1' \
	'and one of them takes the other along'
lock
is "$(grep -c '^Package: extra$\|^Left-Out:' <<<"$stdout")" 1 'a new lock has what is there now'
