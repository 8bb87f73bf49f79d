#!/bin/bash
# SPDX-License-Identifier: MIT
# Includes point down the list of folders only, and every file is where its name says.
. tests/lib/tap.sh

# Folders of one row know nothing of each other.
layers=(base recipe deb archive solve tar sandbox rootfs publish 'verify diff' lab serve command)

[[ $(find builder -name '*.[ch]') ]] || tap_die 'builder/ holds no sources'
plan 5

# layer_of FOLDER: its place in the list, or nothing
layer_of() {
	local i
	for i in "${!layers[@]}"; do
		[[ " ${layers[i]} " == *" $1 "* ]] && echo "$i"
	done
}

# Prints every include that points up.
upward_includes() {
	local file target from to from_folder to_folder
	while IFS=: read -r file target; do
		from=${file#*/}
		from_folder=${from%%/*}
		to_folder=${target%%/*}
		from=$(layer_of "$from_folder")
		to=$(layer_of "$to_folder")
		if [[ ! $from || ! $to ]] || ((to > from)) ||
			((to == from)) && [[ $from_folder != "$to_folder" ]]; then
			echo "$file includes $target"
		fi
	done < <(grep -rHo --include='*.[ch]' '^#include "[^"]*"' "$1" |
		sed 's/:#include "\(.*\)"/:\1/' | sort)
}

is "$(upward_includes builder)" '' \
	'base < recipe < deb < archive < solve < tar < sandbox < rootfs < publish < verify, diff < lab < serve < command'

# The check sees a violation when there is one.
mkdir -p "$scratch/builder/base"
echo '#include "recipe/recipe.h"' >"$scratch/builder/base/x.c"
is "$(cd "$scratch" && upward_includes builder)" 'builder/base/x.c includes recipe/recipe.h' \
	'an include that points up is found'

is "$(find builder -name '*.[ch]' -printf '%f\n' | sort | uniq -d)" '' 'file names are unique'

unguarded=$(find builder -name '*.h' -exec grep -L '^#pragma once$' {} +)
is "$unguarded" '' 'every header has its guard'

unlicensed=$(find builder tests Makefile .ci -type f \
	\( -name '*.[ch]' -o -name '*.t' -o -name '*.sh' -o -name '*.py' -o -name Makefile \) \
	-exec grep -L 'SPDX-License-Identifier: MIT' {} + | sort)
is "$unlicensed" '' 'every source names its licence'
