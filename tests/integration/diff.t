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
plan 48

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
like "$stderr" 'tftp/more is not named in its SHA256SUMS' 'by name'
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
run timeout 120 "$NETRESCUE" diff "$second" "$scratch/damaged"
is "$status" 2 'a pipe instead of a list is not waited for'

# ---- forgery -------------------------------------------------------------------------------------
# forged KIND: a copy of the second result that the test has changed, with its descriptions put right (tests/lib/forge.py)
forged() {
	python3 tests/lib/forge.py "$1" "$scratch/damaged"
	run "$NETRESCUE" diff "$second" "$scratch/damaged"
}
# anew: the copy is as the second result again
anew() {
	rm -r "$scratch/damaged"
	cp -r "$second" "$scratch/damaged"
}

anew
echo 'no archive' >"$scratch/damaged/rootfs.tar.zst"
forged all
is "$status" 3 'a tree that is no archive: 3, not 1'
like "$stderr" 'rootfs\.tar\.zst.*: damaged archive: ' 'in words'

# Each file alone, with its sum put right: what the manifest says of it is held against it.
missed=
for file in $(cd "$second" && find . -type f ! -name SHA256SUMS ! -name manifest.json ! -name provenance.json -printf '%P\n'); do
	anew
	printf '#' >>"$scratch/damaged/$file"
	forged sums
	[[ $status == 3 && $stderr == *" $file is not what its manifest.json says"* ]] || missed+="$file: $status $stderr"
done
is "$missed" '' 'a file whose sum alone was put right: 3, by name'
# With the manifest put right as well it is another result, and what there is tells so.
missed=
for file in $(cd "$second" && find tftp server -type f); do
	anew
	printf '#' >>"$scratch/damaged/$file"
	forged all
	[[ $status == 1 && $stdout == *"${file##*/}"* ]] || missed+="$file: $status $stdout"
done
is "$missed" '' 'a file with all descriptions put right: a difference, by name'
anew
mkdir -p "$scratch/more/etc"
cp /bin/true "$scratch/more/etc/suid"
chmod 4755 "$scratch/more/etc/suid"
zstd -qd "$second/rootfs.tar.zst" -o "$scratch/more.tar"
tar --append -f "$scratch/more.tar" -C "$scratch/more" ./etc/suid
zstd -qf "$scratch/more.tar" -o "$scratch/damaged/rootfs.tar.zst"
forged all
is "$status" 1 'a program more, set-user-id, which the descriptions do not tell of: a difference'
like "$stdout" 'etc/suid' 'by name'
# Names that are meant for the terminal of whoever compares.
name=$'\e]0;owned\a\e[2J\302\2331A\342\200\256'
hostile() {
	LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae' "$scratch/.stdout" "$scratch/.stderr"
}
anew
echo ours >"$scratch/more/etc/$name"
zstd -qdf "$second/rootfs.tar.zst" -o "$scratch/more.tar"
tar --append -f "$scratch/more.tar" -C "$scratch/more" "./etc/$name"
zstd -qf "$scratch/more.tar" -o "$scratch/damaged/rootfs.tar.zst"
mv "$scratch/damaged/server/README" "$scratch/damaged/server/README$name"
run "$NETRESCUE" diff "$second" "$scratch/damaged"
is "$status" 3 'a name that controls a terminal: not what the sums say'
not_ok 'and the message does not' hostile
python3 - "$scratch/damaged" "$name" <<'.'
import json, sys
top, name = sys.argv[1:]
for file in "manifest.json", "SHA256SUMS":
    with open(f"{top}/{file}", encoding="utf-8") as f:
        text = f.read()
    if file == "manifest.json":
        name_here = json.dumps(name)[1:-1]
    else:
        name_here = name
    with open(f"{top}/{file}", "w", encoding="utf-8", newline="") as f:
        f.write(text.replace("server/README", "server/README" + name_here))
.
python3 tests/lib/forge.py all "$scratch/damaged"
for format in --all --markdown --json; do
	run "$NETRESCUE" diff "$format" "$second" "$scratch/damaged"
	is "$status" 1 "$format: with all descriptions put right it is a difference" || diag "$stderr"
	not_ok "$format: and what is printed controls nothing" hostile
done
# Only what the version's name explains is no news.
anew
file=$(cd "$second" && find server -type f | sort | head -n 1)
sed -i '1s/^./!/' "$scratch/damaged/$file"
python3 tests/lib/forge.py all "$scratch/damaged"
run "$NETRESCUE" diff "$first" "$scratch/damaged"
like "$stdout" "$file +[^ ]+ [kM]?B +\\(other content\\)" 'between two versions, too, a byte in a text that names the version is seen'
run "$NETRESCUE" diff "$first" "$second"
unlike "$stdout" "$file" 'and the version itself is not'

anew
cp "$first/tiny.lock" "$scratch/damaged"
forged sums
is "$status" 3 'another lock beside the manifest: 3'
like "$stderr" 'tiny\.lock is not what its manifest\.json says' 'and says so'
forged all
jq '.["lock-sha256"] |= sub("^."; "-")' "$scratch/damaged/manifest.json" >"$scratch/manifest"
cp "$scratch/manifest" "$scratch/damaged/manifest.json"
forged sums
is "$status" 3 'a manifest that names another lock: 3'
like "$stderr" 'tiny\.lock is not the lock that its manifest\.json names' 'and says so'
# A name of the manifest's does not lead out of the result.
cp "$second/tiny.lock" "$scratch/evil.lock"
jq '.recipe = "../evil"' "$scratch/damaged/manifest.json" >"$scratch/manifest"
cp "$scratch/manifest" "$scratch/damaged/manifest.json"
forged sums
is "$status" 3 'a recipe elsewhere: 3'
like "$stderr" 'the lock of the recipe that its manifest\.json names is missing' 'and is not looked at'
