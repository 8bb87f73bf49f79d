#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A lock for years: what it says when it no longer fits, that it builds when the mirror has expired or
# forgotten, and on a machine without any network from what `store export` wrote.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg zstd newuidmap unshare setpriv

m=$scratch/m
recipe=$scratch/tiny.yaml
lock=$scratch/tiny.lock

tiny_new "$m"
mirror_package "$m" <<'.'
Package: hello
Version: 1.0
Date: 1700000500
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n

Package: libhello
Version: 1.0
Suite: trixie-security
Files:
 /usr/share/libhello 0644 one\n
.
tiny_serve "$m"
plan 57

# locked NAME CODE REGEX [ARGUMENT]…: a build with the lock fails so.
locked() {
	local name=$1 code=$2 what=$3
	shift 3
	tiny_out=$scratch/no run tiny_build --lock "$lock" "$@" "$recipe"
	is "$status" "$code" "$name: exit code $code" || diag "$stderr"
	like "$stderr" "$what" "$name: says what"
	like "$stderr" 'hint: ' "$name: says a way out"
}

store() {
	run "$NETRESCUE" store "$@"
}

# What the recipe is made from.
mkdir -p "$scratch/over/etc"
echo one >"$scratch/over/etc/made-up"
printf '#!/bin/sh\ntrue\n' >"$scratch/do.sh"
chmod +x "$scratch/do.sh"
tiny_recipe "$recipe" 'packages: [hello, libhello]' 'overlays: [over]' 'scripts: [do.sh]' \
	"mirrors: ['$MIRROR_URL/old/{timestamp}', '$MIRROR_URL/old-security/{timestamp}']"
run tiny_build "$recipe"
is "$status" 0 'a build' || {
	diag "$stderr"
	tap_die 'nothing else can work'
}
result=$stdout
cp "$result/tiny.lock" "$lock"
run tiny_run lock "$recipe"
same_text "$stdout" "$(<"$lock")" 'its lock is what netrescue lock prints'
like "$stdout" $'\nInputs:\n [a-z-]+ [0-9a-f]{64}\n' 'the lock lists what of the recipe decides'
is "$(grep -c '^ \(overlays\|scripts\)\[0\] [0-9a-f]*$' "$lock")" 2 'overlay and script by themselves'

# ---- by name ----
mkdir -p "$scratch/prefix/bin" "$scratch/prefix/share/netrescue"
cp "$NETRESCUE" "$scratch/prefix/bin"
ln -s "$scratch" "$scratch/prefix/share/netrescue/recipes"
NETRESCUE=$scratch/prefix/bin/netrescue run tiny_run lock tiny
same_text "$stdout" "$(<"$lock")" 'the name of a shipped recipe gives the same as its path' || diag "$stderr"

# ---- stale ----
line=$(grep -n '^ overlays\[0\]' "$lock" | cut -d: -f1)
echo two >"$scratch/over/etc/made-up"
locked 'a changed overlay' 3 "tiny\.lock:$line: error: .*overlay '[^']*over' has changed"
like "$stderr" "hint: 'netrescue lock $recipe' prints a new lock" 'the hint is the command'
echo one >"$scratch/over/etc/made-up"
cp "$recipe" "$scratch/kept.yaml"
sed -i '/^scripts:/d; s/^packages: .*/packages: [hello]/; $a hostname: other' "$recipe"
locked 'a changed recipe' 3 "'packages' has changed, 'scripts\[0\]' is gone, 'hostname' is new"
cp "$scratch/kept.yaml" "$recipe"
locked 'what --set says' 3 "'server' is new" --set server.domain=site.example
like "$stderr" 'and give the same --site and --set' 'the hint knows of it'
run tiny_run lock "$recipe" --set server.domain=site.example
is "$(diff <(sed 's/ [0-9a-f]*$//' "$lock") <(sed 's/ [0-9a-f]*$//' "$scratch/.stdout") | grep '^[<>]')" '>  server' \
	'a lock of it has the same packages, and what was set among its inputs'
sed -i 's/^suite: trixie/suite: bookworm/' "$recipe"
locked 'another suite' 3 'tiny\.lock:[0-9]+: error: the lock is for Suite .trixie., the recipe says .bookworm.'
cp "$scratch/kept.yaml" "$recipe"
sed 's/^Bytes-Epoch: .*/Bytes-Epoch: 999/' "$lock" >"$scratch/epoch.lock"
lock=$scratch/epoch.lock locked 'another bytes-epoch' 3 'epoch\.lock:[0-9]+: error: the lock wants bytes-epoch 999'
like "$stderr" 'hint: bytes-epoch 999 is made by netrescue of a later release' 'which no release up to this one makes'
sed -i 's/^Bytes-Epoch: .*/Bytes-Epoch: 2/' "$scratch/epoch.lock"
lock=$scratch/epoch.lock locked 'an older bytes-epoch' 3 'epoch\.lock:[0-9]+: error: the lock wants bytes-epoch 2'
like "$stderr" 'hint: bytes-epoch 2 is made by netrescue 0\.1 as of commit' 'and the release that makes it is named'

# ---- up to date ----
mirror_publish "$m" --date $((EPOCHSECONDS + 30))
run tiny_build "$recipe"
same_text "$stdout" "$result" 'the mirror signed anew without change: the same result'
like "$stderr" 'up to date' 'which is up to date'
unlike "$stderr" 'base:' 'and nothing was built'

# ---- the mirror forgot, its key and its Valid-Until have expired ----
mkdir "$scratch/gone"
hello=$(sed -n 's/^Path: \(.*\/hello_.*\)/\1/p' "$lock")
libhello=$(sed -n 's/^Path: \(.*\/libhello_.*\)/\1/p' "$lock")
mv "$m/archive/$hello" "$m/archive/$libhello" "$scratch/gone"
mirror_publish "$m" --key expired --date $((EPOCHSECONDS - 9999999)) --valid-for 600
tiny_store=$scratch/store2
tiny_store=$scratch/store-none run tiny_run lock "$recipe"
is "$status" 3 'without the lock an expired mirror is refused'
locked 'packages that no mirror has' 4 "tiny\.lock:[0-9]+: error: package 'hello' 1\.0 is not available, nor is 1 other: "
like "$stderr" "missing: $hello \(SHA-256 [0-9a-f]{64}\)" 'one is named'
like "$stderr" "missing: $libhello \(SHA-256 [0-9a-f]{64}\)" 'and the other'
epoch=$(sed -n 's/^Source-Date-Epoch: //p' "$lock")
stamp=$(TZ=UTC0 printf '%(%Y%m%dT%H%M%SZ)T' $((epoch + 7 * 86400)))
mkdir -p "$(dirname "$m/archive/old/$stamp/$hello")" "$(dirname "$m/archive/old-security/$stamp/$libhello")"
mv "$scratch"/gone/hello* "$m/archive/old/$stamp/$hello"
mv "$scratch"/gone/libhello* "$m/archive/old-security/$stamp/$libhello"
tiny_out=$scratch/out2 run tiny_build --no-cache --lock "$lock" "$recipe"
is "$status" 0 'but a snapshot, addressed by time, has them: the lock builds' || diag "$stderr"
same_files "$scratch/out2/tiny/latest/SHA256SUMS" "$result/SHA256SUMS" 'the same bytes as before'

# ---- export, import, no network at all ----
store export "$lock" "$scratch/a.tar.zst" --store "$scratch/store-empty"
is "$status" 4 'an export of what the store has not: exit code 4'
like "$stderr" "missing: $hello" 'which is named'
ok 'and there is no archive' test ! -e "$scratch/a.tar.zst"
store export "$lock" "$scratch/a.tar.zst" --store "$scratch/store"
is "$status" 0 'export' || diag "$stderr"
like "$stdout" "^exported $(grep ^SHA256: "$lock" | sort -u | wc -l) packages and [1-9][0-9]* indices" 'says how much'
store export "$lock" "$scratch/b.tar.zst" --store "$scratch/store"
same_files "$scratch/a.tar.zst" "$scratch/b.tar.zst" 'twice: the same bytes'
is "$(zstd -dcq "$scratch/a.tar.zst" | tar -tf - | sed -n 1p)" lock 'any tar reads it'
store import "$scratch/a.tar.zst" --store "$scratch/store3"
is "$status" 0 'import' || diag "$stderr"
tiny_under=(unshare -n)
if ((EUID != 0)); then # in a user namespace in which a user's own ids are what they were
	user=$(id -un)
	tiny_under=(unshare -Un --keep-caps)
	tiny_under+=(--map-user "$EUID" --map-users "$(awk -F: -v u="$user" '$1 == u { print $2 "," $2 "," $3; exit }' /etc/subuid)")
	tiny_under+=(--map-group "$(id -g)" --map-groups "$(awk -F: -v u="$user" '$1 == u { print $2 "," $2 "," $3; exit }' /etc/subgid)")
fi
tiny_store=$scratch/store3
tiny_out=$scratch/out3 run tiny_build --offline --lock "$lock" "$recipe"
is "$status" 0 'a build from it where there is no network' || diag "$stderr"
same_files "$scratch/out3/tiny/latest/SHA256SUMS" "$result/SHA256SUMS" 'the same bytes again'
tiny_under=()
run "$NETRESCUE" lock "$recipe" --offline --keyring "$m/keyring.gpg" --store "$scratch/store3"
same_text "$stdout" "$(<"$lock")" 'its indices are there: the lock can be made anew, offline' || diag "$stderr"

# ---- the cache ----
blob=$(grep -A9 '^Package: hello$' "$lock" | sed -n 's/^SHA256: //p')
printf x | dd of="$scratch/store3/sha256/${blob:0:2}/$blob" bs=1 seek=99 conv=notrunc status=none
line=$(grep -n "^SHA256: $blob" "$lock" | cut -d: -f1)
locked 'a damaged package in the store' 3 "tiny\.lock:$line: error: package 'hello' 1\.0 is not available: .*was damaged" \
	--offline
locked 'a package that is not there' 4 "tiny\.lock:$line: error: package 'hello' 1\.0 is not available: .*not in the store" \
	--offline
like "$stderr" 'netrescue store import' 'the hint names what would bring it'
