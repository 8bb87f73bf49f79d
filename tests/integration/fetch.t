#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What `netrescue lock` says of a mirror that fails or lies, and what it leaves behind. The rules
# themselves are tested in tests/unit/test_index.c and test_fetch.c; here it is exit code, words, store.

. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg
plan 83

m=$scratch/m
store=$scratch/store
recipe=$scratch/test.yaml

tiny_new_hollow "$m"
mirror_package "$m" <<'.'
Package: hello
Version: 1.2
Date: 1700000123
Depends: libhello (>= 1)
Files:
 /usr/bin/hello 0755 hello\n

Package: libhello
Version: 1.0
Suite: trixie-updates

Package: hello
Version: 1.2+deb13u1
Date: 1700000456
Suite: trixie-security
Depends: libhello (>= 1)
.
tiny_serve "$m"
tiny_recipe "$recipe" 'packages: [hello]'

tiny_store=$store
lock() {
	run tiny_run lock "$recipe" "$@"
}

snapshot() {
	(cd "$store" 2>/dev/null && find . -type f | sort | xargs -r sha256sum)
}

# What should not be there after a failure: facts, partial files, blobs that are not what they are
# called. Whole blobs may: they save the next run a download.
trouble() {
	find "$store/known" "$store/partial" -type f 2>/dev/null
	find "$store/sha256" -type f 2>/dev/null | while read -r blob; do
		echo "${blob##*/}  $blob" | sha256sum --check --status || echo "$blob"
	done
}

# refused STATUS REGEX NAME [LOCK-ARGUMENT]…: with an empty store.
refused() {
	local code=$1 regex=$2 name=$3
	shift 3
	rm -rf "$store"
	lock "$@"
	is "$status" "$code" "$name: exit $code"
	like "$stderr" "$regex" "$name: says what"
	like "$stderr" 'hint: ' "$name: says a way out"
	is "$stdout" '' "$name: prints no lock"
	is "$(trouble)" '' "$name: nothing stays in the store"
}

# The good case first: all others differ from it by one thing.
lock
is "$status" 0 'a good mirror gives a lock' || diag "$stderr"
like "$stdout" 'Package: hello
Version: 1\.2\+deb13u1
' 'with the security version'
like "$stdout" 'Package: libhello' 'and the dependency from -updates'
good=$stdout
lock
same_text "$stdout" "$good" 'a second time the same lock'
lock --offline
same_text "$stdout" "$good" 'and the same offline'
mirror_fault "$m" '* status 500'
lock --offline
is "$status" 0 'offline nobody is asked'

mirror_fault "$m"
nobody=$(mirror_nobody)
MIRROR_URL=$nobody refused 4 "cannot fetch '$nobody" 'no network'
refused 4 "has no index" 'offline with an empty store' --offline
mirror_fault "$m" 'dists/trixie/InRelease status 404'
refused 4 "$MIRROR_URL/dists/trixie/InRelease.*404" '404'
mirror_fault "$m" 'dists/trixie-security/InRelease truncate 300'
refused 4 'trixie-security.*ended after 300 bytes' 'truncated InRelease'
mirror_fault "$m" 'dists/trixie/main/* truncate 100'
refused 4 'dists/trixie/main/.*ended after 100 bytes' 'truncated Packages'
mirror_fault "$m" 'dists/trixie/main/* wrong'
refused 3 'dists/trixie/main/.* was expected' 'wrong hash'

mirror_fault "$m"
mirror_tamper "$m" trixie
refused 3 'trixie/InRelease was changed after it was signed' 'tampered InRelease'
for key in unknown:'which is not in' expired:'which has expired' revoked:'which was revoked'; do
	mirror_publish "$m" --key "${key%%:*}"
	rm -rf "$store"
	lock
	is "$status" 3 "${key%%:*} key: exit 3"
	like "$stderr" "${key#*:}" "${key%%:*} key: says what"
	is "$(trouble)" '' "${key%%:*} key: nothing stays in the store"
done
mirror_publish "$m" --date $((EPOCHSECONDS - 3600)) --valid-for 600
refused 3 'expired: it was valid until 20' 'expired Valid-Until'
mirror_publish "$m" --date $((EPOCHSECONDS + 3600))
refused 3 'from the future' 'a Date in the future'

mirror_publish "$m" --date $((EPOCHSECONDS + 60))
rm -rf "$store"
lock
same_text "$stdout" "$good" 'signed anew without change: the same lock'
before=$(snapshot)
mirror_publish "$m"
lock
is "$status" 3 'an older state: exit 3'
like "$stderr" 'older than what was seen before' 'an older state: says what'
same_text "$(snapshot)" "$before" 'an older state: the store is as before'

# What Debian signs must be called as Debian calls it.
mirror_publish "$m" --origin Other
tiny_under=(bash tests/lib/as-debian.sh "$m/keyring.gpg" -)
if "${tiny_under[@]}" true 2>/dev/null; then
	refused 3 "not Debian's" 'another Origin'
	mirror_publish "$m" --codename bookworm
	rm -rf "$store"
	lock
	is "$status" 3 'another suite: exit 3'
	like "$stderr" "is not 'trixie'" 'another suite: says what'
	lock --keyring /usr/share/keyrings/debian-archive-keyring.gpg
	is "$status" 3 'another suite, by a key that was named: exit 3'
else
	skip 8 'there are no user namespaces, or no debian-archive-keyring'
	mirror_publish "$m" --codename bookworm
fi

# A mirror of one's own, whose key is named, is called as one likes.
tiny_under=()
lock
same_text "$stdout" "$good" 'another suite by a key of one'"'"'s own: the same lock'
like "$stderr" "warning: .*/dists/trixie/InRelease is not 'trixie': its Suite is .* it is taken, because a key of" \
	'with a warning'
mirror_publish "$m" --origin Other --label Other --date $((EPOCHSECONDS + 5))
lock
same_text "$stdout" "$good" 'another Origin by a key of one'"'"'s own: the same lock'
unlike "$stderr" 'warning' 'which is no surprise'
sed 's,^suite:,keyring: m/keyring.gpg\n&,' "$recipe" >"$scratch/own.yaml"
run "$NETRESCUE" lock "$scratch/own.yaml" --mirror "$MIRROR_URL" --store "$store"
is "$(grep -A999 ^Packages-SHA256: <<<"$stdout")" "$(grep -A999 ^Packages-SHA256: <<<"$good")" \
	'and by one that the recipe names: the same packages'
is "$(grep ^Recipe-SHA256: <<<"$stdout")" "$(grep ^Recipe-SHA256: <<<"$good")" 'of the same recipe'

# Passing trouble is no failure.
mirror_publish "$m" --date $((EPOCHSECONDS + 10))
mirror_fault "$m" '* fail 2'
rm -rf "$store"
lock
same_text "$stdout" "$good" '500 twice, then fine: the same lock'
mirror_fault "$m" '*/by-hash/* status 404'
rm -rf "$store"
lock
same_text "$stdout" "$good" 'without by-hash: the same lock'

# A damaged store heals itself.
mirror_fault "$m"
find "$store/sha256" -type f -exec sed -i '1s/^./#/' {} +
lock
same_text "$stdout" "$good" 'a damaged store: the same lock'
like "$stderr" 'is damaged and was removed' 'a damaged store: says so'
silent 'no partial file is left' find "$store/partial" -type f
