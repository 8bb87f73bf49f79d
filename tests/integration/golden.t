#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What netrescue makes of files that this test makes itself, to the byte: plain .debs, lock, tree, TFTP tree, menus,
# server snippets, manifest. tests/golden/epoch-N.sha256 has the sums of bytes-epoch N. If they differ, either a change
# of output was not meant, or BYTES_EPOCH has to be raised, with a row in docs/bytes.md that says why, and
#
#	NETRESCUE_GOLDEN_WRITE=1 prove tests/integration/golden.t
#
# writes the sums of the new epoch. An epoch that changes nothing fails as well. With NETRESCUE_GOLDEN_STORE=FILE.tar.zst
# (`netrescue store export` of a lock of recipes/rescue64.yaml, the result's SHA256SUMS beside it as FILE.SHA256SUMS)
# that image is built as well.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg unshare

m=$scratch/m
mirror_new "$m"
mirror_package "$m" <<'.'
Package: base-files
Essential: yes
Compression: none
Files:
 /etc/debian_version 0644 13\n
 /usr/bin/ 0755

Package: dpkg
Essential: yes
Compression: none

Package: debconf
Architecture: all
Compression: none
Depends: dpkg

Package: apt
Compression: none

Package: zstd
Version: 1.5.7+dfsg-1
Compression: none
Date: 1700000200
Files:
 /usr/bin/zstd 0755 not really\n

Package: systemd-sysv
Version: 257-1
Compression: none
Files:
 /usr/sbin/init 0755 not really\n

Package: initramfs-tools
Version: 0.148
Compression: none

Package: linux-image-amd64
Version: 6.1.1-1
Compression: none
Depends: linux-image-6.1.0-golden-amd64 (= 6.1.1-1)

Package: linux-image-6.1.0-golden-amd64
Version: 6.1.1-1
Compression: none
Files:
 /boot/vmlinuz-6.1.0-golden-amd64 0644 kernel\n

Package: pxelinux
Architecture: all
Compression: none
Files:
 /usr/lib/PXELINUX/pxelinux.0 0644 made-up boot loader\n

Package: syslinux-common
Architecture: all
Compression: none
Files:
 /usr/lib/syslinux/modules/bios/ldlinux.c32 0644 made-up ldlinux\n
 /usr/lib/syslinux/modules/bios/menu.c32 0644 made-up menu\n
 /usr/lib/syslinux/modules/bios/libutil.c32 0644 made-up libutil\n
 /usr/lib/syslinux/modules/bios/libcom32.c32 0644 made-up libcom32\n

Package: shim-signed
Compression: none
Files:
 /usr/lib/shim/shimx64.efi.signed 0644 shim\n

Package: shim-helpers-amd64-signed
Compression: none
Files:
 /usr/lib/shim/mmx64.efi.signed 0644 mok\n

Package: grub-efi-amd64-signed
Compression: none
Files:
 /usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed 0644 net\n
 /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed 0644 disk\n

Package: hello
Version: 1:2.0~rc1-3
Suite: trixie-security
Compression: none
Depends: zstd
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n
 /usr/share/hello/a 0600 one\n
 /usr/share/hello/b => /usr/share/hello/a
 /usr/share/hello/c -> a
 /usr/share/hello/a-name-that-is-much-longer-than-what-fits-into-the-hundred-bytes-of-a-ustar-header-and-then-some 0644 x\n
X-Postinst:
 #!/bin/sh
 echo hello
.
mirror_publish "$m"
mirror_serve "$m"
at_exit mirror_stop
cat >"$scratch/golden.yaml" <<'.'
name: golden
title: Golden
suite: trixie
priorities: []
packages: [hello, systemd-sysv, initramfs-tools]
kernel: linux-image-amd64
boot-packages: [pxelinux, syslinux-common, shim-signed, shim-helpers-amd64-signed, grub-efi-amd64-signed]
overlays: [over]
root:
  password: "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"
autologin:
  terminals: [tty1]
nfs:
  access: rw
server:
  address: 192.168.1.1
  subnet: 192.168.1.0
  netmask: 255.255.255.0
  range: 192.168.1.200 192.168.1.220
.
mkdir -p "$scratch/over/etc" "$scratch"/tree/{boot,etc,usr/share/{long,x}}
echo over >"$scratch/over/etc/over"
echo kernel >"$scratch/tree/boot/vmlinuz"
echo initrd >"$scratch/tree/boot/initrd.img"
echo golden >"$scratch/tree/etc/hostname"
: >"$scratch/tree/usr/share/long/$(printf 'n%.0s' {1..200})"
printf 'a\0b' >"$scratch/tree/usr/share/x/binary"
ln "$scratch/tree/etc/hostname" "$scratch/tree/usr/share/x/linked"
ln -s ../../../etc/hostname "$scratch/tree/usr/share/x/link"
find "$scratch/tree" "$scratch/over" -type d -exec chmod 755 {} +
find "$scratch/tree" "$scratch/over" -type f -exec chmod 644 {} +
chmod 4755 "$scratch/tree/usr/share/x/binary"
find "$scratch/tree" -exec touch -h -d @1600000000 {} +
touch "$scratch/tree/etc/hostname" # newer than the epoch: clamped

epoch=$("$NETRESCUE" version | sed -n 's/.*bytes-epoch \([0-9]*\).*/\1/p')
sums=tests/golden/epoch-$epoch.sha256
plan 10

as_root=()
((EUID == 0)) || as_root=(unshare -r) # owners are part of the bytes
golden() {
	run "${as_root[@]}" "$NETRESCUE_BIN/tests/golden" "$scratch/golden.yaml" "$scratch/$1" "$scratch/$2" "$MIRROR_URL" \
		"$m/keyring.gpg" "$scratch/tree"
}
golden store out
is "$status" 0 'a result of made-up files' || { diag "$stderr"; tap_die 'nothing else can work'; }
result=$stdout
version=$(basename "$result")

# Sums of everything: of the plain packages, by name; of every file of the result but the provenance.
{
	while read -r name digest; do
		plain=$(find "$scratch/store/known/plain" -name "$digest" -exec head -qn 1 {} +)
		echo "$plain  plain/$name"
	done < <(sed -n 's/^Package: //p; s/^SHA256: //p' "$result/golden.lock" | paste -d' ' - - | sort -u)
	(cd "$result" && find . -type f ! -name provenance.json ! -name SHA256SUMS -printf '%P\0' | sort -z | xargs -0 sha256sum)
} | sed "s/$version/VERSION/" >"$scratch/sums"
# What is left when digests, the version and the epoch are taken out: it must differ from epoch to epoch, too.
neutral=$(
	{
		grep '  \(plain/\|rootfs\)' "$scratch/sums"
		cd "$result" && find . -type f ! -name rootfs.tar ! -name provenance.json ! -name SHA256SUMS | sort |
			while read -r file; do
				echo "$file"
				sed -E "s/$version/VERSION/g; s/[0-9a-f]{64}/DIGEST/g; s/([Bb]ytes-[Ee]poch\"?: )[0-9]+/\1N/" "$file"
			done
	} | sed "s/$version/VERSION/g" | sha256sum
)
echo "${neutral%% *}  without digests, version and epoch" >>"$scratch/sums"
if [[ ${NETRESCUE_GOLDEN_WRITE:-} ]]; then
	mkdir -p tests/golden
	[[ ! -e $sums ]] || cmp -s "$scratch/sums" "$sums" ||
		tap_die "the sums of bytes-epoch $epoch are written: other bytes are another epoch (or a case more: then remove $sums first)"
	cp "$scratch/sums" "$sums"
fi
ok "there are sums of bytes-epoch $epoch" test -s "$sums"
same_files "$scratch/sums" "$sums" "the bytes are those of bytes-epoch $epoch" ||
	diag 'a change of output? Raise BYTES_EPOCH, say why in docs/bytes.md, write the new sums: see this file'
like "$(tail -n 1 docs/bytes.md)" "^\| $epoch \| [^|]+ \| [^|]+ \|$" "docs/bytes.md ends with the row of bytes-epoch $epoch, and why"
same=
for other in tests/golden/epoch-*.sha256; do
	[[ $other == "$sums" ]] || ! grep -qF "$(tail -n 1 "$sums")" "$other" || same+=" $other"
done
ok 'those of the epoch before are there to compare with' test -s "tests/golden/epoch-$((epoch - 1)).sha256"
is "$same" '' 'no other epoch has the same: it is not raised for nothing'

# Elsewhere, later.
umask 077
TZ=Asia/Kolkata LC_ALL=C golden store2 out2
same_files "$scratch/out2/golden/$version/SHA256SUMS" "$result/SHA256SUMS" 'another umask, time zone and store: the same' || diag "$stderr"
umask 022
is "$(find "$scratch/out2" ! -type l -perm /077)" '' 'and what others may not read by the umask, they may not'

if [[ -z ${NETRESCUE_GOLDEN_STORE:-} ]]; then
	skip 2 'rescue64: NETRESCUE_GOLDEN_STORE names no exported store'
	exit
fi
zstd -dcq "$NETRESCUE_GOLDEN_STORE" | tar -xOf - lock >"$scratch/rescue64.lock"
run "$NETRESCUE" store import "$NETRESCUE_GOLDEN_STORE" --store "$scratch/store3"
is "$status" 0 'rescue64: the exported store is taken in' || diag "$stderr"
run "$NETRESCUE" build recipes/rescue64.yaml --offline --lock "$scratch/rescue64.lock" --store "$scratch/store3" --out "$scratch/out3"
same_files "$scratch/out3/rescue64/latest/SHA256SUMS" "$NETRESCUE_GOLDEN_STORE.SHA256SUMS" 'rescue64: the same bytes' ||
	diag "$stderr"
