#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The lab takes no root: an ordinary user with an empty store builds recipes/minimal.yaml and the file server, then boots one
# from the other without any network but loopback.
. tests/lib/tap.sh
. tests/lib/image.sh
[[ $(id -u) = 0 ]] || skip_all 'to take the network away it takes root'
plan 4

user=$(image_user)
chmod 755 "$scratch"
install -d -o "$user" "$scratch/home" "$scratch/out"
as_user() {
	setpriv --reuid "$(id -u "$user")" --regid "$(id -g "$user")" --init-groups \
		env -i PATH="$PATH" HOME="$scratch/home" TMPDIR="$scratch/home" "$@"
}
without_network() {
	unshare --net sh -c 'ip link set lo up && exec "$@"' - "$@"
}

run as_user "$NETRESCUE" build recipes/minimal.yaml --out "$scratch/out"
is "$status" 0 'an ordinary user builds the image' || { diag "$stderr"; tap_die 'no image'; }
# Builds the server while there is a mirror; the menu is enough.
run as_user "$NETRESCUE" boot --check --until menu "$scratch/out/minimal/latest"
is "$status" 0 'and boots it as far as the menu' || diag "$stderr"
run without_network setpriv --reuid "$(id -u "$user")" --regid "$(id -g "$user")" --init-groups \
	env -i PATH="$PATH" HOME="$scratch/home" TMPDIR="$scratch/home" \
	"$NETRESCUE" boot --check --offline "$scratch/out/minimal/latest"
is "$status" 0 'all the way, in a network of its own' || diag "$stderr"
silent 'nothing stays but the store' find "$scratch/home" -maxdepth 1 -name 'netrescue-boot*'
