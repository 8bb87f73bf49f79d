# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Images from the real mirror, for tests/real and tests/boot. To be sourced after tap.sh. The builds share one store, so
# that each package is fetched once: $NETRESCUE_TEST_STORE, else the ordinary one.
#
#	image_build RECIPE OUT [ARGUMENT…]	sets $image (OUT/NAME/VERSION); ends the test if it fails. Runs under
#						the command in the array image_under, if there is one
#	image_variant NAME BASE [ARGUMENT…]	the same for a recipe that extends BASE by what comes on stdin, in
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
