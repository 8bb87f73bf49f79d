#!/bin/bash
# SPDX-License-Identifier: MIT
# One lock, two builds that have nothing else in common: the same bytes.
#
# Varied: user (root, ordinary), umask, TZ, LANG, working directory, HOME, host name, number of workers and processors, an
# empty store against a full one, tree in memory against on disk, output on tmpfs, what /sys shows (no USB bus, so
# no keyboard). /proc/cpuinfo is the sandbox's own (tests/integration/sandbox.t).
. tests/lib/tap.sh
. tests/lib/image.sh
recipe=$top/${1:-recipes/rescue64.yaml}
name=$(basename "$recipe" .yaml)
[[ $(id -u) = 0 ]] || skip_all 'to build as two users it takes root'
plan 5

image_build "$recipe" "$scratch/a"
first=$image
cp "$first/$name.lock" "$scratch/lock"

user=$(image_user)
mkdir "$scratch/home" "$scratch/b"
chown "$user" "$scratch/home" "$scratch/b"
chmod 755 "$scratch"
cat >"$scratch/elsewhere" <<.
set -e
hostname elsewhere.example
mount -t tmpfs none /sys
mount -t tmpfs none "$scratch/b"
chown "$user" "$scratch/b"
cd "$scratch/home"
exec taskset -c 0 setpriv --reuid "\$(id -u "$user")" --regid "\$(id -g "$user")" --init-groups env -i PATH="$PATH" HOME="$scratch/home" \\
	TZ=Pacific/Kiritimati LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 NETRESCUE_TREE=disk sh -c \\
	'umask 077; "$NETRESCUE" build "$recipe" --lock "$scratch/lock" --store "$scratch/home/store" --out "$scratch/b" -j1 && tar -C "$scratch/b" -cf "$scratch/home/b.tar" .'
.
if unshare --mount --uts sh "$scratch/elsewhere" >"$scratch/second.log" 2>&1; then
	pass 'an ordinary user builds it under other conditions'
else
	fail 'an ordinary user builds it under other conditions'
	diag "$(<"$scratch/second.log")"
	tap_die 'nothing to compare'
fi
like "$(<"$scratch/second.log")" 'on disk' 'with the tree on disk'
mkdir "$scratch/c"
tar -C "$scratch/c" -xf "$scratch/home/b.tar"
same_files "$first/SHA256SUMS" "$scratch/c/$name/latest/SHA256SUMS" 'SHA256SUMS is identical'
same_files "$first/$name.lock" "$scratch/lock" 'the lock is the result'"'"'s own'
ok 'and SHA256SUMS speaks the truth' sh -c "cd '$scratch/c/$name/latest' && sha256sum --quiet -c SHA256SUMS"
