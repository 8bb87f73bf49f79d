#!/bin/bash
# SPDX-License-Identifier: MIT
# The stage cache: a change makes the stages run again that it can reach, and no others, and the bytes are always
# those of a build that starts from nothing. Broken and foreign entries cost time; killed and concurrent builds leave
# nothing half-made.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/state.sh
. tests/lib/facts.sh
need python3 gpg zstd newuidmap openssl jq

m=$scratch/m
store=$scratch/store
tiny_new "$m"
mirror_package "$m" <<'.'
Package: hello
Version: 1.0
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n
 /usr/share/hello/a 0644 one\n
 /usr/share/hello/b => /usr/share/hello/a
X-Postinst:
 #!/bin/sh
 adduser --system --group hello-user >/dev/null
 mkdir -m 2750 /var/lib/hello
 chown hello-user:hello-user /var/lib/hello
 touch -d @1600000000.123456789 /var/lib/hello/stamp

Package: hello
Version: 2.0
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello again\n

Package: more
Version: 1.0
Files:
 /usr/bin/more-of-it 0755 #!/bin/sh\n
.
tiny_serve "$m"

mkdir -p "$scratch/overlay/etc"
echo one >"$scratch/overlay/etc/one"
echo text >"$scratch/source"
printf '#!/bin/sh\nstat -c "%%n %%Y" /var/lib/hello/stamp >/etc/script\n' >"$scratch/script"
printf '#!/bin/sh\necho base >/etc/after-base\necho left >/.netrescue/left\n' >"$scratch/hook"
# What a hook left beside the tree is still there when the next one runs.
printf '#!/bin/sh\ncp /.netrescue/left /etc/left\n' >"$scratch/settings-hook"
printf '#!/bin/sh\ntest -e /etc/one\n' >"$scratch/check"
chmod +x "$scratch"/{script,hook,settings-hook,check}
tiny_recipe "$scratch/tiny.yaml" 'packages: [hello=1.0]' 'overlays: [overlay]' 'scripts: [script]' \
	'hooks: {after-base: [hook], before-settings: [settings-hook], check: [check]}' \
	'files: [{path: /etc/source, source: source}]'

all='base rest settings normalise check pack'
tree='settings normalise check pack'

# built OUT [ARGUMENT…]: a build; prints which of these stages ran, as far as it got.
built() {
	local to=$1
	shift
	tiny_store=$store tiny_out=$to run tiny_build --json "$@" "$scratch/tiny.yaml"
	[[ $status == 0 ]] || diag "$stderr"
	# shellcheck disable=SC2086 # one word a stage
	jq -r --argjson all "$(printf '%s\n' $all | jq -R . | jq -s .)" \
		'select(.event == "end" and .summary != "from the cache") | .stage | select(IN($all[]))' \
		<<<"$stdout" | paste -sd' '
}

# follows CHANGE STAGES [ARGUMENT…]: after the change these stages run, and the bytes are a cold build's.
follows() {
	local name=$1 stages=$2
	shift 2
	rm -rf "${scratch:?}"/{warm,cold}
	is "$(built "$scratch/warm" "$@")" "$stages" "$name: ${stages:-nothing} runs again"
	is "$(built "$scratch/cold" --no-cache "$@")" "$all" "$name: --no-cache runs everything"
	same_files "$scratch/warm/tiny/latest/SHA256SUMS" "$scratch/cold/tiny/latest/SHA256SUMS" "$name: the bytes are those of a cold build"
}

entries() {
	find "$store/known/stage" -type f -printf '%f\n' | sort
}

# The blobs of all entries for that stage.
blobs() {
	local digest
	cat "$store"/known/stage/*/"$1".* | grep -o '[0-9a-f]\{64\}' | while read -r digest; do
		[[ ! -e $store/sha256/${digest:0:2}/$digest ]] || echo "$store/sha256/${digest:0:2}/$digest"
	done
}

plan 88

# ---- each input ----

follows 'an empty store' "$all"
is "$(jq -c .predicate.buildDefinition.internalParameters.'"cached-stages"' "$scratch/warm/tiny/latest/provenance.json")" '[]' \
	'the provenance of a cold build names no cached stage'
is "$(entries | sed 's/\..*//' | paste -sd' ')" 'base rest tree' 'what was made is kept'
before=$(entries)
follows 'no change' ''
is "$(jq -c .predicate.buildDefinition.internalParameters.'"cached-stages"' "$scratch/warm/tiny/latest/provenance.json")" \
	'["base","rest","settings","normalise","check","pack"]' 'the provenance says what came from the cache'
like "$(jq -r .predicate.buildDefinition.internalParameters.sandbox "$scratch/warm/tiny/latest/provenance.json")" '^namespace' \
	'and in which sandbox it was made'
same_text "$(entries)" "$before" '--no-cache keeps nothing'

follows 'menu, server and title' '' --set menu.title=Other --set server.address=192.168.1.2 --set title=Other
echo two >"$scratch/overlay/etc/one"
follows 'a file of an overlay' "$tree"
echo '# two' >>"$scratch/script"
follows 'a script' "$tree"
mv "$scratch/script" "$scratch/renamed"
sed -i 's/scripts: .*/scripts: [renamed]/' "$scratch/tiny.yaml"
follows 'the name of a script' "$tree"
echo '# two' >>"$scratch/check"
follows 'a check' "$tree"
echo other >"$scratch/source"
follows 'the source of a file' "$tree"
follows 'a setting' "$tree" --set compression.level=5
follows 'one package more' "rest $tree" --set packages+=more
follows 'another version' "rest $tree" --set 'packages=[hello=2.0]'
follows 'how strict ids are' "rest $tree" --set 'ids={hello-user: 321}' --set strict-ids=no
echo '# two' >>"$scratch/hook"
follows 'a hook of the base' "$all"
follows 'the host name' "$all" --set hostname=other

# Another program makes other results.
mkdir "$scratch/bin"
cp "$NETRESCUE_BIN"/sandbox-* "$scratch/bin"
is "$(built "$scratch/warm")" '' 'as before'
rm -rf "${scratch:?}/warm"
echo >>"$scratch/bin/sandbox-namespace"
is "$(NETRESCUE_LIBEXEC=$scratch/bin built "$scratch/warm")" "$all" 'another helper program: everything runs again'

# ---- growth ----

is "$(entries | grep -c ^tree.)" 2 'of all these edits two trees are left'
is "$(entries | grep -c ^base.)" 2 'and two bases'

# ---- entries that are not right ----

reference() {
	rm -rf "${scratch:?}/warm"
	built "$scratch/warm" >"$scratch/ran"
	same_files "$scratch/warm/tiny/latest/SHA256SUMS" "$scratch/reference" "$1: the bytes are right"
	is "$(<"$scratch/ran")" "$2" "$1: ${2:-nothing} runs"
}
rm -rf "${scratch:?}/warm" "$store/known/stage"
built "$scratch/warm" >/dev/null
cp "$scratch/warm/tiny/latest/SHA256SUMS" "$scratch/reference"

for stage in tree rest base; do
	for blob in $(blobs "$stage"); do
		truncate -s -1 "$blob"
	done
	[[ $stage == tree ]] || rm "$store"/known/stage/*/tree.*
	[[ $stage != base ]] || rm "$store"/known/stage/*/rest.*
	case $stage in
	tree) reference 'a truncated tree' "$tree" ;;
	rest) reference 'a truncated rest' "rest $tree" ;;
	base) reference 'a truncated base' "$all" ;;
	esac
	like "$stderr" 'is damaged and was removed' "a truncated $stage: a warning says so"
done
for blob in $(blobs tree); do
	printf 'x' | dd of="$blob" bs=1 seek=100 conv=notrunc status=none
done
reference 'a changed tree' "$tree"
is "$(store_trouble "$store")" '' 'the store holds only what is right again'

# The blobs of another's forged entry are what they are called: only the tag is not ours.
for stage in tree rest; do
	fact=$(entries | grep "^$stage.")
	value=$(fact_value "$store" stage "$fact")
	fact_forge theirs "$store" stage "$fact" "$value"
done
reference "another's entries" "rest $tree"
fact=$(entries | grep '^tree.')
value=$(fact_value "$store" stage "$fact")
fact_forge bare "$store" stage "$fact" "$value"
reference 'an entry without a tag' "$tree"
fact_forge ours "$store" stage "$fact" "$value"
reference 'with our own tag, it counts' ''

# ---- two builders, and killed ones ----

rm -r "$store/known/stage"
rm -rf "${scratch:?}"/{one,two}
built "$scratch/one" >"$scratch/ran-one" &
built "$scratch/two" >"$scratch/ran-two"
wait
for out in one two; do
	same_files "$scratch/$out/tiny/latest/SHA256SUMS" "$scratch/reference" "two builders at once: the bytes of $out are right"
done
reference 'after two builders' ''

for at in base+0.5 rest+0.3 rest settings pack publish; do
	rm -r "$store/known/stage" "${scratch:?}/warm"
	python3 tests/lib/interrupt.py "$at" KILL "$NETRESCUE" build "$scratch/tiny.yaml" --json --mirror "$MIRROR_URL" \
		--keyring "$m/keyring.gpg" --store "$store" --out "$scratch/warm" >/dev/null
	rm -rf "${scratch:?}/again"
	built "$scratch/again" >/dev/null
	same_files "$scratch/again/tiny/latest/SHA256SUMS" "$scratch/reference" "killed at $at: the next build's bytes are right"
	mkdir -p "$scratch/warm"
done
is "$(store_trouble "$store")" '' 'nothing half-made is left'

# ---- gc ----

run "$NETRESCUE" gc --store "$store" --out "$scratch/again"
is "$status" 0 'gc' || diag "$stderr"
reference 'gc keeps what was used this week' ''
run "$NETRESCUE" gc --store "$store" --out "$scratch/again" --max-size 1K
like "$stderr" 'larger than --max-size' 'gc --max-size says that the locks need more'
is "$(entries)" '' 'and has removed every entry'
rm -rf "${scratch:?}/warm"
is "$(built "$scratch/warm" --offline)" "$all" 'but no package: everything runs again'
run "$NETRESCUE" gc --store "$store" --out "$scratch/again" --max-size 10G
is "$(entries | wc -l)" 3 'a size that suffices removes nothing'
find "$store/known/stage" -type f -exec touch -d '8 days ago' {} +
run "$NETRESCUE" gc --store "$store" --out "$scratch/again"
is "$(entries)" '' 'after a week without use they go'
exits 2 'a size that is none' "$NETRESCUE" gc --store "$store" --out "$scratch/again" --max-size much
like "$stderr" "'much' is not a size" 'is named'
