#!/bin/bash
# SPDX-License-Identifier: MIT
# clang-format finds nothing to change.
. tests/lib/tap.sh
need clang-format

# Later versions lay out some things differently; bookworm's 14 is the one the code is formatted with.
version=$(clang-format --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
((version == 14)) || skip_all "clang-format is version $version, the code is formatted with 14"

plan 1
mapfile -t files < <(find builder tests -name '*.[ch]' | sort)
((${#files[@]})) || tap_die 'there are no sources'
ok "${#files[@]} files are formatted" clang-format --dry-run --Werror "${files[@]}"
