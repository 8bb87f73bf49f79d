#!/bin/bash
# SPDX-License-Identifier: MIT
# A site's own recipe: extends ours, a local .deb, a third-party archive, an overlay with rules, a script; from end to
# end, twice the same, and every input counts in the lock.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg zstd newuidmap jq

tiny_new "$scratch/m"
mirror_package "$scratch/m" <<'.'
Package: hello
Version: 1.0
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n
 /usr/lib/systemd/system/hello.service 0644 [Service]\n

Package: unwanted
Version: 1.0

Package: made-up-insserv
Version: 1.0
X-Postinst:
 #!/bin/sh -e
 mkdir -p /etc/init.d
 cd /etc/init.d
 touch $(seq --format=script%02g 40)
 printf 'TARGETS = %s\nINTERACTIVE =\n' "$(ls -U | grep script | tr '\n' ' ')" >.depend.start
.
mirror_new "$scratch/third" stable
mirror_package "$scratch/third" <<'.'
Package: vendor-tool
Version: 3.1
Depends: hello
Files:
 /opt/vendor/bin/tool 0755 #!/bin/sh\necho vendor\n
 /usr/lib/systemd/system/vendor.service 0644 [Unit]\nWants=network-online.target rpcbind.socket\nRequires=another.service\nAfter=other.socket\n
 /usr/lib/systemd/system/vendor.timer 0644 [Timer]\n
.
mirror_package "$scratch/third" <<<'Package: flat-tool'
mirror_publish "$scratch/third" --flat tools
rm "$scratch/third/state/stable_main_flat-tool_1_amd64"
mirror_publish "$scratch/third" --origin Vendor --label Vendor --codename stable
password=s3cret-of-the-test
mirror_fault "$scratch/third" "* login site:$password"
mirror_serve "$scratch/third"
at_exit kill "$MIRROR_PID"
third=$MIRROR_URL
tiny_serve "$scratch/m"

mkdir -p "$scratch/local/DEBIAN" "$scratch/local/usr/share/local" "$scratch/site/overlay/etc/site" "$scratch/site/overlay/usr/local/bin"
printf 'Package: local-tool\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: local\n' >"$scratch/local/DEBIAN/control"
echo local >"$scratch/local/usr/share/local/file"
SOURCE_DATE_EPOCH=1700000000 dpkg-deb --root-owner-group -b "$scratch/local" "$scratch/site/local-tool_1_all.deb" >/dev/null
cp "$scratch/third/keyring.gpg" "$scratch/site/vendor.gpg"
# shellcheck disable=SC2016 # names for netrescue to fill in
echo 'this is ${hostname}, serving ${nfs-path}' >"$scratch/site/overlay/etc/site/motd"
echo secret >"$scratch/site/overlay/etc/site/secret"
mkdir -p "$scratch/site/overlay/lib/site"
echo over >"$scratch/site/overlay/lib/site/over"
printf '#!/bin/sh\necho hi\n' >"$scratch/site/overlay/usr/local/bin/hi"
chmod 700 "$scratch/site/overlay/usr/local/bin/hi"
ln -s /etc/site/motd "$scratch/site/overlay/etc/motd-of-site"
cat >"$scratch/site/overlay/.overlay" <<'.'
template etc/site/motd
mode 0600 etc/site/secret
cap cap_net_raw+ep usr/local/bin/hi
.
printf '#!/bin/sh\nset -e\nhello >/etc/site/from-script\n! getent hosts example.org\n' >"$scratch/site/finish.sh"
chmod +x "$scratch/site/finish.sh"

(umask 077; echo "machine http://127.0.0.1 login site password $password" >"$scratch/site/login.conf")
mkdir -p "$scratch/masks/etc/systemd/system"
for unit in rpcbind.socket another.service other.socket hello.service vendor.timer; do
	ln -s /dev/null "$scratch/masks/etc/systemd/system/$unit"
done
tiny_recipe "$scratch/base.yaml" 'packages: [hello, unwanted]' 'overlays: [masks]'
cat >"$scratch/site/site.yaml" <<.
extends: ../base.yaml
name: site
hostname: sitebox
packages: [vendor-tool, flat-tool, made-up-insserv, -unwanted]
debs: [local-tool_1_all.deb]
apt-repositories:
  - url: $third
    suite: stable
    components: [main]
    keyring: vendor.gpg
    auth: login.conf
  - url: $third/
    suite: tools/
    keyring: vendor.gpg
    auth: login.conf
overlays: [overlay]
scripts: [finish.sh]
hooks:
  before-packages: [early.sh]
  after-base: [base.sh]
  before-settings: [packages.sh]
  before-initramfs: [last.sh]
  check: [check.sh]
users: [{name: alice, id: 1234}]
files:
  - path: /etc/site/inline
    content: |
      two
      lines
    mode: 0640
    group: alice
  - {path: /etc/site/secret, source: replacement, owner: alice, mode: 0600}
  - {path: /lib/site/linked, content: ""}
.
echo 'of the source' >"$scratch/site/replacement"
# hook NAME LINE…: what is there at its place goes into a list that the last of them leaves in the image.
hook() {
	{
		printf '#!/bin/sh\nset -e\nsay() { echo "$@" >>/.netrescue/seen; }\n'
		printf '%s\n' "${@:2}"
	} >"$scratch/site/$1"
}
installed='dpkg-query -W -f "\${Status} \${Package}\n" | sed -n "s/^install ok installed //p"'
hook early.sh "say early base-files: \$($installed | grep -cx base-files), apt: \$($installed | grep -cx apt || :)" \
	'echo early >/etc/from-early' 'cat /etc/hostname >>/etc/from-early'
hook base.sh "say base apt: \$($installed | grep -cx apt), hello: \$($installed | grep -cx hello || :)"
hook packages.sh "say packages hello: \$($installed | grep -cx hello), overlay: \$(ls -d /etc/site 2>/dev/null | wc -l)"
hook last.sh 'say last script: $(cat /etc/site/from-script)' 'cp /.netrescue/seen /etc/site/seen'
hook check.sh '[ "$(stat -c %U /etc/site/secret)" = alice ]' 'echo temporary | tee /.netrescue/x >/tmp/x' '[ ! -e /usr/sbin/policy-rc.d ]'
plan 63

# The site's recipe lies beside its base, and not above it.
site_build() {
	tiny_build --allow "$scratch/base.yaml" --allow "$scratch/masks" "$@"
}

run site_build --verbose "$scratch/site/site.yaml"
is "$status" 0 'a site'"'"'s recipe builds' || { diag "$stderr"; tap_die 'nothing else can work'; }
result=$stdout
printed=$stdout$stderr
is "$(sed -n 's/.*warning: .*site.yaml:[0-9]*: \(.*masks it\).*base.yaml:[0-9]*)/\1/p' <<<"$stderr")" \
	"vendor.service of package 'vendor-tool' starts without another.service, rpcbind.socket, which it asks for: overlay 'masks' masks it
vendor.timer of package 'vendor-tool' never starts: overlay 'masks' masks it" \
	'a unit that the extended recipe masks, of a package that this one asks for, is a warning' || diag "$stderr"
mkdir "$scratch/tree"
tar -C "$scratch/tree" --zstd --xattrs --xattrs-include='*' --no-same-owner -xpf "$result/rootfs.tar.zst" 2>/dev/null
tree=$scratch/tree
is "$("$tree/opt/vendor/bin/tool")" vendor 'the third party'"'"'s package is in it'
is "$(<"$tree/usr/share/local/file")" local 'the local .deb is'
ok 'what was removed by -name is not' test ! -e "$tree/var/lib/dpkg/info/unwanted.list"
is "$(<"$tree/etc/site/motd")" 'this is sitebox, serving /srv/pxe/site' 'the template is filled in'
is "$(stat -c %a "$tree/etc/site/motd")" 644 'a file has git'"'"'s mode'
is "$(stat -c %a "$tree/etc/site/secret")" 600 'or the one that .overlay says'
is "$(<"$tree/etc/site/inline")" $'two\nlines' 'a file of the recipe itself'
is "$(<"$tree/etc/site/secret")" 'of the source' 'a file that it names comes after the overlays'
is "$(readlink "$tree/lib") $(cd "$tree/usr/lib/site" && echo *)" 'usr/lib linked over' \
	'which, as overlays do, go through the links of the tree'
is "$(<"$tree/etc/site/seen")" 'early base-files: 1, apt: 0
base apt: 1, hello: 0
packages hello: 1, overlay: 0
last script: hello' 'hooks run at their places'
is "$(<"$tree/etc/from-early")" $'early\nsitebox' 'the first when there is a shell and a host name'
is "$(stat -c %a "$tree/usr/local/bin/hi")" 755 'the executable bit counts, the rest of the mode does not'
is "$(readlink "$tree/etc/motd-of-site")" /etc/site/motd 'links are links'
is "$(<"$tree/etc/site/from-script")" hello 'the script ran in the tree, with its programs, without network'
ok 'nothing of the rules is laid over' test ! -e "$tree/.overlay"
is "$(zstd -dcq "$result/rootfs.tar.zst" | grep -ac 'SCHILY.xattr.security.capability')" 1 'the capability is in the archive'
is "$(tar --zstd --numeric-owner -tvf "$result/rootfs.tar.zst" ./etc/site/motd | awk '{ print $2 }')" 0/0 'everything belongs to root'
is "$(tar --zstd --numeric-owner -tvf "$result/rootfs.tar.zst" ./etc/site/inline ./etc/site/secret | awk '{ print $1, $2 }')" \
	$'-rw-r----- 0/1234\n-rw------- 1234/0' 'or to whom the recipe says'
is "$(jq -r '.. | objects | select(.name? == "/etc/from-early" and .properties?) | .properties[] | select(.name == "netrescue:stage").value' \
	"$result/sbom.cdx.json")" base 'and in which stage'
for maker in "the recipe's files" "before-packages hook 'early.sh'" "before-initramfs hook 'last.sh'" "script 'finish.sh'"; do
	like "$(cat "$result"/*.spdx.json "$result"/sbom/*.spdx.json 2>/dev/null)" "$maker" "the bill of materials names $maker"
done
is "$(<"$tree/etc/init.d/.depend.start")" "$(echo 'TARGETS =' script{01..40})"$'\nINTERACTIVE =' \
	'what the image lists as its directory does is sorted'
is "$(<"$tree/etc/apt/sources.list.d/repository-2.sources")" "Types: deb
URIs: $third/
Suites: tools/
Signed-By: /etc/apt/keyrings/repository-2.gpg" 'the image has the flat archive among its sources'
like "$(grep -A12 '^Package: flat-tool' "$result/site.lock")" "Suite: tools/.*Repository: $third" 'the lock knows the flat archive'
like "$(grep -A12 '^Package: vendor-tool' "$result/site.lock")" "Repository: $third" 'the lock says where the third party is'
like "$(grep -A12 '^Package: local-tool' "$result/site.lock")" 'Suite: local' 'and what is local'

# On the disk, where a directory lists its files in another order than in memory.
NETRESCUE_TREE=disk tiny_out=$scratch/again run site_build --lock "$result/site.lock" --no-cache --json "$scratch/site/site.yaml"
is "$status" 0 'built again from the lock' || diag "$stderr"
ok 'the same bytes' cmp "$result/SHA256SUMS" "$scratch/again/site/latest/SHA256SUMS"
ok '--json says one JSON object a line' jq -e -s 'all(.event)' <<<"$stdout"
is "$(jq -r 'select(.event == "end") | .stage' <<<"$stdout" | tr '\n' ' ')" \
	'recipe lock sandbox fetch plain inspect base rest settings normalise check pack publish ' 'each stage once, in order'
is "$(jq -r 'select(.event == "result") | .version' <<<"$stdout")" "$(basename "$result")" 'and the result'
is "$(jq -r 'select(.event == "result") | .path' <<<"$stdout")" "$scratch/again/site/$(basename "$result")" 'with its path'

# The archive's password opens it and goes nowhere.
printed+=$stdout$stderr
ok 'the third party was asked with the password' grep -q "^site:$password pool/.*/vendor-tool" "$scratch/third/logins.log"
unlike "$printed" "$password" 'nothing that was printed has it'
is "$(grep -rlF "$password" "$scratch/out" "$scratch/again" "$scratch/store" "$tree")" '' \
	'nor has any file of result, logs, store and tree'
unlike "$(zstd -dcq "$result/rootfs.tar.zst" | grep -acF "$password")" '[1-9]' 'nor the archive'

# Every input counts: with the old lock, a changed one is refused.
refused() {
	run site_build --lock "$result/site.lock" "$scratch/site/site.yaml"
	is "$status" 3 "a changed $1 makes the lock stale"
}
cp -a "$scratch/site" "$scratch/kept"
echo changed >>"$scratch/site/overlay/etc/site/secret"; refused overlay
rm -rf "$scratch/site"; cp -a "$scratch/kept" "$scratch/site"
echo : >>"$scratch/site/finish.sh"; refused script
rm -rf "$scratch/site"; cp -a "$scratch/kept" "$scratch/site"
echo : >>"$scratch/site/check.sh"; refused hook
like "$stderr" "hook 'check.sh' has changed" 'which the message names'
rm -rf "$scratch/site"; cp -a "$scratch/kept" "$scratch/site"
echo >>"$scratch/site/replacement"; refused 'source of a file'
like "$stderr" "file '/etc/site/secret' has changed" 'by its place in the image'
rm -rf "$scratch/site"; cp -a "$scratch/kept" "$scratch/site"
echo >>"$scratch/site/vendor.gpg"; refused keyring
rm -rf "$scratch/site"; cp -a "$scratch/kept" "$scratch/site"
sed -i 's/^hostname: .*/hostname: other/' "$scratch/site/site.yaml"; refused value
rm -rf "$scratch/site"; cp -a "$scratch/kept" "$scratch/site"

# What changes after the recipe was read is not taken for what was read.
# changed_meanwhile WHAT PATTERN FILE: FILE changes while the base is being installed.
changed_meanwhile() {
	local tiny_under=(python3 tests/lib/meanwhile.py base "$scratch/site/$3")
	tiny_out=$scratch/meanwhile run site_build --no-cache --json "$scratch/site/site.yaml"
	is "$status" 3 "a changed $1 ends the build"
	like "$stdout$stderr" "$2.*changed while the image was being built" "a changed $1: says why"
	ok "a changed $1: no result" test ! -e "$scratch/meanwhile/site/latest"
	rm -rf "$scratch/site"; cp -a "$scratch/kept" "$scratch/site"
}
changed_meanwhile overlay 'overlay' overlay/etc/site/motd
changed_meanwhile keyring 'keyring' vendor.gpg

# A check that fails, or that changes what it should look at, ends the build.
hook check.sh 'echo "no such thing"' 'exit 3'
run site_build "$scratch/site/site.yaml"
is "$status" 1 'a check that fails ends the build'
like "$stderr" "stage check: hook 'check\\.sh'.*no such thing" 'with what it said' || diag "$stderr"
hook check.sh 'chmod 700 /etc/site'
run site_build "$scratch/site/site.yaml"
is "$status" 1 'so does one that would change the tree'
like "$stderr" "hook 'check\\.sh': .*Read-only file system.*hint: if it failed because it wanted to write: the tree is read-only for checks" 'and says why' || diag "$stderr"
rm -rf "$scratch/site"; cp -a "$scratch/kept" "$scratch/site"
sed -i 's|/lib/site/linked|/var/run/x|' "$scratch/site/site.yaml"
run site_build "$scratch/site/site.yaml"
is "$status" 2 'a file below /run is refused, as in an overlay'
like "$stderr" "site\\.yaml:[0-9]+:[0-9]+: error: file '/var/run/x' lies where a running system mounts" 'at its line'
rm -rf "$scratch/site"; cp -a "$scratch/kept" "$scratch/site"

# Debian's keyring and --keyring change nothing for somebody else's archive.
cp "$scratch/m/keyring.gpg" "$scratch/site/vendor.gpg"
run site_build "$scratch/site/site.yaml"
is "$status" 3 "another archive's key as the third party's"
like "$stderr" "hint: 'keyring:' of this repository in the recipe" 'the hint names the key of the recipe'
unlike "$stderr" 'hint:.*--keyring' 'and no option that does not help'
rm -rf "$scratch/site"; cp -a "$scratch/kept" "$scratch/site"
