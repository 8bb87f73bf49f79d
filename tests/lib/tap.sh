# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# TAP for bash tests, which prove runs from the top of the checkout:
#
#	#!/bin/bash
#	. tests/lib/tap.sh
#	plan 3
#	run "$NETRESCUE" build recipes/none.yaml
#	is "$status" 2 'a missing recipe is a usage error'
#	like "$stderr" 'none\.yaml' 'and is named'
#	ok 'the output directory is as before' test ! -e "$scratch/out"
#
# A test that ends early, or that counts wrongly, fails by its plan. What cannot be tested here is
# skipped with a reason, and prove shows it: skip_all 'no user namespaces', or skip 2 'no KVM'.
#
# $scratch is an empty directory of the test's own, removed when it ends. KEEP=1 keeps it.

set -u
export LC_ALL=C.UTF-8 TZ=UTC
umask 022
# A make of the test's own is nobody's child: without these it looks for a job server that is not there.
unset MAKEFLAGS MFLAGS MAKELEVEL

top=$PWD
: "${NETRESCUE:=$top/out/bin/netrescue}"
: "${NETRESCUE_BIN:=$top/out/bin}"
export NETRESCUE NETRESCUE_BIN

scratch=$(mktemp -d "${TMPDIR:-/tmp}/netrescue-test.XXXXXX") || exit 1
export scratch
tap_count=0
tap_planned=
tap_failed=0
tap_at_exit=()

# at_exit COMMAND...: runs it at the end, last given first; for servers: at_exit kill "$pid"
at_exit() {
	tap_at_exit=("$(printf '%q ' "$@")" "${tap_at_exit[@]}")
}

tap_end() {
	local status=$? command
	for command in "${tap_at_exit[@]}"; do
		eval "$command" >/dev/null 2>&1
	done
	if [[ -n ${KEEP:-} ]]; then
		echo "# kept: $scratch"
	else
		chmod -R u+rwX "$scratch" 2>/dev/null
		rm -rf "$scratch"
	fi
	((status)) && exit "$status"
	[[ $tap_planned ]] || tap_die 'the test has no plan'
	((tap_count == tap_planned)) || tap_die "planned $tap_planned tests, ran $tap_count"
	exit $((tap_failed > 0))
}
trap tap_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

tap_die() {
	trap - EXIT
	echo "Bail out! $*"
	exit 1
}

plan() {
	tap_planned=$1
	echo "1..$1"
}

skip_all() {
	tap_planned=0
	echo "1..0 # SKIP $*"
	exit 0
}

# skip COUNT REASON
skip() {
	local i
	for ((i = 0; i < $1; i++)); do
		echo "ok $((++tap_count)) # SKIP $2"
	done
}

diag() {
	local line
	while IFS= read -r line; do
		printf '# %s\n' "$line"
	done <<<"$*"
}

pass() {
	echo "ok $((++tap_count)) - ${1//#/}"
}

fail() {
	echo "not ok $((++tap_count)) - ${1//#/}"
	((++tap_failed))
	return 1
}

# ok NAME COMMAND...: the command succeeds. Its output is shown when it does not.
ok() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		pass "$name"
	else
		fail "$name"
		diag "failed: $*"
		diag "$output"
		return 1
	fi
}

# not_ok NAME COMMAND...: the command fails.
not_ok() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		fail "$name"
		diag "succeeded: $*"
		diag "$output"
		return 1
	fi
	pass "$name"
}

# is GOT EXPECTED NAME
is() {
	if [[ $1 == "$2" ]]; then
		pass "$3"
	else
		fail "$3"
		diag "got:      $1"
		diag "expected: $2"
		return 1
	fi
}

# like GOT REGEX NAME (extended regular expression, anywhere in GOT)
like() {
	if [[ $1 =~ $2 ]]; then
		pass "$3"
	else
		fail "$3"
		diag "got:                $1"
		diag "does not match:     $2"
		return 1
	fi
}

# unlike GOT REGEX NAME
unlike() {
	if [[ $1 =~ $2 ]]; then
		fail "$3"
		diag "got:                $1"
		diag "should not match:   $2"
		return 1
	fi
	pass "$3"
}

# same_files A B NAME: equal to the byte.
same_files() {
	if cmp -s "$1" "$2"; then
		pass "$3"
	else
		fail "$3"
		diag "$(diff -u "$1" "$2" 2>&1 | head -n 30)"
		return 1
	fi
}

# run COMMAND...: sets $status, $stdout and $stderr (without trailing newlines).
# shellcheck disable=SC2034 # the test reads them
run() {
	status=0
	"$@" >"$scratch/.stdout" 2>"$scratch/.stderr" </dev/null || status=$?
	stdout=$(<"$scratch/.stdout")
	stderr=$(<"$scratch/.stderr")
}

# need PROGRAM...: skips the whole test when one is missing.
need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip_all "$program is not installed"
	done
}
