#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `netrescue lock --lock OLD --update NAME`: what is named moves, and what its new version needs; all else
# stays, listed by the mirror or not.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg

m=$scratch/m
recipe=$scratch/tiny.yaml

tiny_new_hollow "$m"
mirror_package "$m" <<'.'
Package: hello
Version: 1.0
Depends: libhello (>= 1.0)

Package: libhello
Version: 1.0

Package: other
Version: 1.0

Package: tool
Version: 1.0
Depends: libtool (= 1.0)

Package: libtool
Version: 1.0
.
tiny_serve "$m"
tiny_recipe "$recipe" 'packages: [hello, other, tool]'
plan 32

# lock STORE [ARGUMENT]…
lock() {
	local tiny_store=$scratch/$1
	shift
	run tiny_run lock "$recipe" "$@"
}

# forget PACKAGE VERSION…: the indices list it no more, as Debian's do once there is a newer one.
forget() {
	while (($# > 0)); do
		rm "$m/state/trixie_main_$1_$2_amd64"
		shift 2
	done
}

# versions of what this is about, in the lock that was printed.
versions() {
	sed -n '/^Package: \(hello\|libhello\|other\|tool\|libtool\|libnew\)$/{s/.*: //;N;s/\nVersion:/ /;p}' <<<"$stdout" |
		tr -s ' \n' ' '
}

lock store
is "$status" 0 'a lock' || { diag "$stderr"; tap_die 'nothing else can work'; }
old=$stdout
printf '%s\n' "$old" >"$scratch/old.lock"

mirror_package "$m" <<'.'
Package: hello
Version: 1.1
Date: 1700000100
Depends: libhello (>= 1.0)

Package: libhello
Version: 1.1

Package: other
Version: 1.1
.
forget hello 1.0 libhello 1.0 other 1.0
mirror_publish "$m" --date $((EPOCHSECONDS + 10))
lock store
is "$(versions)" 'hello 1.1 libhello 1.1 libtool 1.0 other 1.1 tool 1.0 ' 'by itself all moves'
lock store --lock "$scratch/old.lock"
same_text "$stdout" "$old" 'on the old lock nothing moves' || diag "$stderr"
lock cold --lock "$scratch/old.lock"
same_text "$stdout" "$old" 'nor with an empty store: the mirror has the files, though it lists them no more' || diag "$stderr"
lock cold --lock "$scratch/old.lock" --offline
same_text "$stdout" "$old" 'and then offline, too' || diag "$stderr"
sed 's/^Suite: trixie$/Suite: bookworm/' "$scratch/old.lock" >"$scratch/other.lock"
lock store --lock "$scratch/other.lock"
is "$status" 3 'a lock that says another suite is none to keep to'
lock store --lock "$scratch/old.lock" --update hello
is "$(versions)" 'hello 1.1 libhello 1.0 libtool 1.0 other 1.0 tool 1.0 ' 'what is named moves'
like "$stderr" 'hello 1\.0 -> 1\.1: asked for' 'which is said'
is "$(diff <(sed '/^Package: hello$/,/^$/d; /^Packages-SHA256\|^Source-Date/d' <<<"$old") \
	<(sed '/^Package: hello$/,/^$/d; /^Packages-SHA256\|^Source-Date/d' <<<"$stdout"))" '' 'no other line has changed'
lock store --lock "$scratch/old.lock" --update other --update tool
is "$(versions)" 'hello 1.0 libhello 1.0 libtool 1.0 other 1.1 tool 1.0 ' 'several may be named'
like "$stderr" 'tool 1\.0 is the newest there is' 'one of them has nothing newer, which is said'

mirror_package "$m" <<'.'
Package: hello
Version: 1.2
Depends: libhello (>= 1.2), libnew

Package: libhello
Version: 1.2
Breaks: other (<< 1.1)

Package: libnew
Depends: libhello (>= 1.2)

Package: libtool
Version: 2.0

Package: tool
Version: 2.0
Depends: libtool (= 2.0)
.
forget hello 1.1 libhello 1.1 libtool 1.0 tool 1.0
mirror_publish "$m" --date $((EPOCHSECONDS + 20))
lock store --lock "$scratch/old.lock" --update hello
is "$(versions)" 'hello 1.2 libhello 1.2 libnew 1 libtool 1.0 other 1.1 tool 1.0 ' 'what the new version needs moves with it'
like "$stderr" 'libhello 1\.0 -> 1\.2: (hello 1\.2|libnew 1) depends on libhello \(>= 1\.2\)' 'a dependency, with the reason'
like "$stderr" 'other 1\.0 -> 1\.1: libhello 1\.2 conflicts with other \(<< 1\.1\)' 'what it breaks, with the reason'
like "$stderr" 'libnew 1 is new' 'and what is new'
lock store --lock "$scratch/old.lock" --update libtool
is "$(versions)" 'hello 1.0 libhello 1.0 libtool 2.0 other 1.0 tool 2.0 ' 'who needs the old version moves, too'
like "$stderr" 'tool 1\.0 -> 2\.0: tool 1\.0 depends on libtool \(= 1\.0\)' 'with the reason'
lock store --lock "$scratch/old.lock"
same_text "$stdout" "$old" 'and on the old lock still nothing moves'

sed -i 's/^packages: .*/packages: [hello, other]/' "$recipe"
lock store --lock "$scratch/old.lock"
is "$(versions)" 'hello 1.0 libhello 1.0 other 1.0 ' 'another recipe, the old versions'
like "$stderr" 'libtool 1\.0 is no longer needed' 'what goes is said'
sed -i 's/^packages: .*/packages: [hello, other, tool]/' "$recipe"

lock store --lock "$scratch/old.lock" --update helo
is "$status" 2 'a name that is not in the lock: exit code 2'
like "$stderr" "no package 'helo' in '$scratch/old.lock'" 'says what'
lock store --update hello
is "$status" 2 'no lock: exit code 2'
like "$stderr" 'hint: name it: --lock FILE' 'says what to do'
lock store --lock "$scratch/none.lock"
is "$status" 2 'a lock that is not there: exit code 2'
sed '0,/^Version: 1.0/s//Version: 9.0/' "$scratch/old.lock" >"$scratch/edited.lock"
lock store --lock "$scratch/edited.lock"
is "$status" 3 'an edited lock: exit code 3'
mv "$m"/archive/pool/main/h/hello/hello_1.0_*.deb "$m"/archive/pool/main/o/other/other_1.0_*.deb "$scratch"
lock cold2 --lock "$scratch/old.lock"
is "$status" 4 'versions that nobody has: exit code 4'
like "$stderr" "old\.lock:[0-9]+: error: keeping its version: package 'hello' 1\.0 is not available, nor is 1 other" 'says what'
like "$stderr" 'missing: pool/main/o/other/other_1\.0' 'and names the other'
is "$stdout" '' 'and prints no lock'
lock cold2 --lock "$scratch/old.lock" --update hello --update other
is "$status" 0 'unless they are to move anyway' || diag "$stderr"
is "$(versions)" 'hello 1.2 libhello 1.2 libnew 1 libtool 1.0 other 1.1 tool 1.0 ' 'and so they do'
