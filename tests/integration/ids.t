#!/bin/bash
# SPDX-License-Identifier: MIT
# The recipe's ids: reach users and groups however a package creates them; what a package insists on, and
# under strict-ids what it chooses, is refused in words.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg zstd newuidmap

tiny_new "$scratch/m" adduser
mirror_package "$scratch/m" <<'.'
Package: maker
Version: 1.0
Depends: adduser, passwd
Files:
 /usr/lib/sysusers.d/maker.conf 0644 g sysgroup -\nu sysuser - "A user" /var/lib/sys\nu! sysother -:nogroup "Another"\ng unnamed -\n
 /usr/bin/systemd-sysusers 0755 #!/bin/sh\nfor f; do case $f in /*) ;; *) f=/usr/lib/sysusers.d/$f ;; esac; sed -n "s/^/sysusers: /p" $f >>/var/lib/maker.said; done\n
X-Postinst:
 #!/bin/sh
 set -e
 adduser --system --quiet --home /var/lib/a --no-create-home --group auser
 adduser --quiet --system --ingroup nogroup --home /nonexistent --no-create-home buser
 adduser --quiet auser games
 addgroup --system --quiet agroup
 useradd --system --home-dir /var/lib/c --no-create-home -s /bin/sh -g games cuser
 groupadd -r cgroup
 groupadd -r -g 777 fixed
 systemd-sysusers maker.conf

Package: chooser
Version: 1.0
Depends: adduser
X-Postinst:
 #!/bin/sh
 adduser --allow-bad-names --quiet --system --home /nonexistent --no-create-home _tidepool

Package: insister
Version: 1.0
Depends: adduser
X-Postinst:
 #!/bin/sh
 adduser --quiet --system --uid 555 --home /nonexistent --no-create-home stubborn
.
tiny_serve "$scratch/m"
plan 19

ids='ids: {auser: 301, buser: 302, agroup: {group: 303}, cuser: 304, cgroup: {group: 305}, fixed: 777,'
ids+=' sysgroup: {group: 306}, sysuser: 307, sysother: 308, nobodys: 309}'
tiny_recipe "$scratch/tiny.yaml" 'packages: [maker]' 'strict-ids: true' "$ids"
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'every id is given, so strict-ids is content' || { diag "$stderr"; tap_die 'nothing else can work'; }
like "$stderr" "no package of this image creates 'nobodys'" 'an id without a user is noted'
mkdir "$scratch/tree"
tar -C "$scratch/tree" --zstd --no-same-owner -xf "$stdout/rootfs.tar.zst"
passwd=$(<"$scratch/tree/etc/passwd")
group=$(<"$scratch/tree/etc/group")
like "$passwd" 'auser:x:301:301::/var/lib/a:' 'adduser --group: the number, and the home the package chose'
like "$passwd" 'buser:x:302:65534:' 'adduser --ingroup'
like "$passwd" 'cuser:x:304:60::/var/lib/c:/bin/sh' 'useradd -g'
like "$group" 'auser:x:301:' 'the group of adduser --group'
like "$group" 'games:x:60:auser' 'adduser USER GROUP creates nothing'
like "$group" 'agroup:x:303:' 'addgroup'
like "$group" 'cgroup:x:305:' 'groupadd'
like "$group" 'fixed:x:777:' 'groupadd -g, the number the same'
is "$(<"$scratch/tree/var/lib/maker.said")" 'sysusers: g sysgroup 306
sysusers: u sysuser 307 "A user" /var/lib/sys
sysusers: u! sysother 308:nogroup "Another"
sysusers: g unnamed -' 'systemd-sysusers reads our numbers'
silent 'nothing of the build is left' find "$scratch/tree" \( -path "$scratch/tree/.netrescue" -o \
	-path '*/usr/sbin/policy-rc.d' -o -path "$scratch/tree/etc/passwd-" \)
silent 'no logs of the build' find "$scratch/tree/var/log" -name '*.log'

tiny_recipe "$scratch/chooser.yaml" 'packages: [chooser]' 'strict-ids: true'
tiny_out=$scratch/out2 run tiny_build "$scratch/chooser.yaml"
is "$status" 1 'strict-ids refuses what a package chose'
like "$stderr" 'user _tidepool [0-9]+ \(chooser\)' 'it names the user and the package'
like "$stderr" 'ids:' 'and the way out'

tiny_recipe "$scratch/insister.yaml" 'packages: [insister]' 'ids: {stubborn: 400}'
tiny_out=$scratch/out3 run tiny_build "$scratch/insister.yaml"
is "$status" 1 'a package that insists on its number is refused'
like "$stderr" 'insister\.yaml:[0-9]+:[0-9]+: error:.*stubborn.*400.*555' 'at the place in the recipe'
not_ok 'and leaves nothing' test -e "$scratch/out3/tiny/latest"
