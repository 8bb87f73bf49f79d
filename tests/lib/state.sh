# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What a run must leave as it was. To be sourced after tap.sh.
#
#	before=$(state_of "$scratch/out")
#	…
#	is "$(state_of "$scratch/out")" "$before" 'out is as it was'
#
# state_of DIR			every entry below DIR (kind, mode, link) and the digest of every file, sorted;
#				not their times: a blob that is used says so by its own, for gc
# state_but_caches BEFORE AFTER	two of these of a store: prints what is gone or other, and what is new but
#				neither a blob, nor a fact, nor a log. Verified blobs and facts about them may
#				grow by any run, failed ones too: they are true whatever became of it.
# store_trouble STORE		prints that there is no such store, blobs that are not what they are called, facts cut short, and all that
#				an ended run may not leave: partial files, trees.

state_of() {
	[[ -e $1 ]] || return 0
	(
		cd "$1" || exit
		find . -printf '%y %m %p %l\n'
		find . -type f -print0 | xargs -0r sha256sum
	) | sort
}

state_but_caches() {
	diff <(printf '%s\n' "$1") <(printf '%s\n' "$2") |
		grep '^[<>]' |
		grep -Ev '^> ([dfl] [0-7]+ |[0-9a-f]{64}  )\./(sha256|known|log)(/| )'
}

store_trouble() {
	[[ -e $1 ]] || { echo "there is no store '$1'"; return; }
	(
		cd "$1" || exit
		find tree partial -mindepth 1 -maxdepth 1 2>/dev/null
		find sha256 -type f 2>/dev/null | while read -r blob; do
			echo "${blob##*/}  $blob"
		done | sha256sum --check --quiet 2>/dev/null
		find known -type f -empty 2>/dev/null
		find known -type f -print0 2>/dev/null | xargs -0r tail -qc 1 | tr -d '\n'
	)
}
