#!/bin/bash
# SPDX-License-Identifier: MIT
# No warning from gcc and clang, with the flags of the Makefile.
. tests/lib/tap.sh
need gcc clang make

plan 2

# Objects of its own: a warning hides once its object exists.
compile() {
	make --silent objects WERROR=1 "CC=$1" "CFLAGS=$2" \
		"OBJ=$scratch/$1"
}

# gcc finds some things only while it optimises, clang all of them while it parses.
ok 'gcc: no warning' compile gcc -g0
ok 'clang: no warning' compile clang -fsyntax-only
