#!/bin/bash
# SPDX-License-Identifier: MIT
# Archives and scripts that mean harm, in an appliance: what tests/integration/sandbox-malice.t tries with namespaces is
# refused there as well, by the same words. One appliance is launched, emulated. (An appliance that was taken over:
# tests/unit/test_relay.c.)
. tests/lib/tap.sh
. tests/lib/sandbox.sh
. tests/lib/malice.sh
. tests/lib/guestfs.sh
need python3
guestfs_need
guestfs_kernel

tree "$scratch/tree.tar" cat ls id sleep setsid chmod ln mkfifo "$sandbox_bin/sandbox-escape"
host=$scratch/host
mkdir "$host"
echo precious >"$host/file"
malice_archives "$scratch/bad" "$host" "$scratch/tree.tar"
plan $((${#malice_cases[@]} + 11))

user=$(guestfs_user)
mkdir "$scratch/mine"
((EUID == 0)) && chown "$user" "$scratch/mine"
store=$scratch/mine/store

# One sandbox for all: what an archive leaves is there when the next one comes.
{
	echo "put $scratch/tree.tar /"
	for line in "${malice_cases[@]}"; do
		[[ $line == *$'\t'harmless ]] || printf 'refused '
		echo "put $scratch/bad/${line%%$'\t'*}.tar /"
	done
	# Of which one has cut programs short.
	echo "put $scratch/tree.tar /"
	cat <<-END
		may-fail sandbox-escape 1 nobody
		run sh -c echo~alive
		may-fail sh -c cat~$host/file;ls~/sys;echo~x>/proc/sys/vm/swappiness;kill~-9~1;kill~-9~-1
		run sh -c setsid~sh~-c~'trap~""~TERM~HUP;~sleep~54321'~&~sleep~12345~&~echo~left
		run sh -c echo~processes;for~p~in~/proc/[0-9]*/cmdline;do~cat~\$p;echo;done
		run sh -c ln~-s~$host~/elsewhere
		refused write /elsewhere/file 0644 evil
		run mkfifo /tmp/pipe
		refused feed x /tmp/pipe cat
		run sh -c for~i~in~3~4~5~6~7~8~9;do~ln~-s~/proc/self/fd/\$i/..~/var/b\$i;done
		refused sweep remove /var/b*/*
		run sh -c printf~'\033]0;owned\007\033[2Jred\n'
		run sh -c i=0;while~test~\$i~-lt~3000;do~printf~%8000s~x;i=\$((i+1));done
		run sh -c echo~still~there
		archive $scratch/mine/out.tar
	END
} >"$scratch/requests"
state() {
	find "$host" /etc/passwd -printf '%p %m %u %g %s %n %T@ %l\n'
	cat "$host/file"
}
before=$(state)

export LIBGUESTFS_BACKEND_SETTINGS=force_tcg
status=0
tr ' ~' '\t ' <"$scratch/requests" | guestfs_as "$user" "$driver" "$store" kind=guestfs \
	>"$scratch/.stdout" 2>"$scratch/.stderr" || status=$?
stdout=$(<"$scratch/.stdout")
stderr=$(<"$scratch/.stderr")
is "$status" 0 'the sandbox outlives them all' || diag "$stderr"
same_text "$(state)" "$before" 'the host is as before'

# The answers are in the order of the requests.
mapfile -t answers < <(grep -a '^refused: ' "$scratch/.stdout")
n=0
for line in "${malice_cases[@]}"; do
	IFS=$'\t' read -r name _ message <<<"${line//$'\t\t'/$'\t-\t'}"
	if [[ $message == harmless ]]; then
		pass "$name: harmless, or the answers below would be others"
		continue
	fi
	like "${answers[n]:-}" "$message" "$name: $message"
	n=$((n + 1))
done
like "${answers[n]:-}" "cannot write '/elsewhere/file'" 'a write through a link out'
like "${answers[n + 1]:-}" "cannot write '/tmp/pipe'" "a pipe where a command's output goes is not waited for"
like "${answers[n + 2]:-}" "cannot remove '/var/b" 'what is removed is in the tree'
unlike "$stdout" 'worked:' 'all that the hostile program tried was refused'
like_all "$stdout" 'and it ran' $'\nstatus 0\nalive' $'\nleft\n'
unlike "${stdout#*$'\nprocesses\n'}" '54321|12345' 'nothing that a script leaves behind lives on'
like "$stdout" $'\n\\\\x1b\\]0;owned\\\\x07\\\\x1b\\[2Jred\n' 'what a script says to a terminal is only words in the log'
like "$stderr" 'have written 16 MiB into the log' 'and no more of it than a log may have'
not_ok 'no machine runs on' pgrep -f "qemu-system.*$scratch"
