#!/bin/bash
# SPDX-License-Identifier: MIT
# What people ask for beside our own recipes, and Debian's own tools take: built from the real mirror, since what
# matters is what real systemctl, udevadm and update-initramfs do in the sandbox.
. tests/lib/tap.sh
. tests/lib/image.sh
need dpkg-deb newuidmap jq

plan 11

# A vendor's package whose script does what every debhelper before bookworm did.
mkdir -p "$scratch/agent/DEBIAN" "$scratch/agent/lib/systemd/system"
cat >"$scratch/agent/DEBIAN/control" <<'.'
Package: agent
Version: 1.0
Architecture: all
Maintainer: Nobody <nobody@example.org>
Description: a vendor's agent
.
cat >"$scratch/agent/DEBIAN/postinst" <<'.'
#!/bin/sh
set -e
systemctl daemon-reload
systemctl restart agent.service
udevadm control --reload-rules
udevadm trigger
.
chmod 755 "$scratch/agent/DEBIAN/postinst"
printf '[Service]\nExecStart=/bin/true\n' >"$scratch/agent/lib/systemd/system/agent.service"
SOURCE_DATE_EPOCH=1700000000 dpkg-deb --root-owner-group -b "$scratch/agent" "$scratch/agent_1.0_all.deb" >/dev/null

# Both make hooks of the initramfs warn, and neither keeps it from booting.
mkdir -p "$scratch/overlay/etc"
echo '/dev/nfs / nfs defaults 0 1' >"$scratch/overlay/etc/fstab"

image_variant others recipes/minimal.yaml <<'.'
components: [main, non-free-firmware]
hostname: rescuebox
server: {domain: site.example}
pockets: [] # not every mirror has their lists for i386
foreign-architectures: [i386]
packages: [mdadm, amd64-microcode, intel-microcode, postfix, libsane1, perl, "netcat-traditional:i386"]
debs: [agent_1.0_all.deb]
overlays: [overlay]
.
said=$(<"$scratch/build.log")
pass "a recipe with a vendor's package, mdadm and an fstab is built"
ok 'and complete' sh -c "cd '$image' && sha256sum --quiet -c SHA256SUMS"
same_text "$(jq -r '.packages[] | select(.name == "agent") | .version' "$image/manifest.json")" 1.0 \
	"the vendor's package is in it"
for warning in 'MD subsystem is not loaded' 'identify type of root file system'; do
	is "$(grep -c "update-initramfs: .*$warning" "$scratch/build.log")" 1 "a hook's warning is shown once: $warning" ||
		diag "$said"
done
initrd=$(echo "$image"/tftp/kernel/*/*/initrd.img)
is "$(grep -aoE '(GenuineIntel|AuthenticAMD)\.bin' "$initrd" | sort -u | tr '\n' ' ')" \
	'AuthenticAMD.bin GenuineIntel.bin ' 'the initramfs begins with the microcode for both makers of processors'
tar -C "$scratch" --zstd -xf "$image/rootfs.tar.zst" ./etc/postfix/main.cf ./etc/group ./etc/hosts ./var/lib/dpkg
is "$(sed -n 's/^myhostname = //p' "$scratch/etc/postfix/main.cf")" rescuebox.site.example \
	'postfix asked for the host name and found it'
like "$(<"$scratch/etc/hosts")" $'\n127\\.0\\.1\\.1\trescuebox\\.site\\.example rescuebox\n' 'which the image has, too'
like "$(<"$scratch/etc/group")" $'\nscanner:' "libsane1's script found all of perl before it was unpacked itself"
is "$(dpkg-query --admindir="$scratch/var/lib/dpkg" -W -f '${db:Status-Abbrev}${binary:Package}\n' libc6 netcat-traditional)" \
	$'ii libc6:amd64\nii libc6:i386\nii netcat-traditional:i386' 'a program of i386 is there, with the library that it needs'
is "$(dpkg --admindir="$scratch/var/lib/dpkg" --audit)" '' 'to dpkg all is installed'
