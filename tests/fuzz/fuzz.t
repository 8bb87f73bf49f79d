#!/bin/bash
# SPDX-License-Identifier: MIT
# No fuzz target finds anything: in what was found before, in the seeds, in a few seconds of more (with
# NETRESCUE_TEST_ALL in ten minutes); and what is found is kept, and told.
. tests/lib/tap.sh
need clang python3 zstd

names=()
for file in tests/fuzz/fuzz_*.c; do
	name=$(basename "$file" .c)
	names+=("${name#fuzz_}")
done
plan $((${#names[@]} + 9))

seconds=2
[[ -n ${NETRESCUE_TEST_ALL:-} ]] && seconds=600

# A target with a fault, to see that one is seen.
cat >"$scratch/broken.c" <<'END'
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(4);
	const int beyond = size > 0 && data[0] == '!' ? 4 : 0;

	copy[beyond] = 1;
	free(copy);
	return 0;
}
END
ok 'a target with a fault is built' \
	clang -g -fsanitize=fuzzer,address,undefined -o "$scratch/broken" "$scratch/broken.c"
exits 1 'its fault is found' tests/fuzz/run --fresh --into "$scratch/into" 20 "$scratch/broken"
like_all "$stdout" 'and named, with the way to see it again' '^broken: SUMMARY: AddressSanitizer: heap-buffer-overflow' \
	"again: $scratch/broken .*$scratch/into/found/broken-crash-"
kept=("$scratch"/into/found/broken-crash-*)
is "$(head -c 1 "${kept[0]}")" '!' 'the input is kept'
not_ok 'and fails again' "$scratch/broken" "${kept[0]}"
sed 's/? 4 : 0/? 3 : 0/' "$scratch/broken.c" >"$scratch/mended.c"
ok 'without the fault it is built' clang -fsanitize=fuzzer,address,undefined -o "$scratch/mended" "$scratch/mended.c"
exits 0 'and nothing is found' tests/fuzz/run --fresh --into "$scratch/into" 1 "$scratch/mended"

targets=()
for name in "${names[@]}"; do
	targets+=("out/fuzz/$name")
done
exits 0 'the targets are built' make --silent "${targets[@]}"
# What is found stays when the scratch directory goes.
exits 0 'nothing is found' tests/fuzz/run --fresh "$seconds" "${targets[@]}"
for name in "${names[@]}"; do
	like "$stdout" "(^|"$'\n'")$name: nothing found in [1-9][0-9]* inputs" "$name"
done
