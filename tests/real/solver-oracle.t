#!/bin/bash
# SPDX-License-Identifier: MIT
#
# apt is the oracle: the same requests, over the same indices of Debian's real archive, give the
# same packages in the same versions, whether the indices are read as text (an empty store) or in their
# parsed form (every build after that). solver-oracle.sets lists the requests; .differences what is not
# the same, and why; .refused what neither can install, and the words that say why. What stands below
# "# test-all" in .sets is asked only with NETRESCUE_TEST_ALL.
#
# To these come random sets of trixie's packages, 100 with NETRESCUE_TEST_ALL, else 24. NETRESCUE_SEED
# chooses others.
#
# Where nothing decides between the providers of a name, apt takes the one that its cache numbered last;
# netrescue takes the one that brings the fewest packages, and says so. Told to take these, apt must come
# to the very same answer.
. tests/lib/tap.sh
. tests/lib/apt.sh
need apt-get

here=tests/real
tool=$NETRESCUE_BIN/tests/solve-sets

# read_table FILE: without comments and empty lines
read_table() {
	grep -v -e '^#' -e '^$' "$here/solver-oracle.$1"
}

if [[ ${NETRESCUE_TEST_ALL:-} ]]; then
	mapfile -t sets < <(read_table sets)
else
	mapfile -t sets < <(sed '/^# test-all/,$d' "$here/solver-oracle.sets" |
		grep -v -e '^#' -e '^$')
fi
mapfile -t refused < <(read_table refused)
components=(main contrib non-free non-free-firmware)
seed=${NETRESCUE_SEED:-1}
random_count=24
[[ ${NETRESCUE_TEST_ALL:-} ]] && random_count=100
plan $((${#sets[@]} + random_count + 2 * ${#refused[@]} + 4))

# Answers of ours, one file a set: answer.SUITE.NUMBER, and parsed.SUITE.NUMBER from parsed indices.
answer_all() {
	local suite=$1 indices
	shift
	mapfile -t indices < <(apt_indices "$scratch/$suite")
	# apt keeps no file of an index that is empty, as some of updates and security are.
	(($(grep -c ':main:' <<<"$(printf '%s\n' "${indices[@]}")") == 3)) ||
		tap_die "not three indices of $suite's main: ${indices[*]}"
	printf '%s\n' "$@" | "$tool" amd64 "${indices[@]}" >"$scratch/text.$suite" 2>&1
	printf '%s\n' "$@" | "$tool" --parsed "$scratch/store.$suite" amd64 "${indices[@]}" \
		>"$scratch/parsed.$suite" 2>&1
	awk -v prefix="$scratch/answer.$suite." '/^set /{n++} n {print > (prefix n)}' \
		"$scratch/text.$suite"
}

# requested ANSWER: what was asked for, by a rule and then by name, in the order in which it was asked:
# what is asked for first decides first.
requested() {
	awk '
		/^asked / { asked[++count] = $2; is_asked[$2] = 1 }
		/^package / && !/ (automatic|boot)/ {
			if ($2 in is_asked) is_there[$2] = 1
			else print $2
		}
		END { for (i = 1; i <= count; i++) if (asked[i] in is_there) print asked[i] }' "$1"
}

# ties ANSWER: the providers that were taken before their equals
ties() {
	sed -n 's/^netrescue: debug: \([^ ]*\) is one of several equal providers of .*/\1/p' "$1"
}

ours() {
	awk '/^package /&&!/ boot/{print $2, $3}' "$1" | sort
}

# theirs SUITE RECOMMENDS NAME...
theirs() {
	local suite=$1 recommends=$2
	shift 2
	apt_in "$scratch/$suite" -s -o "APT::Install-Recommends=$recommends" install "$@" 2>&1 |
		sed -n 's/^Inst \([^ :]*\)[^ ]* (\([^ ]*\) .*/\1 \2/p' | sort
}

# explained SET: the packages that apt must be told beside, from the table; "bookworm: *" is for all
explained() {
	read_table differences |
		awk -F '\t' -v set="$1" -v all="${1%%:*}: *" \
			'$1 == set || $1 == all {print $2}' | xargs
}

check_set() {
	local line=$1 answer=$2 suite=${1%%:*} recommends=false names beside
	if ! grep -q '^end$' "$answer"; then
		fail "$line"
		diag "$(<"$answer")"
		return
	fi
	[[ " $line " == *' recommends '* ]] && recommends=true
	mapfile -t names < <(requested "$answer")
	ours "$answer" >"$scratch/ours"
	theirs "$suite" "$recommends" "${names[@]}" >"$scratch/theirs"
	if ! cmp -s "$scratch/ours" "$scratch/theirs"; then
		mapfile -t beside < <(explained "$line" | tr ' ' '\n'; ties "$answer")
		if ((${#beside[@]})); then
			names+=("${beside[@]}")
			theirs "$suite" "$recommends" "${names[@]}" >"$scratch/theirs"
			line+=", with apt told to take ${beside[*]}"
		fi
	fi
	same_files "$scratch/ours" "$scratch/theirs" "$line: $(wc -l <"$scratch/ours") packages"
}

check_refused() {
	local line=$1 words=$2 answer=$3 suite=${1%%:*} name arguments=()
	[[ $words ]] || tap_die "solver-oracle.refused does not say why $line is refused"
	like "$(sed -n 's/^refused //p' "$answer")" "$words" "$line is refused, with the reason" ||
		diag "$(tail -n 3 "$answer")"
	for name in ${line#*:}; do
		case $name in
		exclude=*) arguments+=("${name#exclude=}-") ;;
		*) arguments+=("$name") ;;
		esac
	done
	exits 100 "$line: apt refuses it too" apt_in "$scratch/$suite" -s install "${arguments[@]}"
}

words_of() {
	local suite=$1 line
	for line in "${sets[@]}" "${refused[@]%%	*}"; do
		[[ $line == "$suite:"* ]] && echo "${line#*: }"
	done
}

declare -A counter=()
next_answer() {
	answer=$scratch/answer.$1.$((++counter[$1]))
}

start=$SECONDS
for suite in trixie bookworm; do
	apt_private "$scratch/$suite" "$suite" "${components[@]}"
	if [[ $suite == trixie ]]; then
		packages=$(apt_indices "$scratch/trixie" | sed -n 's/^trixie:main:-://p')
		mapfile -t random < <(python3 tests/lib/random-sets.py "$seed" "$random_count" "$packages" |
			sed 's/^/trixie: /')
		sets+=("${random[@]}")
	fi
	mapfile -t words < <(words_of "$suite")
	answer_all "$suite" "${words[@]}"
done
diag "indices and our answers: $((SECONDS - start)) s; $random_count random sets of seed $seed"
for suite in trixie bookworm; do
	same_files "$scratch/text.$suite" "$scratch/parsed.$suite" \
		"$suite: parsed indices give the answers of the text"
done

for line in "${sets[@]}"; do
	next_answer "${line%%:*}"
	check_set "$line" "$answer"
done
for line in "${refused[@]}"; do
	next_answer "${line%%:*}"
	check_refused "${line%%	*}" "${line#*	}" "$answer"
done

ok 'at least 40 sets' test "${#sets[@]}" -ge 40
((${#refused[@]})) || tap_die 'no set is to be refused'
is "$(read_table differences | awk -F '\t' 'NF != 3 || $3 == ""')" '' \
	'each difference has its reason'
