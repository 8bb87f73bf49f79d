#!/bin/bash
# SPDX-License-Identifier: MIT
# What the house does not use, and why.
. tests/lib/tap.sh

# pattern of a call, tab, reason
banned='(strcpy|strcat|sprintf|vsprintf|gets|strncpy|strncat)	no bound, or no terminator
(atoi|atol|atoll|atof)	errors go unnoticed: parse_u64
strtok	state of its own: strv_split
(fork|vfork|clone)	libraries have threads: child.h
(system|popen|wordexp)	a shell sees the arguments: child.h
(chdir|fchdir)	paths are relative to descriptors
(tmpnam|tempnam|mktemp)	names can be guessed: io.h
(rand|random|srand)	outputs are the same every time
(time|gettimeofday|localtime|ctime|asctime|mktime)	wall clock or time zone in outputs
(setlocale|newlocale|strcoll)	only C.UTF-8, and only where libarchive needs it
(alloca|strdupa)	the stack is finite
(signal)	interrupt.h'

# Whoever does it anyway, with the reason in the file: folder or file, tab, pattern of the call.
allowed='builder/base/interrupt.c	signal
builder/sandbox/namespace/ns-	(fork|clone|chdir|fchdir|setlocale|signal)
builder/sandbox/namespace/sandbox-namespace.c	(fork|clone|chdir|fchdir|setlocale|signal)
builder/archive/trust.c	time
builder/archive/release.c	time
builder/verify/vary.c	chdir
builder/command/stages.c	time
builder/publish/provenance.c	time
builder/publish/result.c	time
builder/command/verb-gc.c	time
builder/command/main.c	setlocale'

# violations FOLDER: file:line: call(): reason. Comments and strings are taken out first.
violations() {
	local pattern reason file line name path exception allow stripped=$scratch/stripped
	rm -rf "$stripped"
	mkdir -p "$stripped"
	cp -r --parents "$1" "$stripped"
	find "$stripped" -name '*.c' -exec sed -i -e 's/"\([^"\\]\|\\.\)*"/""/g' \
		-e 's,/\*.*\*/,,' -e 's,^[[:space:]]*/\?\*.*,,' {} +
	while IFS=$'\t' read -r pattern reason; do
		while IFS=: read -r file line name; do
			allow=
			while IFS=$'\t' read -r path exception; do
				[[ $file == "$path"* && $name =~ ^$exception$ ]] && allow=1
			done <<<"$allowed"
			[[ $allow ]] || echo "$file:$line: $name(): $reason"
		done < <(cd "$stripped" &&
			grep -rnoP --include='*.c' "(?<![\w.>])$pattern(?=\()" "${1#/}" | sort)
	done <<<"$banned"
}

[[ $(find builder -name '*.[ch]') ]] || tap_die 'builder/ holds no sources'
plan 3
is "$(violations builder)" '' 'no banned function is called'

mkdir "$scratch/bad"
printf 'x = strcpy(a, b);\n/* fork() */\ny = my_fork(1);\ns = "system(";\np->time(1);\n' \
	>"$scratch/bad/x.c"
is "$(violations "$scratch/bad")" "${scratch#/}/bad/x.c:1: strcpy(): no bound, or no terminator" \
	'calls are found, comments, strings and other names are not'

not_ok 'no threads' grep -rnE --include='*.[ch]' '\b(pthread_create|thrd_create)\b' builder
