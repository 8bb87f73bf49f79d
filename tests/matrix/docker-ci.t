#!/bin/bash
# SPDX-License-Identifier: MIT
# The image with compiler and test tools: all quick tests pass in it, for its own user, where namespaces are allowed.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/container.sh
need buildah jq git setpriv
[[ $(id -u) = 0 ]] || skip_all 'it takes root to import a base and to enter a container'
plan 3

container_base tests/lib/docker-base.yaml || tap_die 'cannot import the base'
ok 'the Dockerfile builds its target ci' container_image ci || {
	diag "$(tail -n 20 "$scratch/ci.log")"
	tap_die 'no image'
}
is "$(container_config ci '[.User, .WorkingDir] | join(" ")')" 'netrescue /recipe' 'for a user of its own'
container_volumes 1000
git ls-files -z | tar --null -T - -cf - | tar -C "$volumes/recipe" -xf -
chown -R 1000:1000 "$volumes/recipe"
container_run_open ci 1000 make check
ok 'make check passes in it' test "$status" = 0 || diag "$(grep -v '\.\. ok$' <<<"$stdout" | tail -n 40)" "$(tail -n 20 <<<"$stderr")"
