#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Two clients at once on one tree: each is a machine of its own, and the tree stays as it is. The server is the
# one that DHCP names.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 12

image_build tests/lib/session.yaml "$scratch/out"

# A second sshd tells the other that this one has written its file; a third, that it has looked for the
# other's. Its keys are those of the first.
cat >"$scratch/two.sh" <<'EOF'
echo "id $(cat /etc/machine-id)"
for key in /run/rescue/etc/ssh/*.pub; do
	echo "key $(ssh-keygen -l -f "$key" | cut -d ' ' -f 2)"
done
sed 's/^/cmdline /' /proc/cmdline
echo "$HOSTNAME" >"/etc/written-by-$(cat /sys/class/net/e*/address)" || exit
all() {
	ssh-keyscan -T 3 -t ed25519 -p "$1" 192.168.1.2{00..20} 2>/dev/null |
		sed -n 's/^[^#].* ssh-ed25519 //p'
}
/usr/sbin/sshd -p 2222 || exit
until keys=$(all 2222); [ "$(wc -l <<<"$keys")" = 2 ]; do sleep 0.1; done
sed 's/^/scanned /' <<<"$keys"
for file in /etc/written-by-*; do echo "file $file"; done
/usr/sbin/sshd -p 2223
for i in $(seq 10); do
	[ "$(all 2223 | wc -l)" = 2 ] && break
done
exit 0
EOF

lab_boot 'two clients share a tree, which nobody changes' "$image" --clients 2 \
	--script "$scratch/two.sh"
ids=$(lab_said 1 id; lab_said 2 id)
is "$(grep -Ecx '[0-9a-f]{32}' <<<"$ids")" 2 'each has a machine id'
is "$(sort -u <<<"$ids" | wc -l)" 2 'of its own'
keys=$(lab_said 1 key; lab_said 2 key)
is "$(grep -c '^SHA256:' <<<"$keys")" 4 'each has ours and the host key that the recipe adds'
is "$(sort -u <<<"$keys" | wc -l)" 4 'of its own'
is "$(lab_said 1 scanned | sort -u | wc -l)" 2 'and shows them to the network'
for n in 1 2; do
	is "$(lab_said $n file | grep -c .)" 1 "client $n sees one file of two"
	ok "the fingerprints of client $n are on its console" lab_shows_keys $n
done
is "$( (lab_said 1 file; lab_said 2 file) | sort -u | wc -l)" 2 'its own'
like "$(lab_said 1 cmdline)" 'nfsroot=/srv/pxe/session/' 'the address of the server came by DHCP'
