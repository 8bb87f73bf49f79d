# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For tests of --sandbox=guestfs, after tap.sh.
#
#	guestfs_need			skips the test where the helper program was not built
#	guestfs_kernel			gives the appliance a kernel: this machine's own where it has one that
#					may be read; else Debian's, unpacked below out/ once, never installed
#	guestfs_user			prints a user without subordinate ids (one is made when root)
#	guestfs_as USER COMMAND...	as that user, with the programs of $guestfs_bin (copies: another user may
#					not be let into the checkout)

# shellcheck disable=SC2154 # scratch is tap.sh's

guestfs_need() {
	[[ -x $NETRESCUE_BIN/sandbox-guestfs ]] ||
		skip_all 'built without libguestfs (apt install libguestfs-dev, then make)'
	chmod 755 "$scratch"
	guestfs_bin=${sandbox_bin:-$scratch/guestfs-bin} # of sandbox.sh, if that was there before
	mkdir -p "$guestfs_bin"
	install -d -m 1777 "$scratch/guestfs-tmp"
	cp "$NETRESCUE_BIN"/{netrescue,sandbox-namespace,sandbox-guestfs} "$guestfs_bin"
}

guestfs_kernel() {
	local dir=$top/out/guestfs-kernel image version
	[[ ${SUPERMIN_KERNEL:-} ]] && return
	for image in /boot/vmlinuz-*; do
		[[ -r $image && -e /lib/modules/${image#/boot/vmlinuz-}/modules.dep ]] && return
	done
	if [[ ! -e $dir/complete ]]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		image=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
		(cd "$dir" && apt-get download "$image") >"$scratch/kernel.log" 2>&1 ||
			tap_die "cannot download a kernel for the appliance: $(<"$scratch/kernel.log")"
		dpkg-deb -x "$dir"/linux-image-*.deb "$dir" && rm "$dir"/linux-image-*.deb
		version=$(ls "$dir/lib/modules")
		PATH=$PATH:/sbin:/usr/sbin depmod -b "$dir" "$version"
		touch "$dir/complete"
	fi
	# supermin copies the directory itself, wherever the modules are.
	mkdir -p /lib/modules || tap_die 'supermin needs /lib/modules, even empty'
	version=$(ls "$dir/lib/modules")
	# A user who is not let into the checkout needs them, too.
	cp -r "$dir" "$scratch/guestfs-kernel"
	dir=$scratch/guestfs-kernel
	export SUPERMIN_KERNEL=$dir/boot/vmlinuz-$version SUPERMIN_MODULES=$dir/lib/modules/$version \
		SUPERMIN_KERNEL_VERSION=$version
}

guestfs_user() {
	local name=netrescue-guestfs
	if ((EUID != 0)); then
		id -un
		return
	fi
	id "$name" >/dev/null 2>&1 || useradd --system --home-dir /nonexistent --shell /bin/sh "$name" >/dev/null
	sed -i "/^$name:/d" /etc/subuid /etc/subgid
	echo "$name"
}

guestfs_as() {
	local user=$1 as=()
	shift
	((EUID == 0)) && as=(setpriv --reuid "$(id -u "$user")" --regid "$(id -g "$user")" --clear-groups --)
	"${as[@]}" env HOME=/nonexistent TMPDIR="$scratch/guestfs-tmp" \
		NETRESCUE="$guestfs_bin/netrescue" NETRESCUE_LIBEXEC="$guestfs_bin" "$@"
}
