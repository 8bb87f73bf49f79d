#!/bin/bash
# SPDX-License-Identifier: MIT
# A whole build in an appliance gives the bytes that namespaces give: as an ordinary user without subordinate ids, with
# the appliance's clock 400 days ahead, on a processor without aes. The mirror is for the appliance's kernel only.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/guestfs.sh
need python3 gpg zstd
guestfs_need

plan 14

tiny_new "$scratch/m"
long=$(printf 'n%.0s' {1..120})
sed "s,LONG,$long,g" <<'.' | mirror_package "$scratch/m"
Package: everything
Version: 1.0
Files:
 /usr/share/everything/Grüße-日本語 0644 not ASCII\n
 /usr/share/everything/a 0644 one\n
 /usr/share/everything/b => /usr/share/everything/a
 /usr/share/everything/c -> a
 /usr/bin/suid 4755 #!/bin/sh\n
 /usr/share/everything/LONG/LONG/LONG 0644 long\n
X-Postinst:
 #!/bin/sh
 exec perl -e '
 sub set { my ($path, $name, $value) = @_;
  syscall(188, $path, $name, $value, length $value, 0) == 0 or die "$path: $name: $!" }
 my $d = "/usr/share/everything"; my $f;
 open $f, ">", "$d/sparse"; seek $f, 3 << 20, 0; print $f "end"; close $f;
 open $f, ">", "$d/capable"; close $f;
 set("$d/capable", "security.capability", pack("V5", 0x02000001, 1 << 13, 0, 0, 0));
 open $f, ">", "$d/acl"; close $f; chmod 0640, "$d/acl";
 set("$d/acl", "system.posix_acl_access", pack("V(vvV)5", 2,
  1, 6, 0xffffffff, 2, 4, 33, 4, 4, 0xffffffff, 16, 4, 0xffffffff, 32, 0, 0xffffffff))'
.
tiny_serve "$scratch/m"
chmod -R a+rX "$scratch/m"
tiny_recipe "$scratch/tiny.yaml" 'packages: [everything]'

run tiny_build "$scratch/tiny.yaml" --sandbox=namespace
is "$status" 0 'namespaces build it' || diag "$stderr"
wanted=$scratch/out/tiny/latest

user=$(guestfs_user)
mkdir "$scratch/mine"
((EUID == 0)) && chown "$user" "$scratch/mine"
tiny_store=$scratch/mine/store
tiny_out=$scratch/mine/out
guestfs() {
	run guestfs_as "$user" "$@"
}
build=("$guestfs_bin/netrescue" build --mirror "$MIRROR_URL" --keyring "$scratch/m/keyring.gpg" --store "$tiny_store"
	--out "$tiny_out" --lock "$wanted/tiny.lock" "$scratch/tiny.yaml" --sandbox=guestfs)

guestfs_kernel
ahead=$(date -u -d '+400 days' +%FT%T)
guestfs env LIBGUESTFS_BACKEND_SETTINGS=force_tcg NETRESCUE_APPLIANCE_QEMU="-cpu max,aes=off -rtc base=$ahead" "${build[@]}"
is "$status" 0 'an ordinary user without subordinate ids builds in an appliance' || diag "$stderr"
like "$stderr" 'the appliance is emulated, so this build takes about [0-9]+ times as long' 'who is told what that costs'
like "$stderr" 'sandbox: guestfs, an emulated appliance' 'and what was chosen'
same_files "$wanted/SHA256SUMS" "$tiny_out/tiny/latest/SHA256SUMS" 'SHA256SUMS is that of namespaces'
ok 'and speaks the truth' sh -c "cd '$tiny_out/tiny/latest' && sha256sum --quiet -c SHA256SUMS"
silent 'nothing of it stays in the store' ls "$tiny_store/tree"

zstd -qdc "$tiny_out/tiny/latest/rootfs.tar.zst" >"$scratch/rootfs.tar"
headers=$(python3 - "$scratch/rootfs.tar" <<'.'
import sys, tarfile
for m in tarfile.open(sys.argv[1]):
    if "everything" in m.name or "suid" in m.name:
        x = " ".join(sorted(k for k in m.pax_headers if k.startswith("SCHILY")))
        print(m.name, oct(m.mode), m.type.decode(), m.size, m.linkname, x)
.
)
like "$headers" 'everything/capable .*SCHILY.xattr.security.capability' 'capabilities survive'
like "$headers" 'everything/acl .*SCHILY.acl.access' 'so do ACLs'
like "$headers" 'bin/suid 0o4755' 'the setuid bit'
like "$headers" 'everything/b [^ ]+ 1 .*everything/a' 'hard links'
like "$headers" "everything/$long/$long/$long " 'names of 360 characters'
like "$headers" 'everything/Grüße-日本語 ' 'and not in ASCII'
like "$headers" 'everything/sparse [^ ]+ 0 3145731' 'the content of sparse files'
