#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Two hundred ways to change a lock, a package, an index or an archive of the store (tests/lib/mutate.py, with a
# fixed seed), and replays of old states: each is refused, with the class of error that it deserves, and
# nothing of it stays in the store.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/state.sh
need python3 gpg zstd newuidmap

m=$scratch/m
recipe=$scratch/tiny.yaml

# mutate LIST ARGUMENT…: has mutate.py make mutations, whose names go into the file LIST.
mutate() {
	local list=$1
	shift
	if ! python3 tests/lib/mutate.py "$@" >"$list" || [[ ! -s $list ]]; then
		tap_die "mutate.py makes no mutations: $*"
	fi
}

tiny_new_hollow "$m"
mirror_package "$m" <<'.'
Package: hello
Version: 1.0
Files:
 /usr/bin/hello 0755 hello\n

Package: secure
Version: 1.1
Suite: trixie-security
.
now=$EPOCHSECONDS
mirror_publish "$m" --date $((now - 1000))
cp -a "$m/archive/dists" "$scratch/yesterday"
mirror_package "$m" <<'.'
Package: hello
Version: 1.1
Suite: trixie-security
Date: 1700000300
.
tiny_serve "$m" --date $((now - 500))
tiny_recipe "$recipe" 'packages: [hello, secure]'

# The good ones first: all others differ from them by one thing. That the build gets past fetching, and then
# has nothing to unpack with, shows that the lock and its packages were believed.
run tiny_run lock "$recipe"
lock=$stdout
is "$status" 0 'a good mirror gives a lock' || { diag "$stderr"; tap_die 'nothing else can work'; }
printf '%s\n' "$lock" >"$scratch/good.lock"
tiny_store=$scratch/full run tiny_build "$recipe" --lock "$scratch/good.lock"
like "$stderr" $'\n''fetch: [0-9]+ packages' 'a good lock is fetched'
run "$NETRESCUE" store export "$scratch/good.lock" "$scratch/good.tar.zst" --store "$scratch/full"
is "$status" 0 'and exported' || diag "$stderr"
run "$NETRESCUE" store import "$scratch/good.tar.zst" --store "$scratch/imported"
is "$status" 0 'and imported' || diag "$stderr"
count=4

# refused NAME CODE: what `run` did last.
refused() {
	((count += 1))
	if [[ $status == "$2" && $stderr == *error:* ]]; then
		pass "$1: refused with $2"
	else
		fail "$1: refused with $2"
		diag "exit code $status"
		diag "$stderr"
	fi
}

# ---- locks: with a store that has it all, so that nothing but the lock can be the reason; those that name
# ---- other files, with an empty one
mutate "$scratch/locks.list" lock "$scratch/good.lock" "$scratch/locks"
while read -r name code; do
	store=$scratch/full
	[[ $name == *-path-* || $name == other-size-* ]] && store=$scratch/empty-$name
	tiny_store=$store run tiny_build "$recipe" --lock "$scratch/locks/$name"
	refused "lock, $name" "$code"
done <"$scratch/locks.list"

# ---- packages, on the mirror and in the store
pool=$(sed -n 's/^Path: \(.*\/base-files_.*\)/\1/p' "$scratch/good.lock")
blob=$(sha256sum <"$m/archive/$pool")
blob=sha256/${blob:0:2}/${blob%% *}
mutate "$scratch/debs.list" bytes "$m/archive/$pool" "$scratch/debs" 20
cp "$m/archive/$pool" "$scratch/kept.deb"
head -c 500 "$scratch/kept.deb" >"$scratch/debs/half"
cp "$m"/archive/pool/main/h/hello/hello_1.0_*.deb "$scratch/debs/older"
printf x | cat "$scratch/kept.deb" - >"$scratch/debs/longer"
printf 'half\nolder\nlonger\n' >>"$scratch/debs.list"
cp -a "$scratch/full" "$scratch/cache"
while read -r name; do
	cp "$scratch/debs/$name" "$m/archive/$pool"
	rm -f "$scratch/cache/$blob"
	tiny_store=$scratch/cache run tiny_build "$recipe" --lock "$scratch/good.lock"
	refused "package on the mirror, $name" 3
	cp "$scratch/debs/$name" "$scratch/cache/$blob"
	tiny_store=$scratch/cache run tiny_build "$recipe" --lock "$scratch/good.lock" --offline
	refused "package in the store, $name" 3
done <"$scratch/debs.list"
cp "$scratch/kept.deb" "$m/archive/$pool"
is "$(find "$scratch/cache/$blob" 2>/dev/null)$(store_trouble "$scratch/cache")" '' 'nothing of them stays in the store'
((count += 1))

# ---- indices
# index NAME CODE: `lock` with an empty store, and a state of the mirror that the caller made.
index() {
	tiny_store=$scratch/store-$1 run tiny_run lock "$recipe"
	refused "index, $1" "$2"
	rm -rf "${scratch:?}/store-$1"
}
dists=$m/archive/dists
cp -a "$dists" "$scratch/today"
restore() {
	rm -rf "$dists"
	cp -a "$scratch/today" "$dists"
}
mutate "$scratch/texts.list" text "$dists/trixie/InRelease" "$scratch/texts" 15
while read -r name; do
	cp "$scratch/texts/$name" "$dists/trixie/InRelease"
	index "InRelease-$name" 3
done <"$scratch/texts.list"
restore
packages=$dists/trixie-security/main/binary-amd64/Packages.xz
mutate "$scratch/packages.list" bytes "$packages" "$scratch/packages" 10
while read -r name; do
	find "$dists/trixie-security/main" -type f -exec cp "$scratch/packages/$name" {} \;
	index "Packages-$name" 3
done <"$scratch/packages.list"
restore
find "$dists/trixie-security/main" -type f -exec cp "$scratch/yesterday/trixie-security/main/binary-amd64/Packages.xz" {} \;
index 'Packages of yesterday under the InRelease of today' 3
restore
xz -dc "$packages" | sed '/^Package: hello$/,/^$/d' | xz >"$scratch/without.xz"
find "$dists/trixie-security/main" -type f -exec cp "$scratch/without.xz" {} \;
index 'Packages without a stanza' 3
restore
cp "$dists/trixie/InRelease" "$dists/trixie-security/InRelease"
index 'the InRelease of another suite, validly signed' 3
restore
sed -i '/^-----BEGIN PGP SIGNATURE/,$d' "$dists/trixie/InRelease"
index 'InRelease without a signature' 3
restore
sed -n '/^Origin:/,/^-----BEGIN PGP/p' "$dists/trixie/InRelease" | sed '$d' >"$scratch/plain"
cp "$scratch/plain" "$dists/trixie/InRelease"
index 'the text alone' 3
restore
{
	printf 'Origin: Evil\n\n'
	cat "$scratch/today/trixie/InRelease"
} >"$dists/trixie/InRelease"
{
	sed '/^-----BEGIN PGP SIGNATURE/,$d' "$scratch/today/trixie-security/InRelease"
	sed -n '/^-----BEGIN PGP SIGNATURE/,$p' "$scratch/today/trixie/InRelease"
} >"$dists/trixie-security/InRelease"
index 'a signature of another text' 3
restore

# ---- replays: the store has seen today's state
replay() {
	run tiny_run lock "$recipe"
	refused "replay, $1" 3
}
rm -rf "$dists"
cp -a "$scratch/yesterday" "$dists"
replay 'downgrade: yesterday of all suites'
restore
rm -rf "$dists/trixie-security"
cp -a "$scratch/yesterday/trixie-security" "$dists/trixie-security"
replay 'downgrade: yesterday of the security suite alone'
restore
run tiny_run lock "$recipe"
same_text "$stdout" "$lock" 'today again is fine'
((count += 1))
mirror_publish "$m" --date $((now - 400)) --valid-for 60
replay 'freeze: the same state for longer than it is valid'
mirror_publish "$m" --date $((now + 86400))
replay 'a state of tomorrow'
for key in unknown expired revoked; do
	mirror_publish "$m" --key $key
	replay "a key that is $key"
done
mirror_publish "$m" --digest SHA1
replay 'a signature by SHA-1'

# ---- archives of the store
mutate "$scratch/archives.list" archive "$scratch/good.tar.zst" "$scratch/archives"
mkdir "$scratch/never"
run "$NETRESCUE" store import "$scratch/none" --store "$scratch/never"
refused 'archive, not there' 2
before=$(state_of "$scratch/never")
while read -r name; do
	run "$NETRESCUE" store import "$scratch/archives/$name" --store "$scratch/never"
	refused "archive, $name" 3
done <"$scratch/archives.list"
same_text "$(state_of "$scratch/never")" "$before" 'the store is as it was'
ok '180 at least' test "$count" -ge 180
plan $((count + 2))
