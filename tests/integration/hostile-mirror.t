#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A mirror that means ill, by `netrescue lock`: nothing that it does holds the program, fills the disk,
# leads it elsewhere or brings bytes that nobody signed. Single answers: tests/unit/test_fetch.c, signed
# files: test_index.c and test_armour.c, package lists: test_index_text.c, names: tests/cases/lock.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg openssl
plan 48

m=$scratch/m
recipe=$scratch/test.yaml
tiny_new_hollow "$m"
mirror_package "$m" <<'.'
Package: hello
Version: 1.2
.
tiny_serve "$m"
tiny_recipe "$recipe" 'packages: [hello]'
http=$MIRROR_URL

export APT_CONFIG=$scratch/apt.conf
: >"$APT_CONFIG"

lock() {
	rm -rf "$scratch/store"
	SECONDS=0
	run tiny_run lock "$recipe"
}

# taken NAME: nothing stands in the way.
taken() {
	lock
	like "$stdout" $'\nPackage: hello\n' "$1" || diag "$stderr"
}

# What is in the store and should not be: parts of files, and files that are not what they are called.
trouble() {
	find "$scratch/store/partial" -type f
	find "$scratch/store/sha256" -type f | while read -r blob; do
		echo "${blob##*/}  $blob" | sha256sum --check --status || echo "$blob"
	done
}

# refused STATUS NAME REGEX: in words and in time, and nothing is kept that is not as it should be.
refused() {
	lock
	is "$status" "$1" "$2: exit $1"
	like_all "$stderr" "$2: says what, and a way out" "$3" 'hint: '
	is "$((SECONDS < 20)) $(trouble)" '1 ' "$2: in time, and without a trace"
}

taken 'a good mirror'

# ---- time ---------------------------------------------------------------------------------------

echo 'Acquire::http::Timeout "1";' >"$APT_CONFIG"
mirror_fault "$m" 'dists/trixie/main/* slow 100'
refused 4 'a mirror that drips' "cannot fetch '$http/dists/trixie/main/.*the server is too slow: [0-9]+ bytes in [0-9]+ sec"
like "$stderr" "hint: give another mirror \(--mirror URL\); if the line is slow, .*'Acquire::http::Timeout" \
	'with a way out'
mirror_fault "$m" 'dists/trixie/InRelease endless drops'
refused 4 'headers that drip' 'trixie/InRelease.*the server is too slow: 0 bytes'
: >"$APT_CONFIG"

# ---- size ---------------------------------------------------------------------------------------

mirror_fault "$m" 'dists/trixie/InRelease endless body'
refused 3 'an InRelease without an end' "InRelease' has more than [0-9]+ bytes"
mirror_fault "$m" 'dists/trixie/main/* endless chunks'
refused 3 'a package list without an end' "has more than the [0-9]+ bytes it must have"
mirror_fault "$m" 'dists/trixie/InRelease endless headers'
refused 4 'headers without an end' 'headers'
mirror_fault "$m" 'dists/trixie/InRelease endless redirect'
refused 4 'a redirect without an end' 'a redirect with more than'
mirror_fault "$m" 'pool/* part 500-631/100000'
refused 4 'another part of a package than was asked for' 'another part than was asked for \(bytes 500-631'
mirror_fault "$m" '* chunked'
taken 'chunks with extensions and trailers are HTTP'
mirror_fault "$m"
mirror_publish "$m" --bomb 64
refused 3 'a package list with more text than promised' 'has more than the [0-9]+ bytes of text'
mirror_publish "$m" --date $((EPOCHSECONDS + 2))

# ---- ways ---------------------------------------------------------------------------------------

mirror_fault "$m" 'dists/trixie/InRelease redirect file:///etc/passwd'
refused 4 'a redirect to a file' "sends us to 'file:///etc/passwd', which is not of the web"
mirror_fault "$m" "dists/trixie/InRelease redirect http://root:toor@localhost:${http##*:}/x"
refused 4 'a redirect with a password' 'a password that it has made up'
unlike "$stderr" 'toor' 'which is not repeated'
mirror_fault "$m" "dists/trixie/InRelease redirect $http/dists/trixie/InRelease"
refused 4 'a redirect to itself' 'again and again'

mirror_certificate "$m"
echo "Acquire::https::CAInfo \"$m/ca.crt\";" >"$APT_CONFIG"
mirror_fault "$m"
mirror_serve "$m"
at_exit kill "$MIRROR_PID"
https=$MIRROR_URL
taken 'a mirror by https'
mirror_new "$scratch/plain" trixie
rm -rf "$scratch/plain/archive"
ln -s "$m/archive" "$scratch/plain/archive"
mirror_serve "$scratch/plain"
at_exit kill "$MIRROR_PID"
plain=$MIRROR_URL
MIRROR_URL=$https
mirror_fault "$m" "pool/* redirect $plain/{path}"
refused 4 'a redirect from https to http' "sends us from https to http, to '$plain/pool/"
not_ok 'where nobody was asked' test -e "$scratch/plain/access.log"
MIRROR_URL=$plain
mirror_fault "$m"
mirror_fault "$scratch/plain" "* redirect $https/{path}"
taken 'one from http to https is followed'

# ---- names and signatures -----------------------------------------------------------------------

mirror_fault "$scratch/plain"
sed -i 's,^Filename: pool,Filename: pool/%2e%2e/%2e%2e,' "$m"/state/trixie_main_hello_*
mirror_publish "$m" --date $((EPOCHSECONDS + 4))
lock
is "$status" 2 'a package whose path leads out of the archive is not there'
like "$stderr" "not a path below the archive's root: 'pool/%2e%2e/%2e%2e/main/h/hello" 'and why is said'
mirror_publish "$m" --date $((EPOCHSECONDS + 6)) --key good,bad
refused 3 'a good signature beside a bad one' 'was changed after it was signed'
