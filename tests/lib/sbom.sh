# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2016 # jq's variables, not ours
#
# What a result's bill of materials has to hold. To be sourced after tap.sh.
#
#	sbom_property RESULT NAME	netrescue:NAME of the image, out of sbom.cdx.json
#	sbom_check RESULT TREE		five tests; TREE is the root file system, unpacked
#	sbom_judge RESULT		what SPDX's own tools say of sbom.spdx.json: nothing if it is valid. They are a
#					package of Debian's (python3-spdx-tools), unpacked once per test from the
#					mirror and never installed; needs root and the network.

sbom_property() {
	jq -r --arg name "netrescue:$2" \
		'.metadata.component.properties[] | select(.name == $name) | .value' "$1/sbom.cdx.json"
}

sbom_check() {
	local all listed
	silent 'both SBOMs are valid' /usr/bin/python3 tests/lib/sbom.py "$1"
	is "$(sbom_property "$1" files-dark)" 0 'no file is dark' || diag "$(jq -r '.components[] |
		select(.properties[]?.name == "netrescue:finding") | .name' "$1/sbom.cdx.json")"
	# Counted without netrescue, by dpkg's own lists and what tar unpacked.
	read -r all listed < <(python3 tests/lib/accounted.py "$2")
	same_text "$(sbom_property "$1" files)" "$all" 'the SBOM knows every file that tar unpacks'
	same_text "$(sbom_property "$1" files-of-packages)" "$listed" "and which of them dpkg's lists name"
	same_text "$(($(sbom_property "$1" files-of-packages) + $(sbom_property "$1" files-generated)))" "$all" \
		'packages and stages account for all'
}

# Bookworm and trixie do not have them yet. A mirror that stands still is good enough for a judge.
sbom_judge() {
	# shellcheck disable=SC2154 # tap.sh sets $scratch
	local judge=$scratch/judge
	if [[ ! -d $judge ]]; then
		mmdebstrap --quiet --mode=root --variant=extract --include=python3-spdx-tools,base-files \
			--aptopt='Acquire::Check-Valid-Until "false"' forky "$judge" >"$scratch/judge.log" 2>&1 ||
			tap_die "cannot unpack SPDX's tools: $(tail -n 5 "$scratch/judge.log")"
	fi
	cp "$1/sbom.spdx.json" "$judge/tmp/"
	chroot "$judge" /usr/bin/pyspdxtools --infile /tmp/sbom.spdx.json 2>&1
	echo "status $?"
}
