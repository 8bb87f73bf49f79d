#!/bin/bash
# SPDX-License-Identifier: MIT
# Each row of SECURITY.md's table of who can do what names tests, and these are there: a file below tests/, and words
# of it that say what is tested.
. tests/lib/tap.sh
need perl git
plan 4

# rows FILE: "LINE<tab>WHO<tab>TESTS" of each row of the tables that have a column "held by"
rows() {
	perl -ne '
		my @cell = map { s/^\s+|\s+$//gr } split /\|/;
		$inside = 0 unless /^\|/;
		print join("\t", $., @cell[1, -2]), "\n" if $inside && !/^\|\s*-/;
		$inside = 1 if /^\|.*\| held by \|$/;' "$1"
}

# untested FILE: each row without a test, and each test that is not there
untested() {
	rows "$1" | perl -F'\t' -lane '
		my ($line, $who, $tests) = @F;
		my @named = $tests =~ /`([\w\/.-]+)`((?: "[^"]+",?)+)/g;
		print "line $line ($who): no test" unless @named;
		while (my ($file, $words) = splice @named, 0, 2) {
			my $text = do { local $/; open my $in, "<", "tests/$file"; $in ? <$in> : "" };
			print "line $line ($who): there is no tests/$file" if $text eq "";
			index($text, $_) >= 0 or print "line $line ($who): tests/$file does not say \"$_\""
				for $words =~ /"([^"]+)"/g;
		}
		print "line $line ($who): cannot read \"$1\"" if $tests =~ s/`[\w\/.-]+`(?: "[^"]+",?)+//gr =~ /([^;\s].*)/;'
}

count=$(rows SECURITY.md | wc -l)
ok "SECURITY.md has $count rows" test "$count" -ge 40
is "$(untested SECURITY.md)" '' 'each of which names tests that are there'

cat >"$scratch/table.md" <<'.'
| who | what | held by |
| --- | --- | --- |
| one | x | `lint/security.t` "tests that are there" |
| two | x | by nobody |
| three | x | `lint/none.t` "x" |
.
like_all "$(untested "$scratch/table.md")" 'a row without, and one with a wrong one, are found' \
	'^line 4 \(two\): no test' 'line 5 \(three\): there is no tests/lint/none\.t'
unlike "$(untested "$scratch/table.md")" '\(one\)' 'and no other'
