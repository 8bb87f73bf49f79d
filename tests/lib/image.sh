# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Images from the real mirror, for tests/real and tests/boot. To be sourced after tap.sh. The builds share one store, so
# that each package is fetched once: $NETRESCUE_TEST_STORE, else the ordinary one.
#
#	image_build RECIPE OUT [ARGUMENT…]	sets $image (OUT/NAME/VERSION); ends the test if it fails. Runs under
#						the command in the array image_under, if there is one
#	image_shared RECIPE			the same, for tests that only look at what a recipe makes: `make test` has
#						it built by the first of them, and the others wait for that
#	image_to_share RECIPE OUT [ARGUMENT…]	as image_build does; what it builds serves image_shared, too, if nothing does yet
#	image_variant NAME BASE [ARGUMENT…]	the same as image_build for a recipe that extends BASE by what comes on stdin, in
#						$scratch/NAME.yaml
#	image_unpack IMAGE DIR			the root file system with its owners (needs root)
#	image_inside DIR COMMAND…		runs it in there (needs root)
#	image_user				prints a user with subordinate ids to build as; makes one when
#						root (netrescue-test), is oneself otherwise

image_store=${NETRESCUE_TEST_STORE:-${NETRESCUE_STORE:-${XDG_CACHE_HOME:-$HOME/.cache}/netrescue}}

# shellcheck disable=SC2154 # tap.sh sets it
if [[ $tap_state_home ]]; then
	export XDG_STATE_HOME=$tap_state_home
else
	unset XDG_STATE_HOME
fi

image_under=()

# shellcheck disable=SC2034,SC2154 # tests read $image, tap.sh sets $scratch
image_build() {
	local recipe=$1 out=$2 log=$scratch/build.log
	shift 2
	if ! image=$("${image_under[@]}" "$NETRESCUE" build "$recipe" --store "$image_store" --out "$out" "$@" 2>"$log"); then
		diag "$(<"$log")"
		tap_die "cannot build $recipe"
	fi
}

# Nothing is shared unless NETRESCUE_TEST_IMAGES names a directory, as `make test` does. A test may not change what
# is in it. The lock is held while an image is built.
# shellcheck disable=SC2154
image_shared() {
	local shared=${NETRESCUE_TEST_IMAGES:-$scratch/out}
	image_lock "$shared" "$1"
	image_build "$1" "$shared"
	exec {image_lock}>&-
}

image_to_share() {
	local recipe=$1 out=$2
	shift 2
	if [[ ! ${NETRESCUE_TEST_IMAGES:-} ]]; then
		image_build "$recipe" "$out" "$@"
		return
	fi
	image_lock "$NETRESCUE_TEST_IMAGES" "$recipe"
	[[ -e $NETRESCUE_TEST_IMAGES/$(basename "$recipe" .yaml) ]] || out=$NETRESCUE_TEST_IMAGES
	image_build "$recipe" "$out" "$@"
	exec {image_lock}>&-
}

image_lock() {
	mkdir -p "$1" || tap_die "cannot make '$1'"
	exec {image_lock}>"$1/.$(basename "$2" .yaml).lock"
	flock "$image_lock"
}

# shellcheck disable=SC2154
image_variant() {
	local name=$1 base=$2
	shift 2
	{
		printf 'extends: %s\nname: %s\n' "$(realpath "$base")" "$name"
		cat
	} >"$scratch/$name.yaml"
	image_build "$scratch/$name.yaml" "$scratch/out" --allow "$(dirname "$(realpath "$base")")" "$@"
}

image_unpack() {
	mkdir -p "$2"
	tar -C "$2" --zstd --numeric-owner --xattrs --xattrs-include='*' --acls -xpf "$1/rootfs.tar.zst"
}

image_inside() {
	local tree=$1
	shift
	unshare --mount --pid --fork --mount-proc="$tree/proc" chroot "$tree" \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
}

image_user() {
	local name=netrescue-test
	if [[ $(id -u) != 0 ]]; then
		id -un
		return
	fi
	id "$name" >/dev/null 2>&1 || useradd --system --home-dir /nonexistent --shell /bin/sh "$name" >/dev/null
	grep -q "^$name:" /etc/subuid 2>/dev/null || usermod --add-subuids 310000000-310065535 --add-subgids 310000000-310065535 "$name"
	echo "$name"
}
