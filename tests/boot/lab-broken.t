#!/bin/bash
# SPDX-License-Identifier: MIT
# A tree that lacks a file: the lab says which.
# Whole: tests/matrix/lab-broken.t
. tests/lib/tap.sh
. tests/lib/image.sh
. tests/lib/broken.sh
plan 3

image_shared recipes/minimal.yaml
broken_pxelinux ldlinux.c32 "PXELINUX's own library is missing"
