#!/bin/bash
# SPDX-License-Identifier: MIT
# Each function of the program that is called a parser is called by a fuzz target, and tests/fuzz/README.md says
# what each target is about.
. tests/lib/tap.sh
plan 5

# The command line is this user's own.
not_foreign='cli_parse'

# parsers FOLDER: the functions …_parse…() and parse_…() of its headers
parsers() {
	find "$1" -name '*.h' -exec sed -n 's/^[a-z].*[ *]\([a-z0-9_]*\)(.*/\1/p' {} + |
		grep -E '(^|_)parse(_|$)' | grep -vxE "$not_foreign" | sort -u
}

# uncalled FOLDER FILE…: those parsers that none of the files calls
uncalled() {
	local folder=$1 parser
	shift
	while IFS= read -r parser; do
		grep -qE "(^|[^a-z0-9_])$parser\(" "$@" || echo "$parser"
	done < <(parsers "$folder")
}
ok 'there are parsers' test "$(parsers builder | wc -l)" -ge 15
is "$(uncalled builder tests/fuzz/fuzz_*.c)" '' 'a fuzz target calls each of them'
mkdir "$scratch/new"
echo 'int new_parse(const char *text, struct err *err);' >"$scratch/new/new.h"
is "$(uncalled "$scratch/new" tests/fuzz/fuzz_*.c)" new_parse 'one that no target calls is found'

# undescribed README FILE…: targets that are not in the first column of its table
undescribed() {
	local readme=$1 file name
	shift
	for file; do
		name=$(basename "$file" .c)
		sed -n 's/^| \([a-z0-9_, ]*\) |.*/\1/p' "$readme" | grep -qwF "${name#fuzz_}" || echo "${name#fuzz_}"
	done
}
is "$(undescribed tests/fuzz/README.md tests/fuzz/fuzz_*.c)" '' 'tests/fuzz/README.md has each target'
is "$(undescribed tests/fuzz/README.md fuzz_none.c)" none 'one that it has not is found'
