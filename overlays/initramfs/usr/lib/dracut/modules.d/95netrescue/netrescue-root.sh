#!/bin/sh
# Sourced when the root is mounted: hands over what networkd knows, then runs the scripts of nfs-bottom.

# NAME FILE: the value of NAME=VALUE, the first of it. Values may have blanks.
value_of() {
	while IFS='=' read -r name value; do
		if [ "$name" = "$1" ]; then
			echo "$value"
			return
		fi
	done < "$2"
}

# What klibc's ipconfig leaves for each device, for scripts that read /run/net-DEVICE.conf.
write_answer() {
	device=$1 address=$2 state=$3 number=0

	echo "DEVICE='$device'"
	echo "IPV4ADDR='${address%/*}'"
	for server in $(value_of DNS "$state"); do
		case "$server" in
		*[!0-9.]*) ;; # IPv6, or with a name
		*)
			echo "IPV4DNS$number='$server'"
			number=$((number + 1))
			;;
		esac
	done
	for domain in $(value_of DOMAINS "$state"); do
		echo "DNSDOMAIN='${domain#\~}'"
		break
	done
	# networkd says who it is by the card's address. Who would keep its lease has to say the same.
	echo "CLIENTID='mac'"
}

# networkd ends with the initramfs. Nobody renews the lease unless the system has a DHCP client, and the kernel would
# take the address away at its end: it stays, as klibc's does.
hand_over() {
	for link in /sys/class/net/*; do
		device=${link##*/}
		read -r index < "$link/ifindex"
		state=/run/systemd/netif/links/$index
		[ -f "$state" ] || continue
		# 2: ens3    inet 192.168.1.200/24 metric 1024 brd …
		# shellcheck disable=SC2046 # its words
		set -- $(ip -4 -o address show dev "$device" scope global)
		[ "${3:-}" = inet ] || continue
		ip address change "$4" dev "$device" valid_lft forever preferred_lft forever
		write_answer "$device" "$4" "$state" > "/run/net-$device.conf"
	done
}

# WHICH: "first" are the scripts that wait for no others by their prereqs, "later" are the rest.
run_scripts() {
	for script in /scripts/nfs-bottom/*; do
		which=later
		[ -n "$("$script" prereqs)" ] || which=first
		[ "$which" = "$1" ] || continue
		"$script" || die "$script failed"
	done
}

hand_over
mount --make-rprivate / # else no mount can be moved
export rootmnt="$NEWROOT"
run_scripts first
run_scripts later
# At its end the system needs nothing of the initramfs: the root is not to be unmounted.
rm -f /run/initramfs/.need_shutdown
