#!/bin/bash
# SPDX-License-Identifier: MIT
# The other systems that recipes/ has, booted through the lab: sysvinit, and Debian 12. All health checks
# that can apply, the power switched off, a reboot.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 14

cat >"$scratch/sysvinit.sh" <<'EOT'
echo "init $(cat /proc/1/comm)"
grep '^1:' /etc/inittab | sed 's/^/inittab /'
runlevel | sed 's/^/runlevel /'
ps -C dhcpcd -o comm= | head -n 1 | sed 's/^/dhcpcd /'
cat /run/rescue/etc/ssh/*.pub | ssh-keygen -l -f - | cut -d ' ' -f 2 | sed 's/^/key /'
EOT
cat >"$scratch/bookworm.sh" <<'EOT'
echo "init $(cat /proc/1/comm)"
. /etc/os-release
echo "Debian $VERSION_ID"
EOT

image_build recipes/rescue64-sysvinit.yaml "$scratch/out"
lab_boot 'sysvinit boots and switches off' "$image" --script "$scratch/sysvinit.sh"
ok 'in less than a minute' lab_within 1 end 60
like "$(lab_said 1)" 'init init' 'its process 1 is that of sysvinit'
like "$(lab_said 1)" 'runlevel N 2' 'in runlevel 2'
like "$(lab_said 1)" 'inittab 1:2345:respawn:/sbin/mingetty --noclear --autologin root tty1' \
	"root is logged in by the how-to's line of inittab"
ok 'the fingerprints of its host keys are on the console' lab_shows_keys 1
is "$(lab_said 1 dhcpcd)" 'dhcpcd' 'dhcpcd is there to keep the lease'
lab_boot 'sysvinit reboots' "$image" --reboot
ok 'in less than a minute' lab_within 1 end 60

image_build recipes/rescue64-bookworm.yaml "$scratch/out"
lab_boot 'bookworm boots and switches off' "$image" --script "$scratch/bookworm.sh"
ok 'in less than a minute' lab_within 1 end 60
is "$(lab_said 1)" $'init systemd\nDebian 12' 'it is Debian 12'
lab_boot 'bookworm reboots' "$image" --reboot
ok 'in less than a minute' lab_within 1 end 60
