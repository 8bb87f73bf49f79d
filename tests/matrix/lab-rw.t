#!/bin/bash
# SPDX-License-Identifier: MIT
# A client that writes to the server's tree: what it writes is there, what is its own is not, and it ends
# cleanly, by a reboot and switched off.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 11

image_variant writable recipes/rescue64.yaml <<<'nfs: { access: rw }'
root=/srv/pxe/writable/$(basename "$(realpath "$image")")

# The machine id is one of this boot, and the host keys are those that sshd shows.
cat >"$scratch/work.sh" <<'EOT'
head -c 100000 /dev/urandom >/root/from-client
sha256sum </root/from-client | sed 's/^/sum /'
sed 's/^/id /' /etc/machine-id
cut -d ' ' -f 2 /run/rescue/etc/ssh/ssh_host_ed25519_key.pub | sed 's/^/key /'
ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | sed -n 's/^[^#].* ssh-ed25519 /shown /p'
EOT
lab_boot 'a client that writes to the tree is switched off' "$image" --entry rescue64-rw \
	--script "$scratch/work.sh"
changed=$(sed -n 's/^changed on the server: //p' <<<"$stdout")
diag "$changed"
like "$changed" '/root/from-client' 'its file is in the tree'
is "$(grep -E 'ssh_host|machine-id|random-seed|/var/lib/dhcpcd/|/var/log/journal/' <<<"$changed")" '' \
	'its host keys, machine id, random seed, DHCP lease and journal are not'
like "$(lab_said 1)" 'id [0-9a-f]{32}' 'though it has a machine id'
like "$(lab_said 1 shown)" '^AAAA' 'and host keys'
same_text "$(lab_said 1 shown)" "$(lab_said 1 key)" 'that are in memory'
ok 'it ends in less than a minute' lab_within 1 end 60

cat "$scratch/work.sh" - >"$scratch/reboot.sh" <<'EOT'
touch /root/done
until ls /root | grep -qx seen; do sleep 0.2; done
EOT
cat >"$scratch/server.sh" <<EOT
until [ -e $root/root/done ]; do sleep 0.2; done
echo "bytes on the server: \$(sha256sum <$root/root/from-client)"
touch $root/root/seen
EOT
lab_boot 'a client that writes to the tree reboots' "$image" --entry rescue64-rw --reboot \
	--script "$scratch/reboot.sh" --server-script "$scratch/server.sh"
sum=$(lab_said 1 sum)
like "$sum" '^[0-9a-f]{64}' 'it has written'
ok 'the same bytes are on the server' grep -qF "bytes on the server: $sum" "$lab/server.console"
ok 'and reboots in less than a minute' lab_within 1 end 60
