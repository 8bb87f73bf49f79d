#!/bin/bash
# SPDX-License-Identifier: MIT
# Archives and scripts that mean harm: refused or harmless, and nothing outside the tree changes.
. tests/lib/tap.sh
. tests/lib/sandbox.sh
need python3 setpriv unshare newuidmap ar

tree "$scratch/tree.tar" cat ls id sleep setsid chmod ln mkfifo "$sandbox_bin/sandbox-escape"

# ---- archives -----------------------------------------------------------------------------------

mkdir "$scratch/host" "$scratch/bad"
echo precious >"$scratch/host/file"
host=$scratch/host

# name, tab, python that adds entries with add(NAME, TYPE, DATA, field=value…), tab, regex of the message, or
# `harmless` if it is to be accepted.
cases="climb	add('../escape', data=b'x')	holds '../escape', a name that leads out
climb-inside	add('a/b/../../../escape', data=b'x')	a name that leads out of the tree: refused
absolute	add('$host/new', data=b'x')	a name that leads out of the tree: refused
absolute-dir	add('/etc', DIR)	a name that leads out of the tree: refused
link-out	add('out', SYM, linkname='$host'); add('out/file', data=b'evil')	cannot unpack 'out/file'
link-up	add('up', SYM, linkname='../../../../../..$host'); add('up/file', data=b'evil')	cannot unpack 'up/file'
link-replaced	add('etc/x', SYM, linkname='$host/file'); add('etc/x', data=b'evil')	harmless
hard-absolute	add('h', LNK, linkname='/etc/passwd')	a hard link that leads out: refused
hard-climb	add('h', LNK, linkname='../..$host/file')	a hard link that leads out: refused
hard-host	add('h', LNK, linkname='${host#/}/file')	cannot unpack 'h'
hard-through-link	add('out', SYM, linkname='$host'); add('h', LNK, linkname='out/file')	cannot unpack 'h'
hard-directory	add('h', LNK, linkname='etc')	a hard link to something that is no file
hard-device	add('h', LNK, linkname='dev/null')	leads out of the tree
block	add('disk', BLK, devmajor=8)	holds 'disk', a device node, fifo or socket: refused
character	add('mem', CHR, devmajor=1, devminor=1)	a device node, fifo or socket: refused
fifo	add('fifo', FIFO)	a device node, fifo or socket: refused
dev	add('dev/sda', data=b'x')	holds 'dev/sda', which leads out of the tree
proc	add('proc/sysrq-trigger', data=b'b')	leads out of the tree
proc-through-link	add('p', SYM, linkname='proc/self'); add('p/mem', data=b'x')	leads out of the tree
magic-link	add('r', SYM, linkname='/proc/1/root'); add('r/x', data=b'x')	leads out of the tree
scratch	add('.netrescue/x', data=b'x')	leads out of the tree
huge	add('huge', size=10<<30)	holds 'huge', a file of more than 4 GiB: refused
file-over-directory	add('etc', data=b'x')	cannot unpack 'etc'
below-file	add('etc/passwd/x', data=b'x')	cannot unpack 'etc/passwd/x'
link-loop	add('l', SYM, linkname='l'); add('l/x', data=b'x')	cannot unpack 'l/x'
acl-by-name	add('a', pax_headers={'SCHILY.acl.access': 'user::rw-,user:who:rwx,group::r--,mask::rwx,other::---'})	cannot unpack 'a'
empty-name	add('', data=b'x')	holds '', a name that leads out of the tree: refused"

python3 - "$scratch/bad" 3<<<"$cases" <<-'END'
	import io, os, sys, tarfile
	DIR, SYM, LNK = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
	BLK, CHR, FIFO = tarfile.BLKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE
	for line in os.fdopen(3):
	    name, code, _ = line.rstrip("\n").split("\t")
	    t = tarfile.open(f"{sys.argv[1]}/{name}.tar", "w", format=tarfile.PAX_FORMAT)
	    def add(name, type=tarfile.REGTYPE, data=b"", **k):
	        i = tarfile.TarInfo(name); i.type = type; i.size = len(data); i.mode = 0o755
	        for key, value in k.items(): setattr(i, key, value)
	        if "size" in k:
	            t.fileobj.write(i.tobuf(tarfile.PAX_FORMAT)); return
	        t.addfile(i, io.BytesIO(data))
	    exec(code)
	    t.close()
END
truncate -s 10G "$scratch/bad/sparse"
tar -C "$scratch/bad" -S -cf "$scratch/bad/sparse.tar" sparse
tar -C "$scratch/bad" -S --format=pax -cf "$scratch/bad/sparse-pax.tar" sparse
rm "$scratch/bad/sparse"
cases+="
sparse		holds 'sparse', a file of more than 4 GiB: refused
sparse-pax		a file of more than 4 GiB: refused
truncated		of 'archive': Truncated tar archive
garbage		archive: Unrecognized archive format"
head -c 15000 "$scratch/tree.tar" >"$scratch/bad/truncated.tar"
head -c 20000 "$(command -v ls)" >"$scratch/bad/garbage.tar"

mapfile -t case_list <<<"$cases"
ways=("${sandbox_ways[0]}")
((EUID == 0)) && ways+=(user-memory)
plan $((2 * ${#case_list[@]} + 6 + 15 * ${#ways[@]}))

way=${ways[0]}
state() {
	find "$host" /etc/passwd -printf '%p %m %u %g %s %n %T@ %l\n'
	cat "$host/file"
}
before=$(state)
for line in "${case_list[@]}"; do
	IFS=$'\t' read -r name _ message <<<"${line//$'\t\t'/$'\t-\t'}"
	sandbox "$way" <<-END
		put $scratch/tree.tar /
		put $scratch/bad/$name.tar /
	END
	if [[ $message == harmless ]]; then
		is "$status:$stderr" 0: "$name: harmless"
	else
		like "$status:$stderr" "^1:.*$message" "$name: $message"
	fi
	same_text "$(state)" "$before" "$name: the host is as before"
done

# As the data of a .deb.
(
	cd "$scratch/bad" && echo 2.0 >debian-binary && tar -cf control.tar debian-binary &&
		for name in climb link-out block sparse; do
			cp "$name.tar" data.tar
			ar rcD "$name.deb" debian-binary control.tar data.tar
		done
	tar -cf debs.tar ./*.deb
)
while IFS=$'\t' read -r name message; do
	sandbox "$way" <<-END
		put $scratch/tree.tar /
		put $scratch/bad/debs.tar /.netrescue
		extract 2 /.netrescue/$name.deb
	END
	like "$status:$stderr" "^1:.*$message" "$name.deb: $message"
done <<-END
	climb	'/.netrescue/climb.deb' holds '../escape', a name that leads out of the tree: refused
	link-out	cannot unpack 'out/file' of '/.netrescue/link-out.deb'
	block	'/.netrescue/block.deb' holds 'disk', a device node, fifo or socket: refused
	sparse	'/.netrescue/sparse.deb' holds 'sparse', a file of more than 4 GiB: refused
END
same_text "$(state)" "$before" 'the host is as before'

# ---- scripts ------------------------------------------------------------------------------------

python3 - "$scratch/port" <<-'END' &
	import socket, sys
	t = socket.create_server(("127.0.0.1", 0))
	u = socket.socket(socket.AF_UNIX); u.bind("\0netrescue-test-%d" % t.getsockname()[1]); u.listen()
	open(sys.argv[1], "w").write("%d\n" % t.getsockname()[1])
	t.settimeout(600)
	t.accept()
END
at_exit kill $!
for ((i = 0; i < 100; i++)); do [[ -s $scratch/port ]] && break; sleep 0.1; done
port=$(<"$scratch/port")
sleep 600 &
bystander=$!
at_exit kill "$bystander"

# The hostile program is no sham: in bare namespaces, without our filter and mounts, much works.
run sandbox_as user-memory unshare -Urpf --mount-proc "$sandbox_bin/sandbox-escape" "$port" \
	"netrescue-test-$port"
like "$stdout" 'worked: unshare.*worked: open /proc/sys/' 'control: in other namespaces it succeeds'

for way in "${ways[@]}"; do
	sandbox "$way" <<-END
		put $scratch/tree.tar /
		may-fail sandbox-escape $port netrescue-test-$port
		run sh -c echo~alive
	END
	is "$status" 0 "$way: the hostile program runs" || diag "$stderr"
	unlike "$stdout" 'worked:' "$way: all it tried was refused"
	like "$stdout" $'status 0\nalive' "$way: and the sandbox lives on"

	sandbox "$way" <<-END
		put $scratch/tree.tar /
		may-fail sh -c cat~$host/file;ls~$host;ls~/sys;echo~x>/proc/sys/vm/swappiness
		may-fail sh -c kill~-9~$bystander;kill~-9~1;kill~-TERM~1;cat~/proc/$bystander/cmdline
		run sh -c echo~still;ls~/proc/self/fd
		may-fail sh -c kill~-9~-1
		run sh -c echo~even~now
	END
	is "$status" 0 "$way: scripts that reach for the host end, the sandbox does not"
	unlike "$stdout" 'precious' "$way: the host's files are not there"
	like "$stdout" $'still\n.*even now' "$way: nor can it be killed from inside"
	ok "$way: a process of the host lives" kill -0 "$bystander"

	sandbox "$way" <<-END
		put $scratch/tree.tar /
		run sh -c setsid~sh~-c~'trap~""~TERM~HUP;~sleep~54321'~&~sleep~12345~&~echo~left
		run sh -c for~p~in~/proc/[0-9]*/cmdline;do~cat~\$p;echo;done
	END
	like_all "$stdout" "$way: a script may leave daemons behind" $'\nleft\n' 'for p in /proc/'
	unlike "$stdout" '54321|12345' "$way: but none lives on"

	sandbox "$way" <<-END
		put $scratch/tree.tar /
		write /dev/null.new 0644 x
		may-fail sh -c ln~-s~$host~/out;echo~evil>/out/file;cat~/out/file
		write /out/file 0644 evil
	END
	like "$stderr" "cannot write '/out/file'" "$way: a write through a link out"

	# The driver's log is its standard output.
	sandbox "$way" <<-END
		put $scratch/tree.tar /
		run sh -c printf~'\033]0;owned\007\033[2Jred\tx\r\nnetrescue:~\233signed\n'
		run sh -c printf~'\033[2Jlast~words\n';exit~1
	END
	is "${stdout#*$'\n'}" $'\\x1b]0;owned\\x07\\x1b[2Jred\tx\nnetrescue: \\x9bsigned\n\\x1b[2Jlast words' \
		"$way: what a script says to a terminal is only words in the log"
	like "$stderr" $'it said:\n  .x1b.2Jlast words' "$way: and in the error that quotes it"

	sandbox "$way" <<-END
		put $scratch/tree.tar /
		run mkfifo /tmp/out
		feed x /tmp/out cat
	END
	like "$status:$stderr" "^1:.*cannot write '/tmp/out'" "$way: a pipe where a command's output goes is not waited for"
	# Some of these descriptors are directories of the helper's own, beside the tree.
	sandbox "$way" <<-END
		put $scratch/tree.tar /
		run sh -c for~i~in~3~4~5~6~7~8~9;do~ln~-s~/proc/self/fd/\$i/..~/var/b\$i;done
		sweep remove /var/b*/*
	END
	like "$status:$stderr" "^1:.*cannot remove '/var/b" "$way: what is removed is in the tree"
	same_text "$(state)" "$before" "$way: the host is as before"
done
