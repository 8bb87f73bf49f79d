#!/bin/bash
# SPDX-License-Identifier: MIT
# The whole pipeline over a loopback mirror: a result appears, twice the same, or not at all.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/state.sh
need python3 gpg zstd newuidmap

tiny_new "$scratch/m"
mirror_package "$scratch/m" <<'.'
Package: hello
Version: 1.0
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n
 /usr/share/hello/a 0644 one\n
 /usr/share/hello/b => /usr/share/hello/a
 /usr/share/hello/c -> a
X-Postinst:
 #!/bin/sh
 echo "hello: configured"

Package: broken
Version: 1.0
Files:
 /usr/bin/broken 0755 x\n
X-Postinst:
 #!/bin/sh
 echo "about to fail" >&2
 exit 3

Package: quiet
Version: 1.0
Files:
 /usr/bin/quiet 0755 x\n
X-Postinst:
 #!/bin/sh
 grep 'Max processes' /proc/self/limits
 sleep 600

Package: system-user
Version: 1.0
Depends: base-passwd
X-Postinst:
 #!/bin/sh
 grep -q ^made: /etc/passwd || echo 'made:x:765:765::/nonexistent:/usr/sbin/nologin' >>/etc/passwd
 grep -q ^made: /etc/group || echo 'made:x:765:' >>/etc/group
.
tiny_serve "$scratch/m"
plan 32

tiny_recipe "$scratch/tiny.yaml" 'packages: [hello]'
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'a build over the loopback mirror' || { diag "$stderr"; tap_die 'nothing else can work'; }
result=$stdout
ok 'its result is a directory that stdout names' test -d "$result"
is "$(readlink "$scratch/out/tiny/latest")" "$(basename "$result")" 'latest points at it'
like "$(basename "$result")" '^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$' 'its name is the epoch and the lock'
ok 'SHA256SUMS holds' sh -c "cd '$result' && sha256sum --quiet -c SHA256SUMS"
same_text "$(cd "$result" && find . -type f ! -name provenance.json ! -name SHA256SUMS | sort)" \
	"$(cd "$result" && sed 's/^.\{64\}  /.\//' SHA256SUMS | sort)" 'and covers every file'
mkdir "$scratch/tree"
silent 'GNU tar unpacks the tree without a word' \
	tar -C "$scratch/tree" --zstd --no-same-owner -xf "$result/rootfs.tar.zst"
is "$("$scratch/tree/usr/bin/hello")" hello 'a package is in it'
same_text "$(stat -c %i "$scratch/tree/usr/share/hello/a")" "$(stat -c %i "$scratch/tree/usr/share/hello/b")" 'hard links stay'
silent 'dpkg --audit is silent' dpkg --root="$scratch/tree" --audit
is "$(dpkg-query --admindir="$scratch/tree/var/lib/dpkg" -f '${db:Status-Abbrev}\n' -W | sort -u)" 'ii ' 'every package is installed'

run tiny_build "$scratch/tiny.yaml"
like "$stderr" 'up to date' 'the same again is up to date'
is "$stdout" "$result" 'and the result the same'
run tiny_build --no-cache "$scratch/tiny.yaml"
is "$status" 0 'built again, the bytes are the same' || diag "$stderr"
cp "$result"/tiny.lock "$scratch/lock"
tiny_out=$scratch/out2 run tiny_build --no-cache --lock "$scratch/lock" --offline "$scratch/tiny.yaml"
is "$status" 0 'built from the lock, offline' || diag "$stderr"
ok 'the same bytes' cmp "$result/SHA256SUMS" "$scratch/out2/tiny/latest/SHA256SUMS"

before=$(state_of "$scratch/out")
tiny_recipe "$scratch/broken.yaml" 'packages: [hello, broken]'
sed -i 's/^name: tiny/name: broken/' "$scratch/broken.yaml"
run tiny_build "$scratch/broken.yaml"
is "$status" 1 'a failing maintainer script fails the build'
like "$stderr" 'broken' 'the error names the package'
like "$stderr" 'about to fail' 'and shows its last lines'
like "$stderr" 'log/broken-[0-9TZ]+-[0-9a-f]+\.log' 'and the place of the full log'
same_text "$(state_of "$scratch/out")" "$before" 'out is as it was'
silent 'no tree and no partial file is left' find "$scratch/store/tree" "$scratch/store/partial" -mindepth 1

tiny_recipe "$scratch/quiet.yaml" 'packages: [quiet]'
NETRESCUE_SANDBOX_SILENCE=1s NETRESCUE_SANDBOX_PROCESSES=9000 \
	tiny_out=$scratch/out5 run tiny_build "$scratch/quiet.yaml" --memory 600M --script-timeout 3s
is "$status" 1 'a script that hangs fails the build after --script-timeout'
like "$stderr" "warning: the postinst of package 'quiet' has said nothing for 1 s" 'a warning comes before'
like "$stderr" "error: stage rest: the postinst of package 'quiet' has run for 3 s, its limit, and was ended" 'the error names it'
like "$stderr" 'sandbox: namespace, tree on disk' 'more than --memory does not go into memory'
like "$(cat "$scratch"/store/log/tiny-*.log)" 'Max processes +13096 ' 'the number of processes is passed on, too'

tiny_recipe "$scratch/ids.yaml" 'packages: [system-user]' 'strict-ids: true'
tiny_out=$scratch/out3 run tiny_build "$scratch/ids.yaml"
is "$status" 1 'an id that no ids: fixes is an error with strict-ids'
like "$stderr" 'made' 'which names the user'

tiny_recipe "$scratch/script.yaml" 'packages: [hello]' 'scripts: [bad.sh]'
printf '#!/bin/sh\necho from the script\nexit 7\n' >"$scratch/bad.sh"
chmod +x "$scratch/bad.sh"
tiny_out=$scratch/out4 run tiny_build "$scratch/script.yaml"
is "$status" 1 'a failing script of the recipe fails the build'
like "$stderr" 'bad\.sh' 'the error names it'
like "$stderr" 'from the script' 'and shows its last lines'
