#!/bin/bash
# SPDX-License-Identifier: MIT
# Files and functions fit a reader.
. tests/lib/tap.sh

file_max=600
function_max=60

[[ $(find builder -name '*.[ch]') ]] || tap_die 'builder/ holds no sources'
plan 4

long_files=$(find builder -name '*.[ch]' -exec awk -v max=$file_max '
	ENDFILE { if (FNR > max) print FILENAME ": " FNR " lines" }' {} + | sort)
is "$long_files" '' "no file of the program has more than $file_max lines"

# By the kernel's braces: a body begins and ends in the first column.
long_functions() {
	find "$1" -name '*.c' -exec awk -v max=$function_max '
		/^{/ { start = FNR }
		/^}$/ && start {
			if (FNR - start - 1 > max)
				print FILENAME ":" start ": " FNR - start - 1 " lines"
			start = 0
		}' {} + | sort
}
is "$(long_functions builder)" '' "no function has more than $function_max lines"

{
	echo 'int f(void)'
	echo '{'
	for ((i = 0; i <= function_max; i++)); do echo '	g();'; done
	echo '}'
} >"$scratch/x.c"
like "$(long_functions "$scratch")" 'x\.c:2: 61 lines' 'a function that is too long is found'

# Columns, not bytes; tabs to the next eighth.
wide=$(find builder tests/unit -name '*.[ch]' -exec perl -CSD -ne '
	chomp;
	1 while s/\t/" " x (8 - $-[0] % 8)/e;
	print "$ARGV:$.: " . length . " columns\n" if length > 100;
	close ARGV if eof' {} + | sort)
is "$wide" '' 'no line has more than 100 columns'
