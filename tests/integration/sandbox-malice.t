#!/bin/bash
# SPDX-License-Identifier: MIT
# Archives and scripts that mean harm: refused or harmless, and nothing outside the tree changes.
. tests/lib/tap.sh
. tests/lib/sandbox.sh
. tests/lib/malice.sh
need python3 setpriv unshare newuidmap ar

tree "$scratch/tree.tar" cat ls id sleep setsid chmod ln mkfifo "$sandbox_bin/sandbox-escape"

# ---- archives -----------------------------------------------------------------------------------

mkdir "$scratch/host"
echo precious >"$scratch/host/file"
host=$scratch/host

malice_archives "$scratch/bad" "$host" "$scratch/tree.tar"

ways=("${sandbox_ways[0]}")
((EUID == 0)) && ways+=(user-memory)
plan $((2 * ${#malice_cases[@]} + 6 + 15 * ${#ways[@]}))

way=${ways[0]}
state() {
	find "$host" /etc/passwd -printf '%p %m %u %g %s %n %T@ %l\n'
	cat "$host/file"
}
before=$(state)
for line in "${malice_cases[@]}"; do
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
for ((i = 0; i < 600; i++)); do [[ -s $scratch/port ]] && break; sleep 0.1; done
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
