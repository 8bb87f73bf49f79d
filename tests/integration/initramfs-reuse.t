#!/bin/bash
# SPDX-License-Identifier: MIT
#
# An initramfs out of the store: it is laid again where all that it was made of is the same, and made again otherwise;
# the image's bytes are those of a build with --no-cache each time. The program that makes it is a stand-in, which says
# in its result how often the real one would have looked.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg jq newuidmap
plan 19

m=$scratch/m
tiny_new "$m"
# A stand-in for update-initramfs: an archive (cpio's format newc) of what is asked for, of the modules, and of what it
# reads in /etc; it warns of what is not there.
cat >"$scratch/update-initramfs" <<'.'
#!/usr/bin/perl
my $release = $ARGV[2];
open my $image, ">", "/boot/initrd.img-$release" or die;
sub add {
	my ($path, $text) = @_;
	my @number = (1, 0100644, 0, 0, 1, 0, length $text, 0, 0, 0, 0, 1 + length $path, 0);
	my $entry = join "", "070701", map { sprintf "%08x", $_ } @number;
	for ("$path\0", $text) {
		$entry .= $_;
		$entry .= "\0" x (-length($entry) % 4);
	}
	print $image $entry;
}
sub content { local $/; open my $file, "<", $_[0] or return "none"; <$file> }
chdir "/usr";
add $_, "initrd of $release\n" for qw(scripts/nfs conf/conf.d/netrescue bin/nfsmount bin/ipconfig),
	"scripts/nfs-bottom/rescue-overlay", glob "lib/modules/$release/kernel/*";
add "read", content("/etc/site/read");
add "perhaps", content("/etc/site/perhaps");
add "hooks", join " ", sort glob "/etc/site/hooks/*";
add "mode", sprintf "%o", (stat "/etc/site/mode")[2];
add "TRAILER!!!", "";
open my $note, ">", "/var/lib/initramfs-tools/$release" or die;
print $note "made\n";
unlink "/var/lib/initramfs-tools-old";
print "W: a hook warns\n";
.
{
	printf 'Package: initramfs-tools\nArchitecture: all\nFiles:\n'
	# With \ and newlines as mirror_package takes them.
	printf ' /usr/sbin/update-initramfs 0755 %s\n' "$(sed 's/\\/\\\\/g; s/$/\\n/' "$scratch/update-initramfs" | tr -d '\n')"
	printf ' /usr/sbin/mkinitramfs 0755 #!/bin/sh\\n\n /etc/initramfs-tools/conf.d/ 0755\n /var/lib/initramfs-tools/ 0755\n'
	printf ' /var/lib/initramfs-tools-old 0644 x\n\n'
	cat <<'.'
Package: kmod
Files:
 /usr/sbin/depmod 0755 #!/bin/sh\n

Package: vendor-kernel
Depends: initramfs-tools, kmod
Files:
 /boot/vmlinuz-9.9+vendor 0644 kernel 9.9\n
 /usr/lib/modules/9.9+vendor/kernel/af_packet.ko 0644 x
 /usr/lib/modules/9.9+vendor/kernel/nfs.ko 0644 x
 /usr/lib/modules/9.9+vendor/kernel/nfsv3.ko.xz 0644 x
 /usr/lib/modules/9.9+vendor/modules.builtin 0644 kernel/overlay.ko\n

Package: sysvinit-core
Files:
 /etc/inittab 0644 id:2:initdefault:\n
 /usr/sbin/init -> /bin/true
.
} | mirror_package "$m"
tiny_serve "$m"

tiny_recipe "$scratch/tiny.yaml"
cat >"$scratch/r.yaml" <<.
extends: tiny.yaml
name: r
init: sysvinit
kernel: vendor-kernel
packages: [sysvinit-core, vendor-kernel]
overlays: [over]
menu:
  default: rescue
  entries:
    - { kind: rescue, label: rescue, title: Rescue }
.
mkdir -p "$scratch/over/etc/site/hooks" "$scratch/over/usr/local/bin"
(cd "$scratch/over/etc/site" && echo one >'read' && touch mode hooks/a && chmod 644 mode)

reused='the initramfs for 9.9+vendor is out of the store'
# build NAME yes|no: builds; whether the initramfs is reused. If it is, the bytes are those of a build with --no-cache.
build() {
	local what=no cold
	run tiny_build "$scratch/r.yaml"
	[[ $stderr != *"$reused"* ]] || what=yes
	is "$status:$what" "0:$2" "$1: $([[ $2 == yes ]] && echo laid again || echo made)" || diag "$stderr"
	[[ $2 == yes ]] || return 0
	cold=$(tiny_out=$scratch/cold tiny_build "$scratch/r.yaml" --no-cache 2>/dev/null)
	same_text "$(<"$scratch/out/r/latest/SHA256SUMS")" "$(<"$cold/SHA256SUMS")" "$1: the bytes of a build with --no-cache"
}
build 'the first build' no
like "$stderr" 'update-initramfs: W: a hook warns' 'it warns'
echo one >"$scratch/over/usr/local/bin/tool"
build 'another file' yes
like "$stderr" 'update-initramfs: W: a hook warns' 'what the program warned of is said again'
tree=$scratch/tree
mkdir "$tree"
tar -C "$tree" --zstd -xf "$scratch/out/r/latest/rootfs.tar.zst" --no-same-owner
not_ok 'what it removed is not there' test -e "$tree/var/lib/initramfs-tools-old"
is "$(<"$tree/var/lib/initramfs-tools/9.9+vendor")" made 'what else it made is there'

echo two >"$scratch/over/etc/site/read"
build 'a file that it read' no
echo here >"$scratch/over/etc/site/perhaps"
build 'a file that it looked for' no
echo x >"$scratch/over/etc/site/hooks/b"
build 'a directory that it listed' no
chmod 600 "$scratch/over/etc/site/mode"
build 'a mode that it looked at' no
rm "$scratch/over/etc/site/hooks/b" "$scratch/over/etc/site/perhaps"
chmod 644 "$scratch/over/etc/site/mode"
echo more >>"$scratch/over/usr/local/bin/tool"
build 'a tree as one before' yes

# ---- a store that is damaged, or somebody else's ---------------------------------------------------------------------

entry=$(find "$scratch/store/known/stage" -name 'initramfs0.*')
is "$(wc -w <<<"$(head -n 1 "$entry")")" 10 'of three trees there are entries'
digest=$(head -n 1 "$entry" | cut -d ' ' -f 3)
echo damage >>"$scratch/store/sha256/${digest:0:2}/$digest"
echo again >>"$scratch/over/usr/local/bin/tool"
build 'a damaged initramfs' no
digest=$(head -n 1 "$entry" | cut -d ' ' -f 2)
echo damage >>"$scratch/store/sha256/${digest:0:2}/$digest"
echo again >>"$scratch/over/usr/local/bin/tool"
build 'a damaged recording' no
sed -i '2s/^./g/' "$entry"
echo again >>"$scratch/over/usr/local/bin/tool"
build 'an entry without the tag of its owner' no
echo again >>"$scratch/over/usr/local/bin/tool"
build 'another file, after that' yes
