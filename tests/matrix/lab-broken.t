#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Each thing that can be wrong on a server fails `boot --check` in its own phase, with words that name it, as soon
# as it can be known.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/broken.sh
plan 33

image_shared recipes/minimal.yaml

# ---- the loader --------------------------------------------------------------------------------

broken_pxelinux ldlinux.c32 "PXELINUX's own library is missing"
broken_pxelinux libutil.c32 'a library of the menu is missing'

broken_copy no-shim
rm "$broken/tftp/efi64/shimx64.efi"
broken_boot 'the loader for UEFI is missing' 'phase TFTP' \
	'PXE-E23.*TFTP: /*efi64/shimx64\.efi: file not found' --firmware uefi

broken_copy no-filename
sed -i '/filename/d' "$broken/server/dhcpd.conf"
broken_boot 'dhcpd names no loader' 'phase TFTP' 'address and no file name: dhcpd\.conf needs a .filename'

broken_copy no-semicolon
sed -i 's/\(next-server [0-9.]*\);/\1/' "$broken/server/dhcpd.conf"
broken_boot 'dhcpd.conf has a mistake' 'the server does not start' 'dhcpd: .*/etc/dhcp/dhcpd\.conf line [0-9]+: '

# ---- the kernel --------------------------------------------------------------------------------

broken_copy unreadable
chmod 0600 "$broken"/tftp/kernel/minimal/*/vmlinuz
broken_boot 'the kernel may not be read by tftpd' 'phase kernel' 'TFTP: /*kernel/minimal/.*/vmlinuz: ([Pp]ermission denied|[Aa]ccess violation)'

broken_copy no-kernel
rm "$broken"/tftp/kernel/minimal/*/vmlinuz
broken_boot 'the menu names a kernel that is not there' 'phase kernel' \
	'TFTP: /*kernel/minimal/.*/vmlinuz: file not found'

minimal=$image
image_variant other recipes/minimal.yaml <<<'kernel: linux-image-cloud-amd64'
other=$image image=$minimal
broken_copy other-initrd
cp "$other"/tftp/kernel/other/*/initrd.img "$broken"/tftp/kernel/minimal/*/
# Which says so after three minutes of looking for its card.
broken_boot 'the initramfs is of another kernel' 'phase NFS root' 'another kernel than .*did not appear in time'

# ---- the root ----------------------------------------------------------------------------------

broken_copy no-export
sed -i 's|^/srv/pxe/minimal|/srv/pxe/other|' "$broken/server/exports"
broken_boot 'the root is not exported' 'phase NFS root' \
	"not exported.*mountd: mount '/srv/pxe/minimal/.*': permission denied"

broken_copy no-version
find "$broken/tftp/menu" -name default -type f \
	-exec sed -i 's|nfsroot=/srv/pxe/minimal/[^,]*|nfsroot=/srv/pxe/minimal/20200101T000000Z-00000000|' {} +
broken_boot 'the server has not this version' 'phase NFS root' \
	"no directory of the version.*mount '/srv/pxe/minimal/20200101T000000Z-00000000': no such"

mkdir -p "$scratch/v4/etc/nfs.conf.d"
printf '[nfsd]\nvers3=n\n' >"$scratch/v4/etc/nfs.conf.d/v4.conf"
cat >"$scratch/fileserver.yaml" <<.
extends: $top/recipes/fileserver.yaml
name: fileserver-v4
overlays: [v4]
.
broken=$image
broken_boot 'the server has NFS version 4 only' 'phase NFS root' 'no NFS version 3' \
	--server "$scratch/fileserver.yaml"
