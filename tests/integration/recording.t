#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Recordings of what a command in the sandbox was made of (builder/sandbox/recording.h): each change of something that
# it looked at is found, nothing else is, and what it made can be laid in another tree. The command is a script that
# looks at one thing in each way; some of it by a static program that makes its calls itself.
. tests/lib/tap.sh
. tests/lib/sandbox.sh
need python3 cc setpriv unshare newuidmap setcap

cat >"$scratch/look.c" <<'.'
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
static const char narrow[] = "/etc/narrow";
int main(void)
{
	struct open_how how = { .flags = O_RDONLY };
	struct statx stx;
	long r, directory = syscall(SYS_open, "/etc/dir", O_RDONLY | O_DIRECTORY);

	syscall(SYS_openat2, directory, "openat2", &how, sizeof(how));
	syscall(SYS_statx, directory, "statx", 0, STATX_ALL, &stx);
	syscall(SYS_newfstatat, AT_FDCWD, "/etc/empty-path-flag", &stx, AT_EMPTY_PATH);
	syscall(SYS_chdir, "/etc/dir");
	syscall(SYS_open, "relative", O_RDONLY);
	syscall(SYS_open, "/proc/self/cwd/by-proc", O_RDONLY);
#ifdef __x86_64__
	/* As a program of i386 does it. */
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(5L), "b"(narrow), "c"(0L), "d"(0L) : "memory");
#endif
	return 0;
}
.
cc -static -no-pie -O1 -w -o "$scratch/look" "$scratch/look.c" || tap_die 'no static program can be made here'
cat >"$scratch/generate" <<'.'
#!/bin/sh
set -e
cat /etc/read /etc/way/file >/var/made
[ ! -e /etc/absent ] || echo absent >>/var/made
ls /etc/listed >>/var/made
stat -c '%a %u' /etc/status >>/var/made
! stat /etc/nowhere/below 2>/dev/null
look
work=$(mktemp -d /tmp/work.XXXXXX)
cp /etc/copied $work/copied
ln -s /etc/through $work/link
cat $work/link/file >>/var/made
chmod 600 $work/copied
rm -r $work
rm /etc/old
rmdir /etc/old-directory
! rmdir /etc/full 2>/dev/null
cat /etc/full/kept >>/var/made
ln -s made /var/link
ln /var/made /var/hard
mkdir -p /var/new/empty
mv /etc/moved /var/new/moved
chmod 640 /etc/changed
.
chmod 755 "$scratch/generate"
tree "$scratch/tree.tar" cat ls stat mktemp cp ln rm rmdir mkdir mv chmod chown touch /usr/bin/true sleep setcap env seq \
	"$scratch/look" "$scratch/generate"
python3 - "$scratch/more.tar" <<-END
	import io, sys, tarfile
	t = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
	def add(name, data=None, link=None):
	    i = tarfile.TarInfo(name); i.mode = 0o755 if data is None else 0o644; i.mtime = 1600000000
	    i.type = tarfile.SYMTYPE if link else tarfile.DIRTYPE if data is None else tarfile.REGTYPE
	    i.linkname = link or ""; i.size = len(data or b"")
	    t.addfile(i, io.BytesIO(data or b""))
	for name in "listed", "dir", "one", "two", "through", "old-directory", "full":
	    add("etc/" + name)
	for name in ("read", "status", "copied", "old", "moved", "changed", "other", "narrow", "empty-path-flag",
	             "listed/a", "listed/b", "one/file", "two/file", "through/file", "full/kept",
	             "dir/openat2", "dir/statx", "dir/relative", "dir/by-proc", "dir/other"):
	    add("etc/" + name, b"content\n")
	add("etc/way", link="one")
	t.close()
END

# The change, and the path at which the tree differs; "-": all that was looked at is the same.
changes=(
	'true'	-
	'echo~x>>/etc/other'	-
	'chmod~600~/etc/other;chown~5~/etc/other'	-
	'echo~x>/etc/added'	-
	'rm~/etc/dir/other'	etc/dir
	'echo~x>/usr/bin/added'	-
	'cat~/etc/read>/etc/x;touch~-d@1600000000~/etc/x;mv~/etc/x~/etc/read'	-
	'echo~CONTENT>/etc/read;touch~-d@1600000000~/etc/read'	etc/read
	'touch~-d@1500000000~/etc/read'	etc/read
	'rm~/etc/read'	etc/read
	'echo~x>/etc/absent'	etc/absent
	'mkdir~/etc/nowhere'	etc/nowhere
	'touch~/etc/listed/c'	etc/listed
	'rm~/etc/listed/a'	etc/listed
	'ln~-sfn~two~/etc/way'	etc/way
	'rm~/etc/way;cp~-a~/etc/one~/etc/way'	etc/way
	'chmod~600~/etc/status'	etc/status
	'chown~7~/etc/status'	etc/status
	'setcap~cap_net_raw+ep~/etc/read'	etc/read
	'ln~/etc/read~/etc/second'	etc/read
	'chmod~700~/etc/one'	etc/one
	'echo~x>>/etc/copied'	etc/copied
	'echo~x>>/etc/through/file'	etc/through/file
	'echo~x>>/etc/full/kept'	etc/full/kept
	'echo~x>>/etc/old'	etc/old
	'touch~/etc/old-directory/x'	etc/old-directory
	'echo~x>>/etc/moved'	etc/moved
	'echo~x>>/etc/changed'	etc/changed
	'echo~x>/var/made'	var/made
	'echo~x>>/etc/dir/openat2'	etc/dir/openat2
	'echo~x>>/etc/dir/statx'	etc/dir/statx
	'echo~x>>/etc/dir/relative'	etc/dir/relative
	'echo~x>>/etc/dir/by-proc'	etc/dir/by-proc
	'echo~x>>/etc/empty-path-flag'	etc/empty-path-flag
	'echo~x>>/etc/narrow'	etc/narrow
	'echo~\#>>/usr/bin/generate'	usr/bin/generate
	'cat~/usr/bin/true>>/usr/bin/look'	usr/bin/look
	'cp~/usr/bin/env~/etc/x;mv~/etc/x~/usr/bin/dash'	usr/bin/dash
	'touch~/usr/sbin/generate'	-
	'touch~/usr/local'	usr/local
)
ways=("${sandbox_ways[@]}")
plan $((${#changes[@]} / 2 + 4 * ${#ways[@]} + 20))

begin() {
	printf '%s\n' "put $scratch/tree.tar /" "put $scratch/more.tar /"
}
for way in "${ways[@]}"; do
	mkdir -m 777 "$scratch/$way"
	# shellcheck disable=SC2119 # requests come from stdin
	sandbox "$way" <<-END
		$(begin)
		record $scratch/$way/it /usr/bin/generate
		archive $scratch/$way/ran.tar
	END
	like "$stdout" 'recorded [1-9][0-9]* paths of [1-9]' "$way: recorded" || diag "$stdout$stderr"
	sandbox "$way" <<-END
		$(begin)
		match $scratch/$way/it
		replay $scratch/$way/it
		archive $scratch/$way/laid.tar
	END
	is "$status" 0 "$way: laid in another tree" || diag "$stdout$stderr"
	ok "$way: the tree is as after the command" cmp "$scratch/$way/ran.tar" "$scratch/$way/laid.tar"
	is "$(grep -c . "$scratch/$way/it.text")" "$(grep -c . "$scratch/${ways[0]}/it.text")" \
		"$way: as many paths as in the first"
done

way=${ways[0]}
it=$scratch/$way/it
for ((i = 0; i < ${#changes[@]}; i += 2)); do
	sandbox "$way" <<-END
		$(begin)
		run sh -c ${changes[i]}
		match $it
	END
	expected='the same'
	[[ ${changes[i + 1]} == - ]] || expected="different: ${changes[i + 1]}"
	is "$status:${stdout##*$'\n'}" "0:$expected" "after ${changes[i]//\~/ }" || diag "$stderr"
done

is "$(grep -c $'\ttmp/work' "$it.text")" 1 'of a directory that was made only its name is recorded'
is "$(cut -f 2 "$it.text" | grep -c '^etc/other')" 0 'nothing is recorded that was not looked at'
is "$(tar -tf "$it.tar" | tr '\n' ' ')" \
	'./etc/changed ./var/hard ./var/link ./var/made ./var/new/ ./var/new/empty/ ./var/new/moved ' \
	'what the command made is kept'

# ---- what spoils a recording, and nothing else ---------------------------------------------------

# spoilt SCRIPT WHY NAME: the command succeeds, but there is no recording.
spoilt() {
	sandbox "$way" <<-END
		$(begin)
		record $scratch/spoilt /bin/sh -c $1
		run true
	END
	like "$status:$stdout" "^0:.*no recording: $2" "$3" || diag "$stderr"
}
mkdir -m 777 "$scratch/out"
spoilt 'mv~/etc/one~/etc/three' "it renames the directory '/etc/one'" 'a directory that is renamed'
spoilt 'chmod~711~/etc/one' "it changes the directory '/etc/one'" 'a directory with another mode'
spoilt 'mkdir~/etc/d;cd~/etc/d;rmdir~/etc/d;cat~../read;true' 'a path begins in a directory that was removed' \
	'a path from a directory that is gone'
spoilt 'rm~/etc/way;mkdir~/etc/way' "it puts a directory in place of '/etc/way'" 'a directory where a link was'
sandbox "$way" <<-END
	$(begin)
	run ln /etc/other /etc/second
	record $scratch/spoilt /bin/sh -c echo~x>>/etc/other
	run true
END
like "$status:$stdout" "^0:.*no recording: it changes '/etc/other', which has other names" 'a file that has other names' ||
	diag "$stderr"
sandbox "$way" <<-END
	$(begin)
	record $scratch/spoilt dash -c true
END
like "$status:$stdout" "^0:.*no recording: 'dash' is no absolute path" 'a program that is to be searched for'

# ---- whoever means harm --------------------------------------------------------------------------

cat >"$scratch/harm.c" <<'.'
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static char path[64] = "/etc/read";
static void *flip(void *unused)
{
	for (;;)
		path[5] = path[5] == 'r' ? 'w' : 'r';
	return unused;
}
int main(int argc, char **argv)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[64];
	pthread_t thread;

	if (strcmp(argv[1], "many") == 0) /* more paths than a recording has */
		for (int i = 0; i < atoi(argv[2]); i++) {
			sprintf(name, "/etc/%d", i);
			access(name, F_OK);
		}
	if (strcmp(argv[1], "die") == 0) /* while it is asked */
		for (int i = 0; i < 300; i++) {
			pid_t pid = fork();
			if (pid == 0)
				for (;;)
					open("/etc/read", O_RDONLY | O_CLOEXEC), close(3);
			usleep(i * 3 % 700);
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
	if (strcmp(argv[1], "lie") == 0) {
		pthread_create(&thread, NULL, flip, NULL);
		for (int i = 0; i < 3000; i++)
			close(open(path, O_RDONLY));
	}
	if (strcmp(argv[1], "memory") == 0) { /* bad addresses, no end, the last byte of a page */
		munmap(page + 4096, 4096);
		memset(page, 'x', 4096);
		for (unsigned long a = 0; a < 64; a++)
			syscall(SYS_open, a * 0x0400000000000001ul, O_RDONLY);
		syscall(SYS_open, page, O_RDONLY);
		memcpy(page + 4096 - 10, "/etc/read", 10);
		syscall(SYS_open, page + 4096 - 10, O_RDONLY);
		syscall(SYS_linkat, AT_FDCWD, page + 4096 - 10, 12345, 1ul, ~0ul);
		syscall(SYS_openat2, 77, page + 4096 - 10, page + 4090, 24);
		syscall(SYS_connect, 0, page + 4094, 110);
		syscall(SYS_sendmsg, 0, page + 4090, 0);
	}
	if (strcmp(argv[1], "proc") == 0) /* every way out of the tree by /proc */
		for (int i = 0; i < 64; i++) {
			sprintf(name, "/proc/1/fd/%d/../../../etc/passwd", i);
			close(open(name, O_RDONLY)), truncate(name, 0), mkdir(name, 0700), unlink(name);
			sprintf(name, "/proc/1/%s", (char *[]){ "root/etc/passwd", "cwd/x", "exe", "root/../../x" }[i % 4]);
			close(open(name, O_RDONLY)), rename(name, "/etc/renamed"), link(name, "/etc/linked");
		}
	if (strcmp(argv[1], "write") == 0) { /* a path in memory that may only be written to */
		strcpy(page, "/etc/other");
		mprotect(page, 4096, PROT_WRITE);
		syscall(SYS_open, page, O_RDONLY);
	}
	if (strcmp(argv[1], "hide") == 0) { /* from those who look into its memory */
		prctl(PR_SET_DUMPABLE, 0);
		close(open("/etc/read", O_RDONLY));
	}
	if (strcmp(argv[1], "fifo") == 0) {
		mkfifo(argv[2], 0600);
		if (fork() == 0)
			open(argv[2], O_RDONLY);
		usleep(100000);
	}
	return 0;
}
.
cc -O1 -w -pthread -o "$scratch/harm" "$scratch/harm.c" || tap_die 'no program can be made here'
cp "$scratch/tree.tar" "$scratch/harm.tar"
mkdir -p "$scratch/h/usr/bin"
cp "$scratch/harm" "$scratch/h/usr/bin"
tar -C "$scratch/h" --owner=0 --group=0 -cf "$scratch/harm.tar" ./usr/bin/harm
before=$(find /etc/passwd -printf '%s %T@ %C@')
harm() {
	sandbox "$way" timeout=60 <<-END
		$(begin)
		put $scratch/harm.tar /
		record $scratch/out/harm /usr/bin/harm $*
		run true
	END
}
harm die
like "$status:$stdout" '^0:.*recorded ' 'callers that die while they are asked' || diag "$stderr"
harm lie
like "$status:$stdout" '^0:.*recorded ' 'a path that changes while it is read' || diag "$stderr"
harm memory
like "$status:$stdout" '^0:.*recorded ' 'addresses that lead nowhere' || diag "$stderr"
is "$(cut -f 2 "$scratch/out/harm.text" | grep -c '^etc/read$')" 1 'a path that ends with its page is read'
harm write
is "$status:$(cut -f 2 "$scratch/out/harm.text" | grep -c '^etc/other$')" 0:1 'a path in memory that may not be read is read' ||
	diag "$stderr"
harm proc
like "$status:$stdout" '^0:' 'ways out by /proc' || diag "$stderr"
harm hide
is "$status:$(cut -f 2 "$scratch/out/harm.text" | grep -c '^etc/read$')" 0:1 'a program that hides its memory' ||
	diag "$stderr"
harm many 300000
like "$status:$stdout" '^0:.*no recording: it looks at too many paths' 'more paths than a recording has' || diag "$stderr"
harm fifo /etc/fifo
like "$status:$stdout" "^0:.*no recording: it leaves '/etc/fifo', which is no file" 'a pipe that stays' || diag "$stderr"
sandbox "$way" timeout=60 <<-END
	$(begin)
	put $scratch/harm.tar /
	run /usr/bin/harm fifo /.netrescue/recording
	record $scratch/out/harm /usr/bin/true
	run true
END
like "$status:$stdout" '^0:.*no recording: this machine cannot record' 'a pipe where a recording begins' || diag "$stderr"
is "$(find /etc/passwd -printf '%s %T@ %C@')" "$before" 'nothing of this machine has changed'
