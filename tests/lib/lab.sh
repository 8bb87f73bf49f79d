# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Finished images in the lab of `netrescue boot --check`. To be sourced after tap.sh and image.sh.
#
#	lab_boot NAME IMAGE [ARGUMENT…]	one TAP line; sets $status, $stdout, $stderr and $lab, the directory
#					of consoles, captures and the rest
#	lab_within N PHASE SECONDS	succeeds if client N's phase took no longer
#	lab_said N [WORD]		what client N's script has written; what follows WORD in its lines
#	lab_shows_keys N		succeeds if all host keys that its script wrote, as `key FINGERPRINT`, are
#					on client N's console
#	lab_files N		the files that client N got over TFTP, in order
#	lab_events N			what client N's network card sent and received, in the words of lab/capture/capture.h

# shellcheck disable=SC2034,SC2154 # tests read $lab; tap.sh and image.sh set the others
lab_boot() {
	local name=$1 image=$2
	shift 2
	# Short: it holds sockets, whose paths may have no more than 107 bytes.
	lab=$(mktemp -d "$scratch/lab.XXX") || tap_die 'no directory for a lab'
	run "$NETRESCUE" boot "$image" --check --store "$image_store" --logs "$lab" "$@"
	is "$status" 0 "$name" && return
	diag "$stdout" "$stderr"
	return 1
}

# shellcheck disable=SC2154
lab_within() {
	awk -v n="$1" -v phase="$2" -v limit="$3" '$1 == "client" && $2 == n && $3 == phase {
		print phase ": " $4 " s"
		took = $4
	}
	END { exit !(took > 0 && took <= limit) }' <<<"$stdout"
}

lab_said() {
	sed -n "s/^client $1  | ${2:+$2 }//p" <<<"$stdout"
}

lab_shows_keys() {
	local key keys
	keys=$(lab_said "$1" key)
	[[ $keys ]] || { echo 'the client has no keys'; return 1; }
	for key in $keys; do
		grep -qF "$key" "$lab/client$1.console" || { echo "$key is missing"; return 1; }
	done
}

lab_files() {
	lab_events "$1" | sed -nE 's/^TFTP: (\S+): [0-9.]+ .?B in .*/\1/p'
}

lab_events() {
	"$NETRESCUE_BIN/tests/capture" "$lab/client$1.pcap" | cut -d ' ' -f 3-
}
