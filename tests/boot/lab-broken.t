#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A tree with a file less: one witness of tests/matrix/lab-broken.t.
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/broken.sh
plan 3

image_build recipes/minimal.yaml "$scratch/out"
broken_copy no-library
rm "$broken/tftp/ldlinux.c32"
broken_boot "PXELINUX's own library is missing" 'phase menu' 'Failed to load.*TFTP: /*ldlinux\.c32: file not found'
