#!/bin/bash
# SPDX-License-Identifier: MIT
# `make deb` builds packages that lintian finds nothing wrong with; installed by apt in a fresh Debian of this machine's
# release, the program builds a recipe by its name, as an ordinary user. (Other releases: tests/matrix/package.t.)
. tests/lib/tap.sh
. tests/lib/package.sh
need mmdebstrap lintian dh git
[[ $(id -u) = 0 ]] || skip_all 'it takes root to make a machine'
package_mirror
plan 10

before=$(git status --porcelain)
# The unit tests of this very code have run in `make check`; tests/matrix/package.t has them run in the build.
ok 'make deb builds them' env DEB_BUILD_OPTIONS=nocheck make --silent deb || tap_die 'no packages'
is "$(git status --porcelain)" "$before" 'and leaves the checkout as it was'
is "$(cd out/deb && printf '%s ' *.deb | sed 's/_[^ ]*//g')" \
	'netrescue-dbgsym netrescue-guestfs-dbgsym netrescue-guestfs netrescue ' 'netrescue and netrescue-guestfs'
same_text "$(sed -n 's/^Version: //p' out/deb/*.changes)" "$("$NETRESCUE" version | sed -n 's/^netrescue \([^ ]*\).*/\1/p')" \
	'of the release that the program says it is'
is "$(lintian --allow-root --fail-on error,warning out/deb/*.changes 2>&1; echo "status $?")" 'status 0' \
	'lintian finds no error and has no warning'

tree=$scratch/tree
package_tree "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$tree" ||
	tap_die "cannot make a machine: $(<"$scratch/package.log")"
ok 'apt installs netrescue' package_install "$tree" out/deb/netrescue_*.deb ||
	{ diag "$(tail -n 20 "$scratch/package.log")"; tap_die 'not installed'; }
ok 'an ordinary user builds a recipe by its name' package_try "$tree" || diag "$(tail -n 20 "$scratch/package.log")"
ok 'netrescue-guestfs could be installed, too' package_possible "$tree" out/deb/netrescue-guestfs_*.deb ||
	diag "$(tail -n 20 "$scratch/package.log")"

chroot "$tree" dpkg --listfiles netrescue >"$scratch/files"
ok 'and removes it' package_enter "$tree" 'apt-get -q -y purge netrescue'
left=
while read -r file; do
	[[ ! -d $tree$file && -e $tree$file ]] && left+=" $file"
done <"$scratch/files"
is "$left" '' 'with all its files'
