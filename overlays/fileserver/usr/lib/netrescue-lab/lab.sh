# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# What the scripts beside this one share. The kernel's command line says what the lab wants:
#
#     lab.interface=eth0              the network card, renamed if it has another name
#     lab.address=192.168.1.1/24
#     lab.tftp=/srv/pxe/tftp          gets /tftp of the disk labelled pxe-data
#     lab.root=/srv/pxe/rescue64      gets the disk labelled pxe-root

# The value of a word of the command line; fails if it is not there.
lab_word()
{
	for lab_w in $(cat /proc/cmdline); do
		case $lab_w in
		"$1") return 0 ;;
		"$1"=*) echo "${lab_w#*=}"; return 0 ;;
		esac
	done
	return 1
}

say()
{
	echo "netrescue-lab: $*" >/dev/console
}

# WHAT WHY...: one line, whatever a daemon had to say; of dhcpd's words not the greeting and the farewell.
failed()
{
	lab_what=$1
	shift
	say "failed: $lab_what: $(echo "$*" | sed -e '/^Internet Systems/,/^For info/d' \
		-e '/^If you think/,/^exiting/d' | tr -s '\n\t ' '   ' | cut -c 1-1000)"
}
