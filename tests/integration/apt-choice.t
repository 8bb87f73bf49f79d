#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Pins, foreign architectures and versions that are asked for, compared with apt: the same questions to both,
# over an archive of made-up packages (lib/made-up-archive.py), get the same packages in the same versions, or
# are refused by both. apt gives up where a version that it has chosen does not fit another; what netrescue
# finds there must be all right to apt when it is told each package of it. NETRESCUE_SEED chooses other questions, and NETRESCUE_TEST_ALL asks 2000 of them.
. tests/lib/tap.sh
need apt-get python3

seed=${NETRESCUE_SEED:-1}
count=100
[[ ${NETRESCUE_TEST_ALL:-} ]] && count=2000
plan 4

dir=$scratch/apt
python3 tests/lib/made-up-archive.py "$seed" "$count" "$scratch"
mkdir -p "$dir"/etc/apt/{apt.conf.d,preferences.d,trusted.gpg.d,sources.list.d} \
	"$dir"/var/lib/apt/lists/partial "$dir"/var/cache/apt/archives/partial "$dir"/var/lib/dpkg
: >"$dir/var/lib/dpkg/status"
for suite in trixie trixie-updates trixie-backports experimental tools; do
	echo "deb [trusted=yes] file:$scratch/debian $suite main contrib"
done >"$dir/etc/apt/sources.list"
cat >"$dir/apt.conf" <<.
Dir "$dir/";
Dir::State::status "$dir/var/lib/dpkg/status";
APT::Architecture "amd64";
APT::Architectures { "amd64"; "i386"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::GzipIndexes "false";
.
apt() {
	APT_CONFIG=$dir/apt.conf "$@"
}
apt apt-get -qq update 2>"$scratch/update" || tap_die "apt cannot read the made-up archive: $(<"$scratch/update")"

# Of both architectures, in the order in which apt has them.
mapfile -t files < <(for suite in trixie trixie-updates trixie-backports experimental tools; do
	for component in main contrib; do
		for architecture in amd64 i386; do
			repository=-
			[[ $suite == tools ]] && repository=tools
			printf '%s:%s:%s:%s\n' "$suite" "$component" "$repository" \
				"$(echo "$dir"/var/lib/apt/lists/*_dists_"${suite}_${component}_binary-${architecture}_Packages")"
		done
	done
done)

for ((i = 1; i <= count; i++)); do
	cat "$scratch/$i/set"
done >"$scratch/sets"
"$NETRESCUE_BIN/tests/solve-sets" amd64,i386 "${files[@]}" <"$scratch/sets" >"$scratch/answers" 2>"$scratch/log"
awk -v dir="$scratch" '/^set /{n++; file = dir "/" n "/answer"} n {print > file}' "$scratch/answers"

# ours N: name:architecture version, or "refused"
ours() {
	if grep -q '^refused ' "$scratch/$1/answer"; then
		echo refused
	else
		awk '/^package / && !/ boot/ && $2 != "zstd" {print $2 ($4 == "i386" ? ":i386" : ""), $3}' "$scratch/$1/answer" | sort
	fi
}

# ask_apt N NAME…
ask_apt() {
	local question=$scratch/$1
	shift
	apt apt-get -s -o "Dir::Etc::preferences=$question/preferences" install "$@" >"$question/apt" 2>&1
}

theirs() {
	local words=() names=()
	read -ra words <"$scratch/$1/set"
	mapfile -t names < <(printf '%s\n' apt debconf "${words[@]}" | grep -v '^pin=')
	if ! ask_apt "$1" "${names[@]}"; then
		mapfile -t names < <(tr ' ' = <"$scratch/$1/ours")
		[[ ${names[*]} != refused ]] && ask_apt "$1" "${names[@]}" && echo "$1" >>"$scratch/given-up"
	fi
	if [[ ${names[*]} == refused ]]; then
		echo refused
	else
		sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1 \2/p' "$scratch/$1/apt" | sort
	fi
}

touch "$scratch/given-up"
refused=0 foreign=0 pinned=0 differ=()
for ((i = 1; i <= count; i++)); do
	ours "$i" >"$scratch/$i/ours"
	theirs "$i" >"$scratch/$i/theirs"
	if ! cmp -s "$scratch/$i/ours" "$scratch/$i/theirs"; then
		differ+=("$i")
		diag "$(<"$scratch/$i/set")" "$(diff "$scratch/$i/ours" "$scratch/$i/theirs")" \
			"$(grep refused "$scratch/$i/answer")" "$(grep -A9 unmet "$scratch/$i/apt")"
	fi
	grep -q refused "$scratch/$i/ours" && ((refused++))
	grep -q ':i386 ' "$scratch/$i/ours" && ((foreign++))
	grep -q 'pin=' "$scratch/$i/set" && ((pinned++))
done
is "${differ[*]}" '' "$count questions of seed $seed are answered as by apt"
diag "$refused refused, $(wc -l <"$scratch/given-up") given up by apt, $foreign with a foreign architecture, $pinned with pins"
ok 'many can be answered' test "$refused" -lt $((count * 3 / 4))
ok 'many have packages of a foreign architecture' test "$foreign" -gt $((count / 20))
ok 'many have pins' test "$pinned" -gt $((count / 3))
