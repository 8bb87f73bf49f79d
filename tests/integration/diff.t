#!/bin/bash
# SPDX-License-Identifier: MIT
# diff of two nights: the mirror has moved, the recipe too. To the letter, but for what this machine's own packages (the
# base of the small mirror) decide: versions of results and the sizes of what holds all of them.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg zstd newuidmap jq

# night NAME: publishes and serves the mirror's state of that name.
night() {
	[[ $MIRROR_PID ]] && mirror_stop
	tiny_serve "$scratch/$1"
}

tiny_new "$scratch/first"
cp -r "$scratch/first" "$scratch/second"
mirror_package "$scratch/first" <<'.'
Package: tool
Version: 1.0-1
Files:
 /usr/bin/tool 4755 #!/bin/sh\necho one\n
 /usr/share/tool/data 0644 some\n
 /usr/share/tool/old 0644 old\n
X-Postinst:
 #!/bin/sh
 mkdir -p /var/lib/tool
 echo made by tool 1 >/var/lib/tool/state

Package: going
Version: 2.0
Files:
 /usr/bin/going 0755 going\n

Package: back
Version: 2:1.0
Files:
 /etc/back.conf 0644 two\n
.
mirror_package "$scratch/second" <<'.'
Package: tool
Version: 1.0-1+deb13u1
Suite: trixie-security
Depends: coming
Files:
 /usr/bin/tool 0755 #!/bin/sh\necho three\n
 /usr/share/tool/data 0644 some\n
 /usr/share/tool/new 0644 new\n
X-Postinst:
 #!/bin/sh
 mkdir -p /var/lib/tool
 echo made by the new tool >/var/lib/tool/state

Package: coming
Version: 0.1
Files:
 /usr/sbin/coming 2755 coming\n

Package: back
Version: 1:9.0
Files:
 /etc/back.conf 0644 one\n
.
mkdir -p "$scratch/overlay/etc/site"
echo first >"$scratch/overlay/etc/site/motd"
tiny_recipe "$scratch/tiny.yaml" 'packages: [tool, going, back]' 'overlays: [overlay]' 'hostname: one'
cp "$scratch/tiny.yaml" "$scratch/tiny.first.yaml"
plan 30

night first
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'the first night' || { diag "$stderr"; tap_die 'nothing else can work'; }
first=$stdout

night second
echo 'the second one' >"$scratch/overlay/etc/site/motd"
echo new >"$scratch/overlay/etc/site/|\`new"
chmod 700 "$scratch/overlay/etc/site/motd"
sed -i -e 's/^packages: .*/packages: [tool, back]/' -e 's/^hostname: .*/hostname: two/' \
	-e 's/^menu:$/&\n  timeout: 5\n  title: Night/' -e 's/title: Boot locally/title: Local disk/' "$scratch/tiny.yaml"
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'the second night' || { diag "$stderr"; tap_die 'nothing else can work'; }
second=$stdout

# What this machine's packages decide goes: versions, and how large all of them are together.
common() {
	sed -E -e 's/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}/VERSION/g' \
		-e '/^[ |] .*(\/var\/(lib\/(apt|dpkg)|cache)\/|rootfs.tar.zst|all packages)/d' \
		-e 's/^((### )?Files made from the packages) .*/\1/' "$1"
}

# golden NAME ARGUMENT...: what diff prints is tests/integration/diff/NAME.
golden() {
	local name=$1
	shift
	run "$NETRESCUE" diff "$@"
	is "$status" 1 "$name: they differ"
	common "$scratch/.stdout" >"$scratch/$name"
	same_files "tests/integration/diff/$name" "$scratch/$name" "$name: to the letter"
}
golden results.text "$first" "$second"
golden results.markdown --markdown "$first" "$second"
golden locks.text "$first/tiny.lock" "$second/tiny.lock"
golden locks.markdown --markdown "$first/tiny.lock" "$second/tiny.lock"
golden mixed.text "$first" "$second/tiny.lock"

run "$NETRESCUE" diff --json "$first" "$scratch/out/tiny/latest"
is "$status$stderr" 1 'latest is a result, and --json says nothing beside'
jq 'del(.old.path, .new.path) | .changes.generated |= map(.name) | .changes.artifacts |= map(.name)
	| .changes.files |= map(del(.old.sha256, .new.sha256)) | .changes.build |= map(.name)
	| del(.changes.recipe[].old, .changes.recipe[].new)' "$scratch/.stdout" |
	sed -E 's/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}/VERSION/g' >"$scratch/results.json"
same_files tests/integration/diff/results.json "$scratch/results.json" 'as JSON, to the letter'
unlike "$(cat tests/integration/diff/*)" $'\033' 'no colours where there is no terminal'

run "$NETRESCUE" diff "$second" "$scratch/out/tiny/latest"
is "$status" 0 'a result and itself: no differences'
like "$stdout" 'no differences$' 'in words'

# ---- damage --------------------------------------------------------------------------------------
run "$NETRESCUE" diff "$first" "$scratch/out/tiny"
is "$status" 2 'the folder of all versions is no result'
like "$stderr" "did you mean '.*/out/tiny/latest'" 'but has one'
cp -r "$second" "$scratch/damaged"
printf x | dd of="$scratch/damaged/rootfs.tar.zst" bs=1 seek=5000 conv=notrunc status=none
run "$NETRESCUE" diff "$first" "$scratch/damaged"
is "$status" 3 'a damaged result: 3'
like "$stderr" 'rootfs\.tar\.zst is not what its SHA256SUMS says' 'and which file'
cp "$second/rootfs.tar.zst" "$scratch/damaged"
# Neither has a sum of its own.
touch "$scratch/damaged/tftp/more"
run "$NETRESCUE" diff "$second" "$scratch/damaged"
is "$status" 3 'a file more: 3'
like "$stderr" 'tftp/more is not what' 'by name'
rm "$scratch/damaged/tftp/more"
link=$(find "$scratch/damaged/tftp" -type l | sort | head -n 1)
ln -snf /elsewhere "$link"
run "$NETRESCUE" diff "$second" "$scratch/damaged"
is "$status" 3 'a link that leads elsewhere: 3'
like "$stderr" "${link#"$scratch/damaged/"} is not what" 'by name'
rm -r "$scratch/damaged"
cp -r "$second" "$scratch/damaged"
mkfifo "$scratch/damaged/SHA256SUMS.new"
mv "$scratch/damaged/SHA256SUMS.new" "$scratch/damaged/SHA256SUMS"
run timeout 20 "$NETRESCUE" diff "$second" "$scratch/damaged"
is "$status" 2 'a pipe instead of a list is not waited for'
cp "$second/SHA256SUMS" "$scratch/sums"
rm "$scratch/damaged/SHA256SUMS"
echo 'no archive' >"$scratch/damaged/rootfs.tar.zst"
sed "s/^.*  rootfs.tar.zst\$/$(sha256sum <"$scratch/damaged/rootfs.tar.zst" | cut -d' ' -f1)  rootfs.tar.zst/" \
	"$scratch/sums" >"$scratch/damaged/SHA256SUMS"
sed -i "s/\(\"tar-sha256\": \"\)./\1-/" "$scratch/damaged/manifest.json"
sed -i "s/^.*  manifest.json\$/$(sha256sum <"$scratch/damaged/manifest.json" | cut -d' ' -f1)  manifest.json/" "$scratch/damaged/SHA256SUMS"
run "$NETRESCUE" diff "$second" "$scratch/damaged"
is "$status" 3 'a tree that is no archive: 3, not 1'
like "$stderr" 'rootfs\.tar\.zst.*: damaged archive: ' 'in words'
cp "$second/rootfs.tar.zst" "$second/manifest.json" "$scratch/damaged"
cp "$first/tiny.lock" "$scratch/damaged"
(cd "$scratch/damaged" && find . -type f ! -name SHA256SUMS ! -name provenance.json -printf '%P\n' | xargs sha256sum) >"$scratch/sums"
cp "$scratch/sums" "$scratch/damaged/SHA256SUMS"
run "$NETRESCUE" diff "$first" "$scratch/damaged"
is "$status" 3 'another lock beside the manifest: 3'
like "$stderr" 'is not the lock that the manifest names' 'and says so'
