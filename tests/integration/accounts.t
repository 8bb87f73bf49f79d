#!/bin/bash
# SPDX-License-Identifier: MIT
# The recipe's users and groups: made by the image's own programs, with the recipe's numbers, keys, homes and rights;
# what cannot be is refused at its line.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg zstd newuidmap

tiny_new "$scratch/m" adduser
mirror_package "$scratch/m" <<'.'
Package: sudo
Version: 1.0

Package: daemon
Version: 1.0
Depends: adduser
Files:
 /srv/daemon/data 0644 x\n
X-Postinst:
 #!/bin/sh
 addgroup --system --quiet daemongroup
 adduser --system --quiet --ingroup daemongroup --home /srv/daemon --no-create-home daemonuser
.
tiny_serve "$scratch/m"
plan 32

hash=$(sed -n 's/^  password: "\(.*\)"$/\1/p' <<<"$(tiny_recipe /dev/stdout)")
mkdir -p "$scratch/overlay/etc/skel/.config" "$scratch/overlay/home/alice/.ssh" "$scratch/overlay/etc/site"
echo 'from the overlay' >"$scratch/overlay/etc/skel/.config/site"
echo 'alice only' >"$scratch/overlay/home/alice/.profile"
echo 'ssh-ed25519 AAAAC3overlay over' >"$scratch/overlay/home/alice/.ssh/authorized_keys"
echo x >"$scratch/overlay/etc/site/secret"
echo 'owner alice:operators etc/site/secret' >"$scratch/overlay/.overlay"
tiny_recipe "$scratch/tiny.yaml" 'packages: [daemon, sudo]' 'overlays: [overlay]' \
	'users:' \
	'  - {name: alice, comment: "Alice Example", sudo: yes, groups: [disk, operators], authorized-keys: ["ssh-ed25519 AAAAC3recipe a"]}' \
	"  - {name: bob, password: \"$hash\", sudo: yes, shell: /bin/sh, home: /srv/bob}" \
	'  - {name: keeper, id: 300, home: /srv/daemon, shell: /usr/sbin/nologin}' \
	'  - {name: fixed, id: 1000}' \
	'groups:' \
	'  - {name: operators, id: 2000, members: [bob, daemonuser]}' \
	'  - {name: daemongroup, members: [alice]}' \
	'  - {name: someone}'
sed -i 's/name: bob, /&id: 1003, /' "$scratch/tiny.yaml"
sed -i 's/name: alice, /&id: 1002, /' "$scratch/tiny.yaml"
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'an image with users' || { diag "$stderr"; tap_die 'nothing else can work'; }
result=$stdout
mkdir "$scratch/tree"
tar -C "$scratch/tree" --zstd --no-same-owner -xpf "$result/rootfs.tar.zst"
tree=$scratch/tree
listing=$(tar --zstd --numeric-owner -tvf "$result/rootfs.tar.zst")
owner() { awk -v path="./$1" '$6 == path { print $1, $2 }' <<<"$listing"; }
is "$(grep -E '^(alice|bob|keeper|fixed):' "$tree/etc/passwd")" \
	'alice:x:1002:1002:Alice Example:/home/alice:/bin/bash
bob:x:1003:1003::/srv/bob:/bin/sh
keeper:x:300:300::/srv/daemon:/usr/sbin/nologin
fixed:x:1000:1000::/home/fixed:/bin/bash' 'their numbers, names, homes and shells'
is "$(grep -E '^(alice|bob|keeper|fixed|operators|someone|disk):' "$tree/etc/group")" \
	'disk:x:6:alice
alice:x:1002:
bob:x:1003:
keeper:x:300:
fixed:x:1000:
operators:x:2000:alice,bob,daemonuser
someone:x:1001:' 'groups of their own; members; the next number that nobody has'
like "$(<"$tree/etc/group")" $'\ndaemongroup:x:[0-9]+:alice\n' "a package's group gets members"
is "$(grep -E '^(alice|bob):' "$tree/etc/shadow" | cut -d: -f1,2)" "alice:*
bob:$hash" 'a locked password and a hash'
is "$(<"$tree/etc/sudoers.d/rescue-users")" 'alice ALL=(ALL:ALL) NOPASSWD: ALL
bob ALL=(ALL:ALL) ALL' 'sudo with a password, and without one where there is none'
is "$(owner etc/sudoers.d/rescue-users)" '-r--r----- 0/0' 'for root only'
is "$(owner home/alice/)" 'drwx------ 1002/1002' 'a home belongs to its user alone'
is "$(owner srv/bob/.profile)" '-rw-r--r-- 1003/1003' 'and so does what comes from /etc/skel'
is "$(<"$tree/srv/bob/.config/site")" 'from the overlay' 'also what an overlay laid there'
is "$(owner srv/bob/.config/)" 'drwxr-xr-x 1003/1003' 'with its directories'
is "$(<"$tree/home/alice/.profile")" 'alice only' 'what an overlay laid into a home stays'
is "$(owner home/alice/.profile)" '-rw-r--r-- 1002/1002' 'and is the user'"'"'s'
is "$(<"$tree/home/alice/.ssh/authorized_keys")" \
	$'ssh-ed25519 AAAAC3overlay over\nssh-ed25519 AAAAC3recipe a' 'keys of overlay and recipe'
is "$(owner home/alice/.ssh/authorized_keys)" '-rw------- 1002/1002' 'for the user only'
is "$(owner home/alice/.ssh/)" 'drwx------ 1002/1002' 'as sshd wants it'
is "$(owner srv/daemon/)" 'drwxr-xr-x 0/0' "a home that is a package's stays as it is"
is "$(owner etc/site/secret)" '-rw-r--r-- 1002/2000' 'overlays can name users and groups'
spdx=$(cat "$result"/*.spdx.json "$result"/sbom/*.spdx.json 2>/dev/null)
like "$spdx" "the recipe's users" 'the bill of materials says who made the files of the homes'
unlike "$spdx" 'srv/bob[^"]*"[^}]*unknown' 'none of which is unknown'
tiny_out=$scratch/again run tiny_build --no-cache --lock "$result/tiny.lock" "$scratch/tiny.yaml"
ok 'built again: the same bytes' cmp "$result/SHA256SUMS" "$scratch/again/tiny/latest/SHA256SUMS"

# refused PATTERN WHAT LINE...: at the line of the recipe, with exit 2.
refused() {
	local pattern=$1 what=$2
	shift 2
	tiny_recipe "$scratch/refused.yaml" "$@"
	tiny_out=$scratch/refused run tiny_build "$scratch/refused.yaml"
	is "$status" 2 "$what is refused" || diag "$stderr"
	like "$stderr" "refused\.yaml:[0-9]+:[0-9]+: error: .*$pattern" "$what: where and why"
}
refused "'alice' may use sudo, but no package" 'sudo without its package' 'users: [{name: alice, sudo: yes}]'
unlike "$stderr" 'fetch' 'before anything was fetched'
not_ok 'nor is there a result' test -e "$scratch/refused/tiny"
refused "no program '/bin/zsh', which is to be the shell of 'alice'" 'a shell that is not there' 'users: [{name: alice, shell: /bin/zsh}]'
refused "no group 'dsik'.*" 'an unknown group' 'users: [{name: alice, groups: [dsik]}]'
like "$stderr" "did you mean 'disk'" 'with the nearest'
refused "'daemonuser' already" 'the name of a user of a package' 'packages: [daemon]' 'users: [{name: daemonuser}]'
