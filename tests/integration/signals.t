#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A build that is interrupted or killed at a stage: its exit code, that out/ is as it was, that nothing is
# half-published, that no process stays; and that the next run has the same result as an undisturbed one.
# By default some stages with one signal each; with NETRESCUE_TEST_ALL=1 every stage with all three.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/state.sh
need python3 gpg zstd newuidmap

m=$scratch/m
out=$scratch/out
store=$scratch/store

# The last two are there to get as far as the initramfs, which is never finished here.
tiny_new "$m"
mirror_package "$m" <<'.'
Package: hello
Files:
 /usr/bin/hello 0755 #!/bin/sh\necho hello\n

Package: initramfs-tools
Architecture: all
Files:
 /usr/sbin/update-initramfs 0755 #!/bin/sh\nsleep 100\n
 /usr/sbin/mkinitramfs 0755 #!/bin/sh\n
 /etc/initramfs-tools/conf.d/ 0755

Package: sysvinit-core
Files:
 /etc/inittab 0644 id:2:initdefault:\n
 /usr/sbin/init -> /bin/true

Package: linux-image-6.1.0-made-up
Depends: initramfs-tools
Files:
 /boot/vmlinuz-6.1.0-made-up 0644 made-up kernel\n
 /usr/lib/modules/6.1.0-made-up/modules.builtin 0644 \n
.
tiny_serve "$m"

# In the order of the pipeline: the first finds an empty store, the others what was fetched before.
# A time after the stage's start is for what is to be found in the middle of its work.
cases=('index INT' 'fetch+0.7 TERM' 'fetch+0.7 KILL' 'plain INT' 'plain KILL' 'base+0.7 KILL' 'base+0.7 TERM'
	'rest INT' 'pack KILL' 'publish TERM')
if [[ ${NETRESCUE_TEST_ALL:-} == 1 ]]; then
	cases=()
	for stage in recipe index solve lock fetch+0.7 fetch plain plain+0.2 inspect base base+0.1 base+0.7 rest settings \
		initramfs+0.5 normalise pack pack+0.1 publish; do
		cases+=("$stage INT" "$stage TERM" "$stage KILL")
	done
fi
plan $((6 * ${#cases[@]} + 9))

tiny_recipe "$scratch/tiny.yaml" 'packages: [hello]'
sed -e 's/^kernel: none/kernel: linux-image-6.1.0-made-up\ninit: sysvinit/' -e 's/\[hello\]/[hello, sysvinit-core]/' \
	"$scratch/tiny.yaml" >"$scratch/kernel.yaml"
tiny_store=$scratch/store-reference tiny_out=$scratch/reference run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'an undisturbed build' || {
	diag "$stderr"
	tap_die 'nothing else can work'
}
mkdir -p "$out/tiny/20200101T000000Z-00000000"
echo earlier >"$out/tiny/20200101T000000Z-00000000/SHA256SUMS"
ln -s 20200101T000000Z-00000000 "$out/tiny/latest"
pristine=$(state_of "$out")

# What a killed build could not remove: it is hidden, and the next one does it.
seen() {
	state_of "$out" | grep -v '/\.new-'
}

# interrupted STAGE SIGNAL
interrupted() {
	local name="SIG$2 at $1" code=$((128 + $(kill -l "$2"))) recipe=tiny
	[[ $1 == initramfs* ]] && recipe=kernel
	mirror_fault "$m"
	[[ $1 == fetch+* ]] && mirror_fault "$m" 'pool/*perl-base* slow 500000' 'pool/*coreutils* stall 9999'
	run python3 tests/lib/interrupt.py "$1" "$2" "$NETRESCUE" build "$scratch/$recipe.yaml" --json \
		--mirror "$MIRROR_URL" --keyring "$m/keyring.gpg" --store "$store" --out "$out"
	like "$stdout" "status $code
" "$name: exit code $code" || diag "$stderr"
	like "$stdout" $'after [0-4]\\.[0-9]' "$name: ends within five seconds"
	unlike "$stdout" 'left ' "$name: leaves no process"
	if [[ $2 == KILL ]]; then
		same_text "$(seen)" "$pristine" "$name: nothing is published"
		is "$(store_trouble "$store" | grep -v '^partial/')" '' "$name: the store holds only what is right"
		not_ok "$name: nobody complains" grep error "$scratch/.stderr"
	else
		same_text "$(state_of "$out")" "$pristine" "$name: out is as it was"
		is "$(store_trouble "$store")" '' "$name: the store holds only what is right"
		like "$stderr" "interrupted by SIG$2" "$name: says so"
	fi
}
for case in "${cases[@]}"; do
	# shellcheck disable=SC2086
	interrupted $case
done

mirror_fault "$m"
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'after all that, a build' || diag "$stderr"
same_files "$stdout/SHA256SUMS" "$scratch/reference/tiny/latest/SHA256SUMS" 'has the same bytes as the undisturbed one'
ok 'all of them' sh -c "cd '$stdout' && sha256sum --quiet -c SHA256SUMS"
is "$(ls -A "$out/tiny")" "20200101T000000Z-00000000
$(basename "$stdout")
latest" 'beside it only the earlier result'
is "$(cat "$out/tiny/20200101T000000Z-00000000/SHA256SUMS")" earlier 'which is as it was'
is "$(readlink "$out/tiny/latest")" "$(basename "$stdout")" 'latest is the new one'
is "$(store_trouble "$store")" '' 'the store holds only what is right, and nothing unfinished'

# The pipe's reader is gone before the worker has its first request.
{ sleep 1; echo nonsense; } | "$NETRESCUE" deb-worker "$store" 2>"$scratch/complaint" | true
is "$(<"$scratch/complaint")" '' 'a worker whose builder is gone does not complain'
