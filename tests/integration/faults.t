#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What a build does when something is wrong: the exit code, words that name it and a way out, and that
# neither out/ nor the store is other than before. In out/ lies an earlier result of the same name. What
# mirrors can do wrong with indices is in fetch.t; signals are in signals.t; what another user may have
# laid there, in foreign-places.t.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/state.sh
need python3 gpg zstd newuidmap unshare setpriv

m=$scratch/m
out=$scratch/out
store=$scratch/store
recipe=$scratch/recipe.yaml

tiny_new "$m"
mirror_package "$m" <<'.'
Package: hello
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n

Package: greedy
Conflicts: hello

Package: wants
Depends: wants-more

Package: wants-more
Depends: no-such-thing (>= 2)

Package: fresh
Files:
 /usr/share/fresh 0644 fresh\n

Package: broken
X-Postinst:
 #!/bin/sh
 echo "about to fail" >&2
 exit 3

Package: talker
X-Postinst:
 #!/bin/sh
 yes 'on and on' | head -c 20000000
 echo "the last word"
 exit 3

Package: enormous
Installed-Size: 4000000000
.
tiny_serve "$m"
plan 140

# fault NAME CODE WHAT [ARGUMENT]…: a build of $recipe fails so. $allowed: same | caches, in the store.
allowed=same
fault() {
	local name=$1 code=$2 what=$3 out_before store_before store_after
	shift 3
	out_before=$(state_of "$out")
	store_before=$(state_of "$store")
	run "${as[@]}" "$NETRESCUE" build "$recipe" --mirror "$MIRROR_URL" --keyring "$m/keyring.gpg" \
		--store "$store" --out "$out" "$@"
	is "$status" "$code" "$name: exit code $code" || diag "$stderr"
	like "$stderr" "$what" "$name: says what"
	like "$stderr" 'hint: |did you mean' "$name: says a way out"
	is "$stdout" '' "$name: names no result"
	same_text "$(state_of "$out")" "$out_before" "$name: out is as it was"
	store_after=$(state_of "$store")
	if [[ $allowed == same ]]; then
		same_text "$store_after" "$store_before" "$name: so is the store"
	else
		is "$(state_but_caches "$store_before" "$store_after")$(store_trouble "$store")" '' \
			"$name: so is the store, but for what was verified"
	fi
}
as=()

# in_small DIRECTORY SIZE COMMAND…: runs it where DIRECTORY is an empty disk of SIZE. What is on it at the
# end is copied to $scratch/small.
# shellcheck disable=SC2016
in_small() {
	rm -rf "$scratch/small"
	mkdir -p "$1"
	run unshare -m bash -c 'dir=$1 copy=$2 size=$3; shift 3
		mount -t tmpfs -o "size=$size,mode=755" none "$dir" || exit 99
		"$@"; status=$?
		cp -a "$dir" "$copy"; exit "$status"' - "$1" "$scratch/small" "$2" "${@:3}"
}

tiny_recipe "$recipe"
run tiny_build "$recipe"
is "$status" 0 'an earlier result, which faults may not touch' || {
	diag "$stderr"
	tap_die 'nothing else can work'
}

# ---- the recipe ----
tiny_recipe "$recipe" 'pakages: [hello]'
line=$(wc -l <"$recipe")
fault 'unknown key' 2 "recipe\.yaml:$line:1: error: .*pakages"
like "$stderr" "'packages'" 'unknown key: suggests the right one'
tiny_recipe "$recipe" 'packages: yes'
fault 'wrong type' 2 "recipe\.yaml:$line:11: error: .*packages"
tiny_recipe "$recipe" 'suite: bookworm'
fault 'duplicate key' 2 "recipe\.yaml:$line:1: error: .*suite"

# ---- packages ----
tiny_recipe "$recipe" 'packages: [helo]'
fault 'unknown package' 2 "recipe\.yaml:$line:12: error: .*'helo'"
like "$stderr" "'hello'" 'unknown package: suggests the right one'
tiny_recipe "$recipe" 'packages: [hello, greedy]'
fault 'conflicting packages' 2 'greedy.*hello'
tiny_recipe "$recipe" 'packages: [wants]'
fault 'unsatisfiable dependency' 2 'wants.*wants-more.*no-such-thing \(>= 2\)'

# ---- the mirror ----
tiny_recipe "$recipe" 'packages: [fresh]'
fault 'no network' 4 "$(mirror_nobody | sed 's/:[0-9]*$//').*InRelease" --mirror "$(mirror_nobody)"
allowed=caches
for role in '404 status 404' 'truncated truncate 200'; do
	mirror_fault "$m" "pool/*fresh* ${role#* }"
	fault "a package, ${role%% *}" 4 "$MIRROR_URL/pool/[^ ]*fresh"
done
mirror_fault "$m" 'pool/*fresh* wrong'
fault 'a package with a wrong hash' 3 "$MIRROR_URL/pool/[^ ]*fresh.* was expected"
mirror_fault "$m"
allowed=same
mirror_tamper "$m" trixie
fault 'tampered InRelease' 3 "$MIRROR_URL/dists/trixie/InRelease was changed after it was signed"
mirror_publish "$m" --key unknown
fault 'unknown key' 3 'InRelease.* which is not in'
mirror_publish "$m" --valid-for -5
fault 'expired Valid-Until' 3 'InRelease.* expired: it was valid until 20'
mirror_publish "$m"
# The archive is newer now: that the store knows it is no fault's work.
tiny_recipe "$recipe" 'packages: [hello]'
tiny_run lock "$recipe" >/dev/null 2>&1

# ---- places ----
allowed=caches
: >"$scratch/file"
fault 'out is a file' 1 "$scratch/file" --out "$scratch/file"
if ((EUID == 0)); then
	# shellcheck disable=SC2016
	as=(unshare -m bash -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$out")
	fault 'out is read-only' 1 "'$out/tiny.*: Read-only file system"
	# shellcheck disable=SC2016
	as=(unshare -m bash -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$store")
	fault 'the store is read-only' 1 "'$store/.*: Read-only file system"
	as=()
else
	chmod a-w "$out/tiny"
	fault 'out is read-only' 1 "'$out/tiny.*: Permission denied"
	chmod u+w "$out/tiny"
	chmod a-w "$store/partial"
	fault 'the store is read-only' 1 "'$store/partial.*: Permission denied"
	chmod u+w "$store/partial"
fi

# ---- the tree ----
tiny_recipe "$recipe" 'packages: [broken]'
fault 'failing maintainer script' 1 'broken.*about to fail'

tiny_recipe "$recipe" 'packages: [talker]'
fault 'a script that writes on and on' 1 'the last word'
like "$stderr" 'warning: the scripts of this build have written 16 MiB into the log' 'a script that writes on and on: is said'
log=$(sed -n 's/^hint: the full log is //p' <<<"$stderr")
is "$(($(wc -c <"$log") <= (16 << 20) + 100)) $(tail -n 1 "$log")" '1 netrescue: the log ends here, at its limit of 16 MiB' \
	'a script that writes on and on: so does its log'

if ((EUID == 0)); then
	cp -a "$store" "$scratch/theirs"
	cp -a "$XDG_STATE_HOME" "$scratch/their-state"
	chown -R 12345:12345 "$scratch/theirs" "$scratch/their-state"
	chmod 755 "$scratch"
	store=$scratch/theirs
	as=(setpriv --reuid 12345 --regid 12345 --clear-groups env HOME=/ XDG_STATE_HOME="$scratch/their-state")
	install -d -o 12345 -g 12345 "$scratch/own"
	user=12345
else
	mkdir "$scratch/own"
	as=(unshare -Um --map-current-user --keep-caps bash -c
		'mount --bind /dev/null /etc/subuid && exec setpriv --ambient-caps=-all --inh-caps=-all "$@"' -)
	user=$(id -un)
fi
out=$scratch/own
tiny_recipe "$recipe" 'packages: [hello]'
fault 'no subuid' 1 "/etc/subuid gives user '$user' no range"
like "$stderr" "usermod --add-subuids [0-9]+-[0-9]+ .*$user" 'no subuid: the command that mends it'
unlike "$stderr" '^(fetch|plain):' 'no subuid: and nothing was fetched for it'
as=()
out=$scratch/out

store=$scratch/store

# ---- full disks ----
if ((EUID != 0)); then
	skip 19 'only root can mount small disks'
	exit
fi
build=("$NETRESCUE" build "$recipe" --mirror "$MIRROR_URL" --keyring "$m/keyring.gpg")
in_small "$scratch/out2" 8m "${build[@]}" --store "$store" --out "$scratch/out2"
is "$status" 1 'no room for the result: exit code 1'
like "$stderr" 'rootfs\.tar\.zst.*No space left on device' 'no room for the result: says what'
like "$stderr" 'hint: .*room' 'no room for the result: says a way out'
silent 'no room for the result: nothing of it stays' ls -A "$scratch/small"

for size in 16m 48m; do
	in_small "$scratch/store2" "$size" "${build[@]}" --store "$scratch/store2" --out "$scratch/out3"
	is "$status" 1 "a store of $size: exit code 1"
	like "$stderr" "$scratch/store2.*No space left on device" "a store of $size: says what and where"
	like "$stderr" 'hint: .*room' "a store of $size: says a way out"
	is "$(store_trouble "$scratch/small")" '' "a store of $size: holds only what is right"
	ok "a store of $size: no out" test ! -e "$scratch/out3"
done

tiny_recipe "$recipe" 'packages: [enormous]'
in_small "$store/tree" 40m "${build[@]}" --store "$store" --out "$scratch/out3"
is "$status" 1 'no room for the tree: exit code 1'
like "$stderr" 'No space left on device' 'no room for the tree: says what'
like "$stderr" 'hint: ' 'no room for the tree: says a way out'
silent 'no room for the tree: nothing of it stays' ls -A "$scratch/small"
ok 'no room for the tree: no out' test ! -e "$scratch/out3"
