#!/bin/bash
# SPDX-License-Identifier: MIT
# Results onto a server: a directory of this machine, and another one by a real sshd on loopback.
#
# All of it happens in a mount namespace of its own, whose temporary files are in memory: a server waits for the disk
# before each rename, which takes a minute in sum where others write.
if [[ $(id -u) == 0 && ! ${NETRESCUE_DEPLOY_INSIDE-} ]]; then
	export NETRESCUE_DEPLOY_INSIDE=1
	exec unshare -m bash "$0" "$@"
fi
. tests/lib/tap.sh
need python3 zstd rsync ssh ssh-keygen tar setfacl getcap grub-script-check unshare flock
[[ $(id -u) == 0 ]] || skip_all 'needs root, as the server does'
sshd=$(command -v sshd || echo /usr/sbin/sshd)
[[ -x $sshd ]] || skip_all 'openssh-server is not installed'
plan 92
mount -t tmpfs tmpfs "$scratch" || skip_all 'cannot mount a tmpfs'
at_exit umount -l "$scratch"

a=20260101T000000Z-aaaaaaaa
b=20260202T000000Z-bbbbbbbb
c=20260303T000000Z-cccccccc

# result DIR RECIPE VERSION SERVER [KEY=VALUE…]
result() {
	python3 tests/lib/small-result.py "$@" || tap_die 'no result'
}

# menu SERVER [FILE]: what its loaders show, and that all of it is there
menu() {
	python3 tests/lib/pxe-menu.py "$1/tftp" "${@:2}" 2>&1
}

# state SERVER: everything on it but what says who was there when
state() {
	(cd "$1" && find . -path ./.netrescue -prune -o -printf '%p %y %m %U %G %l\n' | sort &&
		find . -path ./.netrescue -prune -o -name .netrescue-loaders -prune -o -type f -print0 | sort -z |
		xargs -0r sha256sum && sort tftp/.netrescue-loaders && getcap -r .)
}

deploy() {
	run "$NETRESCUE" deploy "$@"
}

# ---- a first one, on this machine ----------------------------------------------------------------------------------

s=$scratch/srv
result "$scratch/one-a" one "$a" "$s" client=52:54:00:00:00:01
result "$scratch/one-b" one "$b" "$s" loader=new
result "$scratch/one-c" one "$c" "$s" loader=new

deploy --dry-run "$scratch/one-a" "$s"
like_all "$stdout" 'a dry run says what would change' "one $a to $s" 'upload .* in 7 files' 'unpack .* 12 files'
not_ok 'and changes nothing' test -e "$s"

exits 0 'a result is deployed' "$NETRESCUE" deploy "$scratch/one-a" "$s"
is "$(menu "$s")" "one.rescue 0 - $a
local 0 default -
memtest 0 - -" 'and in the menu of both loaders, with kernel, initramfs and root of one version'
ok 'which GRUB takes' grub-script-check "$s/tftp/grub/grub.cfg"
is "$(menu "$s" 01-52-54-00-00-00-01 | grep default)" "one.rescue 0 default $a" "a machine's own start is the recipe's"
root=$s/one/$a
is "$(cd "$root" && stat -c '%n %a %u %g %h' usr/bin/su etc/shadow var/owned usr/bin/ping4)" "usr/bin/su 4755 0 0 1
etc/shadow 640 0 42 1
var/owned 644 1234 4321 1
usr/bin/ping4 755 0 0 2" 'owners, modes and hard links are those of the tar'
like "$(getcap "$root/usr/bin/ping")" 'cap_net_raw=ep' 'and so are capabilities'
is "$(stat -c %a "$s/one") $(stat -c %a "$s/tftp/kernel/one/$a/vmlinuz")" '700 644' \
	'the roots are root'\''s alone, the kernels for all'
before=$(state "$s")
exits 0 'the same once more' "$NETRESCUE" deploy "$scratch/one-a" "$s"
same_text "$(state "$s")" "$before" 'changes nothing'
like "$stdout" 'is there already' 'and says so'

# ---- the second version --------------------------------------------------------------------------------------------

exits 0 'a second version is deployed' "$NETRESCUE" deploy "$scratch/one-b" "$s"
is "$(menu "$s" | grep rescue)" "one.rescue 0 - $b
one.rescue.$a 1 - $a" 'it comes first, the other one under the earlier ones'
ok 'which GRUB takes' grub-script-check "$s/tftp/grub/grub.cfg"
like "$(<"$s/tftp/pxelinux.0")" 'new' 'the loaders are those of the newest'
exits 0 'back' "$NETRESCUE" rollback "$s"
is "$(menu "$s" | grep rescue)" "one.rescue 0 - $a
one.rescue.$b 1 - $b" 'the earlier one comes first again'
exits 0 'and forth' "$NETRESCUE" rollback "$s" "$b"
is "$(menu "$s" | sed -n 1p)" "one.rescue 0 - $b" 'by its name'
exits 2 'a version that is not there' "$NETRESCUE" rollback "$s" 20990101T000000Z-00000000
like "$stderr" "there are one/$b, one/$a" 'is refused, with those that are'
exits 0 'deploying an earlier one again' "$NETRESCUE" deploy "$scratch/one-a" "$s"
is "$(menu "$s" | sed -n 1p)" "one.rescue 0 - $a" 'puts it first'
like "$(<"$s/tftp/pxelinux.0")" 'new' 'with the newest loaders'

# ---- three recipes, the site's entries, a choice for a machine -----------------------------------------------------

result "$scratch/two-a" two "$a" "$s" 'title=The second'
result "$scratch/three-b" three "$b" "$s"
exits 0 'a choice for a machine' "$NETRESCUE" menu "$s" --client 52-54-00-00-00-AA --entry one.rescue
exits 0 'two more recipes at once' "$NETRESCUE" deploy "$scratch/two-a" "$scratch/three-b" "$s"
mkdir -p "$s/tftp/debian"
touch "$s/tftp/debian/linux" "$s/tftp/debian/initrd.gz"
cat >"$s/tftp/menu/site.yaml" <<'.'
title: Menu of the workshop
order: [two, one]
default: two.rescue
timeout: 100
entries:
  - { label: installer, title: Debian installer, kernel: debian/linux, initrd: debian/initrd.gz, append: priority=low }
.
exits 0 'deployed again after the site has said more' "$NETRESCUE" deploy "$scratch/one-b" "$s"
is "$(menu "$s")" "two.rescue 0 default $a
one.rescue 0 - $b
three.rescue 0 - $b
site.installer 0 - -
one.rescue.$a 1 - $a
local 0 - -
memtest 0 - -" "one menu has them all, in the site's order, and the site's own entry"
ok 'which GRUB takes' grub-script-check "$s/tftp/grub/grub.cfg"
like_all "$(<"$s/tftp/pxelinux.cfg/default")" "with the site's title and time-out" 'MENU TITLE Menu of the workshop' \
	'TIMEOUT 100' 'MENU LABEL Rescue system \(three\)'
is "$(menu "$s" 01-52-54-00-00-00-aa | grep default)" "one.rescue 0 default $b" \
	"the machine's choice is kept, and means the first version"
like "$(<"$s/tftp/grub/grub.cfg")" 'net_default_mac" = 52:54:00:00:00:aa \]; then
	set default=entry-one.rescue' 'for UEFI as well'
exits 2 'an entry that is not there' "$NETRESCUE" menu "$s" --client 52:54:00:00:00:aa --entry none
exits 2 'one that may be any of several' "$NETRESCUE" menu "$s" --client 52:54:00:00:00:aa --entry rescue
exits 0 'the default again' "$NETRESCUE" menu "$s" --client 52:54:00:00:00:aa --default
is "$(menu "$s" 01-52-54-00-00-00-aa | grep default)" "two.rescue 0 default $a" 'is what the others start'
run "$NETRESCUE" list "$s"
like_all "$stdout" 'list shows versions and labels' "three/$b  first" "one/$a  earlier" 'two.rescue  The second \(default\)'
echo 'tittle: x' >"$s/tftp/menu/site.yaml"
deploy "$scratch/one-a" "$s"
like "$status $stderr" "^2 .*menu/site.yaml:1:1: error: unknown key 'tittle'" "the site's mistake is named by its line"
run "$NETRESCUE" rollback "$s" "one/$a"
is "$status $(menu "$s" | sed -n 2p)" "2 one.rescue 0 - $b" 'before anything changes'
rm "$s/tftp/menu/site.yaml"
cp "$s/tftp/menu/three/$b/entries.json" "$scratch/entries.json"
sed -i 's/"title": ".*"/"title": "a '\''quote"/' "$s/tftp/menu/three/$b/entries.json"
deploy "$scratch/one-b" "$s"
like "$status $stderr" "^0 .*menu/three/$b/entries.json' has no usable [a-z ]*: this version is left out" \
	'a version whose entries are spoilt is left out of the menu, with a warning'
is "$(menu "$s" | grep -c three)" 0 'and the others stay'
run "$NETRESCUE" prune --keep 1 --no-clients "$s"
like "$status $stderr" '^3 .*nothing is removed while the menu leaves a version out' 'and nothing is pruned meanwhile'
cp "$scratch/entries.json" "$s/tftp/menu/three/$b/entries.json"

# ---- prune ---------------------------------------------------------------------------------------------------------

export NETRESCUE_TEST_NFS=$scratch/nfs
run "$NETRESCUE" prune --keep 1 "$s"
like "$stdout" "kept one/$a: nobody knows who uses it: there is no /var/lib/nfs/rmtab" \
	'where nobody notes who mounts, nothing goes'
mkdir -p "$NETRESCUE_TEST_NFS/var/lib/nfs" "$NETRESCUE_TEST_NFS/proc/fs/nfsd/clients/7"
touch "$NETRESCUE_TEST_NFS/var/lib/nfs/rmtab"
run "$NETRESCUE" prune --keep 1 "$s"
like "$stdout" "kept one/$a: nobody knows who uses it: the kernel's NFS server does not run" 'nor where another serves it'
echo 8 >"$NETRESCUE_TEST_NFS/proc/fs/nfsd/threads"
echo "192.0.2.7:$s/one/$a:0x00000001" >"$NETRESCUE_TEST_NFS/var/lib/nfs/rmtab"
run "$NETRESCUE" prune --keep 1 "$s"
like "$stdout" "kept one/$a: 192.0.2.7 has mounted it" 'what a client has mounted stays'
ln -s "$s" "$scratch/link"
run "$NETRESCUE" prune --keep 1 "$scratch/link"
like "$stdout" "kept one/$a: 192.0.2.7 has mounted it" 'by whatever name the server is called'
run "$NETRESCUE" prune --keep 1 --client-off 192.0.2.7 --dry-run "$s"
like "$stdout" "would remove one/$a" 'a client that is known to be off does not count'
ok 'a dry run removes nothing' test -d "$s/one/$a"
printf 'clientid: 0x1\naddress: "192.0.2.9:812"\n' >"$NETRESCUE_TEST_NFS/proc/fs/nfsd/clients/7/info"
run "$NETRESCUE" prune --keep 1 --client-off 192.0.2.7 "$s"
like "$stdout" "kept one/$a: 192.0.2.9 has mounted something by NFSv4" 'a client of NFSv4 may have mounted anything'
run "$NETRESCUE" prune --keep 1 --client-off 192.0.2.7 --client-off 192.0.2.9 "$s"
like "$stdout" "removed one/$a" 'then it goes'
silent 'root, kernel and entries' find "$s" -name "*$a*" -path '*/one/*'
is "$(menu "$s" | grep -c "$a")" 1 'and from the menu, where the other recipe of that day stays'
unset NETRESCUE_TEST_NFS

# ---- ended at every step -------------------------------------------------------------------------------------------

k=$scratch/killed
result "$scratch/k-a" one "$a" "$k"
result "$scratch/k-b" one "$b" "$k" loader=new
"$NETRESCUE" deploy "$scratch/k-a" "$k" >/dev/null 2>&1
first=$(menu "$k")
cp -a "$k" "$scratch/reference.saved"
"$NETRESCUE" deploy "$scratch/k-b" "$k" >/dev/null 2>&1
after=$(state "$k")
second=$(menu "$k")
steps=$(sed -n 's/^	*step \([a-z-]*\)$/\1/p' builder/serve/server.sh | grep -vxE 'own|hide|remove|removed|clean')
wrong=''
for step in $steps; do
	rm -rf "${k:?}"
	cp -a "$scratch/reference.saved" "$k"
	NETRESCUE_FAULT=$step run "$NETRESCUE" deploy "$scratch/k-b" "$k"
	[[ $status == 1 ]] || wrong+="$step: exit status $status; "
	now=$(menu "$k")
	[[ $step != switched && $now == "$first" || $step == switched && $now == "$second" ]] ||
		wrong+="$step: the menu is $now; "
	deploy "$scratch/k-b" "$k"
	[[ $status == 0 && $(state "$k") == "$after" ]] || wrong+="$step: not finished by a rerun ($stderr); "
done
is "$wrong" '' "ended at any of $(wc -w <<<"$steps") steps: clients see the old state, and a rerun finishes it"
ok 'there are twelve steps at least' test "$(wc -w <<<"$steps")" -ge 12

# By a signal, while the root is being unpacked.
result "$scratch/k-c" one "$c" "$k" files=3000
now=$(menu "$k")
python3 - "$NETRESCUE" "$scratch/k-c" "$k" >/dev/null 2>&1 <<'.'
import signal, subprocess, sys
child = subprocess.Popen([sys.argv[1], "deploy", "--json", *sys.argv[2:]], stdout=subprocess.PIPE, text=True)
for line in child.stdout:
    if '"unpack"' in line and '"step"' in line:
        child.send_signal(signal.SIGTERM)
child.wait()
.
same_text "$(menu "$k")" "$now" 'a signal while it unpacks: clients see the old state'
exits 0 'and a rerun waits for what still works there, and finishes' "$NETRESCUE" deploy --wait 60 "$scratch/k-c" "$k"
is "$(menu "$k" | sed -n 1p)" "one.rescue 0 - $c" 'it is there'

# ---- what is wrong with a server -----------------------------------------------------------------------------------

exec 8>>"$k/.netrescue/lock"
flock 8
echo 'somebody@elsewhere' >"$k/.netrescue/who"
deploy "$scratch/k-a" "$k"
like "$status $stderr" '1 .*somebody else works on .*: somebody@elsewhere' 'two at once: the second one says who is at work'
exec 8>&-

f=$scratch/foreign
result "$scratch/f-a" one "$a" "$f"
mkdir -p "$f/one/important" "$f/tftp/pxelinux.cfg"
deploy "$scratch/f-a" "$f"
like "$status $stderr" "^2 .*'$f/tftp/pxelinux.cfg' on the server is not netrescue's" 'a menu of the site is in the way'
rmdir "$f/tftp/pxelinux.cfg"
echo theirs >"$f/tftp/pxelinux.0"
deploy "$scratch/f-a" "$f"
like "$status $stderr" "^2 .*'$f/tftp/pxelinux.0' on the server is not netrescue's" 'so is a loader of the site'
rm "$f/tftp/pxelinux.0"
deploy "$scratch/f-a" "$f"
like "$status $stderr" "^2 .*'$f/one' is on the server already" 'a directory without marker is not touched'
is "$(find "$f" | sort)" "$f
$f/one
$f/one/important
$f/tftp" 'and nothing was changed'
exits 0 'unless it is adopted' "$NETRESCUE" deploy --adopt "$scratch/f-a" "$f"

n=$scratch/names
result "$scratch/n-g" g-tools "$a" "$n"
result "$scratch/n-c" current "$a" "$n"
result "$scratch/n-t" tftp "$a" "$n"
"$NETRESCUE" deploy "$scratch/n-g" "$n" >/dev/null 2>&1
exits 0 'a recipe that is called like a generation of the menu' "$NETRESCUE" deploy "$scratch/n-g" "$n"
is "$(menu "$n" | sed -n 1p)" "g-tools.rescue 0 - $a" 'keeps its entries'
exits 2 'one that is called like the link to the menu is refused' "$NETRESCUE" deploy "$scratch/n-c" "$n"
exits 2 'so is one that is called like the TFTP root' "$NETRESCUE" deploy "$scratch/n-t" "$n"

deploy "$scratch/f-a" "$scratch/elsewhere"
like "$status $stderr" "^2 .*boots from $f/one on its server" 'the path is the one that the image boots from'
mkdir "$scratch/wrapper"
cat >"$scratch/wrapper/rsync" <<.
#!/bin/sh
$(command -v rsync) "\$@" && for last; do :; done && echo changed >>"\$last/tftp/pxelinux.0"
.
chmod +x "$scratch/wrapper/rsync"
PATH=$scratch/wrapper:$PATH deploy "$scratch/one-c" "$s"
like "$status $stderr" '^1 .*what arrived is not what was sent: tftp/pxelinux.0: FAILED' 'a file that changes on the way is found'
exits 0 'and sent once more' "$NETRESCUE" deploy "$scratch/one-c" "$s"
echo x >>"$scratch/one-c/tftp/pxelinux.0"
exits 3 'a damaged result is not deployed' "$NETRESCUE" deploy "$scratch/one-c" "$s"

# small OPTIONS: a small file system in the place of a server's root
small() {
	unshare -m bash -c 'mkdir -p "$2" && mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && "$@" && true' \
		bash "$@" >"$scratch/small.out" 2>&1
}
t=$scratch/tmpfs
result "$scratch/t-a" one "$a" "$t" files=900
small size=500k "$t" "$NETRESCUE" deploy "$scratch/t-a" "$t"
like "$(<"$scratch/small.out")" 'too little space: .* are needed, .* are free' 'a full disk is said before anything moves'
small size=20m,nr_inodes=400 "$t" "$NETRESCUE" deploy "$scratch/t-a" "$t"
like "$(<"$scratch/small.out")" 'too few inodes: [0-9]+ are needed' 'so is one without inodes'
small size=2m "$t" bash -c '"$NETRESCUE" deploy "$1" "$2"; find "$2" -name "*$3"' bash "$scratch/t-a" "$t" "$a"
like "$(<"$scratch/small.out")" 'cannot unpack the root file system .*No space left on device' \
	'one that fills on the way is said with the reason'
unlike "$(<"$scratch/small.out")" "$t/one/[^:]*$a" 'and nothing stays of the root'

mkdir -p "$scratch/etab/var/lib/nfs"
printf '%s\t192.0.2.0/24(ro,sync,wdelay,hide,no_subtree_check,sec=sys,secure,root_squash,no_all_squash)\n' "$f/one" \
	>"$scratch/etab/var/lib/nfs/etab"
NETRESCUE_TEST_NFS=$scratch/etab deploy "$scratch/f-a" "$f"
like "$status $stderr" "^2 .*exports '$f/one' with root_squash" 'an export that squashes root is refused'

# ---- another machine -----------------------------------------------------------------------------------------------

r=$scratch/remote
ssh-keygen -q -t ed25519 -N '' -f "$scratch/host"
ssh-keygen -q -t ed25519 -N '' -f "$scratch/user"
cp "$scratch/user.pub" "$scratch/authorized"
chmod 755 "$scratch"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$scratch/sshd_config" <<.
Port $port
ListenAddress 127.0.0.1
HostKey $scratch/host
AuthorizedKeysFile $scratch/authorized
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
AcceptEnv NETRESCUE_*
PermitUserEnvironment yes
.
cat >"$scratch/ssh_config" <<.
Host boot
	HostName 127.0.0.1
	HostKeyAlias boot
	Port $port
	User root
	IdentityFile $scratch/user
	IdentitiesOnly yes
	UserKnownHostsFile $scratch/known
	GlobalKnownHostsFile none
	StrictHostKeyChecking yes
	BatchMode yes
	SendEnv NETRESCUE_*
.
echo "boot $(<"$scratch/host.pub")" >"$scratch/known"
# With a /run and a user of its own, so that nothing of this machine is touched.
cp /etc/passwd "$scratch/passwd"
cp /etc/shadow "$scratch/shadow"
echo "deployer:x:61234:61234::/tmp:/bin/sh" >>"$scratch/passwd"
echo 'deployer:*:19000:0:99999:7:::' >>"$scratch/shadow"
mkdir "$scratch/sudoers.d"
echo 'deployer ALL=(ALL) NOPASSWD: ALL' >"$scratch/sudoers.d/deployer"
chmod 440 "$scratch/sudoers.d/deployer"
unshare -m bash -c 'mount -t tmpfs tmpfs /run && mkdir /run/sshd && mount --bind "$2/passwd" /etc/passwd &&
	mount --bind "$2/shadow" /etc/shadow && { [[ ! -d /etc/sudoers.d ]] || mount --bind "$2/sudoers.d" /etc/sudoers.d; } &&
	exec "$1" -D -e -f "$2/sshd_config"' bash "$sshd" "$scratch" >"$scratch/sshd.log" 2>&1 &
at_exit kill $!
for ((i = 0; i < 100; i++)); do
	ssh -F "$scratch/ssh_config" boot true 2>/dev/null && break
	sleep 0.1
done
ssh=(--ssh "ssh -F $scratch/ssh_config")

result "$scratch/r-a" one "$a" "$r"
result "$scratch/r-b" one "$b" "$r" loader=new
exits 0 'by ssh: a result is deployed' "$NETRESCUE" deploy "${ssh[@]}" "$scratch/r-a" "boot:$r"
is "$(menu "$r" | sed -n 1p)" "one.rescue 0 - $a" 'and in the menu'
like "$(getcap -r "$r/one")" 'cap_net_raw=ep' 'with its capabilities'
NETRESCUE_FAULT=kernel deploy "${ssh[@]}" "$scratch/r-b" "boot:$r"
like "$status $stderr" '^4 .*the connection to boot ended' 'a lost connection is said'
is "$(menu "$r" | sed -n 1p)" "one.rescue 0 - $a" 'and clients see the old state'
exits 0 'a rerun finishes it' "$NETRESCUE" deploy "${ssh[@]}" "$scratch/r-b" "boot:$r"
exits 0 'rollback by ssh' "$NETRESCUE" rollback "${ssh[@]}" "boot:$r"
exits 0 'list by ssh' "$NETRESCUE" list "${ssh[@]}" "boot:$r"
like "$stdout" "one/$a  first" 'shows it'

mkdir "$scratch/bin"
ln -s /usr/bin/* "$scratch/bin"
rm "$scratch/bin/rsync" "$scratch/bin/zstd"
echo "environment=\"PATH=$scratch/bin\" $(<"$scratch/user.pub")" >"$scratch/authorized"
deploy "${ssh[@]}" "$scratch/r-b" "boot:$r"
cp "$scratch/user.pub" "$scratch/authorized"
like "$status $stderr" '^2 .*the server has no rsync zstd' 'a server without rsync and zstd is told what it lacks'
if [[ -x $(command -v sudo) && -d /etc/sudoers.d ]]; then
	rm -rf "${r:?}"
	exits 0 'an ordinary user with sudo deploys' \
		"$NETRESCUE" deploy "${ssh[@]}" "$scratch/r-a" "deployer@boot:$r"
	is "$(menu "$r" | sed -n 1p) $(stat -c %U "$r/one/$a/etc/version")" "one.rescue 0 - $a root" 'as root'
	rm "$scratch/sudoers.d/deployer"
	deploy "${ssh[@]}" "$scratch/r-b" "deployer@boot:$r"
	like "$status $stderr" '^1 .*sudo asks for a password' 'without sudo the user is told so'
else
	skip 3 'no sudo'
fi
ssh-keygen -q -t ed25519 -N '' -f "$scratch/wrong"
echo "boot $(<"$scratch/wrong.pub")" >"$scratch/known"
deploy "${ssh[@]}" "$scratch/r-b" "boot:$r"
like "$status $stderr" 'HOST IDENTIFICATION HAS CHANGED' 'a wrong host key ends it, as ssh says'
is "$status" 4 'as a connection that failed'
