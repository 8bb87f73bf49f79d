#!/bin/bash
# SPDX-License-Identifier: MIT
# What people ask for beside our own recipes, and Debian's own tools take: built from the real mirror, since what
# matters is what real systemctl, udevadm and update-initramfs do in the sandbox.
. tests/lib/tap.sh
. tests/lib/image.sh
need dpkg-deb newuidmap jq

plan 27

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
mkdir -p "$scratch/overlay/etc/dropbear/initramfs"
echo '/dev/nfs / nfs defaults 0 1' >"$scratch/overlay/etc/fstab"
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC4HavFj8M6u7Vg+skpD0C+GsD+yoVVZNCSxXeTmqfVx admin' \
	>"$scratch/overlay/etc/dropbear/initramfs/authorized_keys"

cat >"$scratch/check.sh" <<'.'
#!/bin/sh
set -e
sudo -l -U alice | grep 'NOPASSWD: ALL'
for locale in de_DE@euro ru_RU.KOI8-R; do
	LC_ALL=$locale locale charmap
done | xargs | grep -x 'ISO-8859-15 KOI8-R'
.
# What the scripts print is looked at, so they must run.
image_variant others recipes/minimal.yaml --no-cache <<'.'
components: [main, non-free-firmware]
hostname: rescuebox
server: {domain: site.example}
pockets: !replace [] # not every mirror has their lists for i386
foreign-architectures: [i386]
packages: [mdadm, amd64-microcode, intel-microcode, postfix, libsane1, perl, wireshark-common, firmware-ipw2x00,
           lime-forensics-dkms, linux-headers-amd64, sudo, locales,
           dropbear-initramfs, bind9, brltty, munge, ssl-cert,
           "netcat-traditional:i386"]
debconf:
  - firmware-ipw2x00 firmware-ipw2x00/license/accepted boolean true
  - wireshark-common wireshark-common/install-setuid boolean true
  - postfix postfix/main_mailer_type select Local only
locales: [de_DE@euro, ru_RU.KOI8-R]
default-locale: de_DE@euro
users: [{name: alice, id: 2001, sudo: yes, groups: [adm], authorized-keys: ["ssh-ed25519 AAAAC3alice a"]}]
hooks: {check: [check.sh]}
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
tar -C "$scratch" --zstd -xf "$image/rootfs.tar.zst" ./etc/postfix/main.cf ./etc/group ./etc/hosts ./etc/passwd \
	./etc/locale.gen ./etc/locale.conf ./usr/bin/dumpcap ./var/lib/dpkg
is "$(sed -n 's/^myhostname = //p' "$scratch/etc/postfix/main.cf")" rescuebox.site.example \
	'postfix asked for the host name and found it'
like "$(<"$scratch/etc/hosts")" $'\n127\\.0\\.1\\.1\trescuebox\\.site\\.example rescuebox\n' 'which the image has, too'
like "$(<"$scratch/etc/group")" $'\nscanner:' "libsane1's script found all of perl before it was unpacked itself"
is "$(grep -c ipw2200-bss.fw <(tar --zstd -tf "$image/rootfs.tar.zst"))" 1 "firmware-ipw2x00's preinst found its licence accepted"
is "$(stat -c %a "$scratch/usr/bin/dumpcap")" 754 "wireshark-common's postinst found its group wanted"
is "$(sed -n 's/^inet_interfaces = //p' "$scratch/etc/postfix/main.cf")" loopback-only "postfix found which kind it is to be"
kernel=$(jq -r .kernel "$image/manifest.json")
tar -C "$scratch" --zstd -xf "$image/rootfs.tar.zst" "./usr/lib/modules/$kernel/modules.dep"
like "$(<"$scratch/usr/lib/modules/$kernel/modules.dep")" $'\nupdates/dkms/lime\.ko' 'DKMS has built a module for the kernel'
is "$(jq -r '.components[] | select([.properties[]?.name] | index("netrescue:finding")) | .name' "$image/sbom.cdx.json" | grep dkms)" \
	'' 'and the SBOM knows how it came there'

# What the image's own sudo and locale say of them is the business of check.sh.
like "$said" $'(^|\n)check: ' 'sudo lets the user in, and the locales of other charsets are there'
is "$(grep -v '^#' "$scratch/etc/locale.gen" | xargs)" 'de_DE@euro ISO-8859-15 ru_RU.KOI8-R KOI8-R' \
	'in the words of the package locales'
like "$(<"$scratch/etc/locale.conf")" $'(^|\n)LANG=de_DE@euro$' 'and one of them is the default'
is "$(grep '^alice:' "$scratch/etc/passwd")" 'alice:x:2001:2001::/home/alice:/bin/bash' 'a user is made'
is "$(tar --zstd --numeric-owner -tvf "$image/rootfs.tar.zst" ./home/alice/.ssh/authorized_keys ./home/alice/.bashrc |
	awk '{ print $1, $2, $6 }')" \
	'-rw-r--r-- 2001/2001 ./home/alice/.bashrc
-rw------- 2001/2001 ./home/alice/.ssh/authorized_keys' 'with the key and the files of /etc/skel'

# Their scripts make private keys: none is in what everybody can read, and each boot makes what is needed.
tar --zstd -tf "$image/rootfs.tar.zst" >"$scratch/list"
is "$(grep -E '/(dropbear_.*_host_key|rndc\.key|brlapi\.key|munge\.key|ssl-cert-snakeoil\.(key|pem))$' "$scratch/list")" '' \
	'none of the keys that scripts made is in the image'
is "$(sed -n 's|^\./usr/local/lib/rescue-identity/||p' "$scratch/list" | grep . | sort | tr '\n' ' ')" \
	'etc-bind-rndc-key etc-brlapi-key etc-munge-munge-key etc-ssl-private-ssl-cert-snakeoil-key ' 'they are made at boot'
packed=$(LC_ALL=C grep -abo -m 1 -P '\x28\xb5\x2f\xfd' "$initrd" | head -n 1 | cut -d: -f1)
tail -c +$((packed + 1)) "$initrd" | zstd -dcq >"$scratch/initrd"
# Names of members; the program has such names in it, too.
is "$(LC_ALL=C grep -aoE '07070[12][0-9A-F]{104}etc/dropbear/[A-Za-z0-9_.]+' "$scratch/initrd" | cut -c 111-)" \
	etc/dropbear/dropbear.conf \
	'the initrd has no key of Dropbear'"'"'s either'
ok 'it makes some when somebody connects' grep -aqF "DROPBEAR_OPTIONS-} -R" "$scratch/initrd"
ok "and root's home in it has a name that stays" grep -aqF root-home/.ssh/authorized_keys "$scratch/initrd"
unlike "$said" 'dropbear: WARNING' 'of which nobody is warned'
is "$(dpkg-query --admindir="$scratch/var/lib/dpkg" -W -f '${db:Status-Abbrev}${binary:Package}\n' libc6 netcat-traditional)" \
	$'ii libc6:amd64\nii libc6:i386\nii netcat-traditional:i386' 'a program of i386 is there, with the library that it needs'
is "$(dpkg --admindir="$scratch/var/lib/dpkg" --audit)" '' 'to dpkg all is installed'
