#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mmdebstrap is the oracle: the packages of a recipe's lock, installed by us and by it from the same
# files, give the same tree, but for what oracle-mmdebstrap.differences explains; and both act the same
# under apt and dpkg afterwards. With NETRESCUE_TEST_ALL also bookworm, a set with diversions, Replaces
# and many triggers, one of 500 packages, and the kernel reinstalled.
. tests/lib/tap.sh
need mmdebstrap dpkg-scanpackages python3 unshare
[[ $(id -u) == 0 ]] || skip_all 'mmdebstrap and chroot as root'

table=tests/real/oracle-mmdebstrap.differences
tool=$NETRESCUE_BIN/tests/tree
packages=(screen)
sets=(rescue64)
kernels=() # sets whose kernel is installed again
if [[ ${NETRESCUE_TEST_ALL:-} ]]; then
	sets+=(rescue64-bookworm odd large)
	packages+=(linux-image)
	kernels=(rescue64 rescue64-bookworm)
fi
# apt inside mmdebstrap works as a user of its own.
chmod 755 "$scratch"
plan $((1 + 13 * ${#sets[@]} + 2 * ${#kernels[@]}))

is "$(($(grep -c -v -e '^#' -e '^$' $table) <= 20))" 1 'at most 20 differences are explained'

cat >"$scratch/odd.yaml" <<'.'
name: odd
title: Diversions, Replaces, triggers, daemons with users of their own
suite: trixie
architecture: amd64
components: [main]
pockets: [updates, security]
priorities: [required]
packages:
  - locales
  - screen
  - molly-guard
  - man-db
  - manpages-dev
  - fontconfig
  - shared-mime-info
  - desktop-file-utils
  - libglib2.0-bin
  - wamerican
  - exim4-daemon-light
  - apache2
  - chrony
  - tcpdump
  - git
  - emacs-nox
  - python3-yaml
  - perl
  - build-essential
kernel: none
autologin: {terminals: [tty1], program: agetty}
.
cat >"$scratch/large.yaml" <<'.'
name: large
title: About 500 packages
suite: trixie
architecture: amd64
components: [main]
pockets: [updates, security]
priorities: [required, important, standard]
packages:
  - locales
  - screen
  - systemd-sysv
  - xfce4
  - xterm
  - gparted
  - mousepad
  - ristretto
  - galculator
  - nmap
  - build-essential
  - qemu-system-x86
autologin: {terminals: [tty1], program: agetty}
.

# The .debs of the lock, with an index as mmdebstrap wants it: DIR/repo
make_repo() {
	local dir=$1 store=$2 suite
	suite=$(sed -n 's/^Suite: //p;T;q' "$dir/lock")
	mkdir "$dir/repo"
	awk '/^Package:/{name = $2; version = arch = sha = role = ""}
		/^Version:/{version = $2} /^Architecture:/{arch = $2} /^SHA256:/{sha = $2}
		/^Role:/{if (name != "" && $2 == "image") {gsub(":", "%3a", version)
			print sha, name "_" version "_" arch ".deb"}}' "$dir/lock" |
		while read -r sha name; do
			ln -f "$store/sha256/${sha:0:2}/$sha" "$dir/repo/$name" 2>/dev/null ||
				cp "$store/sha256/${sha:0:2}/$sha" "$dir/repo/$name"
		done
	(cd "$dir/repo" && dpkg-scanpackages -m . /dev/null >Packages 2>/dev/null &&
		printf '%s\n' "Suite: $suite" "Codename: $suite" 'Architectures: amd64' \
			'Components: main' 'Date: Sat, 01 Jan 2022 00:00:00 UTC' 'SHA256:' \
			" $(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) Packages" >Release)
	echo "$suite"
}

# theirs DIR SUITE
theirs() {
	local dir=$1 suite=$2 hooks=()
	[[ $suite != bookworm ]] || hooks+=(--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr)
	# Packages ask for the machine's name and its domain, so theirs gets the same.
	TMPDIR=$dir SOURCE_DATE_EPOCH=$(<"$dir/epoch") unshare --uts \
		sh -c 'hostname "$1" && shift && exec "$@"' sh "$(<"$dir/ours/etc/hostname")" mmdebstrap --mode=root \
		--architectures=amd64 --variant=essential "${hooks[@]}" \
		--include="$(sed -n 's/^Package: //p' "$dir/repo/Packages" | paste -sd,)" \
		--aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
		--essential-hook="chroot \"\$1\" debconf-set-selections <'$dir/preseed'" \
		--essential-hook="install -m 0644 '$dir/ours/etc/hostname' '$dir/ours/etc/hosts' \"\$1/etc\"" \
		"$suite" "$dir/theirs" "deb [trusted=yes] copy://$dir/repo ./"
}

# inside TREE COMMAND...: root of the tree, its own mounts, processes and (no) network
inside() {
	local tree=$1
	shift
	unshare --mount --pid --fork --net --uts --ipc --mount-proc="$tree/proc" \
		chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TZ=UTC \
		DEBIAN_FRONTEND=noninteractive SOURCE_DATE_EPOCH="$epoch" "$@"
}

apt=(apt-get -y -o Dir::Etc::sourcelist=/repo/sources.list -o Dir::Etc::sourceparts=/dev/null
	-o APT::Sandbox::User=root -o Acquire::Languages=none)

# What both trees say to the same command, which succeeds (a chroot that cannot be entered says the same of
# both, too): same CAPTION COMMAND...
same() {
	local caption=$1 tree
	shift
	for tree in ours theirs; do
		inside "$dir/$tree" "$@" >"$dir/$tree.said" 2>&1
		echo "status $?" >>"$dir/$tree.said"
	done
	is "$(tail -n 1 "$dir/ours.said")" 'status 0' "$set: $caption: succeeds" || diag "$(<"$dir/ours.said")"
	ok "$set: $caption: both say the same" diff -u "$dir/ours.said" "$dir/theirs.said"
}

reinstall() {
	local tree=$1 name
	for name in "${packages[@]}"; do
		[[ $name != linux-image ]] ||
			name=$(sed -n 's/^Package: \(linux-image-[0-9].*\)/\1/p' "$dir/repo/Packages")
		[[ -z $name ]] || inside "$tree" "${apt[@]}" install --reinstall "$name" || return
	done
	inside "$tree" dpkg-reconfigure locales
}

prepare() {
	local tree=$1
	mkdir -p "$tree/repo"
	cp "$dir"/repo/* "$tree/repo/"
	echo 'deb [trusted=yes] file:/repo ./' >"$tree/repo/sources.list"
	printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
	chmod 755 "$tree/usr/sbin/policy-rc.d"
	inside "$tree" "${apt[@]}" update
}

check_set() {
	local recipe=recipes/$set.yaml suite
	[[ -e $recipe ]] || recipe=$scratch/$set.yaml
	dir=$scratch/$set
	mkdir -p "$dir/ours"
	run "$tool" "$recipe" "$scratch/store" "$dir"
	is "$status" 0 "$set: our tree" || tap_die "$stderr"
	epoch=$(<"$dir/epoch")
	tar -C "$dir/ours" --acls --xattrs --xattrs-include='*' --numeric-owner -xpf "$dir/tree.tar"
	suite=$(make_repo "$dir" "$scratch/store")
	run theirs "$dir" "$suite"
	is "$status" 0 "$set: mmdebstrap's tree" || tap_die "$(tail -n 20 <<<"$stderr")"
	ok "$set: the trees are the same" tests/tools/compare-trees.py "$dir/ours" "$dir/theirs" $table
	run inside "$dir/ours" dpkg --audit
	is "$stdout$stderr" '' "$set: dpkg --audit finds nothing"
	same 'dpkg -V' dpkg -V
	same 'apt-get check' apt-get check
	prepare "$dir/ours" >"$dir/log" 2>&1
	prepare "$dir/theirs" >>"$dir/log" 2>&1
	same 'autoremove' "${apt[@]}" -s autoremove
	ok "$set: packages reinstalled here" reinstall "$dir/ours"
	ok "$set: packages reinstalled there" reinstall "$dir/theirs"
	# Which keymap goes in, and under what name, depends on the clock until settings have made one.
	[[ " ${kernels[*]} " != *" $set "* ]] || same 'initramfs' sh -ec \
		'lsinitramfs /boot/initrd.img-* >/all; [ -s /all ]
		grep -v -e ^etc/console-setup/ -e tmpkbd /all | sort; rm /all'
	rm -rf "$dir"/{ours,theirs}/boot/initrd.img-*
	rm -rf "$dir"/{ours,theirs}/{repo,var/log/apt/*,var/log/*.log,var/cache/apt/*.bin}
	ok "$set: still the same" tests/tools/compare-trees.py "$dir/ours" "$dir/theirs" $table
	rm -rf "$dir"
}

for set in "${sets[@]}"; do
	check_set
done
