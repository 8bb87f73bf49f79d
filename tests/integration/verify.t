#!/bin/bash
# SPDX-License-Identifier: MIT
# verify over a loopback mirror: a clean image is the same under other conditions, and each kind of leak is found.

# A /dev/shm of its own, so that what lies there is not another test's.
# shellcheck disable=SC2016 # for the shell inside
if [[ $(id -u) = 0 && ! ${own_memory:-} ]] && unshare --mount true 2>/dev/null; then
	own_memory=yes exec unshare --mount sh -c 'mount -t tmpfs tmpfs /dev/shm 2>/dev/null; exec "$@"' sh bash "$0"
fi
unset own_memory

. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/image.sh
need python3 gpg zstd newuidmap jq diff

verify() {
	run "$NETRESCUE" verify --store "$scratch/store" --recipe "$1" --offline "${@:3}" "$2"
}

tiny_new "$scratch/m"
mirror_package "$scratch/m" <<'.'
Package: hello
Version: 1.0
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n
X-Postinst:
 #!/bin/sh
 uname -a >/usr/share/hello-uname
 cat /proc/cpuinfo /proc/bus/input/devices /proc/sys/kernel/osrelease /proc/swaps >/usr/share/hello-machine
 ls /sys >/usr/share/hello-sys 2>&1
 hostname >/usr/share/hello-hostname
 id >/usr/share/hello-id
 { umask; pwd; } >/usr/share/hello-process
 sort /proc/mounts | grep -c ext >/usr/share/hello-mounts
 rm /usr/share/hello-mounts
 # Not all that a process can see is the same in the sandbox; its environment is.
 env | sort | grep -v '^_=' >/usr/share/hello-environment

Package: leak
Version: 1.0
Files:
 /usr/share/leak/ 0755
X-Postinst:
 #!/bin/sh
 cd /usr/share/leak
 echo "built on $(date)" >date
 echo "id=$(cat /proc/sys/kernel/random/uuid)" >random
 echo "$$" >pid
 mkdir names
 for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do : >"names/$i"; done
 ls -U names >order
 head -c 16 /dev/urandom >binary
 touch "name.$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')"
 echo changing >time-stamp
 touch -d "@$((1600000000 + $(date +%N | sed 's/^0*//') % 100000))" time-stamp
.
tiny_serve "$scratch/m"
plan 39

tiny_recipe "$scratch/tiny.yaml" 'packages: [hello]'
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'an image to verify' || { diag "$stderr"; tap_die 'nothing else can work'; }
clean=$stdout

is_root=
[[ $(id -u) = 0 ]] && unshare --mount --uts true 2>/dev/null && is_root=1

# ---- interrupted ---------------------------------------------------------------------------------
chmod 755 "$scratch"
mkdir -m 1777 "$scratch/tmp"
export TMPDIR=$scratch/tmp
before=$(ls -d /dev/shm/netrescue-verify.* 2>/dev/null)
# left: directories of verify that nobody uses; others may run beside this one, or have been killed.
left() {
	local dir
	for dir in "$TMPDIR"/netrescue-verify.* /dev/shm/netrescue-verify.*; do
		[[ -d $dir && $before != *"$dir"* ]] && flock -n "$dir" echo "$dir"
	done
}
# interrupted SIGNAL: when the rebuild has its sandbox; sets $status, and $owners: whose its directories were
interrupted() {
	local pid i
	: >"$scratch/interrupted.log"
	"$NETRESCUE" verify --store "$scratch/store" --recipe "$scratch/tiny.yaml" --offline "$clean" \
		>/dev/null 2>"$scratch/interrupted.log" &
	pid=$!
	for ((i = 0; i < 1200; i++)); do
		grep -q 'sandbox: ' "$scratch/interrupted.log" && break
		sleep 0.1
	done
	owners=$(stat -c %u "$TMPDIR"/netrescue-verify.*/{home,store} /dev/shm/netrescue-verify.*/tiny 2>/dev/null | sort -u)
	kill -s "$1" "$pid"
	status=0
	wait "$pid" 2>/dev/null || status=$?
}
interrupted TERM
is "$status $(left)" '143 ' 'interrupted, it leaves nothing'
if [[ $is_root ]]; then
	like "$owners" '^[1-9][0-9]*$' 'one user that is not root had the directories'
	is "$(getent passwd "$owners")" '' 'whom nobody can be'
else
	skip 2 'not root'
fi
interrupted KILL
# The rebuild ends by itself; from then on its directories are nobody's.
for ((i = 0; i < 600; i++)); do
	[[ $(left | wc -l) -ge 1 ]] && break
	sleep 0.1
done
is "$status" 137 'killed, it leaves the next one to sweep'

# ---- the same ------------------------------------------------------------------------------------
# The rebuild has neither our store nor the key of it, which root's other user could not even read.
(umask 077 && printf '%064d\n' 1 >"$scratch/store-key")
NETRESCUE_STORE_KEY=$scratch/store-key verify "$scratch/tiny.yaml" "$clean"
is "$status" 0 'the same under other conditions' || diag "$stderr" "$stdout"
like "$stdout" '^0 differences: [0-9]+ files, .* built again from .*/tiny\.lock' '0 differences'
varied=$(sed -n '/^varied/,/^not varied/s/^  \(.\{24\}\) .* → .*/\1/p' <<<"$stdout" | sed 's/ *$//')
not_varied=$(sed '1,/^not varied/d' <<<"$stdout")
missing=
for name in umask 'time zone' language 'home directory' 'working directory' environment store tree 'worker processes'; do
	[[ $'\n'$varied$'\n' == *$'\n'"$name"$'\n'* ]] || missing+=" $name"
done
is "$missing" '' 'what needs no right is varied'
if [[ $is_root ]]; then
	missing=
	for name in user 'host name' 'flags of the processor' keyboard network; do
		[[ $'\n'$varied$'\n' == *$'\n'"$name"$'\n'* ]] || missing+=" $name"
	done
	is "$missing" '' 'what root may is varied too'
else
	skip 1 'not root'
fi
is "$(grep -vE '^  .{24} [^ ]' <<<"$not_varied")" '' 'what is not varied has a reason'
like "$not_varied" 'clock  +namespaces have' 'the clock is among it'
is "$(left)" '' 'nothing is left, of the killed one neither'

# ---- the conditions are real: what a command sees there ------------------------------------------
mkdir "$scratch/over" "$scratch/home" "$scratch/working"
there() {
	rm -rf "$scratch/over"
	mkdir "$scratch/over"
	"$NETRESCUE" vary -- report="$scratch/report" scratch="$scratch/over" \
		directory="$scratch/working" home="$scratch/home" /bin/sh -c "$1"
}
is "$(umask 022; there 'umask; pwd; echo "$TZ $LC_ALL $HOME"')" \
	"0077"$'\n'"$scratch/working"$'\n'"Pacific/Kiritimati tr_TR.UTF-8 $scratch/home" 'a command sees them'
here='uname -n; cat /proc/cpuinfo /proc/bus/input/devices; uname -r; nproc; id -un'
is "$(comm -12 <(there 'uname -n; id -un' | sort) <({ uname -n; id -un; } | sort) | wc -l)" \
	"$(grep -cE $'^(user|host name)\t\t' "$scratch/report")" 'host name and user are others, or said not to be'
there "$here" >"$scratch/there" || tap_die 'a command cannot look at the other machine'
sh -c "$here" >"$scratch/here" || tap_die 'a command cannot look at this machine'
not_ok 'it looks like another machine' cmp "$scratch/there" "$scratch/here"

# ---- what is no result, or another's --------------------------------------------------------------
verify "$scratch/tiny.yaml" "$scratch/m"
is "$status" 2 'a directory that is no result'
like "$stderr" 'is no result' 'is said to be none'
cp -a "$clean" "$scratch/damaged"
printf x | dd of="$scratch/damaged/rootfs.tar.zst" bs=1 seek=100 conv=notrunc 2>/dev/null
verify "$scratch/tiny.yaml" "$scratch/damaged"
is "$status" 3 'a damaged result is not compared'
like "$stderr" "rootfs\.tar\.zst is not what its SHA256SUMS says" 'its damaged file is named'
cp -a "$clean" "$scratch/lockless"
rm "$scratch/lockless/tiny.lock"
verify "$scratch/tiny.yaml" "$scratch/lockless"
is "$status $(grep -c 'tiny\.lock' <<<"$stderr")" '3 1' 'one whose lock is missing is damaged'
sed -i '/tiny\.lock/d' "$scratch/lockless/SHA256SUMS"
verify "$scratch/tiny.yaml" "$scratch/lockless"
is "$status" 3 'even if SHA256SUMS was put right'
like "$stderr" 'tiny\.lock is not what its manifest\.json says' 'as the manifest tells'
tiny_recipe "$scratch/other.yaml" 'packages: [hello]' 'hostname: other'
verify "$scratch/other.yaml" "$clean"
is "$status" 3 'another recipe is refused'
like "$stderr" 'recipe' 'in words'
run "$NETRESCUE" verify --store "$scratch/store" --offline "$clean"
is "$status $(grep -c 'recipes/tiny\.yaml' <<<"$stderr")" '2 1' 'a recipe that is nowhere is named'

# ---- another user of this machine ----------------------------------------------------------------
# Anybody but root: the rebuild's own user, if there were processes of theirs, could replace what is compared.
if [[ $is_root ]]; then
	user=$(image_user)
	cp -a "$clean" "$scratch/tampered"
	echo tampered >"$scratch/tampered/tftp/pxelinux.0"
	python3 tests/lib/forge.py all "$scratch/tampered"
	python3 tests/lib/swap-rebuild.py "$user" "$scratch/tampered" 120 >"$scratch/swapped" 2>&1 &
	attack=$!
	verify "$scratch/tiny.yaml" "$scratch/tampered"
	is "$status" 5 'a changed result is not made good by another user' || diag "$stderr" "$stdout"
	ok 'who looked for the rebuild until its end' kill "$attack"
	wait "$attack" 2>/dev/null
else
	skip 2 'not root'
fi

# ---- leaks --------------------------------------------------------------------------------------
# The same recipe, with what the command line lays over it: both have to reach the build elsewhere.
mkdir -p "$scratch/more/etc"
echo made-up >"$scratch/more/etc/made-up"
printf '%s\n' 'name: leak' 'packages: !replace [leak]' >"$scratch/site.yaml"
echo 'debconf debconf/priority select low' >"$scratch/answers"
here=$(realpath --relative-to . "$scratch")
mkdir -p "$scratch/below" "$scratch/allowed/etc"
echo allowed >"$scratch/allowed/etc/allowed"
{ cat "$scratch/tiny.yaml" && echo 'overlays: [../allowed]'; } >"$scratch/below/tiny.yaml"
laid_over=(--site "$scratch/site.yaml" --set "overlays+=$here/more" --set "debconf+=$here/answers" --allow "$here/allowed")
run tiny_build "${laid_over[@]}" "$scratch/below/tiny.yaml"
leaky=$stdout
verify "$scratch/below/tiny.yaml" "$leaky" --json "${laid_over[@]}"
is "$status" 5 'a leak is a failed verification' || diag "$stderr"
like "$stderr" 'differs from .* the first in rootfs\.tar\.zst' 'the first file that differs is named'
result=$(grep '"event": *"result"' <<<"$stdout")
cause() {
	jq -r --arg path "usr/share/leak/$1" '.differences[] | select(.member == $path) | .cause' <<<"$result"
}
detail() {
	jq -r --arg path "usr/share/leak/$1" '.differences[] | select(.member == $path) | .detail' <<<"$result"
}
is "$(jq -c '[.event, .equal]' <<<"$result")" '["result",false]' 'as one JSON object'
is "$(cause date)" 'a date or a time' 'the date'
is "$(cause random)" 'a random value' 'a random number'
is "$(cause binary)" 'a random value' 'random bytes'
is "$(cause pid)" 'a process number, a counter or a small random number' 'the process number'
like "$(cause order)" 'another order: of a directory \(ls -U' 'the order of a directory'
is "$(cause time-stamp)" 'time stamps of files' 'a time stamp'
like "$(detail random)" '^--- original.*-id=[0-9a-f-]{36}.\+id=[0-9a-f-]{36}' 'text is shown as a diff'
like "$(detail binary)" 'first difference at byte [0-9]+ \(0x' 'binary data by offsets'
is "$(jq -r '.differences[] | select(.follows) | .file' <<<"$result" | grep -E '^(SHA256SUMS|manifest.json)$' | tr '\n' ' ')" \
	'SHA256SUMS manifest.json ' 'what lists digests follows'
