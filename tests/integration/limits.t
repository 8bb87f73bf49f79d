#!/bin/bash
# SPDX-License-Identifier: MIT
# Scripts that take more than they may, or never end: each is ended within seconds, and the error names the
# limit, the package, and what to do. The limits are small ones of the test's own.
. tests/lib/tap.sh
. tests/lib/sandbox.sh
need perl dpkg newuidmap

# script NAME: a package of that name that only has to be configured; its postinst is on stdin.
root=$scratch/tree.made
mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers}
script() {
	local postinst=$root/var/lib/dpkg/info/$1.postinst
	{ echo '#!/bin/sh'; cat; } >"$postinst"
	chmod 755 "$postinst"
	touch "${postinst%.postinst}.list"
	printf '%s\n' "Package: $1" 'Status: install ok unpacked' 'Version: 1' 'Architecture: all' \
		'Maintainer: x' 'Description: x' '' >>"$root/var/lib/dpkg/status"
}
script eater <<<'perl -e "\$x = q(x) x (400 << 20); sleep 60"'
# Ids that fill more of /proc/PID/status than was once read. $n, so that perl does not make $x beforehand.
script groups <<<'perl -e "\$) = q(0 ) . join(q( ), 1 .. 2000); \$n = 400 << 20; \$x = q(x) x \$n; sleep 60"'
script bomb <<<'b() { b | b & }; b; sleep 60'
script perl <<<'perl -e "while (1) { fork; }"'
script daemon <<<'setsid perl -e "\$x = q(x) x (400 << 20); sleep 60" & sleep 60'
script shm <<<"perl -e '\$i = shmget 0, 400 << 20, 01600; shmwrite \$i, q(x) x (50 << 20), \$_ * (50 << 20), 50 << 20 for 0 .. 7; sleep 60'"
script files <<<'i=0; while : >/var/f$i; do i=$((i + 1)); done'
script filler <<<'cat /dev/zero >/var/x; exit 3'
script both <<<'head -c 400000000 /dev/zero >/var/x; perl -e "\$x = q(x) x (200 << 20); sleep 60"'
script quiet <<<'sleep 60'
script chatty <<<'while :; do echo still here; sleep 0.2; done'
script slow <<<'sleep 1.5'
mv "$root" "$scratch/packages"
tree "$scratch/bare.tar" cat cp dpkg dpkg-query head perl rm setsid sleep
cp -R "$scratch/packages/var/lib" "$root/var/"
tar -C "$root" --owner=0 --group=0 --numeric-owner -cf "$scratch/tree.tar" .

ways=("${sandbox_ways[0]}" "${sandbox_ways[-1]}")
plan $((4 * 7 * ${#ways[@]} + 29))

# configure WAY NAME [LIMIT…]: sets status, stdout and stderr, and seconds.
configure() {
	local way=$1 name=$2 begin=$SECONDS
	shift 2
	sandbox "$way" "$@" <<-END
		put $scratch/tree.tar /
		run dpkg --force-bad-path --configure $name
	END
	seconds=$((SECONDS - begin))
}
# ended NAME LIMIT MESSAGE HINT: that error, soon.
ended() {
	is "$status" 1 "$way: $1: the build fails"
	like "$stderr" "error: $3" "$way: $1: the error names limit and script"
	like "$stderr" "hint: .*$4" "$way: $1: and what to do"
	ok "$way: $1: within seconds" test "$seconds" -lt 20
}

# Before the next line, since our own limit is one of the scripts', too.
most=$(ulimit -Hu)
if [[ $most == unlimited ]] || ((most > 8192)); then most=8192; fi
sandbox "${ways[0]}" <<-END
	put $scratch/bare.tar /
	run cat /proc/self/limits
END
like "$stdout" "Max processes +$most +$most " 'scripts see the same limit of processes on every machine'
# Should the sandbox not hold a script, this does.
((EUID == 0)) && ulimit -u 3000

for way in "${ways[@]}"; do
	configure "$way" eater memory=200000000 space=1
	ended eater memory "the postinst of package 'eater' takes more memory than the sandbox may have, 191 MiB: its largest process has [0-9]+ MiB, all processes have [0-9]+ MiB" \
		'--memory SIZE permits more'
	configure "$way" groups memory=200000000
	ended 'many groups' memory "the postinst of package 'groups' takes more memory .*: its largest process has" '--memory SIZE'
	configure "$way" bomb processes=100
	ended bomb processes "the postinst of package 'bomb' starts more processes than the sandbox may have, 100" \
		'NETRESCUE_SANDBOX_PROCESSES=N permits more'
	configure "$way" perl processes=100
	ended perl processes "the postinst of package 'perl' starts more processes than" 'NETRESCUE_SANDBOX_PROCESSES=N'
	configure "$way" daemon memory=200000000
	ended 'a daemon' memory "the postinst of package 'daemon' takes more memory" '--memory SIZE'
	configure "$way" shm memory=200000000
	ended 'System V' memory "the postinst of package 'shm' takes more memory" '--memory SIZE'
	configure "$way" chatty timeout=2
	ended chatty time "the postinst of package 'chatty' has run for 2 s, its limit, and was ended" '--script-timeout DURATION gives it more time'
done

# ---- the tree in memory -------------------------------------------------------------------------

way=${ways[0]%-*}-memory
configure "$way" files files=2000
is "$status" 1 'a tree of too many files fails the build'
like "$stderr" "error: the tree has 2000 files, as many as its file system in memory may hold, while the (postinst of package 'files'|command 'dpkg .* files') runs" \
	'in words, not as a full disk'
like "$stderr" 'hint: with NETRESCUE_TREE=disk the tree lies in the store; --memory SIZE permits more in memory' 'with the way out'
mkdir "$scratch/many"
touch "$scratch"/many/f{1..1000}
tar -C "$scratch" -cf "$scratch/many.tar" many
sandbox "$way" files=1000 <<-END
	put $scratch/many.tar /
END
is "$status" 1 'so it is while packages are unpacked'
like "$stderr" "No space left on device.*hint: the tree's file system in memory has as many files as it may hold: with NETRESCUE_TREE=disk" \
	'of which the hint says what kind of space'
configure "$way" filler memory=650000000 space=1
is "$status" 1 'a tree that fills memory fails the build'
like "$stderr" "error: (the (postinst of package 'filler'|command 'dpkg .* filler') takes more memory than the sandbox may have, 620 MiB|the tree has filled its file system in memory, 6[0-9][0-9] MiB)" \
	'and the error says so'
like "$stderr" 'hint: .*NETRESCUE_TREE=disk' 'with the way out'
configure "$way" both memory=650000000 space=1
like "$stderr" "error: the postinst of package 'both' takes more memory .*, and the tree in memory [34][0-9][0-9] MiB" \
	'tree and processes share one limit'

# ---- what does not count ------------------------------------------------------------------------

way=${ways[0]}
sandbox "$way" memory=150000000 <<-END
	put $scratch/bare.tar /
	run perl -e \$x=q(x)x(30<<20);for(1..3){fork}select(undef,undef,undef,1)
END
is "$status" 0 'memory that forked processes share counts once' || diag "$stderr"
sandbox "$way" timeout=3 <<-END
	put $scratch/bare.tar /
	run sleep 2
	run sleep 2
END
is "$status" 0 'a timeout is of one command, not of all together' || diag "$stderr"
sandbox "$way" timeout=3 <<-END
	put $scratch/tree.tar /
	run sh -c cd~/var/lib/dpkg/info;cp~-p~slow.postinst~quiet.postinst;cp~-p~slow.postinst~shm.postinst
	run dpkg --force-bad-path --configure quiet shm slow
END
is "$status" 0 'nor of all scripts that one dpkg runs' || diag "$stderr"

# ---- silence ------------------------------------------------------------------------------------

configure "$way" quiet silence=1 timeout=3
is "$(grep -c "warning: the postinst of package 'quiet' has said nothing for" <<<"$stderr")" 2 \
	'silence is told after a second, and after two'
like "$stderr" 'has said nothing for 1 s; Ctrl-C ends the build, and with --script-timeout DURATION such a script ends by itself' \
	'with what to do'
like "$stderr" "error: the postinst of package 'quiet' has run for 3 s" 'until the script is ended'
configure "$way" chatty silence=1 timeout=3
unlike "$stderr" 'said nothing' 'a script that talks gets no warning'

# ---- the kernel's limits ------------------------------------------------------------------------

sandbox "$way" <<-END
	put $scratch/bare.tar /
	run sh -c ulimit~-c~0;cat~/proc/self/limits~/proc/self/oom_score_adj
	run sh -c head~-c~60000000~/dev/zero>/dev/shm/x
	may-fail sh -c head~-c~70000000~/dev/zero>/dev/shm/x
END
is "$status" 0 'the limits of a script' || diag "$stderr"
like "$stdout" 'Max core file size +1 +1 ' 'no core dump, nor one for a program of the host, and the script cannot change that'
like "$stdout" 'Max pending signals +4096 +4096 ' 'no pile of signals'
like "$stdout" 'Max msgqueue size +819200 +819200 ' 'small message queues'
like "$stdout" $'\n1000\n' 'the kernel takes its memory before that of others'
like "$stdout" 'No space left on device' '/dev/shm has 64 MiB'

# ---- options; integration/pipeline.t has a whole build with them ---------------------------------

for option in --memory=5X --memory=1M --script-timeout=0 --script-timeout=soon; do
	run "$NETRESCUE" build "$option" no-such-recipe
	is "$status:$(grep -c "option ${option%=*}: '${option#*=}'" <<<"$stderr")" 2:1 "$option is refused"
done
run "$NETRESCUE" verify --memory 5X "$scratch"
like "$status:$stderr" "^2:.*option --memory: '5X' is not a size of at least 16M.*such as 512M or 4G" 'by verify, too'
NETRESCUE_SANDBOX_PROCESSES=many run "$NETRESCUE" build no-such-recipe
like "$status:$stderr" "^2:.*NETRESCUE_SANDBOX_PROCESSES: 'many' is not a number" 'and so is nonsense in the environment'
