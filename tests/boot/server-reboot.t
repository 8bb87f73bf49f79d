#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The server reboots under a running client, which goes on. Its address is written into nfsroot.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 6

image_variant written tests/lib/session.yaml <<<'server: { write-address: yes }'

mkdir "$scratch/tree"
tar -C "$scratch/tree" --zstd -xf "$image/rootfs.tar.zst" --wildcards \
	'./usr/lib/modules/*/kernel/fs'
modules=$(echo "$scratch"/tree/usr/lib/modules/*/kernel/fs)
[[ -s $(echo "$modules"/xfs/xfs.ko*) ]] || tap_die 'the kernel has no module xfs for the client to read'
# shellcheck disable=SC2016 # the client evaluates it, too
sum='find . -type f | LC_ALL=C sort | xargs cat | sha256sum'

# The connection tells the server that all is ready, and ends when its NFS server has: what is read afterwards
# comes from the next one.
cat >"$scratch/reboot.sh" <<EOF
sed 's/^/cmdline /' /proc/cmdline
cd /usr/lib/modules/*/kernel/fs && exec 4<\$(echo xfs/xfs.ko*) || exit
until exec 5<>/dev/tcp/192.168.1.1/7777; do sleep 0.2; done
read -r -u 5
echo "opened \$(sha256sum <&4)"
echo "all \$($sum)"
echo "stale \$(dmesg | grep -v ' systemd\[' | grep -ci stale)"
EOF
cat >"$scratch/server.sh" <<'EOF'
busybox nc -l -p 7777 -e sh -c 'reboot; exec sleep 600'
EOF
lab_boot 'the server reboots under a client' "$image" --script "$scratch/reboot.sh" \
	--server-script "$scratch/server.sh"
is "$(grep -c 'netrescue-lab: ready' "$lab/server.console")" 2 'its daemons came up twice'
same_text "$(lab_said 1 opened)" "$(cat "$modules"/xfs/xfs.ko* | sha256sum)" 'an open file can be read'
same_text "$(lab_said 1 all)" "$(cd "$modules" && eval "$sum")" 'so can all that were not'
is "$(lab_said 1 stale)" 0 'no handle is stale'
like "$(lab_said 1 cmdline)" 'nfsroot=192\.168\.1\.1:/srv/pxe/written/' \
	'the address of the server was written in'
