# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Debian trees to build and to try the packages in. To be sourced after tap.sh; needs root and mmdebstrap.
#
#	package_mirror				sets $package_mirror, what this machine's apt uses, or skips the test
#	package_tree SUITE DIR [PACKAGE…]	makes one: apt, what is essential, what these functions need,
#						and the packages
#	package_enter DIR SCRIPT		runs it there by sh (no single quotes), as the root of a mount namespace: in a
#						chroot nobody could make a user namespace
#	package_install DIR DEB…		installs them by apt, which fetches what they depend on
#	package_possible DIR DEB…		asks apt whether it would; those that are installed are known to it
#	package_try DIR				runs debian/tests/minimal there; the result is DIR/$package_result
#
# Each returns the command's status, and its output is in $scratch/package.log.

package_mirror() {
	package_mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\?\(http[^ ]*\) .*/\2/p' \
		/etc/apt/sources.list /etc/apt/sources.list.d/*debian* 2>/dev/null | grep -v security | head -n 1)
	[[ $package_mirror ]] || skip_all 'apt here knows no Debian mirror'
}

# shellcheck disable=SC2154 # tap.sh sets $scratch
package_tree() {
	local suite=$1 dir=$2 include
	shift 2
	include=$(IFS=,; echo "mount,passwd${*:+,}$*")
	mmdebstrap --quiet --mode=root --variant=apt --include="$include" --skip=cleanup/apt/lists "$suite" "$dir" \
		"$package_mirror" >"$scratch/package.log" 2>&1 &&
		mkdir "$dir/old" && cp /etc/hosts "$dir/etc/hosts"
}

package_enter() {
	cat >"$scratch/enter" <<.
set -e
mount --bind "$1" "$1"
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
mount -t sysfs sysfs "$1/sys"
cd "$1"
pivot_root . old
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 sh -c 'umount -l /old && cd /root && { $2; }'
.
	unshare --mount --pid --fork sh "$scratch/enter" >"$scratch/package.log" 2>&1
}

package_install() {
	local dir=$1
	shift
	mkdir -p "$dir/debs"
	cp "$@" "$dir/debs"
	package_enter "$dir" 'DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
		-o Dpkg::Options::=--force-unsafe-io install /debs/*.deb'
}

package_possible() {
	local dir=$1
	shift
	cp "$@" "$dir/debs"
	package_enter "$dir" 'apt-get -q -s --no-install-recommends install /debs/*.deb'
}

# shellcheck disable=SC2034 # the test reads it
package_result=tmp/try/out/minimal/latest
package_try() {
	cp debian/tests/minimal "$1/try"
	package_enter "$1" 'mkdir /tmp/try && AUTOPKGTEST_TMP=/tmp/try exec /try'
}
