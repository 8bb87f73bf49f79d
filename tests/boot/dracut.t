#!/bin/bash
# SPDX-License-Identifier: MIT
#
# An initramfs made by dracut boots from a read-only root with memory over it, and hands over what those of
# initramfs-tools do: the mounts, the resolvers, and an address that stays, with and without a DHCP client.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 9

image_variant dracut recipes/minimal.yaml <<.
packages: [-initramfs-tools, dracut, dracut-network, nfs-common, iproute2, netbase, dhcpcd]
overlays: [$top/overlays/network, $top/overlays/nfs-client]
initramfs: {generator: dracut, extra: [ext4]}
services: {disable: [dhcpcd]} # the script starts it
.

cat >"$scratch/script" <<'.'
findmnt -n -o FSTYPE,OPTIONS / | sed 's/^/root /'
findmnt -n -o FSTYPE,OPTIONS /run/rescue/lower | sed 's/^/lower /'
findmnt -n -o FSTYPE /run/rescue/memory | sed 's/^/memory /'
# The kernel does not show a size that is its default.
size=$(findmnt -n -b -o SIZE /run/rescue/memory)
kib=$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)
echo "share $((size / 1024 * 100 / kib)) %"
sed 's/^/resolv /' /etc/resolv.conf
lsmod | sed -n 's/^ext4 .*/module ext4/p'
source /run/net-*.conf
echo "initramfs $IPV4ADDR"
ip -4 address show dev "$DEVICE" | sed -n 's/.*valid_lft \(\S*\).*/stays \1/p'
systemctl start dhcpcd
for ((i = 0; i < 120; i++)); do
	! ls /run/rescue/dhcpcd/*.lease >&2 || break
	sleep 1
done
ip -4 address show dev "$DEVICE" | sed -n 's,.* inet \([0-9.]*\)/.*,dhcpcd \1,p'
.

lab_boot 'an initramfs by dracut boots, checks and switches off' "$image" --script "$scratch/script"
like "$(lab_said 1 root)" '^overlay rw,.*lowerdir=/run/rescue/lower' 'its root is an overlay'
like "$(lab_said 1 lower)" '^nfs ro,.*vers=3,.*nolock,.*timeo=600,retrans=2' "over NFS as the menu's words say"
like "$(lab_said 1 memory) $(lab_said 1 share)" '^tmpfs (4[5-9]|5[0-5]) %$' 'in half of the memory'
like "$(lab_said 1 resolv)" 'search example\.net.*nameserver 192\.168\.1\.1' 'resolvers come from the DHCP answer'
is "$(lab_said 1 module)" ext4 'a module of initramfs.extra is loaded'
is "$(lab_said 1 stays)" forever 'the address stays when nobody renews the lease'
like "$(lab_events 1)" 'DHCP \(system\): granted' 'dhcpcd asks once it runs'
is "$(lab_said 1 dhcpcd)" "$(lab_said 1 initramfs)" 'and gets the address that is there'
