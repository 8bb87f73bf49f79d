#!/bin/bash
# SPDX-License-Identifier: MIT
# The script of docs/ci.md, word for word, over four nights of a loopback mirror. Not in `make check` for its length alone.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg zstd newuidmap
plan 14

sed -n '/^    #!\/bin\/sh$/,/^[^ ]/p' docs/ci.md | sed -e '$d' -e 's/^    //' \
	-e 's,recipes/rescue64\.yaml,tiny.yaml,; s,rescue64,tiny,' >"$scratch/nightly.sh"
like "$(<"$scratch/nightly.sh")" '^#!/bin/sh.*tar -C "\$out"' 'the page has the script'

tiny_new "$scratch/m"
# hello VERSION: what is new that night
hello() {
	mirror_package "$scratch/m" <<.
Package: hello
Version: $1
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello $1\n
.
}
hello 1
tiny_serve "$scratch/m"
tiny_recipe "$scratch/tiny.yaml" 'packages: [hello]'

# The real program, which is told where this test's archive is.
mkdir "$scratch/bin"
cat >"$scratch/bin/netrescue" <<.
#!/bin/sh
verb=\$1
shift
echo "\$verb" >>"$scratch/called"
case \$verb in
build) set -- --mirror "$MIRROR_URL" --keyring "$scratch/m/keyring.gpg" "\$@" ;;
verify) set -- --mirror "$MIRROR_URL" --recipe tiny.yaml "\$@" ;;
esac
NETRESCUE_STORE=$scratch/store exec "$NETRESCUE" "\$verb" "\$@"
.
chmod +x "$scratch/bin/netrescue"

night() {
	rm -f "$scratch/called"
	run env -C "$scratch" PATH="$scratch/bin:$PATH" sh nightly.sh
	called=$(tr '\n' ' ' <"$scratch/called")
	latest=$(readlink "$scratch/out/tiny/latest")
}
results() {
	find "$scratch/out/tiny" -mindepth 1 -maxdepth 1 -name '2*' -printf '%f\n' | sort | tr '\n' ' '
}

night
is "$status:$called" '0:build verify gc ' 'the first night builds, verifies, and prunes the store' || diag "$stderr"
like "$(tar -tf "$scratch/tiny.tar")" "^$latest/.*/rootfs\.tar\.zst" 'and packs the result'
first=$latest

night
is "$status:$called" '0:build gc ' 'a night without news does no more than look' || diag "$stderr"
same_text "$latest" "$first" 'and the result is the same'
ok 'packed again, for the service keeps nothing' tar -tf "$scratch/tiny.tar" "$first/SHA256SUMS"

hello 2
mirror_publish "$scratch/m"
night
is "$status:$called" '0:build verify diff gc ' 'a night with news says what they are' || diag "$stderr"
like "$stdout" 'hello.* 1 .*2' 'a package that is newer'
second=$latest
is "$(results)" "$(printf '%s\n' "$first" "$second" | sort | tr '\n' ' ')" 'both results are there'

hello 3
mirror_publish "$scratch/m"
night
is "$status:$called" '0:build verify diff gc ' 'and the next one' || diag "$stderr"
is "$(results)" "$(printf '%s\n' "$second" "$latest" | sort | tr '\n' ' ')" 'keeps two'

sed -i 's/^case/[ "$verb" != verify ] || exit 5\ncase/' "$scratch/bin/netrescue"
hello 4
mirror_publish "$scratch/m"
rm "$scratch/tiny.tar"
night
is "$status" 5 'what fails to verify ends the night with its exit code'
not_ok 'and is not packed' test -e "$scratch/tiny.tar"
night
is "$status" 5 'nor the night after, though nothing is new then'
