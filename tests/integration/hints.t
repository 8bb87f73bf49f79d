#!/bin/bash
# SPDX-License-Identifier: MIT
# What the hints of commands, results, signatures and the lab say is done, word for word where they have words for it,
# and the error is gone. The hints about recipes are followed by tests/cases, those about archives by archives.t.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
plan 44
need ssh-keygen
[[ $(id -u) = 0 ]] || skip_all 'building as root is what is tried here'

# fails STATUS ERROR HINT COMMAND…: $said is the hint, $error the pattern.
fails() {
	local expected=$1 hint=$3
	error=$2
	shift 3
	run "$@"
	said=$(sed -n '/hint: /,$ s/^hint: //p' <<<"$stderr")
	like "$status:$stderr" "^$expected:.*$error.*hint: $hint" "$error: the hint"
}

# ends STATUS COMMAND…: does what the hint said, and the error is gone.
ends() {
	local expected=$1
	shift
	run "$@"
	[[ $status == "$expected" && ! $stderr =~ $error ]]
	ok "… is followed by: ${*##*/}" test $? = 0 || diag "exit code $status: $stderr"
}

# quoted N: what the hint has between its Nth pair of quotation marks
quoted() {
	awk -F "['\`]" -v n="$1" '{print $(2 * n); exit}' <<<"$said"
}

work=$scratch/work
mkdir "$work"
tiny_new "$scratch/mirror"
tiny_serve "$scratch/mirror"
tiny_recipe "$work/tiny.yaml"
run tiny_build "$work/tiny.yaml"
((status == 0)) || tap_die "$stderr"
result=$(readlink -f "$scratch/out/tiny/latest")
key=$scratch/build-key
ssh-keygen -q -t ed25519 -N '' -f "$key"
store=(--store "$scratch/store")

# ---- the command line ----------------------------------------------------------------------------

# as_said: runs the command that the hint has between quotation marks
as_said() {
	local words=()
	read -ra words <<<"$(quoted 1)"
	[[ ${words[0]} == netrescue ]] || tap_die "the hint has no command: $said"
	ends 0 "$NETRESCUE" "${words[@]:1}"
}

fails 2 "unknown verb 'buidl'" "did you mean 'build'" "$NETRESCUE" buidl "$work/tiny.yaml"
ends 0 "$NETRESCUE" "$(quoted 1)" --help
fails 2 "unknown verb 'zzz'" "'netrescue --help'" "$NETRESCUE" zzz
as_said
fails 2 "'--ofline'" "did you mean '--offline'" "$NETRESCUE" build --ofline "$work/none.yaml"
ends 2 "$NETRESCUE" build "$(quoted 1)" "$work/none.yaml"
fails 2 "'--zzz'" "'netrescue build --help'" "$NETRESCUE" build --zzz
as_said
fails 2 "arguments must be 'export" "'netrescue store --help'" "$NETRESCUE" store "${store[@]}" pull x
as_said
fails 2 "unknown sandbox 'x'" 'use --sandbox=auto, namespace or guestfs' \
	tiny_run build --sandbox=x --out "$scratch/out" "$work/tiny.yaml"
for kind in auto namespace; do
	ends 0 tiny_run build "--sandbox=$kind" --out "$scratch/out" "$work/tiny.yaml"
done

# ---- places --------------------------------------------------------------------------------------

fails 1 "/proc/none" '.*--store DIR or NETRESCUE_STORE' "$NETRESCUE" gc --store /proc/none --out "$scratch/out"
ends 0 "$NETRESCUE" gc "${store[@]}" --out "$scratch/out"
ends 0 env NETRESCUE_STORE="$scratch/store" "$NETRESCUE" gc --out "$scratch/out"
fails 1 "cannot .*'/proc/none" '.*--out DIR' tiny_run build --out /proc/none "$work/tiny.yaml"
ends 0 tiny_build "$work/tiny.yaml"
cd "$work" || exit 1
fails 2 'no lock found' '.*--out DIR, or name locks; --all' "$NETRESCUE" gc "${store[@]}"
ends 0 "$NETRESCUE" gc "${store[@]}" --out "$scratch/out"
ends 0 "$NETRESCUE" gc "${store[@]}" "$result/tiny.lock"
ends 0 "$NETRESCUE" gc --store "$scratch/other" --all

# ---- results -------------------------------------------------------------------------------------

verify() {
	"$NETRESCUE" verify "${store[@]}" --offline "$@"
}

fails 2 'cannot open' 'name what .netrescue build. printed' verify "$scratch/out/tiny/none"
ends 2 verify --recipe "$work/none.yaml" "$result"
ends 2 verify --recipe "$work/none.yaml" "$scratch/out/tiny/latest"
fails 2 'is no result' 'name what .netrescue build. printed' verify "$scratch/out"
ends 2 verify --recipe "$work/none.yaml" "$result"
fails 2 'there is no recipe' '.*--recipe FILE' verify "$result"
ends 0 verify --recipe "$work/tiny.yaml" "$result"
fails 2 'is no result|nor a lock|is a directory' "did you mean '.*latest'" "$NETRESCUE" diff "$scratch/out/tiny" "$result"
ends 0 "$NETRESCUE" diff "$(quoted 1)" "$result"
fails 2 'is neither a result' 'compare two results .*or two locks' "$NETRESCUE" diff "$result" "$work/tiny.yaml"
ends 0 "$NETRESCUE" diff "$result" "$scratch/out/tiny/latest"
ends 0 "$NETRESCUE" diff "$result/tiny.lock" "$result/tiny.lock"

echo x >>"$result/rootfs.tar.zst"
fails 3 'is damaged' '.*build it again' verify --recipe "$work/none.yaml" "$result"
fails 1 'was changed after it was built' '.*remove that directory and build again' tiny_build "$work/tiny.yaml"
rm -rf "$result"
ends 0 tiny_build "$work/tiny.yaml"
ends 2 verify --recipe "$work/none.yaml" "$result"

# ---- signatures ----------------------------------------------------------------------------------

fails 2 'cannot sign' '.*private, or public .* ssh:FILE, gpg:ID' tiny_build --sign "ssh:$key.none" "$work/tiny.yaml"
fails 3 'is not signed' '.netrescue build --sign KEY. adds one' verify --signed-by "$key.pub" "$result"
run tiny_build --sign "ssh:$key" "$work/tiny.yaml"
is "$status" 0 '… and it does'
ends 2 verify --signed-by "$key.pub" --recipe "$work/none.yaml" "$result"
ssh-keygen -q -t ed25519 -N '' -f "$key.other"
fails 3 'signed' 'ssh-keygen -Y .* shows the key' verify --signed-by "$key.other.pub" "$result"
run bash -c "cd '$result' && ${said% shows the key}"
ok '… and that command shows it' grep -qF "$(ssh-keygen -lf "$key.pub" | cut -d ' ' -f 2)" <<<"$stdout$stderr"
