#!/bin/bash
# SPDX-License-Identifier: MIT
# However a build in an appliance ends, in whatever step: no machine and no disk of it stays, and the end is told in words.
. tests/lib/tap.sh
. tests/lib/sandbox.sh
. tests/lib/guestfs.sh
guestfs_need
guestfs_kernel

plan 37

tree "$scratch/tree.tar" sleep dd
export LIBGUESTFS_BACKEND_SETTINGS=force_tcg
store=$scratch/store

# wait_for COMMAND: at most ten minutes, since all is emulated.
wait_for() {
	local i
	for ((i = 0; i < 1200; i++)); do
		eval "$1" >/dev/null 2>&1 && return
		sleep 0.5
	done
	return 1
}

# shellcheck disable=SC2329 # by wait_for
machines() {
	pgrep -f "qemu-system.*$scratch"
}

# begin STEP: a build that has come to where its log holds STEP; sets $main.
begin() {
	printf 'put\t%s\t/\nrun\tsh\t-c\techo asleep; sleep 10000\n' "$scratch/tree.tar" |
		"$driver" "$store" kind=guestfs >"$scratch/log" 2>&1 &
	main=$!
	at_exit kill -KILL "$main"
	wait_for "grep -q '$1' '$scratch/log'" || tap_die "the build does not come to '$1': $(<"$scratch/log")"
}

nothing_stays() {
	wait_for '! machines' && wait_for "[ ! \"\$(ls '$store/tree')\" ]"
}

for step in launching asleep; do
	for signal in TERM KILL; do
		begin "$step"
		kill "-$signal" "$main"
		wait "$main" 2>/dev/null
		is $? $((128 + $(kill -l $signal))) "$step, SIG$signal: ends with its status"
		ok "$step, SIG$signal: nothing stays" nothing_stays
	done
done

begin asleep
kill -KILL "$(machines)"
wait "$main"
is $? 1 'the machine dies in the middle of a command: the build fails'
like "$(<"$scratch/log")" 'cannot go on in the appliance.*hint: .*memory' 'in words, with a way out'
ok 'and nothing stays' nothing_stays

begin asleep
kill -KILL "$(pgrep -P "$main" sandbox-guestfs)"
wait "$main"
is $? 1 'the helper is killed: the build fails'
like "$(<"$scratch/log")" 'the sandbox ended in the middle of its work' 'in words'
ok 'no machine stays' wait_for '! machines'
run "$driver" "$store" kind=guestfs
silent 'and the next build removes what lay in the store' ls "$store/tree"

printf 'put\t%s\t/\nrun\tdd\tif=/dev/zero\tof=/big\tbs=1M\n' "$scratch/tree.tar" >"$scratch/fill"
status=0
"$driver" "$store" kind=guestfs space=1000000 <"$scratch/fill" >"$scratch/log" 2>&1 || status=$?
is "$status" 1 'a full disk inside fails the build'
like "$(<"$scratch/log")" 'No space left on device' 'in words'
ok 'and nothing stays' nothing_stays

# What is ours to write, too: then the reader learns whose disk that is.
head -c 20M /dev/urandom >"$scratch/payload"
tar -C "$scratch" -cf "$scratch/payload.tar" payload
printf 'put\t%s\t/\nrun\tsh\t-c\tdd if=/dev/zero of=/big bs=1M || :\nput\t%s\t/\n' "$scratch/tree.tar" "$scratch/payload.tar" >"$scratch/fill"
status=0
"$driver" "$store" kind=guestfs space=1000000 <"$scratch/fill" >"$scratch/log" 2>&1 || status=$?
is "$status" 1 'nor is anything unpacked there'
like "$(<"$scratch/log")" "No space left on device.*hint: that is the appliance's disk" 'in words of their own'

# The host's disk is full before the appliance's is: what it wrote is lost, and nothing of it may be taken for the tree.
{
	printf 'put\t%s\t/\n' "$scratch/tree.tar"
	printf 'run\tdd\tif=/dev/urandom\tof=/big\tbs=1M\tcount=300\tstatus=none\n'
	printf 'archive\t%s\n' "$scratch/lost.tar"
} >"$scratch/fill"
mkdir "$scratch/small"
status=0
# shellcheck disable=SC2016 # for the shell inside
unshare -m sh -c 'mount -t tmpfs -o size=150m none "$1" && exec "$0" "$1/store" disk kind=guestfs space=1000000' \
	"$driver" "$scratch/small" <"$scratch/fill" >"$scratch/log" 2>&1 || status=$?
is "$status" 1 "the host's disk is full: the build fails"
like "$(<"$scratch/log")" 'lost what was written|Input/output error|No space left' 'in words'
ok 'no machine stays' wait_for '! machines'

# ---- supermin ------------------------------------------------------------------------------------
# An appliance of the test's own, so that it is made anew.
mkdir "$scratch/cache" "$scratch/tmp"
export LIBGUESTFS_CACHEDIR=$scratch/cache TMPDIR=$scratch/tmp
half_made() {
	compgen -G "$scratch/cache/.guestfs-*/appliance.d*"
}
for signal in TERM KILL; do
	begin launching
	wait_for half_made
	kill "-$signal" "$main"
	wait "$main" 2>/dev/null
	ok "supermin, SIG$signal: nothing stays in the store" nothing_stays
	ok 'no half of an appliance either' wait_for '! half_made'
	silent 'nor of its temporary files' ls "$scratch/tmp"
done

begin launching
wait_for half_made
kill -KILL "$(pgrep -P "$main" sandbox-guestfs)"
wait "$main"
is $? 1 'the helper is killed while supermin works: the build fails'
ok 'supermin ends with it' wait_for '! pgrep -f "[s]upermin.*$scratch"'

run env SUPERMIN_MODULES="$scratch/none" "$driver" "$store" kind=guestfs
is "$status" 1 'supermin fails: so does the build'
like "$stderr" 'cannot launch the appliance.*supermin: error: lstat: No such file' 'in its words'
ok 'and nothing stays' nothing_stays

# A machine whose processor stands still, as one that hangs.
cat >"$scratch/stopped" <<'.'
#!/bin/sh
exec qemu-system-x86_64 "$@" -S
.
chmod 755 "$scratch/stopped"
run env LIBGUESTFS_HV="$scratch/stopped" NETRESCUE_APPLIANCE_SECONDS=60 "$driver" "$store" kind=guestfs
is "$status" 1 'an appliance that does not come up: given up'
like "$stderr" 'launching the appliance came to no end in 60 s.*NETRESCUE_APPLIANCE_SECONDS' 'in words'
ok 'and nothing stays' nothing_stays
