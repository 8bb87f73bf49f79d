#!/bin/bash
# SPDX-License-Identifier: MIT
# Documents wrap at 100 columns, their links lead somewhere, and files that documents, comments and
# scripts name are there.
. tests/lib/tap.sh
need git perl

mapfile -t documents < <(git ls-files --cached --others --exclude-standard '*.md')

# Tables, code, pictures and lines of one long word cannot be wrapped.
wide_lines() {
	perl -CSD -ne '
		$fence = !$fence if /^```/;
		chomp;
		print "$ARGV:$.: " . length . " columns\n"
			if !$fence && length > 100 && !/^\s*\|/ && !/^ {4}/ && !/^!\[/ && /^.{0,98}\S\s+\S/ && !/^\S+$/;
		if (eof) { $fence = 0; close ARGV }' "$@"
}

# Prints "FILE: TARGET" for each relative link to a file that is not there.
dead_links() {
	local document target
	for document in "$@"; do
		grep -oE '\]\([^)#:]+' "$document" | sed 's/^](//' | sort -u | while IFS= read -r target; do
			[[ -e ${document%/*}/$target || $document != */* && -e $target ]] ||
				echo "$document: $target"
		done
	done
}

# Prints "FILE:LINE: NAME" for each C file that is named and not there: a bare name, or a path that begins
# with a folder of ours. foo.c is everybody's example.
missing_sources() {
	perl -e '
		my (%base, %path, %folder);
		for (split /\n/, `find builder tests -name "*.[ch]"`) {
			$path{$_} = $path{s,^builder/,,r} = 1;
			$base{s,.*/,,r} = 1;
			$folder{m,^(?:builder/)?([^/]+), && $1} = 1;
		}
		for my $file (@ARGV) {
			open my $in, "<", $file or next;
			while (<$in>) {
				next if /^#include </;
				while (m~(?<![\w./<\$-])((?:[a-z0-9_-]+/)*[a-z0-9_-]{2,}\.[ch])\b(?!\()~g) {
					my $name = $1;
					next if $name =~ /^foo\./;
					next if $name =~ m,^([^/]+)/, ? !$folder{$1} && $1 ne "builder" || $path{$name} : $base{$name};
					print "$file:$.: $name\n";
				}
			}
		}' "$@"
}

plan 6

is "$(wide_lines "${documents[@]}")" '' "${#documents[@]} documents wrap at 100 columns"
is "$(dead_links "${documents[@]}")" '' 'links between documents lead to files'
mapfile -t sources < <(git ls-files --cached --others --exclude-standard \
	builder 'docs/*.md' '*.md' Makefile 'tests/lib' 'tests/*/*.sh')
is "$(missing_sources "${sources[@]}")" '' "files named in ${#sources[@]} files are there"

printf '%0101d a [x](none.md) base/none.h\n' 0 >"$scratch/x.md"
printf 'word %0100d\n' 0 >"$scratch/y.md"
is "$(wide_lines "$scratch/y.md")" "$scratch/y.md:1: 105 columns" 'a wide line is found'
is "$(dead_links "$scratch/x.md")" "$scratch/x.md: none.md" 'a dead link is found'
is "$(missing_sources "$scratch/x.md")" "$scratch/x.md:1: base/none.h" 'a missing file is found'
