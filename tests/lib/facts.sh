# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What a store remembers, read and forged. To be sourced after tap.sh; needs openssl.
#
#	fact_file STORE KIND KEY	prints the fact's path
#	fact_value STORE KIND KEY	prints what it says
#	fact_forge HOW STORE KIND KEY VALUE	writes it: without a tag (HOW: bare), with that of another user's key
#				(theirs), or as netrescue itself does (ours), which shows that the fact would matter

# shellcheck disable=SC2154 # tap.sh sets $scratch
facts_theirs=$scratch/their-key
openssl rand -hex 32 >"$facts_theirs"

fact_file() {
	local key=$3 sum
	sum=$(printf %s "$key" | sha256sum)
	echo "$1/known/$2/${sum:0:2}/$key"
}

fact_value() {
	head -n 1 "$(fact_file "$1" "$2" "$3")"
}

fact_forge() {
	local how=$1 file tag key=$facts_theirs
	file=$(fact_file "$2" "$3" "$4")
	mkdir -p "${file%/*}"
	[[ $how != ours ]] || key=$XDG_STATE_HOME/netrescue/store-key
	tag=$(printf 'netrescue fact 1\n%s\n%s\n%s\n' "$3" "$4" "$5" |
		openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(<"$key")")
	printf '%s\n' "$5" >"$file"
	[[ $how == bare ]] || echo "${tag##* }" >>"$file"
}
