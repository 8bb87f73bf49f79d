#!/bin/bash
# SPDX-License-Identifier: MIT
# The sandbox in an appliance is the one of namespaces, to the byte: as a user without subordinate ids, with the appliance's
# clock 400 days ahead, on a processor without aes. One appliance is launched, emulated; the mirror is asked for a kernel only.
. tests/lib/tap.sh
. tests/lib/sandbox.sh
. tests/lib/guestfs.sh
need python3
guestfs_need

plan 39

tree "$scratch/tree.tar" cat date dd sleep
long=$(printf 'n%.0s' {1..120})
python3 - "$scratch/everything.tar" "$long" <<'.'
import io, struct, sys, tarfile
out, long = sys.argv[1:]
tar = tarfile.open(out, "w", format=tarfile.PAX_FORMAT)
def add(name, content=b"", mode=0o644, uid=0, type=tarfile.REGTYPE, target="", **headers):
    m = tarfile.TarInfo("everything/" + name)
    m.size, m.mode, m.uid, m.gid, m.type, m.linkname = len(content), mode, uid, uid, type, target
    m.mtime, m.pax_headers = 1600000000, {k.replace("_", "."): v for k, v in headers.items()}
    tar.addfile(m, io.BytesIO(content))
add("", mode=0o755, type=tarfile.DIRTYPE)
add("suid", mode=0o4755)
add("owned", b"x", uid=65534)
add("Grüße-日本語", b"not ASCII")
add(long, mode=0o755, type=tarfile.DIRTYPE)
add(f"{long}/{long}", b"long")
add("a", b"one")
add("b", type=tarfile.LNKTYPE, target="everything/a")
add("c", type=tarfile.SYMTYPE, target="a" * 300)
add("large", bytes(range(256)) * 40000)
add("acl", mode=0o640, SCHILY_acl_access="user::rw-,user:33:r--:33,group::r--,mask::r--,other::---")
capability = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0).decode("latin-1")
add("capable", mode=0o755, **{"SCHILY.xattr.security.capability": capability})
tar.close()
.

# What a build asks for. @: a directory of the user's own.
cat >"$scratch/requests" <<'.'
put @/tree.tar /
put @/everything.tar /
run sh -c test~!~-e~/sys/kernel~&&~cat~/proc/cpuinfo~/proc/cmdline~/proc/version~/proc/swaps
run dd if=/everything/large of=/sparse bs=1M seek=40 conv=notrunc status=none
feed some~text /etc/fed cat
write /etc/written 600 content
exists /etc/written
read /etc/fed
may-fail false-is-no-program
kernel 6.12.99-test
run cat /proc/sys/kernel/osrelease
archive @/out.tar
archive @/filtered.tar cat
.

# ask DIR COMMAND...: the requests as its input, DIR for @; sets status, stdout, stderr.
# shellcheck disable=SC2034 # like reads them
ask() {
	local dir=$1
	shift
	status=0
	sed "s,@,$dir,g" "$scratch/requests" | tr ' ~' '\t ' | "$@" >"$scratch/.stdout" 2>"$scratch/.stderr" || status=$?
	stdout=$(<"$scratch/.stdout")
	stderr=$(<"$scratch/.stderr")
}

user=$(guestfs_user)
for dir in one two; do
	mkdir "$scratch/$dir"
	cp "$scratch"/{tree,everything}.tar "$scratch/$dir"
done
((EUID == 0)) && chown "$user" "$scratch/two"
ask "$scratch/one" "$driver" "$scratch/one/store" kind=namespace
is "$status" 0 'namespaces do what is asked' || diag "$stdout" "$stderr"
said=$(tail -n +2 <<<"$stdout")

# ---- what can be missing, before any machine is started -----------------------------------------

linked=$(ldd "$NETRESCUE" "$NETRESCUE_BIN/sandbox-namespace")
like "$linked" 'libc\.so.*libc\.so' 'both other programs link their libraries'
unlike "$linked" libguestfs 'and not libguestfs'
in_appliance=("$driver" "$scratch/two/store" kind=guestfs)
ask / guestfs_as "$user" env NETRESCUE_LIBEXEC="$scratch/none" "${in_appliance[@]}"
is "$status" 1 'without the helper a build fails'
like "$stderr" "cannot find the program 'sandbox-guestfs'.*hint: .*libguestfs-dev" 'and says how to get it'
ask / guestfs_as "$user" env LIBGUESTFS_HV="$scratch/none" "${in_appliance[@]}"
is "$status" 1 'without QEMU, too'
like "$stderr" 'the appliance needs QEMU.*hint: sudo apt install qemu-system' 'and names the package'
ask / guestfs_as "$user" env SUPERMIN_KERNEL="$scratch/none" "${in_appliance[@]}"
is "$status" 1 'without a kernel, too'
like "$stderr" "cannot read the kernel '.*/none'" 'and names it'
# KVM is believed when a kernel runs to its end, whatever /dev/kvm says. Where there is none, the words are others.
fake() {
	printf '#!/bin/sh\n[ "$1" = --version ] && exec qemu-system-x86_64 --version\n%s\nexit 1\n' "$2" >"$scratch/$1"
	chmod 755 "$scratch/$1"
	run env SUPERMIN_KERNEL="$NETRESCUE" LIBGUESTFS_HV="$scratch/$1" "$driver" "$scratch/one/store" kind=guestfs
}
[[ -d /lib/modules ]] || mkdir /lib/modules
# booted KERNEL:MODE...: as the user, on a machine that has these in /boot
booted() {
	local dir=$scratch/boot kernel
	rm -rf "$dir"
	mkdir -p "$dir/boot"
	for kernel; do
		mkdir -p "$dir/modules/${kernel%:*}"
		touch "$dir/modules/${kernel%:*}/modules.dep" "$dir/boot/vmlinuz-${kernel%:*}"
		chmod "${kernel#*:}" "$dir/boot/vmlinuz-${kernel%:*}"
	done
	mkdir -p "$dir/modules"
	install -d -m 1777 "$dir/cache" # what is made of these kernels must not be found again
	run unshare -m sh -c 'mount --bind "$0/boot" /boot && mount --bind "$0/modules" /lib/modules && exec "$@"' "$dir" \
		setpriv --reuid "$(id -u "$user")" --clear-groups env -u SUPERMIN_KERNEL HOME=/nonexistent TMPDIR="$dir/cache" \
		NETRESCUE_LIBEXEC="$guestfs_bin" LIBGUESTFS_HV="$scratch/broken" "${in_appliance[@]}"
}
printf '#!/bin/sh\n[ "$1" = --version ] && exec qemu-system-x86_64 --version\nexit 1\n' >"$scratch/broken"
chmod 755 "$scratch/broken"
if ((EUID == 0)); then
	booted
	like "$stderr" 'the appliance needs a kernel, and /boot has none.*hint: sudo apt install linux-image' 'no kernel in /boot'
	booted 6.12.9:600 6.12.10:600
	is "$status" 1 'none that may be read'
	like "$stderr" "'/boot/vmlinuz-6.12.10' may not be read.*hint: sudo chmod 0644" 'is named, the newest'
	booted 6.12.9:644 6.12.10:600
	like "$stderr" 'times as long' 'an older one that may is used'
	unlike "$stderr" 'may not be read' 'without a word'
else
	skip 5 'only root can give this machine another /boot'
fi
fake broken 'echo no guest for you'
is "$status" 1 'an emulator that runs no guest'
if [[ -r /dev/kvm && -w /dev/kvm ]]; then
	like "$stderr" 'takes about [0-9]+ times as long.*a kernel does not run on it' 'is not taken for KVM'
	fake works 'case "$*" in *accel=kvm*) echo "Kernel panic - not syncing" ;; esac'
	unlike "$stderr" 'times as long' 'one that does is'
else
	like "$stderr" 'takes about [0-9]+ times as long.*/dev/kvm' 'is not taken for KVM'
	skip 1 'no /dev/kvm'
fi
ask / "$driver" "$scratch/one/store" kind=unheard-of
is "$status" 2 'a sandbox that there is not is a usage error'
like "$stderr" 'use --sandbox=auto, namespace or guestfs' 'and the choice is shown'

# ---- one appliance ------------------------------------------------------------------------------

guestfs_kernel
# Asked of the appliance alone, as namespaces have the clock of this machine.
# The last ends at a limit, which is kept inside. An emulated processor takes ten seconds for some of the others.
echo 'run date +%s' >>"$scratch/requests"
echo 'run sleep 900' >>"$scratch/requests"
ask "$scratch/two" guestfs_as "$user" env LIBGUESTFS_BACKEND_SETTINGS=force_tcg \
	NETRESCUE_APPLIANCE_QEMU="-cpu max,aes=off -rtc base=$(date -u -d '+400 days' +%FT%T)" "${in_appliance[@]}" silence=15 timeout=60
is "$(grep -v 'sleep 900' <<<"$stderr" | grep -c 'error:')" 0 'so does an appliance, for a user without subordinate ids' ||
	diag "$stdout" "$stderr"
like "$stderr" "warning: in the appliance: the command 'sleep 900' has said nothing for 15 s" 'it tells of silence'
like "$status:$stderr" "^1:.*error: the command 'sleep 900' has run for 1 min, its limit, and was ended" 'and ends what takes too long'
like "$stdout" $'\nguestfs, an emulated appliance\n' 'which says what it is'
like "$stderr" 'the appliance is emulated, so this build takes about [0-9]+ times as long' 'and what that costs'
clock=$(grep -Eo '[0-9]{10}$' <<<"$stdout" | tail -n 1)
ok "the appliance's clock is 400 days ahead" test $((${clock:-0} - $(date +%s))) -gt $((399 * 86400))
same_text "$(sed "1,/^guestfs, /d; /${clock:-none}\$/d" <<<"$stdout")" "$said" 'the commands see the same world and say the same'
same_files "$scratch/one/out.tar" "$scratch/two/out.tar" 'the archive is the same'
same_files "$scratch/one/filtered.tar" "$scratch/two/filtered.tar" 'through a filter, too'
silent 'nothing stays in the store' ls "$scratch/two/store/tree"
not_ok 'and no machine runs on' pgrep -f "qemu-system.*$scratch/two"

list=$(python3 - "$scratch/two/out.tar" <<'.'
import sys, tarfile
for m in tarfile.open(sys.argv[1]):
    print(m.name, oct(m.mode), m.uid, m.type.decode(), m.size, m.linkname, *sorted(m.pax_headers))
.
)
like "$list" 'everything/capable [^'$'\n'']*SCHILY.xattr.security.capability' 'capabilities survive'
like "$list" 'everything/acl [^'$'\n'']*SCHILY.acl.access' 'ACLs'
like "$list" 'everything/suid 0o4755' 'the setuid bit'
like "$list" 'everything/owned 0o644 65534' 'owners'
like "$list" 'everything/b [^'$'\n'']* 1 0 [^ ]*everything/a' 'hard links'
like "$list" "everything/c [^ ]+ 0 2 0 a{300}" 'long links'
like "$list" "everything/$long/$long " 'long names'
like "$list" 'everything/Grüße-日本語 ' 'names not in ASCII'
like "$list" '/sparse [^ ]+ 0 0 52183040' 'sparse files, in full'
