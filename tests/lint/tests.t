#!/bin/bash
# SPDX-License-Identifier: MIT
# What tests say about each other holds: the whole test that a short form names, and the list in tests/README.md.
. tests/lib/tap.sh
plan 7

# named_wholes FOLDER: TEST:WHOLE for each short form
named_wholes() {
	grep -rHo --include='*.t' '^# Whole: .*' "$1" | sed 's/# Whole: //' | sort
}
# wrong_wholes FOLDER: those whose whole test is not there, or is not run by test-all alone
wrong_wholes() {
	local short whole
	while IFS=: read -r short whole; do
		[[ -x $whole && $whole == tests/matrix/*.t ]] || echo "$short: there is no $whole"
	done < <(named_wholes "$1")
}
ok 'there are short forms of tests' grep -q . <(named_wholes tests)
is "$(wrong_wholes tests)" '' 'and the whole test that each of them names'
echo '# Whole: tests/matrix/none.t' >"$scratch/short.t"
is "$(wrong_wholes "$scratch")" "$scratch/short.t: there is no tests/matrix/none.t" 'one that names none is found'

# unlisted README FILE...: the files whose names the README does not have
unlisted() {
	local readme=$1 file
	shift
	for file; do
		[[ -e $file ]] || echo "there is no $file"
		grep -qwF "$(basename "$file")" "$readme" || echo "$file"
	done
}
is "$(unlisted tests/README.md tests/*/ tests/lib/* tests/tools/*)" '' 'tests/README.md lists every folder, helper and tool'
grep -v tap.sh tests/README.md >"$scratch/README.md"
is "$(unlisted "$scratch/README.md" tests/lib/*)" tests/lib/tap.sh 'one that it does not list is found'

# The order in which `make test` runs them loses none, and begins with those of which nobody knows what they cost.
same_text "$(tests/costs --longest-first tests/*/*.t | sort)" "$(printf '%s\n' tests/*/*.t | sort)" 'all tests have a place in the order'
is "$(tests/costs --longest-first tests/lint/sizes.t out/bin-asan/tests/test_err tests/real/docker.t tests/real/none.t |
	paste -sd ' ')" 'tests/real/none.t tests/real/docker.t tests/lint/sizes.t out/bin-asan/tests/test_err' \
	'those that cost most come first'
