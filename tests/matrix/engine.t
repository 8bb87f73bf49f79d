#!/bin/bash
# SPDX-License-Identifier: MIT
# By a real container engine, with its own seccomp filter, masks and capabilities: the commands of docs/docker.md, in podman's
# words, build what is built outside.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/container.sh
need buildah podman runc python3 gpg zstd jq
[[ $(id -u) = 0 ]] || skip_all 'it takes root to import a base'
nobody=12345 # who has no line in the image's /etc/passwd
plan 14

# engine OPTION...: the host's network, since the mirror is on loopback; limits that a container without CAP_SYS_RESOURCE
# around this one can have.
engine() {
	run podman --root "$scratch/containers" --runroot "$scratch/containers.run" --cgroup-manager cgroupfs --runtime runc \
		run --rm --network host --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
		--volume "$volumes/recipe:/recipe" --volume "$volumes/store:/store" "$@"
}

container_base tests/lib/docker-base.yaml || tap_die 'cannot import the base'
container_image run || tap_die "$(tail -n 20 "$scratch/run.log")"
container_tiny
build=(build tiny.yaml --mirror "$MIRROR_URL" --keyring keyring.gpg)

container_tiny_volumes $nobody
engine --entrypoint sh localhost/run -c 'cat /proc/self/status; unshare --mount true'
like "$stdout" 'CapEff:[[:space:]]0+[[:cntrl:]]' 'in a container the program has no capabilities'
like "$stdout" 'Seccomp:[[:space:]]2' 'and a filter around it'
like "$stderr" 'unshare failed' 'which lets it make no namespaces'

engine --user $nobody:$nobody localhost/run "${build[@]}"
is "$status" 0 'an unknown uid builds' || diag "$stderr"
like "$stderr" 'sandbox: guestfs' 'in a virtual machine'
same_files "$volumes/recipe/out/tiny/latest/SHA256SUMS" "$here/SHA256SUMS" 'the same bytes'
silent "and all of it is the caller's" find "$volumes/recipe/out" ! -uid $nobody

open=(--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt unmask=ALL)
for uid in 1000 0; do
	container_tiny_volumes $uid
	engine "${open[@]}" --user $uid:$uid localhost/run "${build[@]}" --sandbox=namespace
	is "$status" 0 "uid $uid: with the flags of docs/docker.md it builds by namespaces" || diag "$stderr"
	same_files "$volumes/recipe/out/tiny/latest/SHA256SUMS" "$here/SHA256SUMS" "uid $uid: the same bytes"
done

container_tiny_volumes 1000
engine localhost/run "${build[@]}" --sandbox=namespace
is "$status" 1 'without them it does not'
like "$stderr" 'security-opt seccomp=unconfined' 'and names them'
