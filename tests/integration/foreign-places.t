#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Root works where another user has laid links, files and directories into the store, into out/ or into a
# place for temporary files: none of them leads root to a file elsewhere, and each is said in words. Then
# file systems that lack what is needed.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/state.sh
need python3 gpg zstd
((EUID == 0)) || skip_all 'needs root, for files of another user'

m=$scratch/m
store=$scratch/store
out=$scratch/out
recipe=$scratch/recipe.yaml
victim=$scratch/victim
chmod 755 "$scratch"

tiny_new "$m"
mirror_package "$m" <<'.'
Package: hello
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n
.
tiny_serve "$m"
tiny_recipe "$recipe"
plan 113

# What root has, and the other user would like to see changed.
mkdir "$victim" "$victim/directory"
echo precious >"$victim/file"
chmod 600 "$victim/file"
victim_before=$(state_of "$victim")
untouched() {
	same_text "$(state_of "$victim")" "$victim_before" "$1: what it leads to is as it was"
}

# their_link TARGET PLACE: a link that the other user has put where something of ours was
their_link() {
	rm -rf "${2:?}"
	ln -s "$1" "$2"
	chown -h 12345:12345 "$2"
}

# fresh: out as the earlier build left it, and a store that knows as much, but has no packages
fresh() {
	rm -rf "${scratch:?}/store" "${scratch:?}/out"
	cp -a "$scratch/kept-store" "$scratch/store"
	cp -a "$scratch/kept-out" "$scratch/out"
}

build() {
	run "$NETRESCUE" build "$recipe" --mirror "$MIRROR_URL" --keyring "$m/keyring.gpg" --store "$store" --out "$out" "$@"
}

lock() {
	run "$NETRESCUE" lock "$recipe" --mirror "$MIRROR_URL" --keyring "$m/keyring.gpg" --store "$store"
}

# refused NAME WORDS: exit code 2, these words and a hint; what the links lead to is untouched
refused() {
	is "$status" 2 "$1: exit code 2" || diag "$stderr"
	like "$stderr" "error: .*$2" "$1: says what"
	like "$stderr" 'hint: ' "$1: says a way out"
	untouched "$1"
}

build
is "$status" 0 'an earlier result' || {
	diag "$stderr"
	tap_die 'nothing else can work'
}
version=$(readlink "$out/tiny/latest")
mv "$out" "$scratch/kept-out"
# What is up to date needs no packages, and a store without them is copied in no time.
mv "$store" "$scratch/full-store"
lock
mv "$store" "$scratch/kept-store"
# That the result was built here it has to know as well.
cp -a "$scratch/full-store/known/result" "$scratch/kept-store/known"

# ---- the store ----
fresh
chown -R 12345:12345 "$store"
their_link "$victim/file" "$store/log/tiny-$version.log"
build
refused "another user's store" "'$store' belongs to the user 12345, who could change"
like "$stderr" 'hint: name a store of your own with --store DIR' "another user's store: says which way out"

fresh
chown 12345 "$store/sha256"
lock
refused "another user's directory in it" "'$store/sha256' belongs to the user 12345"

for directory in sha256 log partial lab; do
	fresh
	their_link "$victim/directory" "$store/$directory"
	build --no-cache
	refused "$directory in the store is a link" "'$store/$directory' is a link"
done

fresh
for directory in "$store"/sha256/??; do
	their_link "$victim/directory" "$directory"
done
lock
refused 'the directories of blobs are links' "'$store/sha256/../[0-9a-f]{64}' is a link, or lies behind one"

fresh
their_link "$victim/directory" "$store/known/index"
lock
refused 'a kind of facts is a link' "'$store/known/index/[^ ]*' is a link, or lies behind one"

fresh
chown 12345 "$store"/sha256/??
lock
refused 'the directories of blobs are theirs' "'$store/sha256/../[0-9a-f]{64}' belongs to the user 12345"

fresh
chown 12345 "$store"/known/release/??/*
lock
refused 'a fact is theirs' "'$store/known/release/[^ ]*' belongs to the user 12345"

fresh
chmod 777 "$store"
lock
is "$status" 0 'a store that everybody may write to: is used'
like "$stderr" "warning: everybody may write to '$store', .*: chmod o-w '$store'" 'a store that everybody may write to: but that is said'

# The log is made before packages are fetched, and none comes.
lock
stamp=$(sed -n 's/^Source-Date-Epoch: //p' <<<"$stdout")
log=$store/log/tiny-$(date -u -d "@$stamp" +%Y%m%dT%H%M%SZ)-$(printf '%s\n' "$stdout" | sha256sum | cut -c1-8).log
mirror_fault "$m" 'pool/* status 404'
for kind in link 'hard link' pipe; do
	fresh
	case $kind in
	link) their_link "$victim/file" "$log" ;;
	'hard link') ln "$victim/file" "$log" ;;
	pipe) mkfifo "$log" ;;
	esac
	build --no-cache
	is "$status" 4 "the log's place is a $kind: the build goes on, to the fault after it" || diag "$stderr"
	is "$(stat -c '%F %h %u' "$log")" 'regular empty file 1 0' "the log's place is a $kind: there is a new log"
	rm -f "$log"
	untouched "the log's place is a $kind"
done
mirror_fault "$m"

# ---- out/ ----
fresh
their_link "$victim/directory" "$out/tiny"
build
refused 'out/RECIPE is a link' "'$out/tiny' is a link, and it or the directory that holds it is somebody else's"

fresh
mv "$out/tiny" "$scratch/elsewhere"
ln -s "$scratch/elsewhere" "$out/tiny"
build
is "$status $stdout" "0 $out/tiny/$version" 'out/RECIPE is a link of our own: is followed'
chown 12345 "$out"
build
refused "out/RECIPE is a link of our own in another user's out" "'$out/tiny' is a link"
rm -rf "$scratch/elsewhere"

fresh
their_link "$victim/directory" "$out/tiny/$version"
build
is "$status" 1 'the version is a link: exit code 1'
like "$stderr" "'$out/tiny/$version' is a link, which is not followed" 'the version is a link: says what'
untouched 'the version is a link'

for name in latest .latest-new; do
	for target in "$victim/file" "$victim/directory"; do
		fresh
		their_link "$target" "$out/tiny/$name"
		build
		is "$status $stdout" "0 $out/tiny/$version" "$name is a link to a ${target##*/}: the result is up to date"
		is "$(readlink "$out/tiny/latest") $(find "$out/tiny" -name .latest-new)" "$version " \
			"$name is a link to a ${target##*/}: and latest is renewed"
		untouched "$name is a link to a ${target##*/}"
	done
done

# What killed builds leave is removed; what only looks like it leads nowhere.
fresh
mkdir "$out/tiny/.new-old-0"
their_link "$victim/directory" "$out/tiny/.new-old-0/inner"
their_link "$victim/directory" "$out/tiny/.new-$version-0"
build
is "$status" 0 'links where builds grow: the result is up to date'
not_ok 'links where builds grow: what was left behind is removed' test -e "$out/tiny/.new-old-0"
untouched 'links where builds grow'

# Building it again would take a while; without packages it ends soon.
fresh
chown -R 12345 "$out/tiny/$version"
rm -r "$store/known/result"
mirror_fault "$m" 'pool/* status 404'
build
is "$status" 4 "another user's result: is not believed, but built again"
like "$stderr" "'$out/tiny/$version' was made by another user: building it again to compare" "another user's result: says so"
fresh
chown -R 12345 "$out/tiny/$version"
build
is "$status $stdout" "0 $out/tiny/$version" "another user's result with the bytes of our own: is up to date" || diag "$stderr"
like "$stderr" "'$out/tiny/$version' belongs to another user, who can change it" "another user's result with the bytes of our own: but that is said"
echo more >>"$out/tiny/$version/server/exports"
python3 tests/lib/forge.py all "$out/tiny/$version"
build
is "$status" 4 "another user's result, changed: is built again"
mirror_fault "$m"

fresh
chown 12345 "$out"
build
is "$status" 0 "another user's out: is used"
like "$stderr" "'$out' can be changed by the user 12345, and so can the results in it" "another user's out: but that is said"

# ---- places for temporary files ----
fresh
store=$scratch/full-store
mkdir "$scratch/tmp"
chown 12345 "$scratch/tmp"
run env TMPDIR="$scratch/tmp" "$NETRESCUE" verify --offline --recipe "$recipe" --store "$store" "$out/tiny/$version"
refused "another user's TMPDIR" "'$scratch/tmp', which TMPDIR names, belongs to the user 12345"
chown 0 "$scratch/tmp"
chmod 777 "$scratch/tmp"
run env TMPDIR="$scratch/tmp" "$NETRESCUE" verify --offline --recipe "$recipe" --store "$store" "$out/tiny/$version"
refused 'a TMPDIR without sticky bit' "others may write to '$scratch/tmp', which TMPDIR names"

# ---- file systems ----
run python3 tests/lib/refuse-call.py symlinkat EPERM "$NETRESCUE" build "$recipe" --mirror "$MIRROR_URL" \
	--keyring "$m/keyring.gpg" --store "$store" --out "$scratch/out2"
refused 'a file system without links' "the file system of '$scratch/out2/tiny' has no symbolic links"
not_ok 'a file system without links: nothing is left there' test -e "$scratch/out2"

store=$scratch/no-locks
run python3 tests/lib/refuse-call.py flock ENOLCK "$NETRESCUE" lock "$recipe" --mirror "$MIRROR_URL" \
	--keyring "$m/keyring.gpg" --store "$store"
is "$status" 0 'a store without locks: works' || diag "$stderr"
is "$(store_trouble "$store")" '' 'a store without locks: and holds only what is right'
run timeout 60 env NETRESCUE_TREE=disk python3 tests/lib/refuse-call.py flock ENOLCK "$NETRESCUE" build "$recipe" \
	--mirror "$MIRROR_URL" --keyring "$m/keyring.gpg" --store "$store" --out "$scratch/out2" --sandbox namespace
is "$status" 1 'a tree without locks: exit code 1'
like "$stderr" "cannot lock a directory for the sandbox's tree: No locks available" 'a tree without locks: says what'
silent 'a tree without locks: leaves nothing' find "$store/tree" "$store/partial" -mindepth 1
not_ok 'a tree without locks: and no out' test -e "$scratch/out2"

fat=$scratch/fat
mkdir "$fat"
truncate -s 64M "$scratch/fat.img"
if mkfs.vfat "$scratch/fat.img" >/dev/null 2>&1 && mount -o loop "$scratch/fat.img" "$fat" 2>/dev/null; then
	at_exit umount "$fat"
	out=$fat/out
	build
	refused 'out on FAT' "the file system of '$out/tiny' has no symbolic links"
	out=$scratch/out store=$fat/store
	lock
	is "$status" 1 'a store on FAT: exit code 1'
	like "$stderr" "cannot make '$store/known/" 'a store on FAT: says what'
	like "$stderr" 'hint: .*FAT' 'a store on FAT: says why'
else
	skip 7 'cannot mount FAT here (dosfstools, loop devices and a kernel with vfat)'
fi
