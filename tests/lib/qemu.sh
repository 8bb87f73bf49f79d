# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# One QEMU machine that boots from the network that QEMU itself plays: DHCP and TFTP of a directory,
# no root, no bridge. After tap.sh:
#
#	vm_start DIRECTORY [MACHINE-OPTIONS]   from DIRECTORY/pxelinux.0; sets $vm_serial, $vm_capture
#	vm_wait REGEX SECONDS      until the serial line has shown it; fails at once when QEMU has ended
#	                           or an earlier wait has failed
#	vm_events                  what crossed its wire so far, in the words of lab/wire.h
#	vm_wait_event LINE SECONDS until one of these is LINE
#	vm_got FILE                succeeds if all of FILE came over TFTP
#	vm_keys KEY...             presses keys one after the other (QEMU's names: down, tab, shift-s, spc)
#	vm_type TEXT               the same for text of a-z, 0-9, space and =, and capital S
#	vm_stop
#
# graphics=off among the machine's options sends the BIOS's screen to the serial line, menus included.

# shellcheck disable=SC2154 # tap.sh gives scratch and top
vm_start() {
	local directory=$1 machine=pc${2:+,$2}

	vm_serial=$scratch/serial vm_capture=$scratch/capture
	mkfifo "$scratch/monitor.in" "$scratch/monitor.out"
	qemu-system-x86_64 -M "$machine" -accel tcg -cpu max -m 1024 -display none -no-reboot \
		-nodefaults -serial "file:$vm_serial" -monitor "pipe:$scratch/monitor" -boot n \
		-netdev "user,id=n,tftp=$directory,bootfile=pxelinux.0" \
		-device VGA -device virtio-net-pci,netdev=n \
		-object "filter-dump,id=d,netdev=n,file=$vm_capture,maxlen=512" \
		>"$scratch/qemu.log" 2>&1 </dev/null &
	vm_pid=$!
	at_exit kill "$vm_pid"
	# Read and write, so that neither side waits for the other to open its end.
	exec 7<>"$scratch/monitor.in" 8<>"$scratch/monitor.out"
}

vm_is_running() {
	[[ -n ${vm_pid:-} ]] && kill -0 "$vm_pid" 2>/dev/null
}

vm_stop() {
	vm_is_running || return 0
	kill "$vm_pid"
	wait "$vm_pid" 2>/dev/null
	vm_pid=
}

# vm_until SECONDS COMMAND...
vm_until() {
	local end=$((SECONDS + $1))
	shift
	# A file, as ok() waits in a subshell.
	[[ ! -e $scratch/vm-failed ]] || { echo 'not tried: the machine is stuck'; return 1; }
	until "$@"; do
		if ! vm_is_running; then
			"$@" && return 0
			echo "QEMU has ended: $(<"$scratch/qemu.log")"
			return 1
		fi
		if ((SECONDS >= end)); then
			touch "$scratch/vm-failed"
			echo "timed out; the serial line's end:"
			tail -n 25 "$vm_serial" | cat -v
			return 1
		fi
		sleep 0.2
	done
}

vm_shows() {
	[[ -e $vm_serial ]] && grep -aqE -- "$1" "$vm_serial"
}

# Without time and machine.
vm_events() {
	"$NETRESCUE_BIN/tests/wire" "$vm_capture" | cut -d ' ' -f 3-
}

vm_has_event() {
	vm_events | grep -Fx -- "$1" >/dev/null
}

vm_got() {
	local events
	events=$(vm_events | grep -F "TFTP: $1: ")
	[[ $events =~ 'B in '[0-9.]+' s' ]] || { echo "did not come: $1"; return 1; }
}

vm_wait() {
	vm_until "$2" vm_shows "$1"
}

vm_wait_event() {
	vm_until "$2" vm_has_event "$1"
}

vm_keys() {
	local key
	for key; do
		echo "sendkey $key" >&7
	done
}

vm_type() {
	local text=$1 i
	for ((i = 0; i < ${#text}; i++)); do
		case ${text:i:1} in
		' ') vm_keys spc ;;
		=) vm_keys equal ;;
		S) vm_keys shift-s ;;
		*) vm_keys "${text:i:1}" ;;
		esac
	done
}
