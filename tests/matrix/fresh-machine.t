#!/bin/bash
# SPDX-License-Identifier: MIT
# A fresh Debian with nothing but make: clone, `make image`, hold an image. As root, then as an ordinary user; on bookworm
# and on trixie. All four are the same bytes.
. tests/lib/tap.sh
[[ $(id -u) = 0 ]] || skip_all 'it takes root to make a machine'
need mmdebstrap jq git
recipe=recipes/minimal.yaml
suites=(bookworm trixie)
plan $((4 * ${#suites[@]} + 1))

mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\?\(http[^ ]*\) .*/\2/p' \
	/etc/apt/sources.list /etc/apt/sources.list.d/*debian* 2>/dev/null | grep -v security | head -n 1)
[[ $mirror ]] || skip_all 'apt here knows no Debian mirror'

for suite in "${suites[@]}"; do
	machine=$scratch/$suite
	mmdebstrap --quiet --mode=root --variant=apt --include=make,git,adduser,sudo "$suite" "$machine" "$mirror" ||
		tap_die "cannot make a $suite machine"
	git clone -q . "$machine/srv/netrescue"
	mkdir -p "$machine/old"
	cp /etc/hosts "$machine/etc/hosts"
	cat >"$scratch/enter" <<.
set -e
mount --bind "$machine" "$machine"
mount --rbind /dev "$machine/dev"
mount -t proc proc "$machine/proc"
mount -t sysfs sysfs "$machine/sys"
cd "$machine"
pivot_root . old
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -c 'umount -l /old; cd /srv/netrescue &&
	make image RECIPE=$recipe && mv out/minimal /as-root &&
	adduser --quiet --disabled-password --gecos "" somebody && chown -R somebody /srv/netrescue &&
	exec su somebody -c "umask 077; make image RECIPE=$recipe"'
.
	if unshare --mount --pid --fork sh "$scratch/enter" >"$scratch/log" 2>&1; then
		pass "$suite: make image as root, then as an ordinary user"
	else
		fail "$suite: make image as root, then as an ordinary user"
		diag "$(tail -n 25 "$scratch/log")"
	fi
	result=$(find "$machine/srv/netrescue/out/minimal" -maxdepth 1 -name '2*' | head -n 1)
	ok "$suite: the result is whole" sh -c "cd '$result' && sha256sum --quiet -c SHA256SUMS"
	same_files "$machine"/as-root/latest/SHA256SUMS "$result/SHA256SUMS" "$suite: both builds gave the same bytes"
	cp "$result/SHA256SUMS" "$scratch/$suite.sums"
	like "$(<"$scratch/log")" 'libsolv-dev' "$suite: it said what it installs"
	rm -rf --one-file-system "$machine"
done
same_files "$scratch/bookworm.sums" "$scratch/trixie.sums" 'and so did both machines'
