#!/bin/bash
# SPDX-License-Identifier: MIT
# What the sandbox does, and that it does the same as any user, in memory and on disk.
. tests/lib/tap.sh
. tests/lib/sandbox.sh
need python3 setpriv unshare newuidmap getfattr setfattr getfacl setfacl setcap getcap

tree "$scratch/tree.tar" cat ls id uname env chmod chown mkdir ln setcap getcap sleep stat readlink \
	touch sort tr setfattr mkfifo
plan $((54 + 16 * ${#sandbox_ways[@]}))

# What others may do in the directory that holds the store is no part of the image.
for way in "${sandbox_ways[@]}"; do
	setfacl -d -m u:1234:rwx -m m::rwx -m o::rwx "$(sandbox_store "$way")" ||
		tap_die 'TMPDIR has to be on a file system with ACLs'
done

# ---- the same everywhere ------------------------------------------------------------------------

python3 - "$scratch/more.tar" <<-END
	import io, sys, tarfile
	t = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
	def add(name, type=tarfile.REGTYPE, data=b"", **k):
	    i = tarfile.TarInfo(name); i.type = type; i.size = len(data); i.mtime = 1600000000
	    for key, value in k.items(): setattr(i, key, value)
	    t.addfile(i, io.BytesIO(data))
	add("opt", tarfile.DIRTYPE, mode=0o2750, uid=7, gid=1000)
	add("opt/file", data=b"x" * 3000000, mode=0o4751, uid=65533, gid=65535)
	add("opt/hard", tarfile.LNKTYPE, linkname="opt/file")
	add("opt/soft", tarfile.SYMTYPE, linkname="/nowhere", uid=3, gid=4)
	add("opt/" + "n" * 120, data=b"long", mode=0o600)
	add("opt/\u00e4\u00f6", data=b"umlauts", mode=0o644)
	add("opt/acl", data=b"", mode=0o640, pax_headers={
	    "SCHILY.acl.access": "user::rw-,user:33:rwx,group::r--,mask::rwx,other::---",
	    "SCHILY.xattr.trusted.note": "dropped"})
	add("opt/dacl", tarfile.DIRTYPE, mode=0o755, pax_headers={
	    "SCHILY.acl.default": "user::rwx,group::r-x,group:5:rw-,mask::rwx,other::r-x"})
	add("bin/merged", data=b"#!/bin/sh\n", mode=0o755)
	t.close()
END

first=
for way in "${sandbox_ways[@]}"; do
	: >"$scratch/out.tar"
	chmod 666 "$scratch/out.tar"
	sandbox "$way" <<-END
		put $scratch/tree.tar /
		put $scratch/more.tar /
		kernel 6.12.0-test
		run sh -c echo~written>/var/new;touch~/.netrescue/scratch;ln~/var/new~/var/new2
		run sh -c chown~5:6~/var/new;chmod~6755~/var/new;mkdir~/var/closed;chmod~0~/var/closed
		run sh -c touch~/var/closed/in;cat~/bin/cat>/var/cap;setcap~cap_net_raw+ep~/var/cap
		run sh -c uname~-srnvm;id~-u;cat~/proc/sys/kernel/osrelease~/proc/version
		archive $scratch/out.tar
	END
	is "$status" 0 "$way: works" || diag "$stderr"
	[[ $way == *-disk ]] && place='on disk' || place='in memory'
	is "${stdout%%$'\n'*}" "namespace, tree $place" "$way: says where the tree is"
	like "$stdout" 'Linux netrescue 6\.12\.0-test #1 SMP PREEMPT_DYNAMIC Debian x86_64' \
		"$way: uname is the image's"
	digest=$(sha256sum <"$scratch/out.tar")
	like "$stdout" "${digest%% *} $(stat -c %s "$scratch/out.tar")" \
		"$way: the archive has the digest and size that were told"
	is "$digest" "${first:=$digest}" "$way: the archive is the same to the byte"
	: >"$scratch/through"
	chmod 666 "$scratch/through"
	sandbox "$way" <<-END
		put $scratch/tree.tar /
		write /etc/kept 644 kept
		look sh -c echo~changed>/etc/kept||echo~refused;echo~x>/tmp/own;ls~/tmp
		archive $scratch/through sh -c echo~changed>/etc/kept;echo~changed>/new;exec~cat
		read /etc/kept
		exists /new
		exists /tmp/own
	END
	like "$stdout" $'refused\nown\n' "$way: a command that may only look has a /tmp of its own" || diag "$stderr"
	like "$stdout" $'\nkeptno\nno$' "$way: neither it nor a filter changes the tree"

	# The tree as it is, into another sandbox and out of that again.
	for file in snapshot scratch-directory again before.tar out-again.tar; do
		: >"$scratch/$file"
		chmod 666 "$scratch/$file"
	done
	sandbox "$way" <<-END
		put $scratch/tree.tar /
		put $scratch/more.tar /
		run sh -c echo~written>/var/new;ln~/var/new~/var/new2;chown~5:6~/var/new;chmod~6755~/var/new
		run sh -c cat~/bin/cat>/var/cap;setcap~cap_net_raw+ep~/var/cap;mkdir~/var/closed;echo~x>/var/closed/in
		run sh -c ln~-s~x~/var/link;touch~-hd@1400000000.000000001~/var/link;setfattr~-n~user.x~-v~y~/opt
		run sh -c touch~-d@1500000000.123456789~/var/new;touch~-d@-5.5~/opt/file;chmod~1700~/;chown~3:4~/etc
		run sh -c echo~left>/.netrescue/left;chmod~0~/var/closed;touch~-d@1500000000.5~/var/closed~/etc~/opt
		snapshot $scratch/snapshot /
		snapshot $scratch/scratch-directory /.netrescue
		archive $scratch/before.tar
	END
	is "$status" 0 "$way: a tree is taken out as it is" || diag "$stderr"
	sandbox "$way" <<-END
		restore $scratch/snapshot /
		restore $scratch/scratch-directory /.netrescue
		run stat -c %n~%a~%u~%g~%h~%.Y /var/new /var/closed /etc /opt /opt/file / /var/link
		read /.netrescue/left
		snapshot $scratch/again /
		archive $scratch/out-again.tar
	END
	is "$status" 0 "$way: and put back" || diag "$stderr"
	like "$stdout" "/var/new 6755 5 6 2 1500000000\\.123456789
/var/closed 0 0 0 2 1500000000\\.500000000
/etc 755 3 4 . 1500000000\\.500000000
/opt 2750 7 1000 . 1500000000\\.500000000
/opt/file 4751 65533 65535 2 -5\\.500000000
/ 1700 0 0 [0-9]+ [0-9.]+
/var/link 777 0 0 1 1400000000\\.000000001
left" "$way: modes, owners, links and times are as they were, and what lay beside the tree"
	same_files "$scratch/snapshot" "$scratch/again" "$way: taken out again, it is the same to the byte"
	same_files "$scratch/before.tar" "$scratch/out-again.tar" "$way: and so is what a result would have"
done
sandbox "$way" <<-END
	put $scratch/tree.tar /
	run sh -c mkfifo~/var/pipe
	snapshot $scratch/snapshot /
END
is "$status" 1 'a tree with a fifo is not taken out as it is'
like "$stderr" "'/var/pipe', a device node, fifo or socket" 'which is named'

# ---- the archive, as others read it -------------------------------------------------------------

mkdir "$scratch/gnu"
if ((EUID == 0)); then
	ok 'GNU tar unpacks it' tar -C "$scratch/gnu" --xattrs --xattrs-include='*' --acls \
		--numeric-owner -xpf "$scratch/out.tar"
	is "$(cd "$scratch/gnu" && stat -c '%n %a %u %g %Y' opt opt/file opt/soft var/new bin/merged)" \
		"opt 2750 7 1000 1700000000
opt/file 4751 65533 65535 1600000000
opt/soft 777 3 4 1600000000
var/new 6755 5 6 1700000000
bin/merged 755 0 0 1600000000" 'owners, modes and times are right'
	is "$(getfattr -m - "$scratch/gnu/opt/acl" 2>/dev/null | grep -v '^#' | xargs)" \
		'system.posix_acl_access' 'other xattrs are dropped'
	is "$(getfacl -cnp "$scratch/gnu/opt/acl" | xargs)" \
		'user::rw- user:33:rwx group::r-- mask::rwx other::---' 'access ACLs are kept'
	is "$(getfacl -cndp "$scratch/gnu/opt/dacl" | grep group:5)" 'group:5:rw-' \
		'default ACLs are kept'
	is "$(getcap "$scratch/gnu/var/cap" | sed 's/.* //')" 'cap_net_raw=ep' \
		'file capabilities come out plain'
	same_text "$(stat -c %i "$scratch/gnu/opt/file")" "$(stat -c %i "$scratch/gnu/opt/hard")" \
		'hard links are links'
else
	skip 7 'only root can unpack owners'
fi
names=$(tar -tf "$scratch/out.tar")
is "$(grep -aE '^./(dev|proc|\.netrescue)' <<<"$names" | tr '\n' ' ')" './dev/ ./proc/ ' \
	'nothing of /dev, /proc and the scratch directory is in it'
names=$(tar -tf "$scratch/out.tar" | sed 's,/$,,')
is "$names" "$(sort <<<"$names")" 'names are sorted bytewise'

# Before Linux 6.6 memory keeps no user.* xattrs: on disk.
python3 - "$scratch/xattr.tar" <<-END
	import io, sys, tarfile
	t = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
	i = tarfile.TarInfo("opt/noted"); i.pax_headers = {"SCHILY.xattr.user.note": "kept"}
	t.addfile(i)
	t.close()
END
sandbox "${sandbox_ways[1]}" <<-END
	put $scratch/tree.tar /
	put $scratch/xattr.tar /
	run setfattr -n user.own -v new /opt/noted
	archive $scratch/out.tar
END
records=$(grep -aoE '[0-9]+ SCHILY\.xattr\.user\.[a-z]+=.*' "$scratch/out.tar")
is "$records" $'31 SCHILY.xattr.user.note=kept\n29 SCHILY.xattr.user.own=new' 'user.* xattrs are kept'

# ---- ioctl(FICLONE) -----------------------------------------------------------------------------

# --reflink=always fails unless the call itself makes the copy. cat tells what the copy holds.
tree "$scratch/clone.tar" cp cat cmp dd truncate stat
for way in "${sandbox_ways[@]}"; do
	sandbox "$way" <<-END
		put $scratch/clone.tar /
		run sh -c dd~if=/dev/urandom~of=/var/from~bs=1000~count=3001~2>/dev/null;:>/var/empty
		run cp --reflink=always -p /var/from /var/empty /tmp
		run sh -c cmp~/var/from~/tmp/from&&stat~-c~'%n=%s'~/tmp/from~/tmp/empty
	END
	is "$status" 0 "$way: a file's content is copied by one call" || diag "$stderr"
	like "$stdout" '/tmp/from=3001000'$'\n''/tmp/empty=0' "$way: all of it, or none"
done
sandbox "${sandbox_ways[0]}" <<-END
	put $scratch/clone.tar /
	run truncate -s 65M /var/large
	run sh -c echo~old>/tmp/old;echo~new>/tmp/new
	may-fail cp --reflink=always /var/large /tmp
	run sh -c cp~/var/large~/tmp/large&&cmp~/var/large~/tmp/large&&echo~the~same
	run cp --reflink=always /tmp/new /tmp/old
	run cat /tmp/old
END
is "$status" 0 'what is too large is copied by the program itself' || diag "$stderr"
like "$stderr$stdout" "failed to clone '/tmp/large'" 'which learns that the call cannot do it'
like "$stdout" $'the same\nnew$' 'and a file that is there gets the other content'

# ---- /proc, whatever this machine's kernel has --------------------------------------------------

sandbox "${sandbox_ways[2]:-${sandbox_ways[0]}}" <<-END
	put $scratch/tree.tar /
	run sh -c cd~/proc;for~f~in~[a-z]*;do~[~-d~\$f~]||[~!~-e~\$f~]||printf~"\$f~";done;echo
	run sh -c cd~/proc;for~d~in~[a-z]*/;do~case~\$d~in~self/|thread-self/|net/|sys/|bus/);;*)ls~\$d;;esac;done
	run sh -c cd~/proc/sys;echo~*~../bus/*~net/ipv6/conf/*
	run sh -c cd~/proc/sys/kernel;cat~../vm/swappiness~hostname~random/boot_id
	run sh -c cd~/proc/sys/kernel/random;a=\$(cat~uuid);[~\$a~!=~\$(cat~uuid)~]&&echo~another
	may-fail sh -c cat~/proc/modules
	may-fail sh -c echo~1>/proc/mdstat
	may-fail sh -c echo~1>/proc/sys/vm/swappiness
END
files='cmdline consoles cpuinfo crypto devices diskstats filesystems iomem ioports kallsyms loadavg meminfo misc mounts'
like "$stdout" $'\n'"$files partitions stat swaps uptime version "$'\ncrypto fs' \
	'the same files, and nothing in other directories'
like "$stdout" $'\ncrypto fs kernel net user vm ../bus/input ../bus/pci net/ipv6/conf/all net/ipv6/conf/default ' \
	'/proc/sys and /proc/bus are ours'
like "$stdout" $'\n60\nnetrescue\n00000000-0000-4000-8000-000000000000\nanother\n' \
	'with fixed values, but random numbers are random'
like "$stdout" '/proc/modules: No such file' 'what not every kernel has is not there'
is "$(grep -acE '^status 0$' <<<"$stdout")" 0 'nor can it be written'

# ---- what else of this machine could show --------------------------------------------------------

way=${sandbox_ways[0]}
(
	trap '' HUP USR1
	ulimit -S -s 1024
	sandbox "$way" <<-END
		put $scratch/tree.tar /
		kernel 6.12.0-test
		may-fail sh -c echo~interrupts:;cat~/proc/interrupts;echo~no;echo~devices:;cat~/proc/devices
		may-fail sh -c ls~/sys~/dev/mem~/dev/kmsg~/dev/vda~/dev/sda~/dev/fuse~/dev/kvm~/run~/proc/kcore
		run sh -c echo~dev:;cd~/dev;echo~*
		run sh -c echo~mounts:;cat~/proc/self/mountinfo;echo~one:;cat~/proc/1/cmdline;echo
		run cat /proc/self/status
		run sh -c echo~limits:~\$(ulimit~-s)~\$(ulimit~-l)~\$(ulimit~-c)~\$(ulimit~-n)
		may-fail cat /proc/1/environ
		may-fail cat /proc/1/maps
		may-fail ls /proc/1/fd /proc/1/cwd/
		run sh -c echo~environment:
		run env
	END
	printf '%s' "$stdout" >"$scratch/host"
)
stdout=$(tr '\0' '\n' <"$scratch/host")
like "$stdout" $'\ninterrupts:\n(cat: [^\n]*\n)?no\ndevices:\nCharacter devices:\n  1 mem\n  4 /dev/vc/0\n' \
	'no interrupts of this machine, and devices of ours'
is "$(grep -ac "^ls: cannot access '/.*No such file" <<<"$stdout")" 9 'no /sys, no disks, no other devices' ||
	diag "$stdout"
like "$stdout" $'\ndev:\nfd full null ptmx pts random shm stderr stdin stdout tty urandom zero\n' '/dev is all ours'
is "$(grep -aFc -e "$scratch" -e "$HOME/" -e "$PWD" <<<"$stdout")" 0 'no path of this machine shows' ||
	diag "$(grep -aF -e "$scratch" -e "$HOME/" -e "$PWD" <<<"$stdout")"
like "$stdout" $'\none:\nsandbox-namespace\n' 'nor where the sandbox is installed'
like "$stdout" $'\nSigIgn:\t0000000000000000\n' 'no signal is ignored because it is here'
like "$stdout" $'\nlimits: 8192 [0-9]+ 0 1024\n' 'the limits of a shell here are not those of scripts'
is "$(sed '1,/^environment:/d; s/=.*//' <<<"$stdout" | LC_ALL=C sort | xargs)" \
	'DEBCONF_NONINTERACTIVE_SEEN DEBIAN_FRONTEND HOME LC_ALL LOGNAME PATH PERL_HASH_SEED PYTHONHASHSEED SOURCE_DATE_EPOCH TERM TZ USER' \
	'the environment is ours to the last variable'

# ---- requests -----------------------------------------------------------------------------------

way=${sandbox_ways[0]}
sandbox "$way" <<-END
	put $scratch/tree.tar /
	write /etc/new/deep/file 0640 text~of~it
	run sh -c stat~-c~%a~/etc/new/deep~/etc/new/deep/file
	read /etc/new/deep/file
	exists /etc/new/deep
	exists /etc/new/none
	feed some~words /tmp/fed tr a-z A-Z
	read /tmp/fed
	run sh -c echo~a>/tmp/a.bak;echo~b>/etc/b.bak;mkdir~/tmp/d;echo~c>/tmp/d/c
	sweep recursive *.bak
	sweep content /tmp
	sweep empty /etc/new/*/file
	sweep remove /etc/pass*
	sweep remove /no/such/thing
	run sh -c ls~/tmp;ls~/etc;stat~-c~%s~/etc/new/deep/file
	together sh -c sleep~0.2;echo~second + sh -c echo~first
	may-fail sh -c exit~7
	run env
END
is "$status" 0 'requests work' || diag "$stderr"
like "$stdout" $'\n755\n640\ntext of ityes\nno\nSOME WORDS' 'write, read, exists, input and output'
like "$stdout" $'\nSOME WORDSnew\n0\n' 'sweep removes, empties and clears'
like "$stdout" $'first\nsecond\n' 'commands run at the same time'
like "$stdout" $'\nstatus 1792\n' 'a status that may be is passed on'
like "$stdout" 'SOURCE_DATE_EPOCH=1700000000' 'the environment has the epoch'
is "$(grep -acE '^(SUDO|USERNAME|NETRESCUE|XDG|SSH|OLDPWD|HOSTNAME)' <<<"$stdout")" 0 \
	'and nothing of ours'

sandbox "$way" <<-END
	put $scratch/tree.tar /
	run sh -c echo~one;echo~two~>&2;exit~3
END
is "$status" 1 'a command that fails is a failed build'
like "$stderr" "sh -c echo one;echo two >&2;exit 3' failed: exit status 3; it said:"$'\n  one\n  two' \
	'named, with its last lines'
for order in 'sh -c sleep~100;echo~late + sh -c echo~broken;exit~3' 'sh -c echo~broken;exit~3 + sh -c sleep~100;echo~late'; do
	start=$SECONDS
	sandbox "$way" <<-END
		put $scratch/tree.tar /
		together $order
	END
	like "$stderr" "'sh -c echo broken;exit 3' failed: exit status 3; it said:"$'\n  broken' \
		'of commands that run at the same time, the one that failed is named'
	ok 'and nobody waits for the others' test $((SECONDS - start)) -lt 60
done
sandbox "$way" <<-END
	put $scratch/tree.tar /
	run no-such-program
END
like "$stderr" "cannot run 'no-such-program': No such file" 'a program that is not there is named'
sandbox "$way" <<-END
	put $scratch/tree.tar /
	archive $scratch/filtered cat
	archive $scratch/failed sh -c exit~9
END
like "$stderr" "'sh' failed on the archive: exit status 9" 'a filter that fails is named'
# A reader that goes away before the filter, which ends well, has written its line.
mkfifo -m 0666 "$scratch/reader"
: <"$scratch/reader" &
sandbox "$way" <<-END
	put $scratch/tree.tar /
	archive $scratch/reader sh -c cat>/dev/null;sleep~1;echo~x
END
like "$stderr" 'Broken pipe' 'an archive that nobody read to its end is an error'
sandbox "$way" <<<"read /none"
like "$stderr" "cannot open '/none' in the tree: No such file" 'reading what is not there'
same_files "$scratch/filtered" <(sandbox "$way" <<-END
	put $scratch/tree.tar /
	archive $scratch/plain
END
cat "$scratch/plain") 'what went through a filter is the same'
run sandbox_as "$way" "$driver" "$(sandbox_store "$way")" kind=root-unconfined
is "$status" 2 'root-unconfined is refused'
like "$stderr" 'not offered: package scripts would run as this machine' 'in words'
run sandbox_as "$way" "$driver" "$(sandbox_store "$way")" space=1000000000000000
is "$stdout" 'namespace, tree on disk' 'a tree larger than memory goes to disk'
silent 'and is gone afterwards' ls "$(sandbox_store "$way")/tree"
sandbox "$way" <<-END
	put $scratch/tree.tar /
	run sh -c ulimit~-f
END
like "$stdout" '(^|[^0-9])33554432($|[^0-9])' 'no file grows beyond 16 GiB (blocks of 512 bytes)'
