#!/bin/bash
# SPDX-License-Identifier: MIT
# rescue64-sysvinit boots through the lab with all health checks that can apply, and switches itself off. That it reboots, too,
# is proved by tests/matrix/lab-systems.t.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 9

cat >"$scratch/sysvinit.sh" <<'EOT'
echo "init $(cat /proc/1/comm)"
grep '^1:' /etc/inittab | sed 's/^/inittab /'
runlevel | sed 's/^/runlevel /'
ps -C dhcpcd -o comm= | head -n 1 | sed 's/^/dhcpcd /'
findmnt -n -t nfs -o OPTIONS | tr , '\n' | grep -xE 'nocto|ac(reg|dir)m(in|ax)=3600' | wc -l | sed 's/^/nfs /'
[ /etc/console-setup/cached_setup_terminal.sh -nt /etc/default/keyboard ] && echo 'keymap saved'
cat /run/rescue/etc/ssh/*.pub | ssh-keygen -l -f - | cut -d ' ' -f 2 | sed 's/^/key /'
EOT

image_shared recipes/rescue64-sysvinit.yaml
lab_boot 'sysvinit boots and switches off' "$image" --script "$scratch/sysvinit.sh"
ok 'in less than a minute' lab_within 1 end 60
like "$(lab_said 1)" 'init init' 'its process 1 is that of sysvinit'
like "$(lab_said 1)" 'runlevel N 2' 'in runlevel 2'
is "$(lab_said 1 nfs)" 5 'the server is not asked again what cannot change'
is "$(lab_said 1 keymap)" saved 'the keymap need not be compiled'
like "$(lab_said 1)" 'inittab 1:2345:respawn:/sbin/mingetty --noclear --autologin root tty1' \
	"root is logged in by the how-to's line of inittab"
ok 'the fingerprints of its host keys are on the console' lab_shows_keys 1
is "$(lab_said 1 dhcpcd)" 'dhcpcd' 'dhcpcd is there to keep the lease'
