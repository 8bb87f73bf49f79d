# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The Dockerfile's image without Docker and without a registry: made by buildah from a base that netrescue made. To be
# sourced after tap.sh and image.sh; needs buildah, jq and root.
#
#	container_base RECIPE			builds RECIPE, imports it as the image $container_base
#	container_image TARGET			builds the Dockerfile up to TARGET from it, as the image TARGET; the log is
#						$scratch/TARGET.log
#	container_config IMAGE FILTER		jq's answer about IMAGE's configuration
#	container_volumes UID			$volumes/recipe and $volumes/store anew, as `docker run` would mount
#						them for that user
#	container_tiny				builds a small recipe here, whose result is $here: one TAP line. Needs
#						mirror.sh and tiny.sh
#	container_tiny_volumes UID		container_volumes, with that recipe (tiny.yaml) and the keyring in it
#	container_run IMAGE UID COMMAND...	runs it there with what an ordinary container has: a part of
#						root's capabilities, a seccomp filter
#	container_run_open IMAGE UID COMMAND...	the same without the filter and with an open /proc, which is what
#						namespaces take. Still without CAP_SYS_ADMIN.
#
# Both set status, stdout and stderr as `run` does, and use the image's environment. The network is the host's.

container_base=localhost/docker-base
# shellcheck disable=SC2154 # tap.sh sets $scratch
volumes=$scratch/volumes

container() {
	buildah --root "$scratch/containers" --runroot "$scratch/containers.run" "$@"
}

container_end() {
	container rm --all
	container rmi --all --force
}

container_base() {
	local tree=$scratch/base from
	at_exit container_end
	image_build "$1" "$scratch/base.out"
	image_unpack_new "$image" "$tree"
	# What apt on this machine uses, the base does, too.
	rm -f "$tree"/etc/apt/sources.list.d/*
	jq -r '.predicate.buildDefinition.resolvedDependencies[].annotations | values | "deb \(.mirror) \(.suite) main"' "$image/provenance.json" >"$tree/etc/apt/sources.list"
	from=$(container from scratch) &&
		container add -q "$from" "$tree" / >/dev/null &&
		container commit -q "$from" "$container_base" >/dev/null &&
		container rm "$from" >/dev/null
}

image_unpack_new() {
	mkdir -p "$2" && image_unpack "$1" "$2"
}

# apt's settings of this machine (a proxy, for instance) are lent to the build and not in the image.
container_image() {
	container bud --isolation chroot --layers --target "$1" --build-arg "BASE=$container_base" \
		--volume /etc/apt/apt.conf.d:/etc/apt/apt.conf.d:ro --tag "localhost/$1" . >"$scratch/$1.log" 2>&1
}

container_config() {
	container inspect --type image "localhost/$1" | jq -r ".OCIv1.config | $2"
}

container_volumes() {
	rm -rf "$volumes"
	mkdir -p "$volumes"
	install -d -m 0755 -o "$1" -g "$1" "$volumes/recipe"
	install -d -m 1777 "$volumes/store"
}

# shellcheck disable=SC2034 # the test reads $here
container_tiny() {
	tiny_new "$scratch/m"
	tiny_serve "$scratch/m"
	tiny_recipe "$scratch/tiny.yaml"
	exits 0 'a small recipe is built here' tiny_build "$scratch/tiny.yaml" || tap_die 'nothing to compare with'
	here=$stdout
}

container_tiny_volumes() {
	container_volumes "$1"
	cp "$scratch/tiny.yaml" "$scratch/m/keyring.gpg" "$volumes/recipe"
}

# Through files: buildah loses the end of what a command writes to a pipe.
container_wrapped='"$@" >.stdout 2>.stderr </dev/null; echo $? >.status'

# shellcheck disable=SC2034 # the test reads them
container_result() {
	status=$(<"$volumes/recipe/.status")
	stdout=$(<"$volumes/recipe/.stdout")
	stderr=$(<"$volumes/recipe/.stderr")
	rm -f "$volumes"/recipe/.st*
}

container_run() {
	local from image=$1 uid=$2
	shift 2
	from=$(container from --isolation chroot "localhost/$image")
	container run --isolation chroot --user "$uid:$uid" --volume "$volumes/recipe:/recipe" \
		--volume "$volumes/store:/store" "$from" -- sh -c "$container_wrapped" sh "$@" >&2
	container rm "$from" >/dev/null
	container_result
}

# Docker's, in the words of setpriv(1).
container_capabilities=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap
container_capabilities+=,+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap

# Not by buildah: in a chroot the kernel makes no user namespace for anybody.
container_run_open() {
	local from root image=$1 uid=$2 environment
	shift 2
	from=$(container from --isolation chroot "localhost/$image")
	root=$(container mount "$from")
	mapfile -t environment < <(container_config "$image" '.Env[]')
	cat >"$scratch/enter" <<'.'
set -e
root=$1 volumes=$2
mount --make-rprivate /
mount --bind "$root" "$root"
mkdir -p "$root/recipe" "$root/store"
mount --bind "$volumes/recipe" "$root/recipe"
mount --bind "$volumes/store" "$root/store"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for node in null zero full random urandom tty; do
	: >"$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/old"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
cd "$root"
pivot_root . old
umount -l /old
cd /recipe
shift 2
exec "$@"
.
	unshare --mount --pid --ipc --uts --fork sh "$scratch/enter" "$root" "$volumes" \
		env -i "${environment[@]}" setpriv --reuid="$uid" --regid="$uid" --clear-groups \
		--inh-caps=-all --bounding-set="$container_capabilities" sh -c "$container_wrapped" sh "$@" >&2
	container umount "$from" >/dev/null
	container rm "$from" >/dev/null
	container_result
}
