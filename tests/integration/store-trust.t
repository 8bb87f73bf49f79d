#!/bin/bash
# SPDX-License-Identifier: MIT
# Whoever can fill a store, as a CI service's cache or as a copy, costs time and decides nothing. Each fact is forged
# without a tag and with another user's; with our own, it has an effect: so it would matter.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/state.sh
. tests/lib/facts.sh
need python3 gpg zstd newuidmap openssl dpkg-deb
plan 50

m=$scratch/m
store=$scratch/store
tiny_new "$m"
mirror_package "$m" <<'.'
Package: hello
Version: 1.0
Files:
 /usr/share/hello 0644 true\n
.
tiny_serve "$m" --date $(($(date +%s) - 7200))
tiny_recipe "$scratch/tiny.yaml" 'packages: [hello]'

# blob STORE FILE: puts it there and prints its digest.
blob() {
	local sum
	sum=$(sha256sum <"$2")
	sum=${sum%% *}
	install -D -m 0644 "$2" "$1/sha256/${sum:0:2}/$sum"
	echo "$sum"
}

# said FILE: what the tree of the result in $out has there.
said() {
	tar --zstd -xOf "$out"/tiny/latest/rootfs.tar.zst "./$1"
}

# version_of: of hello, in the lock that stdout is.
version_of() {
	sed -n '/^Package: hello$/,/^$/s/^Version: //p' <<<"$stdout"
}

# ---- what only a lock depends on -----------------------------------------------------------------

run tiny_run lock "$scratch/tiny.yaml"
is "$status" 0 'a lock' || { diag "$stderr"; tap_die 'nothing else can work'; }
lock=$stdout
hello=$(sed -n '/^Package: hello$/,/^$/s/^SHA256: //p' <<<"$lock")
key=$XDG_STATE_HOME/netrescue/store-key
is "$(stat -c %a "$key") $(wc -c <"$key")" '600 65' "the store's key is the user's alone, and outside the store"
later=$(($(date +%s) - 60))

# What mirrors said of dates, which is believed until the packages are there.
for how in bare theirs ours; do
	fact_forge $how "$store" epoch-hearsay "$hello" $later
	run tiny_run lock "$scratch/tiny.yaml"
	[[ $how == ours ]] || same_text "$stdout" "$lock" "$how: a forged date of a package does nothing"
done
like "$stdout" "Source-Date-Epoch: $later" 'though it would'
rm "$(fact_file "$store" epoch-hearsay "$hello")"
run tiny_run lock "$scratch/tiny.yaml"
same_text "$stdout" "$lock" 'a mirror is asked again'

# An index as libsolv keeps it, of another state of the archive.
old_index=$(fact_value "$store" index Debian:trixie)
cp -a "$store" "$scratch/old"
mirror_package "$m" <<'.'
Package: hello
Version: 2.0
Files:
 /usr/share/hello 0644 true\n
.
mirror_publish "$m" --date $(($(date +%s) - 3600))
run tiny_run lock "$scratch/tiny.yaml"
is "$(version_of)" 2.0 'the archive has a new version'
# solv STORE: the fact's key of the greatest one, which is trixie's.
solv() {
	local file
	for file in "$1"/known/solv/*/*; do
		echo "$(stat -c %s "$1"/sha256/*/"$(head -n 1 "$file")") ${file##*/}"
	done | sort -n | tail -n 1 | cut -d' ' -f2
}
old_solv=$(solv "$scratch/old")
for new_solv in "$store"/known/solv/*/*; do
	[[ -e $scratch/old/${new_solv#"$store"/} ]] || break
done
new_solv=$(blob "$scratch/old" "$store"/sha256/*/"$(head -n 1 "$new_solv")")
for how in bare theirs ours; do
	fact_forge $how "$scratch/old" solv "$old_solv" "$new_solv"
	tiny_store=$scratch/old run tiny_run lock --offline "$scratch/tiny.yaml"
	[[ $how == ours ]] || is "$(version_of)" 1.0 "$how: a forged .solv does not say which version there is"
done
like "$stderr" "package 'hello' is not in the store" 'though it would: the new one is missed'

# A Release of an earlier day, as validly signed, and a date that is still to come.
for how in bare theirs ours; do
	fact_forge $how "$store" index Debian:trixie "$old_index"
	fact_forge $how "$store" release Debian:trixie 1
	run tiny_run lock --offline "$scratch/tiny.yaml"
	[[ $how == ours ]] || is "$status" 4 "$how: a kept Release of an earlier day is not taken offline"
done
is "$(version_of)" 1.0 'though it would be'
for how in bare theirs ours; do
	fact_forge $how "$store" release Debian:trixie $(($(date +%s) + 7200))
	run tiny_run lock "$scratch/tiny.yaml"
	[[ $how == ours ]] || is "$(version_of)" 2.0 "$how: a forged date of a Release keeps no newer one away"
done
is "$status" 3 'though it would'
rm -r "$store/known/release"

# ---- what a build depends on ---------------------------------------------------------------------

out=$scratch/out
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'a build' || { diag "$stderr"; tap_die 'nothing else can work'; }
result=$stdout
is "$(said usr/share/hello)" 'true' 'has what the package has'
hello=$(sed -n '/^Package: hello$/,/^$/s/^SHA256: //p' "$result/tiny.lock")

# The same name and version, another file, and a script.
mkdir -p "$scratch/new/DEBIAN" "$scratch/new/usr/share"
printf 'Package: hello\nVersion: 2.0\nArchitecture: amd64\nMaintainer: x <x@example.org>\nDescription: x\n' \
	>"$scratch/new/DEBIAN/control"
printf '#!/bin/sh\ntouch /usr/share/was-here\n' >"$scratch/new/DEBIAN/postinst"
chmod 755 "$scratch/new/DEBIAN/postinst"
echo false >"$scratch/new/usr/share/hello"
dpkg-deb -Znone --root-owner-group -b "$scratch/new" "$scratch/new.deb" >/dev/null
new=$(blob "$store" "$scratch/new.deb")
plain=$(fact_value "$store" plain "$hello")
deb=$(fact_value "$store" deb "$hello")
url=http://evil.example/debian

boot=$(sed -n '/^Package: pxelinux$/,/^$/s/^SHA256: //p' "$result/tiny.lock")
control='Package: pxelinux\nVersion: 1\nArchitecture: all\nMaintainer: Evil <evil@example.org>'

for how in bare theirs; do
	fact_forge $how "$store" plain "$hello" "$new"
	fact_forge $how "$store" control "$boot" "$control"
	fact_forge $how "$store" kernel-releases "$hello" 6.6.6
	fact_forge $how "$store" deb "$hello" "$later hello 2.0 amd64"
	fact_forge $how "$store" source Debian:trixie $url
	arguments=()
	[[ $how != bare ]] || arguments=(--lock "$result/tiny.lock")
	out=$scratch/out-$how
	tiny_out=$out run tiny_build --no-cache --offline "${arguments[@]}" "$scratch/tiny.yaml"
	is "$status" 0 "$how: a build with a forged package, control file, kernel, identity and source" || diag "$stderr"
	same_text "$(<"$out/tiny/latest/SHA256SUMS")" "$(<"$result/SHA256SUMS")" "$how: is the same build"
	is "$(said usr/share/hello)" true "$how: with what the package has"
	not_ok "$how: the source that is noted is not the forged one" grep -q evil "$out/tiny/latest/provenance.json"
	is "$(fact_value "$store" plain "$hello")" "$plain" "$how: the plain form is noted anew"
	is "$(fact_value "$store" deb "$hello")" "$deb" "$how: and the package's identity"
done

fact_forge ours "$store" plain "$hello" "$new"
fact_forge ours "$store" control "$boot" "$control"
fact_forge ours "$store" source Debian:trixie $url
out=$scratch/out-ours
tiny_out=$out run tiny_build --no-cache --offline "$scratch/tiny.yaml"
is "$status $(said usr/share/hello)" '0 false' 'a forged package would be taken' || diag "$stderr"
ok 'and its script run' said usr/share/was-here
ok 'its control file would be believed' grep -q evil "$out/tiny/latest/sbom.spdx.json"
ok 'and its source' grep -q evil "$out/tiny/latest/provenance.json"
fact_forge ours "$store" plain "$hello" "$plain"
rm -r "$store/known/control" "$store/known/source"

# ---- a result of somebody else's -----------------------------------------------------------------

out=$scratch/out
run tiny_build "$scratch/tiny.yaml"
like "$stderr" 'proves that .* was built here: building it again to compare' 'a result without a note in the store is compared'
like "$stderr" 'up to date' 'and kept, as it is the same'
run tiny_build "$scratch/tiny.yaml"
unlike "$stderr" 'building it again' 'and from then on known'
cp -a "$out" "$scratch/kept"
echo evil >>"$result/tftp/pxelinux.0"
python3 tests/lib/forge.py all "$result"
digest=$(sha256sum <"$result/tiny.lock")
sums=$(sha256sum <"$result/SHA256SUMS")
fact_forge theirs "$store" result "${digest%% *}" "${sums%% *}"
run tiny_build "$scratch/tiny.yaml"
is "$status" 1 'a result that agrees with itself is not up to date for that'
like "$stderr" "'tftp/pxelinux.0' differs in" 'and is found out'
fact_forge ours "$store" result "${digest%% *}" "${sums%% *}"
run tiny_build "$scratch/tiny.yaml"
like "$stderr" 'up to date' 'though it would be'
rm -rf "$out"
mv "$scratch/kept" "$out"

# ---- another key ---------------------------------------------------------------------------------

# A new machine with an old cache.
plain_facts() {
	(cd "$store/known/plain" && find . -type f -exec sha256sum {} +) | sort
}
plain_facts >"$scratch/facts"
out=$scratch/out-other
XDG_STATE_HOME=$scratch/other tiny_out=$out run tiny_build --offline --lock "$result/tiny.lock" "$scratch/tiny.yaml"
is "$status" 0 'with another key' || diag "$stderr"
same_text "$(<"$out/tiny/latest/SHA256SUMS")" "$(<"$result/SHA256SUMS")" 'with another key: the same build'
is "$(plain_facts | grep -Fxcf "$scratch/facts")" 0 'with another key: every plain form is made anew'
cp "$scratch/other/netrescue/store-key" "$scratch/secret"
plain_facts >"$scratch/facts"
XDG_STATE_HOME=$scratch/third NETRESCUE_STORE_KEY=$scratch/secret tiny_out=$out run tiny_build --offline \
	--lock "$result/tiny.lock" "$scratch/tiny.yaml"
like "$stderr" 'up to date' 'with the same key, kept as a file'
same_text "$(plain_facts)" "$(<"$scratch/facts")" 'with the same key: nothing is made anew'
not_ok 'and no other key is made' test -e "$scratch/third"
XDG_STATE_HOME=/proc run tiny_run lock "$scratch/tiny.yaml"
is "$status $(grep -c 'no key for the store can be kept' <<<"$stderr")" '0 1' 'without a place for a key: goes on, and says so once' ||
	diag "$stderr"
mkdir -p "$scratch/broken/netrescue"
echo 'no key' >"$scratch/broken/netrescue/store-key"
XDG_STATE_HOME=$scratch/broken run tiny_run lock "$scratch/tiny.yaml"
like "$stderr" "'$scratch/broken/netrescue/store-key' is not a key: .*\\(remove it, and the next run makes a new one\\)" \
	'a damaged key: says what to do'
NETRESCUE_STORE_KEY=$scratch/none run tiny_run lock "$scratch/tiny.yaml"
is "$status" 2 'a key that is named and not there: exit code 2'
like "$stderr" 'hint: .*openssl rand -hex 32' 'with a way to make one'
