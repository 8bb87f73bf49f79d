#!/bin/bash
# SPDX-License-Identifier: MIT
# What the builder answers for deb-systemd-helper, instead of starting it, is what the program itself would have said
# and done. A package's postinst tries both, in systems with and without notes of earlier installations.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg zstd newuidmap
plan 5

m=$scratch/m
tiny_new "$m"
mirror_package "$m" <<'.'
Package: asks
X-Postinst:
 #!/bin/bash
 units=/etc/systemd/system notes=/var/lib/systemd
 what=/usr/share/asks
 mkdir -p $what
 system() {
 	rm -rf /etc/systemd $notes
 	mkdir -p $units $notes
 	case $1 in
 	masked) mkdir $notes/deb-systemd-helper-masked; touch $notes/deb-systemd-helper-masked/a.service ;;&
 	masked | by-hand) ln -s /dev/null $units/a.service ;;
 	own-file) echo '[Unit]' >$units/a.service ;;
 	empty-notes) mkdir $notes/deb-systemd-helper-masked $notes/deb-systemd-user-helper-masked ;;
 	enabled | disabled | no-links)
 		mkdir -p $notes/deb-systemd-helper-enabled $units/x.wants
 		touch $notes/deb-systemd-helper-enabled/a.service.dsh-also
 		[ $1 = no-links ] || echo $units/x.wants/a.service >$notes/deb-systemd-helper-enabled/a.service.dsh-also
 		[ $1 = disabled ] || ln -s /lib/a.service $units/x.wants/a.service ;;
 	esac
 }
 try() {
 	system "$1"
 	echo "$*"
 	shift
 	"$@" 2>&1 | sed 's,^[^ ]*/deb-systemd-helper,deb-systemd-helper,'
 	echo "status ${PIPESTATUS[0]}"
 	find /etc/systemd $notes -printf '%p %y %l\n' | sort
 }
 for system in new masked by-hand own-file empty-notes enabled disabled no-links; do
 	while read -r arguments; do
 		for program in deb-systemd-helper /usr/bin/deb-systemd-helper; do
 			try $system $program $arguments
 			DPKG_MAINTSCRIPT_PACKAGE='' try $system $program $arguments
 		done | sed "s,^\([a-z-]*\) /usr/bin/deb,\1 deb," >$what/both
 		n=$(($(wc -l <$what/both) / 2))
 		cmp -s <(head -n $n $what/both) <(tail -n $n $what/both) || cat $what/both >>$what/different
 		echo "$system $arguments" >>$what/tried
 	done <<-END
 		unmask a.service
 		unmask b.service
 		unmask a.service b.service
 		--user unmask a.service
 		unmask --user
 		unmask
 		--quiet was-enabled a.service
 		was-enabled a.service
 		--quiet was-enabled a.service b.service
 		--quiet was-enabled --user
 		--quiet debian-installed a.service
 		mask a.service
 		purge a.service
 	END
 done
 system new
 mv /usr/bin/deb-systemd-helper /usr/bin/kept
 printf '#!/bin/sh\necho "$*" >>/usr/share/asks/started\n' >/usr/bin/deb-systemd-helper
 chmod 755 /usr/bin/deb-systemd-helper
 deb-systemd-helper unmask c.service
 deb-systemd-helper --quiet was-enabled c.service
 deb-systemd-helper enable c.service
 mv /usr/bin/kept /usr/bin/deb-systemd-helper
 rm -rf /etc/systemd $notes
.
tiny_serve "$m"

tiny_recipe "$scratch/tiny.yaml" 'packages: [asks]' 'identity: [{path: /usr/share/asks/tried, do: keep}]'
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'it is built' || diag "$stderr"
mkdir "$scratch/tree"
tar -C "$scratch/tree" --zstd --no-same-owner -xf "$scratch/out/tiny/latest/rootfs.tar.zst" ./usr/share/asks
asks=$scratch/tree/usr/share/asks
is "$(wc -l <"$asks/tried")" 104 'every question was asked in every system'
is "$(cat "$asks/different" 2>/dev/null)" '' 'each got the same answer, and the same was done'
is "$(cat "$asks/started")" 'enable c.service' 'the program is started only where it has something to do'
like "$(cat "$asks/both")" 'purge a\.service.*status 0.*purge a\.service.*status 1' 'the comparison has seen something'
