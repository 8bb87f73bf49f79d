#!/bin/bash
# SPDX-License-Identifier: MIT
# The tables in docs/performance.md and README.md are those of what the bench has measured and docs/bench keeps, and
# README.md has no other seconds and bytes.
. tests/lib/tap.sh
need python3
[[ -d docs/bench ]] || skip_all 'nothing has been published: tests/bench/publish does that'
plan 2

silent 'the tables of the documents are made from docs/bench' tests/bench/publish --check
mkdir -p "$scratch/docs"
cp -R docs/bench docs/performance.md "$scratch/docs/"
cp README.md "$scratch/"
sed -i 's/^| packages at hand, everything rebuilt, against mmdebstrap | 0\../&9/' "$scratch/docs/performance.md"
not_ok 'a figure that was changed is found' env BENCH_TOP="$scratch" tests/bench/publish --check
