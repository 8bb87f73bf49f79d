#!/bin/bash
# SPDX-License-Identifier: MIT
# No file names the mirror that this machine happens to use, nor a path of it: what is built and tested
# must not depend on either, and neither is anybody's business.
. tests/lib/tap.sh

# Hosts of this machine's apt sources, one a line.
configured_hosts() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
		grep -v '^[[:space:]]*#' |
		grep -oE '(https?|ftp)://[^/[:space:]]+' | sed -e 's,^[a-z]*://,,' -e 's,^.*@,,' \
		-e 's,:[0-9]*$,,' | sort -u
}

mapfile -t files < <(git ls-files --cached --others --exclude-standard)
((${#files[@]})) || tap_die 'git lists no files'

plan 2
found=
while IFS= read -r host; do
	[[ $host && $host != localhost && $host != 127.0.0.1 ]] || continue
	if matches=$(grep -lFI -- "$host" "${files[@]}" 2>/dev/null); then
		found+="$matches"$'\n'
	fi
done < <(configured_hosts)
is "$found" '' 'no file names a host of the apt configuration'

checkout=$(git rev-parse --show-toplevel)
[[ $checkout ]] || tap_die 'git does not say where the checkout is'
is "$(grep -lFI -- "$checkout/" "${files[@]}" 2>/dev/null)" '' 'no file names the path of the checkout'
