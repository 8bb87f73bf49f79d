#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The lab without a boot: its server is made of this machine's own packages and has no kernel, its client
# is a real QEMU whose processor stands still. What is tested is all around the machines: the server's image in
# the store, the disks, what a signal leaves, what gc keeps.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/state.sh
. tests/lib/facts.sh
need python3 gpg zstd newuidmap qemu-system-x86_64 debugfs e2fsck e2label openssl
plan 91

m=$scratch/m
store=$scratch/store
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"

tiny_new "$m" e2fsprogs
mirror_package "$m" <<'.'
Package: ipxe-qemu
Architecture: all
Files:
 /usr/share/qemu/pxe-virtio.rom 0644 \x55\xaa\x01 made-up boot ROM\n
.
tiny_serve "$m"
tiny_recipe "$scratch/server.yaml" 'packages: [e2fsprogs]'
sed -i -e 's/^name: tiny/name: server/' -e 's/syslinux-common\]/syslinux-common, ipxe-qemu]/' "$scratch/server.yaml"

# An image as it may have come from elsewhere: a manifest and what it speaks of.
image=$scratch/image
mkdir -p "$image/tftp/menu" "$image/server"
cat >"$image/manifest.json" <<-'END'
	{"format": 1, "recipe": "x", "version": "v1", "kernel": "6.1", "rootfs": {"tar-size": 100000},
	 "settings": {"hostname": "x", "init": "systemd", "nfs-path": "/srv/pxe/x", "nfs-access": "ro",
	              "autologin": ["tty1"]},
	 "server": {"address": "192.168.1.1", "netmask": "255.255.255.0", "interface": "eth0",
	            "tftp-root": "/srv/pxe/tftp"},
	 "firmware": ["bios"],
	 "menu": {"entries": [{"kind": "rescue", "label": "rescue", "title": "Rescue", "append": "ro"}]}}
END
echo menu >"$image/tftp/menu/default"
ln -s menu/default "$image/tftp/default"
chmod 600 "$image/tftp/menu/default"
echo dhcpd >"$image/server/dhcpd.conf"

# rootfs CONTENT: owners, modes and capabilities as a root file system has them.
rootfs() {
	python3 - "$1" <<'END' | zstd -q -f -o "$image/rootfs.tar.zst"
import io, sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as t:
    def add(name, mode, uid, gid, content=None, kind=tarfile.REGTYPE, link="", pax=None):
        m = tarfile.TarInfo(name)
        m.mode, m.uid, m.gid, m.type, m.linkname, m.mtime = mode, uid, gid, kind, link, 1700000000
        m.size, m.pax_headers = len(content or b""), pax or {}
        t.addfile(m, io.BytesIO(content or b""))
    add("./", 0o755, 0, 0, kind=tarfile.DIRTYPE)
    add("./home/", 0o2775, 0, 50, kind=tarfile.DIRTYPE)
    add("./home/file", 0o640, 1234, 42, sys.argv[1].encode())
    add("./su", 0o4755, 0, 0, b"su")
    add("./link", 0o777, 0, 0, kind=tarfile.SYMTYPE, link="home/file")
    # vfs_cap_data, revision 2, effective: cap_net_raw (bit 13)
    add("./ping", 0o755, 0, 0, b"ping", pax={"SCHILY.xattr.security.capability":
        "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"})
END
}
rootfs one
describe() { python3 tests/lib/forge.py describe "$image"; }
describe

boot=("$NETRESCUE" boot "$image" --store "$store" --server "$scratch/server.yaml")
online=(--mirror "$MIRROR_URL" --keyring "$m/keyring.gpg")

# ---- a client that does not get far ---------------------------------------------------------------

simple=("${boot[@]}" --simple --check --json --qemu -S)
run "${simple[@]}" "${online[@]}" --timeout 1
is "$status" 5 'a client that does nothing: exit code 5' || diag "$stderr"
like "$stderr" "building the lab's file server" 'the server is built the first time'
like "$stderr" 'error: client 1, bios, phase firmware: no progress for 1 s: .*never asked for an address' \
	'the phase and the cause are told'
logs=$(sed -n 's/.*the logs are in //p' <<<"$stderr")
is "$(ls -d "$TMPDIR"/*)" "$logs" 'and where the logs are'
is "$(cd "$logs" && echo client1.*)" 'client1.console client1.pcap client1.png client1.qemu client1.rom client1.shell' \
	'console, capture, picture, words of QEMU'
rm -rf "$logs"
server=$(readlink -f "$store/lab/server/latest")
ok 'the server is in the store' test -e "$server/server.lock"

for signal in INT TERM KILL; do
	run python3 tests/lib/interrupt.py boot+1.5 "$signal" "${simple[@]}" --offline
	like "$stdout" "status $((128 + $(kill -l $signal)))
" "SIG$signal: exit code" || diag "$stderr"
	like "$stdout" $'after [0-4]\\.[0-9]' "SIG$signal: ends within five seconds"
	unlike "$stdout" 'left ' "SIG$signal: no QEMU stays"
	unlike "$stderr" 'building' "SIG$signal: the server of before"
	if [[ $signal == KILL ]]; then
		ok 'of which there was one' test -e "$(echo "$TMPDIR"/*/client1.console)"
		rm -rf "${TMPDIR:?}"/*
	else
		like "$stderr" "interrupted by SIG$signal" "SIG$signal: says so"
		silent "SIG$signal: no directory stays" ls "$TMPDIR"
	fi
done

run "${simple[@]}" --offline --timeout 1 --logs "$scratch/logs"
ok '--logs: they are there' test -e "$scratch/logs/client1.console"
silent 'and nowhere else' ls "$TMPDIR"

mkdir -m 1777 "$scratch/everybodys"
run "${simple[@]}" --offline --timeout 1 --logs "$scratch/everybodys"
is "$status" 2 "--logs: a directory that others may write to"
like "$stderr" "others may write to '$scratch/everybodys'" 'is not taken, in words'
silent 'and nothing is in it' ls "$scratch/everybodys"

# QEMU's own TFTP server would follow it, and the client could pass it on.
ln -s /etc/shadow "$image/tftp/pxelinux.0"
describe
run "${simple[@]}" --offline --timeout 1
is "$status" 2 'a link out of the image that QEMU would serve'
like "$stderr" "'tftp/pxelinux.0' is a link that leads out of tftp/" 'is refused, in words'
rm "$image/tftp/pxelinux.0"
describe

# A person at a terminal, who is called away: QEMU has made the terminal raw.
cat >"$scratch/person.py" <<'END'
import os, pty, signal, sys, termios, threading, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
def read():
    try:
        while os.read(fd, 4096):
            pass
    except OSError:
        pass
threading.Thread(target=read, daemon=True).start()
before = termios.tcgetattr(fd)
end = time.monotonic() + 60
while termios.tcgetattr(fd) == before and time.monotonic() < end:
    time.sleep(0.05)
raw = termios.tcgetattr(fd) != before
os.kill(pid, signal.SIGTERM)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(f"raw {raw}, status {status}, as before {termios.tcgetattr(fd) == before}")
END
run python3 "$scratch/person.py" "${boot[@]}" --simple --display none --offline --qemu -S
is "$stdout" 'raw True, status 143, as before True' 'SIGTERM beside a terminal: it is as it was' || diag "$stderr"

# ---- disks ---------------------------------------------------------------------------------------

# The server has no kernel, so QEMU ends at once; by then its disks have been made.
with_server() {
	run "${boot[@]}" --check --offline
	is "$status" 5 "$1: the server cannot start"
	like "$stderr" "QEMU, as the lab's server, has ended \(exit status 1\): .*vmlinuz" "$1: in QEMU's words"
	rm -rf "${TMPDIR:?}"/*
}

# disk LABEL: its files. Disks have a gigabyte of room.
disk() {
	local file
	find "$store/sha256" -size +1000M | while read -r file; do
		[[ $(e2label "$file") != "$1" ]] || echo "$file"
	done
}

debug() {
	debugfs -R "$2" "$1" 2>/dev/null
}

# owner FILE: mode, owner and group.
owner() {
	debug "$tree" "stat $1" | tr '\n' ' ' | sed -E 's/.*Mode: *([0-7]+).*User: *([0-9]+) *Group: *([0-9]+).*/\1 \2 \3/'
}

with_server 'the first time'
tree=$(disk pxe-root) data=$(disk pxe-data)
is "$(disk system | wc -l)" 1 'there is a disk with the system of the server'
for file in "$(disk system)" "$tree" "$data"; do
	ok "the file system $(e2label "$file") is sound" e2fsck -fn "$file"
done
is "$(owner /v1)" '0755 0 0' 'the tree lies below its version'
is "$(owner /v1/home)" '02775 0 50' 'directories have owner, group and mode'
is "$(owner /v1/home/file)" '0640 1234 42' 'files too'
is "$(owner /v1/su)" '04755 0 0' 'setuid programs stay so'
is "$(debug "$tree" 'cat /v1/home/file')" one 'content'
like "$(debug "$tree" 'stat /v1/link')" 'Fast link dest: "home/file"' 'links'
is "$(debug "$tree" 'ea_get -x /v1/ping security.capability' | sed -e 's/.*= //' -e 's/ *$//')" \
	'01 00 00 02 00 20 00 00 00 00 00 00 00 00 00 00 00 00 00 00' 'capabilities, as the initial user namespace has them'
is "$(debug "$data" 'cat /tftp/menu/default') $(debug "$data" 'cat /server/dhcpd.conf')" 'menu dhcpd' \
	'TFTP tree and snippets are on a disk of their own'
like "$(debug "$data" 'stat /tftp/menu/default')" 'Mode: *0600' 'with their modes'
like "$(debug "$data" 'stat /tftp/default')" 'Fast link dest: "menu/default"' 'and links'

# A tree that would become more than it says: nothing is made of it.
cp "$image/manifest.json" "$scratch/manifest.json"
sed -i 's/"tar-size": 100000/"tar-size": 100/' "$image/manifest.json"
rootfs bomb
describe
run "${boot[@]}" --check --offline
is "$status" 2 'a tree that is larger than its manifest says'
like "$stderr" "'rootfs.tar.zst' holds more than the 100 bytes" 'is not unpacked'
rootfs one
cp "$scratch/manifest.json" "$image/manifest.json"
describe

before=$(state_of "$store/sha256")
with_server 'the second time'
same_text "$(state_of "$store/sha256")" "$before" 'the same disks are used again'
rootfs two
echo 'dhcpd 2' >"$image/server/dhcpd.conf"
# refused NAME WORDS: nothing is begun
refused() {
	run "${boot[@]}" --check --offline
	is "$status" 3 "$1: refused"
	like "$stderr" "$2" "$1: in words" || diag "$stderr"
	silent "$1: no machine was started" ls "$TMPDIR"
}
refused 'a changed image' "'$image' is damaged: rootfs\\.tar\\.zst is not what its SHA256SUMS says.*hint: .*a damaged result is not booted"
describe
echo >>"$server/server/exports"
refused 'a changed server' 'is damaged: server/exports is not what its SHA256SUMS says.*hint: remove it: .* built again'
sed -i '$d' "$server/server/exports"
rm "$image/x.lock"
sed -i '/x\.lock/d' "$image/SHA256SUMS"
refused 'an image without its lock' 'x\.lock is not what its manifest\.json says'
describe
with_server 'after a change'
is "$(disk system | wc -l) $(disk pxe-root | wc -l) $(disk pxe-data | wc -l)" '1 2 2' 'other content, other disks'

# ---- a store that somebody else has filled ---------------------------------------------------------

data=$(disk pxe-data | xargs ls -t | head -n 1) # the one that was used last
key=$(basename "$(grep -rl "^$(basename "$data")$" "$store/known/disk2")")
forged=$(basename "$tree")
for how in bare theirs ours; do
	fact_forge $how "$store" disk2 "$key" "$forged"
	with_server "$how: a forged disk"
	found=$(fact_value "$store" disk2 "$key")
	[[ $how == ours ]] || is "$([[ $found == "$forged" ]] && echo same) $(e2label "$store/sha256/${found:0:2}/$found")" \
		' pxe-data' "$how: a forged disk: another one is made"
done
is "$found" "$forged" 'though it would be used'
rm "$(fact_file "$store" disk2 "$key")"

# from_elsewhere: boots with a mirror, so that the server can be built.
from_elsewhere() {
	run "${boot[@]}" --check "${online[@]}"
	is "$status" 5 "$1: the server cannot start"
	rm -rf "${TMPDIR:?}"/*
}
NETRESCUE_STORE_KEY=$scratch/none run "${boot[@]}" --check --offline
is "$status" 2 'a key that cannot be read: exit code 2'
like "$stderr" "looking at '$server': NETRESCUE_STORE_KEY: cannot open '$scratch/none'" 'is said' || diag "$stderr"
ok 'and the server stays' test -e "$server/SHA256SUMS"
mv "$server/server.lock" "$scratch/server.lock"
ln -s "$scratch/server.lock" "$server/server.lock"
run "${boot[@]}" --check --offline --keyring "$scratch/none"
like "$stderr" "building the lab's file server" 'a lock that is a link is not read'
mv "$scratch/server.lock" "$server/server.lock"
digest=$(sha256sum <"$server/server.lock")
mv "$(fact_file "$store" result "${digest%% *}")" "$scratch/fact"
run flock "${server%/*}" timeout --preserve-status -s INT 2 "${boot[@]}" --check --offline
is "$status $(ls "$server/SHA256SUMS")" "130 $server/SHA256SUMS" 'without the lock of its directory no server is removed'
mv "$scratch/fact" "$(fact_file "$store" result "${digest%% *}")"
cp "$server/tftp/pxelinux.0" "$scratch/pxelinux.0"
for how in theirs ours; do
	echo evil >>"$server/tftp/pxelinux.0"
	python3 tests/lib/forge.py all "$server"
	sums=$(sha256sum <"$server/SHA256SUMS")
	fact_forge $how "$store" result "${digest%% *}" "${sums%% *}"
	from_elsewhere "$how: a forged server"
	[[ $how == ours ]] && continue
	like "$stderr" "proves that '$server' was built here: it is removed" "$how: a forged server: is not used"
	ok "$how: a forged server: built again" cmp "$server/tftp/pxelinux.0" "$scratch/pxelinux.0"
done
unlike "$stderr" 'built here' 'though it would be'
rm -r "$server"
from_elsewhere 'without a server'

# ---- what gc keeps ---------------------------------------------------------------------------------

find "$store" -exec touch -h -d '2 days ago' {} +
run "$NETRESCUE" gc --store "$store" --out "$scratch/none"
is "$status" 2 "the lab's lock alone does not permit gc: --out may be wrong" || diag "$stdout"
mkdir "$scratch/none"
cp "$server/server.lock" "$scratch/none"
sed -i '/^Package: ipxe-qemu$/,/^$/d' "$scratch/none/server.lock"
sum=$(sed -n '/^$/,$p' "$scratch/none/server.lock" | sha256sum)
sed -i "s/^Packages-SHA256: .*/Packages-SHA256: ${sum%% *}/" "$scratch/none/server.lock"
run "$NETRESCUE" gc --store "$store" --out "$scratch/none"
is "$status" 0 'gc' || diag "$stderr"
is "$(disk pxe-root)$(disk pxe-data)$(disk system)" '' 'old disks go'
run "${simple[@]}" --offline --timeout 1
like "$stderr" 'phase firmware' "what the lab's server needs stays" || diag "$stderr"
unlike "$stderr" 'building' 'and nothing is built'

rm "$store/sha256"/*/"$(awk '/^Package: ipxe-qemu$/, /^SHA256:/ { sha = $2 } END { print sha }' RS='\n' "$server/server.lock")"
run "${simple[@]}" "${online[@]}" --timeout 1
like "$stderr" 'building' "a lost package of the client's firmware: built again"
like "$stderr" 'phase firmware' 'and it boots as before' || diag "$stderr"
