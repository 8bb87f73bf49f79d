#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A lease that is shorter than the session, and a dhcpd that is away for longer than the lease. The server's daemons are
# started by their own units.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 12

image_build tests/lib/session.yaml "$scratch/out"
cp -a "$image" "$scratch/short"
sed -i '1i default-lease-time 120; max-lease-time 120;' "$scratch/short/server/dhcpd.conf"
python3 tests/lib/forge.py describe "$scratch/short"

# dhcpcd writes its lease anew when it has been renewed, which is after half of it.
cat >"$scratch/lease.sh" <<'EOF'
card=$(cd /sys/class/net && echo e*)
state() {
	ip -4 -o address show dev "$card" scope global | grep -o 'inet [0-9.]*'
	cat "/sys/class/net/$card/carrier_changes"
}
lease() {
	stat -c %Y /var/lib/dhcpcd/*.lease
}
renewed() {
	last=$(lease)
	until [ "$(lease)" != "$last" ]; do sleep 1; done
	echo "renewed $(date +%T)"
}
. /run/net-"$card".conf
# The address that the root came over: on whatever interface, it is this machine's.
ours() {
	ip -4 -o address show to "$IPV4ADDR" | grep -q . && echo "ours $1"
}
ours before
state | sed 's/^/before /'
for i in 1 2; do renewed; done
last=$(lease)
until exec 5<>/dev/tcp/192.168.1.1/7777; do sleep 0.2; done
read -r -u 5
until [ $(($(date +%s) - last)) -gt 150 ]; do sleep 1; done
echo "still $(lease | grep -cx "$last")"
ours without
state | sed 's/^/without /'
find /usr/lib/modules/*/kernel/fs -type f | xargs cat | wc -c | sed 's/^/bytes /'
echo done >&5
renewed
echo 3 >/proc/sys/vm/drop_caches
find /usr/lib/modules/*/kernel/fs -type f | xargs cat | wc -c | sed 's/^/again /'
ours after
state | sed 's/^/after /'
EOF
cat >"$scratch/server.sh" <<'EOF'
busybox nc -l -p 7777 -e sh -c 'systemctl stop isc-dhcp-server; echo stopped; read -r line; systemctl start isc-dhcp-server'
EOF
lab_boot 'a session outlives its lease, of a server with systemd' "$scratch/short" --timeout 900 \
	--script "$scratch/lease.sh" --server-script "$scratch/server.sh" --systemd-server
is "$(lab_said 1 before | wc -l)" 2 'the card has one address'
is "$(lab_said 1 ours | tr '\n' ' ')" 'before without after ' "the initramfs's is this machine's all the time"
is "$(lab_said 1 renewed | wc -l)" 3 'its lease was renewed'
is "$(lab_said 1 still)" 1 'but not while dhcpd was away, for longer than it lasts'
same_text "$(lab_said 1 without)" "$(lab_said 1 before)" 'then the address is still there'
is "$(lab_said 1 bytes)" "$(tar -xOf "$image/rootfs.tar.zst" --zstd --wildcards \
	'./usr/lib/modules/*/kernel/fs/*' | wc -c)" 'and the root, of which nothing was in memory, can be read'
# It may be another: dhcpd finds the first one in use.
is "$(lab_said 1 after | grep -c inet)" 1 'when dhcpd has come back the card has an address'
same_text "$(lab_said 1 again)" "$(lab_said 1 bytes)" 'and the root can be read, again from the server'
like "$(lab_events 1 | grep '^DHCP (system)' | tail -n 1)" 'granted' 'which has the last word'
acked=$(lab_events 1 | grep -Ec '^DHCP \(system\): granted .*for 120 s')
ok 'dhcpd has confirmed it each time' test "${acked:-0}" -ge 4
ok "the server's units ran" grep -q 'systemd.*Started.*isc-dhcp-server' "$lab/server.console"
