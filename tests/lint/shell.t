#!/bin/bash
# SPDX-License-Identifier: MIT
# Every shell script passes shellcheck.
. tests/lib/tap.sh
need shellcheck

# SC1090, SC1091: what the image has is not here. SC2016: single quotes are meant.
options=(--external-sources --source-path=. --exclude='SC1090,SC1091,SC2016')

is_shell() {
	local first
	[[ -f $1 ]] || return
	[[ $1 == *.sh ]] && return
	IFS= read -r first < <(head -c 100 "$1" | tr -d '\0')
	[[ $first =~ ^#!.*[/\ ](sh|bash)($|\ ) ]]
}

scripts=()
while IFS= read -r file; do
	is_shell "$file" && scripts+=("$file")
done < <(git ls-files --cached --others --exclude-standard)

plan "${#scripts[@]}"
for script in "${scripts[@]}"; do
	more=()
	# initramfs-tools' idioms split /proc/cmdline at blanks.
	[[ $script == overlays/* ]] && more+=(--severity=warning)
	# What a login shell reads with "." has no first line.
	[[ $script == overlays/*.sh ]] && more+=(--shell=sh)
	ok "$script" shellcheck "${options[@]}" "${more[@]}" "$script"
done
