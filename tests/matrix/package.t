#!/bin/bash
# SPDX-License-Identifier: MIT
# The packages on the Debian release that this machine does not have: built there twice, in other directories, they are
# the same to the byte; its lintian finds nothing wrong with them; its apt installs them, and an ordinary user builds with
# them the bytes that are made here. (This machine's own release: tests/real/package.t.)
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/package.sh
need mmdebstrap git
[[ $(id -u) = 0 ]] || skip_all 'it takes root to make a machine'
package_mirror
suites=()
for suite in bookworm trixie; do
	[[ $suite == "$(. /etc/os-release && echo "$VERSION_CODENAME")" ]] || suites+=("$suite")
done
plan $((7 * ${#suites[@]}))

image_build recipes/minimal.yaml "$scratch/out"
mapfile -d ' ' -t packages < <(make --silent --no-print-directory print-deb-packages | tr -d '\n')
for suite in "${suites[@]}"; do
	build=$scratch/$suite.build tree=$scratch/$suite
	package_tree "$suite" "$build" "${packages[@]}" lintian ||
		tap_die "cannot make a machine: $(<"$scratch/package.log")"
	for dir in srv/one/src home/another/place/src; do
		mkdir -p "$build/$dir"
		git ls-files -z | tar --null -T - -cf - | tar -C "$build/$dir" -xf -
	done
	ok "$suite: dpkg-buildpackage builds them" package_enter "$build" \
		'cd /srv/one/src && dpkg-buildpackage -us -uc -b' || tap_die "$(tail -n 30 "$scratch/package.log")"
	# Again as another user, with other locale, time zone, umask and processors.
	ok "$suite: and again, elsewhere and otherwise" package_enter "$build" \
		'chown -R 1234 /home/another && cd /home/another/place/src && umask 0077 &&
		export LC_ALL=C TZ=Asia/Tokyo DEB_BUILD_OPTIONS="nocheck parallel=1" &&
		setpriv --reuid 1234 --regid 1234 --clear-groups dpkg-buildpackage -us -uc -b'
	is "$(cd "$build/srv/one" && sha256sum ./*.deb)" "$(cd "$build/home/another/place" && sha256sum ./*.deb)" \
		"$suite: the same bytes both times"
	ok "$suite: its lintian finds no error and has no warning" package_enter "$build" \
		'lintian --allow-root --fail-on error,warning /srv/one/*.changes' || diag "$(<"$scratch/package.log")"

	package_tree "$suite" "$tree" || tap_die "cannot make a machine: $(<"$scratch/package.log")"
	ok "$suite: its apt installs both" package_install "$tree" "$build"/srv/one/netrescue{,-guestfs}_*.deb ||
		diag "$(tail -n 20 "$scratch/package.log")"
	ok "$suite: an ordinary user builds a recipe by its name" package_try "$tree" ||
		diag "$(tail -n 20 "$scratch/package.log")"
	same_files "$tree/$package_result/SHA256SUMS" "$image/SHA256SUMS" "$suite: the same bytes as here"
	rm -rf --one-file-system "$build" "$tree"
done
