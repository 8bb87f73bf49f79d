#!/bin/bash
# SPDX-License-Identifier: MIT
# What else a menu starts, by the BIOS, and another card than virtio.
# Whole: tests/matrix/lab-entries.t
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/lab.sh
. tests/lib/entries.sh
plan 10

entries_image entries 52:54:00:12:34:57
entries_memory_test "$image"
entries_local_disk "$image"
entries_own "$image" 2 --nic e1000 --until kernel
