#!/bin/bash
# SPDX-License-Identifier: MIT
# diff of locks, to the letter, in its three forms; and what is no lock.
#
# tests/cli/diff/NAME/: old.lock and new.lock, what is printed of them as `text`, `markdown` and `json`.
# releases is a part of a bookworm's and a trixie's lock.
. tests/lib/tap.sh
need jq

cases=tests/cli/diff

# seal FILE: an edited lock gets the digest of its packages again.
seal() {
	sed -n '/^$/,$p' "$1" >"$scratch/packages"
	sed -i -e '/^Packages-SHA256: /d' \
		-e "s/^Bytes-Epoch: .*/&\nPackages-SHA256: $(sha256sum "$scratch/packages" | cut -c1-64)/" "$1"
}
plan 34

for case in releases kinds; do
	cd "$cases/$case" || tap_die "no $case"
	run "$NETRESCUE" diff old.lock new.lock
	is "$status" 1 "$case: they differ"
	is "$stderr" '' "$case: nothing else is said"
	same_files text "$scratch/.stdout" "$case: as text"
	run "$NETRESCUE" diff --markdown old.lock new.lock
	is "$status" 1 "$case: they differ"
	same_files markdown "$scratch/.stdout" "$case: as Markdown"
	run "$NETRESCUE" diff --json old.lock new.lock
	is "$status$stderr" 1 "$case: they differ"
	is "$(wc -l <"$scratch/.stdout")" 1 "$case: JSON is one line"
	same_files json <(jq . "$scratch/.stdout") "$case: as JSON"
	cd "$top" || exit 1
done

# ---- equal ---------------------------------------------------------------------------------------
run "$NETRESCUE" diff $cases/kinds/old.lock $cases/kinds/old.lock
is "$status" 0 'a lock and itself: no difference'
like "$stdout" 'no differences$' 'and in words'
run "$NETRESCUE" diff --json $cases/kinds/old.lock $cases/kinds/old.lock
is "$(jq -c '[.equal, ([.changes[]] | add | length)]' <<<"$stdout")" '[true,0]' 'and as JSON'

# Every line of a lock counts: whichever says something else, it is seen. (Some then are no lock any more.)
unseen='' seen=0
for ((line = 1; line <= $(wc -l <$cases/kinds/new.lock); line++)); do
	sed -E "$line"'{
		/SHA256: |^ /{ s/[0-8]$/9/; t; s/[9a-f]$/0/; t; }
		s/^(Suite|Component|Path): .*/&x/; s,^Repository: .*,Repository: http://other.example,; s/: automatic$/: automatic base/; s/: essential$/: base/
		s/^(Version|Size|Installed-Size|Source-Date-Epoch|Bytes-Epoch): .*/&7/
	}' $cases/kinds/new.lock >"$scratch/other.lock"
	seal "$scratch/other.lock"
	cmp -s "$scratch/other.lock" $cases/kinds/new.lock && continue
	run "$NETRESCUE" diff $cases/kinds/new.lock "$scratch/other.lock"
	case $status in
	1) ((++seen)) ;;
	*) unseen+=" $line:$status" ;;
	esac
done
is "$unseen" '' 'a lock of which any line says something else is no equal one'
ok "($seen lines were tried)" test "$seen" -gt 130

# ---- two architectures ---------------------------------------------------------------------------
sed -e 's/^Architecture: amd64$/&\nForeign-Architectures: i386\nLeft-Out:\n nvtop?/;t' -e '/^$/,$d' $cases/kinds/old.lock |
	awk '!seen[$0]++' >"$scratch/head"
# stanzas VERSION VERSION: of two architectures
stanzas() {
	printf '\nPackage: lib\nVersion: %s\nArchitecture: amd64\nSuite: trixie\nPath: pool/a\nSize: 1\nSHA256: %064d\nRole: image\nInstalled-Size: 1\n' "$1" 1
	printf '\nPackage: lib\nVersion: %s\nArchitecture: i386\nSuite: trixie\nPath: pool/b\nSize: 1\nSHA256: %064d\nRole: image\nInstalled-Size: 1\n' "$2" 2
}
{ cat "$scratch/head" && stanzas 1 1; } >"$scratch/one.lock"
{ cat "$scratch/head" && stanzas 1 2; } >"$scratch/two.lock"
sed -i 's/ nvtop?$/ btop?/' "$scratch/two.lock"
seal "$scratch/one.lock"
seal "$scratch/two.lock"
run "$NETRESCUE" diff "$scratch/one.lock" "$scratch/two.lock"
is "$status" 1 'locks of two architectures'
like "$stdout" 'lib:i386 +1 -> 2' 'a package of a foreign architecture is another one'
unlike "$stdout" ' lib ' 'than that of the own'
like "$stdout" 'left out +nvtop\? -> btop\?' 'what is left out is compared'

# ---- many lines ----------------------------------------------------------------------------------
{
	sed '/^$/q' $cases/kinds/old.lock
	for ((i = 100; i < 150; i++)); do
		printf 'Package: p%s\nVersion: 1\nArchitecture: all\nSuite: trixie\nPath: pool/p.deb\n' $i
		printf 'Size: 1\nSHA256: %064d\nRole: image\nInstalled-Size: 1\n' $i
		((i == 149)) || echo
	done
} >"$scratch/many.lock"
sed '/^$/,$d' $cases/kinds/old.lock >"$scratch/none.lock"
seal "$scratch/many.lock"
seal "$scratch/none.lock"
run "$NETRESCUE" diff "$scratch/none.lock" "$scratch/many.lock"
is "$(grep -c '^  + p1' <<<"$stdout") $(grep 'and 10 more' <<<"$stdout")" \
	'40     and 10 more (--all shows them)' 'forty lines below a heading'
run "$NETRESCUE" diff --all "$scratch/none.lock" "$scratch/many.lock"
is "$(grep -c '^  + p1' <<<"$stdout")" 50 'all of them with --all'

# ---- what is none --------------------------------------------------------------------------------
run "$NETRESCUE" diff $cases/kinds/old.lock "$scratch/absent.lock"
is "$status" 2 'a file that is not there: 2'
run "$NETRESCUE" diff Makefile $cases/kinds/old.lock
is "$status" 2 'another file: 2'
like "$stderr" "'Makefile' is neither a result of netrescue nor a lock" 'and says which'
run "$NETRESCUE" diff $cases/kinds/old.lock "$scratch"
is "$status" 2 'a directory that is no result: 2'
like "$stderr" 'is no result of netrescue: it has no manifest.json' 'and says why'
sed 's/^Size: 1000$/Size: 01000/' $cases/kinds/old.lock >"$scratch/damaged.lock"
run "$NETRESCUE" diff "$scratch/damaged.lock" $cases/kinds/new.lock
is "$status" 3 'a damaged lock: 3'
run "$NETRESCUE" diff --json --markdown $cases/kinds/old.lock $cases/kinds/new.lock
is "$status" 2 'two forms at once: 2'
