#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A lease that is shorter than the session. The server's daemons are started by their own units.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 8

image_build tests/lib/session.yaml "$scratch/out"
cp -a "$image" "$scratch/short"
sed -i '1i default-lease-time 60; max-lease-time 60;' "$scratch/short/server/dhcpd.conf"

# What is left of the lease goes up when it has been renewed, which is after half of it.
cat >"$scratch/lease.sh" <<'EOF'
card=$(cd /sys/class/net && echo e*)
state() {
	ip -4 -o address show dev "$card" scope global | grep -o 'inet [0-9.]*'
	cat "/sys/class/net/$card/carrier_changes"
}
left() {
	ip -4 -o address show dev "$card" | grep -o 'valid_lft [0-9]*' | cut -d ' ' -f 2
}
. /run/net-"$card".conf
echo "first inet $IPV4ADDR"
state | sed 's/^/before /'
last=$(left) renewed=0
while [ $renewed -lt 6 ]; do
	now=$(left)
	[ "${now:-0}" -le "${last:-0}" ] || renewed=$((renewed + 1))
	last=$now
	sleep 1
done
state | sed 's/^/after /'
find /usr/lib/modules/*/kernel/fs -type f | xargs cat | wc -c | sed 's/^/bytes /'
echo "down $(journalctl -k -b -q | grep -ci 'link is down')"
EOF
lab_boot 'a session outlives its lease, of a server with systemd' "$scratch/short" \
	--script "$scratch/lease.sh" --systemd-server
is "$(lab_said 1 before | wc -l)" 2 'the card has one address'
is "$(lab_said 1 after)" "$(lab_said 1 before)" 'and the same after six renewals, with no loss of carrier'
is "$(lab_said 1 before | head -n 1)" "$(lab_said 1 first)" 'it is that of the initramfs'
is "$(lab_said 1 down)" 0 'the link was never down'
is "$(lab_said 1 bytes)" "$(tar -xOf "$image/rootfs.tar.zst" --zstd --wildcards \
	'./usr/lib/modules/*/kernel/fs/*' | wc -c)" 'the root can be read'
address=$(lab_said 1 first)
acked=$(lab_events 1 | grep -Ec "^DHCP( \(system\))?: granted ${address#inet } .*for 60 s")
ok 'dhcpd has confirmed it six times' test "${acked:-0}" -ge 6
ok "the server's units ran" grep -q 'systemd.*Started.*isc-dhcp-server' "$lab/server.console"
