#!/bin/bash
# SPDX-License-Identifier: MIT
# However a sandbox ends, nothing of it stays; and when it cannot begin, it says why and what to do.
. tests/lib/tap.sh
. tests/lib/sandbox.sh
need python3 setpriv unshare newuidmap

tree "$scratch/tree.tar" sleep
disks=()
for way in "${sandbox_ways[@]}"; do
	[[ $way == *-disk ]] && disks+=("$way")
done
plan $((16 * ${#disks[@]} + 16))

# begin WAY: a sandbox whose command sleeps; sets $main, $keeper and $sleeper.
begin() {
	local way=$1 mark=$RANDOM$RANDOM store as
	sandbox_prefix "$way"
	store=$(sandbox_store "$way")
	mkfifo "$scratch/requests.$mark"
	exec {requests}<>"$scratch/requests.$mark"
	"${as[@]}" "$driver" "$store" disk <&"$requests" >"$scratch/log" 2>&1 &
	main=$!
	at_exit kill -KILL "$main"
	printf 'put\t%s\t/\nrun\tsleep\t%s\n' "$scratch/tree.tar" "$mark" >&"$requests"
	wait_for "pgrep -fx 'sleep $mark'" || tap_die "the sandbox does not come up: $(<"$scratch/log")"
	sleeper=$(pgrep -fx "sleep $mark")
	keeper=$(pgrep -P "$main" sandbox-namesp) || tap_die 'the sandbox has no helper'
	exec {requests}<&-
}

# wait_for COMMAND: at most a minute.
wait_for() {
	local i
	for ((i = 0; i < 600; i++)); do
		eval "$1" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

# gone PID…
gone() {
	local pid
	for pid; do
		wait_for "! kill -0 $pid" || return 1
	done
}

for way in "${disks[@]}"; do
	store=$(sandbox_store "$way")

	begin "$way"
	like "$(ls "$store/tree")" '^[0-9]+\.[0-9a-f]{8}$' "$way: the tree lies in the store"
	kill -KILL "$main"
	wait "$main" 2>/dev/null
	ok "$way, SIGKILL: the command is gone" gone "$sleeper"
	ok "$way, SIGKILL: the helper is gone" gone "$keeper"
	silent "$way, SIGKILL: so is the tree" ls "$store/tree"

	for signal in INT TERM; do
		begin "$way"
		kill "-$signal" "$main"
		wait "$main"
		is $? $((128 + $(kill -l $signal))) "$way, SIG$signal: ends with its status"
		ok "$way, SIG$signal: the command is gone" gone "$sleeper" "$keeper"
		silent "$way, SIG$signal: so is the tree" ls "$store/tree"
	done

	begin "$way"
	kill -KILL "$keeper"
	wait "$main"
	is $? 1 "$way, the helper is killed: the build fails"
	like "$(<"$scratch/log")" 'the sandbox ended in the middle of its work' "$way: in words"
	ok "$way: the command is gone" gone "$sleeper"
	stale=$(ls "$store/tree")
	like "$stale" '.' "$way: the tree had nobody to remove it"
	sandbox "$way" </dev/null
	like "$stderr" "removing the sandbox tree '$stale'" "$way: the next run does"
	silent "$way: and did" ls "$store/tree"
done

# A tree in use is left alone.
way=${disks[0]}
begin "$way"
used=$(ls "$(sandbox_store "$way")/tree")
sandbox "$way" </dev/null
same_text "$(ls "$(sandbox_store "$way")/tree")" "$used" 'a tree in use is left alone'
is "$(stat -c %a "$(sandbox_store "$way")/tree/$used")" 700 'and nobody else gets into it'
kill -KILL "$main"
wait "$main" 2>/dev/null
gone "$sleeper" "$keeper"

# ---- what can be missing ------------------------------------------------------------------------

if ((EUID == 0)); then
	user=$(id -un "$sandbox_nobody")
	sandbox_range=''
	sandbox user-memory </dev/null
	is "$status" 1 'without a range of ids the build fails'
	like "$stderr" "/etc/subuid gives user '$user' no range of 65536 ids" 'naming file and user'
	like "$stderr" "sudo usermod --add-subuids ([0-9]+-[0-9]+) --add-subgids ([0-9]+-[0-9]+) $user" \
		'and the command to run'
	sandbox_range="$user:200000:1000"
	sandbox user-memory </dev/null
	like "$stderr" "no range of 65536 ids" 'a range that is too small is none'
	sandbox_range=$sandbox_nobody:200000:65536
	mkdir "$scratch/no-path"
	run sandbox_as user-memory env PATH="$scratch/no-path" "$driver" "$(sandbox_store user-memory)"
	like "$stderr" "cannot start 'newuidmap'.*hint: sudo apt install uidmap" \
		'without newuidmap the package is named'

	# shellcheck disable=SC2016
	run unshare -m sh -c 'mount -t tmpfs -o size=1m none "$0" && printf "put\t%s\t/\n" "$1" |
		"$2" "$0" disk' "$(sandbox_store root-disk)" "$scratch/tree.tar" "$driver"
	is "$status" 1 'a full disk fails the build'
	like "$stderr" "cannot unpack '.*': No space left on device.*hint: make room" 'in words'

	# A user namespace with all ids, which may have no more of its kind.
	cat >"$scratch/limit.py" <<-'END'
		import ctypes, os, sys
		libc = ctypes.CDLL(None)
		ready, go = os.pipe(), os.pipe()
		pid = os.fork()
		if pid == 0:
		    libc.unshare(0x10000000)
		    os.write(ready[1], b"x"); os.read(go[0], 1)
		    open("/proc/sys/user/max_user_namespaces", "w").write("0")
		    os.set_inheritable(0, True)
		    os.execv(sys.argv[1], sys.argv[1:])
		os.read(ready[0], 1)
		for kind in "uid", "gid":
		    open(f"/proc/{pid}/{kind}_map", "w").write("0 0 4294967295\n")
		os.write(go[1], b"x")
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	run python3 "$scratch/limit.py" "$driver" "$(sandbox_store root-memory)"
	is "$status" 1 'user namespaces that are switched off fail the build'
	like "$stderr" 'hint: sudo sysctl user.max_user_namespaces=15000' 'and the sysctl is named'
	run unshare -U -r "$driver" "$(sandbox_store root-memory)"
	like "$stderr" "no 65536 ids to spare" 'so does a container with too few ids'
else
	skip 10 'only root can take these away'
fi

chmod -x "$sandbox_bin/sandbox-namespace"
sandbox "$way" </dev/null
is "$status" 1 'without the helper program the build fails'
like "$stderr" "cannot find the program 'sandbox-namespace' beside" 'and names it'
printf '#!/bin/sh\nexit 0\n' >"$sandbox_bin/sandbox-namespace"
chmod 755 "$sandbox_bin/sandbox-namespace"
sandbox "$way" </dev/null
is "$status" 1 'a helper that ends at once fails the build'
like "$stderr" 'opening the sandbox: ' 'in words'
