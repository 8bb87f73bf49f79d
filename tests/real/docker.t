#!/bin/bash
# SPDX-License-Identifier: MIT
# The Dockerfile builds, from a base that netrescue made; its image is what it says it is. The program in it says why an
# ordinary container has no namespaces for it, and builds by them where they are allowed.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/container.sh
need buildah python3 gpg zstd jq setpriv
[[ $(id -u) = 0 ]] || skip_all 'it takes root to import a base and to enter a container'
nobody=12345 # who has no line in the image's /etc/passwd
plan $((21 + 4 * (${NETRESCUE_TEST_ALL:-0} ? 2 : 1)))

container_base tests/lib/docker-base.yaml || tap_die 'cannot import the base'
ok 'the Dockerfile builds from a base that netrescue made' container_image run || {
	diag "$(tail -n 20 "$scratch/run.log")"
	tap_die 'no image'
}

# ---- the image is what it says it is
label() { container_config run ".Labels.\"org.opencontainers.image.$1\""; }
is "$(label title) $(label licenses)" 'netrescue MIT' 'title and licence are labels'
is "$(label base.name)" "$container_base" 'and so is the base'
is "$(container_config run .User)" netrescue 'its user is not root'
is "$(container_config run '.Entrypoint + [.WorkingDir] | join(" ")')" 'netrescue /recipe' \
	'it runs netrescue, in /recipe'
container_volumes $nobody
container_run run $nobody sh -c 'echo found:; getent passwd $(id -u); command -v gcc cc c++ clang make'
is "$stdout" found: 'it holds no compiler, and does not know just any user'
container_run run $nobody sh -c 'head -c 1 /boot/vmlinuz-* >/dev/null && netrescue version'
is "$status:${stdout%% *}" 0:netrescue 'who reads its kernel and runs the program'

# ---- an ordinary container
container_tiny
build=(netrescue build tiny.yaml --mirror "$MIRROR_URL" --keyring keyring.gpg)

container_tiny_volumes 0
container_run run 0 sh -c 'grep -E "^(CapEff|Seccomp):" /proc/self/status; unshare --mount true; mount -t tmpfs none /mnt'
capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' <<<"$stdout")
is "$((0x${capabilities:-ffffffffffffffff} >> 21 & 1))" 0 "a container's root has no CAP_SYS_ADMIN"
like "$stdout" 'Seccomp:[[:space:]]2' 'but a seccomp filter'
like "$stderr" 'unshare failed.*mount: /mnt: permission denied' 'it may neither make namespaces nor mount'
for uid in 0 1000; do
	container_tiny_volumes $uid
	container_run run $uid "${build[@]}" --sandbox=namespace
	is "$status" 1 "uid $uid: so there are no namespaces for the sandbox"
	like "$stderr" "namespaces: Operation not permitted.*security-opt seccomp=unconfined" \
		"uid $uid: which is said, and what would allow them"
	not_ok "uid $uid: and nothing is left of a result" test -e "$volumes/recipe/out"
done

for uid in $nobody ${NETRESCUE_TEST_ALL:+0}; do
	container_tiny_volumes "$uid"
	container_run run "$uid" "${build[@]}"
	is "$status" 0 "uid $uid: by itself it takes a virtual machine, and builds" || diag "$stderr"
	like "$stderr" 'sandbox: guestfs' "uid $uid: which it says"
	same_files "$volumes/recipe/out/tiny/latest/SHA256SUMS" "$here/SHA256SUMS" "uid $uid: the same bytes"
	silent "uid $uid: and all of it is the caller's" find "$volumes/recipe/out" ! -uid "$uid"
done

# ---- a container that may make namespaces
for uid in 0 1000; do
	container_tiny_volumes $uid
	container_run_open run $uid "${build[@]}" --sandbox=namespace
	is "$status" 0 "uid $uid: with the flags of docs/docker.md it builds by namespaces" || diag "$stderr"
	same_files "$volumes/recipe/out/tiny/latest/SHA256SUMS" "$here/SHA256SUMS" "uid $uid: the same bytes"
done
