# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# TAP for bash tests, which prove runs from the top of the checkout. After `make test-programs`,
# `prove tests/integration/lock.t` runs one of them.
#
#	#!/bin/bash
#	. tests/lib/tap.sh
#	plan 3
#	exits 2 'a missing recipe is a usage error' "$NETRESCUE" build recipes/none.yaml
#	like "$stderr" 'none\.yaml' 'and is named'
#	not_ok 'the output directory was not made' test -e "$scratch/out"
#
# A test proves nothing unless it can fail. These helpers see to it where a plain comparison would not:
#
#	exits 1 NAME COMMAND…		exactly this exit status: a crash or a usage error is another one
#	not_ok NAME COMMAND…		exit status 1: grep that cannot read its file exits with 2
#	same_text GOT EXPECTED NAME	for an EXPECTED that was computed: it may not be empty
#	like_all GOT NAME REGEX…	every REGEX matches; REGEX|REGEX would be content with one of them
#	unlike GOT REGEX NAME		GOT may not be empty, in which nothing would ever match
#	silent NAME COMMAND…		the command succeeds and prints nothing: `find` below a directory that
#					is not there prints nothing either, but fails
#
# A test that ends early, or that counts wrongly, fails by its plan. What cannot be tested here is
# skipped with a reason, which prove shows: skip_all 'no user namespaces', or skip 2 'no KVM'.
#
# $scratch is an empty directory of the test's own, removed when it ends. With KEEP=1 it stays, and the test
# says where it is.

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
# The key of the test's stores: none of the user's own. lib/image.sh, which has a store in common, keeps that.
# shellcheck disable=SC2034
tap_state_home=${XDG_STATE_HOME-}
export XDG_STATE_HOME=$scratch/state
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

# tap_die REASON: ends the test and those after it, for nothing else can work.
tap_die() {
	echo "Bail out! $*"
	exit 1
}

# plan COUNT: a plan of nothing is no plan. prove would take "1..0" for a test that was skipped.
plan() {
	(($1 > 0)) || tap_die 'the plan is to test nothing'
	tap_planned=$1
	echo "1..$1"
}

skip_all() {
	tap_planned=0
	echo "1..0 # SKIP $*"
	exit 0
}

# skip COUNT REASON: prove shows no reason of its own where only a part of a test is skipped, but comments.
skip() {
	local i
	diag "skipped $1: $2"
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

# not_ok NAME COMMAND...: the command says no, by exit status 1 (as test, grep, cmp and pgrep do). Any other
# status is an error, which says nothing about what was asked.
not_ok() {
	local name=$1 output no=0
	shift
	output=$("$@" 2>&1) || no=$?
	if ((no == 1)); then
		pass "$name"
	else
		fail "$name"
		diag "exit status $no, not 1: $*"
		diag "$output"
		return 1
	fi
}

# silent NAME COMMAND...: the command succeeds and prints nothing.
silent() {
	local name=$1 output code=0
	shift
	output=$("$@" 2>&1) || code=$?
	if [[ $code == 0 && ! $output ]]; then
		pass "$name"
	else
		fail "$name"
		diag "exit status $code: $*"
		diag "$output"
		return 1
	fi
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

# same_text GOT EXPECTED NAME: equal, where EXPECTED is the output of a command, which may have failed. So an
# empty EXPECTED fails.
same_text() {
	if [[ ! $2 ]]; then
		fail "$3"
		diag 'there is nothing to compare with: the expected text is empty'
		diag "got: $1"
		return 1
	fi
	is "$@"
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

# like_all GOT NAME REGEX...: each of them matches, in whatever order.
like_all() {
	local got=$1 name=$2 regex absent=()
	shift 2
	(($#)) || tap_die "$name: like_all has nothing to look for"
	for regex; do
		[[ $got =~ $regex ]] || absent+=("$regex")
	done
	if ((${#absent[@]} == 0)); then
		pass "$name"
	else
		fail "$name"
		diag "got:                $got"
		for regex in "${absent[@]}"; do
			diag "does not match:     $regex"
		done
		return 1
	fi
}

# unlike GOT REGEX NAME: GOT is something, and nowhere in it is a match.
unlike() {
	if [[ ! $1 ]]; then
		fail "$3"
		diag 'got nothing at all, in which nothing can match'
		return 1
	elif [[ $1 =~ $2 ]]; then
		fail "$3"
		diag "got:                $1"
		diag "should not match:   $2"
		return 1
	else
		pass "$3"
	fi
}

# same_files A B NAME: equal to the byte, and not empty.
same_files() {
	if [[ -f $1 && ! -s $1 ]]; then
		fail "$3"
		diag "there is nothing to compare: '$1' is empty"
		return 1
	elif cmp -s "$1" "$2"; then
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
	[[ $1 != "$NETRESCUE" || -x $1 ]] || tap_die "there is no $NETRESCUE: run 'make test-programs' first"
	status=0
	"$@" >"$scratch/.stdout" 2>"$scratch/.stderr" </dev/null || status=$?
	stdout=$(<"$scratch/.stdout")
	stderr=$(<"$scratch/.stderr")
}

# exits STATUS NAME COMMAND...: runs it as `run` does; it ends with exactly this exit status.
exits() {
	local code=$1 name=$2
	shift 2
	run "$@"
	is "$status" "$code" "$name" && return
	diag "$stderr"
	return 1
}

# need PROGRAM...: skips the whole test when one is missing.
need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip_all "$program is not installed"
	done
}
