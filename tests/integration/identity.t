#!/bin/bash
# SPDX-License-Identifier: MIT
# Private keys, random ids and dates that packages' scripts make: a key is an error, which names file and package; each
# way out that the message offers works; two builds that differ name the files and who made them.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg zstd newuidmap jq openssl

key=$(openssl genrsa 1024 2>/dev/null)
indented=${key//$'\n'/$'\n '}
tiny_new "$scratch/m"
mirror_package "$scratch/m" <<.
Package: agent
Version: 1.0
Files:
 /etc/agent/ 0755
X-Postinst:
 #!/bin/sh -e
 for name in gone kept made laid; do
 	cat >/etc/agent/\$name.pem <<END
 $indented
 END
 done

Package: ticket
Version: 1.0
X-Postinst:
 #!/bin/sh -e
 od -An -N8 -tx8 /dev/urandom >/etc/ticket.id

Package: diary
Version: 1.0
X-Postinst:
 #!/bin/sh -e
 mkdir -p /var/log/diary /var/lib/dkms/m/1.0/6.1/x86_64/log
 date +%s%N | tee /var/log/diary/diary.log >/var/lib/dkms/m/1.0/6.1/x86_64/log/make.log

Package: munge
Version: 1.0
Files:
 /etc/munge/ 0700
X-Postinst:
 #!/bin/sh -e
 head -c 128 /dev/urandom >/etc/munge/munge.key
 chmod 600 /etc/munge/munge.key
.
tiny_serve "$scratch/m"
mkdir -p "$scratch/overlay/etc/agent"
echo "$key" >"$scratch/overlay/etc/agent/laid.pem"
plan 26

# recipe LINE…: writes one with all these packages, and the lines.
recipe() {
	tiny_recipe "$scratch/tiny.yaml" 'packages: [agent, ticket, diary, munge]' 'overlays: [overlay]' "$@"
}

# unpacks the result into $tree
unpack() {
	tree=$scratch/tree
	rm -rf "$tree"
	mkdir "$tree"
	tar -C "$tree" --zstd --no-same-owner -xpf "$stdout/rootfs.tar.zst" 2>/dev/null
}

# ---- entries that cannot work ----

recipe 'identity: [{path: /etc/agent/made.pem, do: make-at-boot}, {path: /etc/agent/laid.pem, do: keep}]'
run tiny_build "$scratch/tiny.yaml"
is "$status" 2 'make-at-boot without a command, of a file that nobody knows, is refused'
like "$stderr" "tiny\.yaml:[0-9]+:[0-9]+: error: netrescue does not know how '/etc/agent/made.pem' is made" 'says where'
unlike "$stderr" 'index' 'before anything is fetched'
recipe 'identity: [{path: /etc/absent.pem, do: remove}, {path: /etc/agent/laid.pem, do: keep}]'
run tiny_build "$scratch/tiny.yaml"
is "$status" 2 'so is an entry for what is not in the image'
like "$stderr" "tiny\.yaml:[0-9]+:[0-9]+: error: .*nothing in the image is called '/etc/absent\.pem'" 'says where'

# ---- private keys that nobody knows ----

recipe 'identity: [{path: /etc/agent/kept.pem, do: keep}, {path: /etc/agent/laid.pem, do: keep}]'
run tiny_build "$scratch/tiny.yaml"
is "$status" 1 'private keys that a script made are an error' || diag "$stderr"
like "$stderr" $'holds private keys:\n *'"/etc/agent/gone\.pem \(PEM, in a directory of agent\)"$'\n *'"/etc/agent/made\.pem \(PEM" \
	'which names them, their kind and the package'
unlike "$stderr" 'kept\.pem|laid\.pem' 'but for what the recipe keeps, of a script and of an overlay'
like "$stderr" "hint: .*identity: \[\{path: /etc/agent/gone\.pem, do: remove\}\]" 'and a way out'
ok 'there is no result' test ! -e "$scratch/out/tiny"

ways=('identity:' '  - {path: /etc/agent/gone.pem, do: remove}' '  - {path: "/etc/agent/[kl]*", do: keep}'
	'  - path: /etc/agent/made.pem' '    do: make-at-boot' '    command: echo made >/etc/agent/made.pem')
recipe "${ways[@]}"
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'each way out works' || { diag "$stderr"; tap_die 'nothing else can work'; }
unpack
is "$(ls "$tree/etc/agent")" $'kept.pem\nlaid.pem' 'the other keys are gone'
is "$(<"$tree/usr/local/lib/rescue-identity/etc-agent-made-pem")" \
	$'#!/bin/sh -e\nrm -rf -- /etc/agent/made.pem\necho made >/etc/agent/made.pem' 'a program makes one of them'
is "$(run-parts --test "$tree/usr/local/lib/rescue-identity" | wc -l)" 2 'which is one for run-parts'
is "$(readlink "$tree/etc/systemd/system/sysinit.target.wants/rescue-identity.service")" ../rescue-identity.service \
	'and a service runs it at boot'
like "$(<"$tree/usr/local/lib/rescue-identity/etc-munge-munge-key")" 'mungekey --create' \
	'as it does for a key that netrescue knows'
ok 'and that is not in the image' test -d "$tree/etc/munge" -a ! -e "$tree/etc/munge/munge.key"

# ---- two builds that differ ----

run tiny_build --no-cache "$scratch/tiny.yaml"
is "$status" 1 'a random id makes two builds differ'
like "$stderr" 'not reproducible: .*built before from the same lock:'$'\n *'"/etc/ticket\.id \(named by a script of ticket\)"$'\nhint: ' \
	'which is said of that file alone, not of dated logs, with who made it'
like "$stderr" 'hint: .*identity: \[\{path: /etc/ticket\.id, do: remove\}\]' 'and a way out'
run "$NETRESCUE" verify --store "$scratch/store" --recipe "$scratch/tiny.yaml" --offline "$scratch/out/tiny/latest"
is "$status" 5 'verify finds it, too' || diag "$stderr"
like "$stdout" 'etc/ticket\.id: content; named by a script of ticket' 'and says who made it'

recipe "${ways[@]}" '  - {path: /etc/ticket.id, do: remove}'
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'without the id' || diag "$stderr"
unpack
ok 'it is gone' test ! -e "$tree/etc/ticket.id"
run tiny_build --no-cache "$scratch/tiny.yaml"
is "$status" 0 'two builds' || diag "$stderr"
like "$stderr" 'up to date' 'are equal'
