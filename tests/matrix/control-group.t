#!/bin/bash
# SPDX-License-Identifier: MIT
# A control group that was handed over holds what the sandbox's own watch cannot see. Few machines that run tests have one to
# give away, so this boots Debian's kernel in an emulated one, with the sandbox and a shell as its whole system.
. tests/lib/tap.sh
. tests/lib/sandbox.sh
. tests/lib/guestfs.sh
need qemu-system-x86_64 cpio switch_root perl setfattr
guestfs_bin=$scratch
guestfs_kernel

plan 10

tree "$scratch/tree.tar" cat ls perl
cp "$scratch/tree.tar" "$scratch/small.tar"
tree "$scratch/machine.tar" cat cp ls mkdir mount perl setfattr sleep switch_root sync \
	"$sandbox_bin/sandbox-namespace" "$driver"
machine=$scratch/tree.made
mkdir -p "$machine"/{proc,sys,dev,new,store,usr/lib/locale}
cp -r /usr/lib/locale/C.* "$machine/usr/lib/locale"
cp "$scratch/small.tar" "$machine/tree.tar"
# The scripts, words separated by tabs as the driver reads them. 319 is memfd_create(2).
hidden='$n = "x"; $f = syscall 319, $n, 0; open $o, ">&=", $f; for (1 .. 30) { syswrite $o, "x" x (10 << 20) }; print "got it\n"; sleep 60'
plain='$x = "x" x (300 << 20); sleep 60'
printf 'put\t/tree.tar\t/\nrun\tcat\t/proc/self/cgroup\nrun\tperl\t-e\t%s\n' "$hidden" >"$machine/hidden"
printf 'put\t/tree.tar\t/\nrun\tperl\t-e\t%s\n' "$plain" >"$machine/plain"
cat >"$machine/ask" <<'END'
#!/bin/sh
# ask GROUP REQUESTS: in that group
echo $$ >/sys/fs/cgroup/$1/cgroup.procs
echo "== $1 $2"
NO_COLOR=1 sandbox-driver /store kind=namespace disk memory=100000000 <$2 2>&1
echo "status $?, then $(cat /proc/self/cgroup): $(ls -d /sys/fs/cgroup/$1/*/ 2>&1)"
END
cat >"$machine/begin" <<'END'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 cgroup /sys/fs/cgroup
echo +memory +pids >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/given /sys/fs/cgroup/kept
setfattr -n user.delegate -v 1 /sys/fs/cgroup/given
for what in 'given hidden' 'given plain' 'kept plain'; do
	sh /ask $what
done
sleep 1000 & echo $! >/sys/fs/cgroup/given/cgroup.procs
sh /ask given plain
echo END
sync
echo o >/proc/sysrq-trigger
sleep 10
END
cat >"$machine/init" <<'END'
#!/bin/sh
mount -t tmpfs new /new
cp -a /ask /begin /dev /etc /hidden /lib /lib64 /plain /proc /root /bin /sbin /store /sys /tmp /tree.tar /usr /var /new
exec switch_root /new /usr/bin/sh /begin
END
chmod 755 "$machine/init"
(cd "$machine" && find . | cpio --quiet -o -H newc) >"$scratch/initrd" || tap_die 'cannot make the initrd'

timeout 600 qemu-system-x86_64 -machine accel=tcg -cpu max -m 2048 -display none -no-reboot -nic none \
	-kernel "$SUPERMIN_KERNEL" -initrd "$scratch/initrd" -append 'console=ttyS0 quiet panic=-1' \
	-serial "file:$scratch/serial" </dev/null >"$scratch/qemu" 2>&1
tr -d '\r' <"$scratch/serial" >"$scratch/said"
# part GROUP REQUESTS [N]: what was said there, the Nth time
part() {
	awk -v head="== $1 $2" -v n="${3:-1}" '/^== |^END/ { on = $0 == head && ++seen == n } on' "$scratch/said"
}
like "$(<"$scratch/said")" $'\nEND' 'the machine comes to its end' || diag "$(tail -n 30 "$scratch/said")" "$(<"$scratch/qemu")"
hidden=$(part given hidden)
like "$hidden" 'namespace, tree on disk, in a control group' 'a group that was handed over is used'
like "$hidden" $'\n0::/\n' 'scripts see the root of one, as ever'
unlike "$hidden" 'got it' 'memory that no process shows is not to be had'
like "$hidden" "error: the command 'perl .* takes more memory than the sandbox may have, 95 MiB, and the kernel has killed a process of its control group.*--memory SIZE" 'and the error says so'
like "$hidden" 'status 1, then 0::/given: ls: cannot access' 'all is as before then'
like "$(part given plain)" "error: the command 'perl .*' takes more memory than the sandbox may have, 95 MiB" 'the watch comes first, which knows the script'
like "$(part kept plain)" $'\nnamespace, tree on disk\n.*takes more memory than the sandbox may have, 95 MiB' 'a group that is not ours is left alone'
like "$(part given plain 2)" $'\nnamespace, tree on disk\n.*takes more memory' 'and so is one with others in it'
like "$(part given plain 2)" 'status 1, then 0::/given: ls: cannot access' 'which has lost nothing'
