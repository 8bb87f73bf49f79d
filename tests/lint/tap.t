#!/bin/bash
# SPDX-License-Identifier: MIT
# The helpers of tests/lib/tap.sh fail where a comparison would prove nothing, and pass where it does.
. tests/lib/tap.sh
plan 27

# told HELPER ARGUMENT…: what a test that calls it prints first.
told() {
	# shellcheck disable=SC2016 # for the shell inside
	bash -c '. tests/lib/tap.sh; plan 1; "$@"' - "$@" 2>/dev/null | sed -n 2p
}
passes() {
	is "$(told "$@")" 'ok 1 - name' "passes: $*"
}
fails() {
	is "$(told "$@")" 'not ok 1 - name' "fails: $*"
}

: >"$scratch/empty"
echo a >"$scratch/file"
passes not_ok name false
fails not_ok name true
fails not_ok name grep a "$scratch/none"
fails not_ok name no-such-command
passes exits 3 name sh -c 'exit 3'
fails exits 3 name sh -c 'exit 1'
# shellcheck disable=SC2016
fails exits 1 name sh -c 'kill -SEGV $$'
passes silent name true
fails silent name echo a
fails silent name find "$scratch/none"
passes same_text a a name
fails same_text a b name
fails same_text '' '' name
passes same_files "$scratch/file" "$scratch/file" name
fails same_files "$scratch/file" "$scratch/empty" name
fails same_files "$scratch/empty" "$scratch/empty" name
fails same_files "$scratch/none" "$scratch/none" name
passes like_all 'a b c' name c a
fails like_all 'a b c' name a d
passes unlike a b name
fails unlike a a name
fails unlike '' b name
is "$(told like_all a name)" 'Bail out! name: like_all has nothing to look for' 'no regular expression: the test ends'

# whole SCRIPT: what a test that consists of it prints, and its exit status.
whole() {
	bash -c ". tests/lib/tap.sh; $1" 2>/dev/null
	echo "status $?"
}
is "$(whole 'plan 0')" $'Bail out! the plan is to test nothing\nstatus 1' 'a plan of nothing ends the test'
like_all "$(whole 'plan 2; pass a')" 'a test that ends early fails' 'planned 2 tests, ran 1' 'status 1$'
like_all "$(whole 'plan 1; skip 1 "no reason"')" 'what is skipped is told, with the reason' \
	'# skipped 1: no reason' 'ok 1 # SKIP no reason' 'status 0$'
like "$(NETRESCUE=$scratch/none whole 'plan 1; run "$NETRESCUE"')" "Bail out! there is no .*: run 'make test-programs' first" \
	'a program that was not made: the test says how to make it'
