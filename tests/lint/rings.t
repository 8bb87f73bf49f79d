#!/bin/bash
# SPDX-License-Identifier: MIT
# No files of the program call each other in a ring: whoever reads one can read what it uses, then what
# that uses, and comes to an end. nm(1) knows which object defines a symbol and which ones use it.
. tests/lib/tap.sh
need nm tsort

plan 3

# edges OBJECT…: "USER DEFINER" for every pair of objects of which one uses a symbol of the other.
edges() {
	nm --print-file-name --format=posix "$@" | awk '
		{ file = $1; sub(/\.o:$/, "", file); sub(/.*\/obj\/[a-z]*\//, "", file) }
		$2 == "main" { next }
		$3 == "U" { uses[file, $2] = 1; next }
		$3 ~ /^[TDBRCVW]$/ { definer[$2] = file }
		END {
			for (use in uses) {
				split(use, part, SUBSEP)
				if (part[2] in definer && definer[part[2]] != part[1])
					print part[1], definer[part[2]]
			}
		}' | sort -u
}

# rings: reads edges and names the members of each ring, as tsort(1) finds them.
rings() {
	tsort 2>&1 >/dev/null | sed -n 's/^tsort: //p' | grep -v 'input contains a loop' | sort -u
}

objects=()
while IFS= read -r source; do
	object=${source#builder/}
	object=$NETRESCUE_BIN/../obj/release/${object%.c}.o
	[[ -e $object ]] && objects+=("$object")
done < <(find builder -name '*.c' | sort)

ok 'the objects are there' test "${#objects[@]}" -gt 200
is "$(edges "${objects[@]}" | rings)" '' 'no ring of files'
is "$(printf 'a b\nb c\nc a\nd a\n' | rings | tr '\n' ' ')" 'a b c ' 'a ring is found'
