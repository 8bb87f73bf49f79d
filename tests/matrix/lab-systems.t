#!/bin/bash
# SPDX-License-Identifier: MIT
# The other systems that recipes/ has, booted through the lab: sysvinit (which tests/boot/sysvinit.t switches off), and Debian
# 12. All health checks that can apply, the power switched off, a reboot.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
plan 7

cat >"$scratch/bookworm.sh" <<'EOT'
echo "init $(cat /proc/1/comm)"
. /etc/os-release
echo "Debian $VERSION_ID"
EOT

image_shared recipes/rescue64-sysvinit.yaml
lab_boot 'sysvinit reboots' "$image" --reboot
ok 'in less than a minute' lab_within 1 end 60

image_shared recipes/rescue64-bookworm.yaml
lab_boot 'bookworm boots and switches off' "$image" --script "$scratch/bookworm.sh"
ok 'in less than a minute' lab_within 1 end 60
is "$(lab_said 1)" $'init systemd\nDebian 12' 'it is Debian 12'
lab_boot 'bookworm reboots' "$image" --reboot
ok 'in less than a minute' lab_within 1 end 60
