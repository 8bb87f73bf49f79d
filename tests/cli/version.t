#!/bin/bash
# SPDX-License-Identifier: MIT
# The version, the bytes-epoch, and which releases make which: as the sources and docs/bytes.md say.
. tests/lib/tap.sh
plan 10

run "$NETRESCUE" version
is "$status$stderr" 0 'netrescue version'
said=$stdout
run "$NETRESCUE" --version
is "$stdout" "$said" '--version is the same'
version=$(sed -n 's/^#define NETRESCUE_VERSION "\(.*\)"/\1/p' builder/base/netrescue.h)
epoch=$(sed -n 's/^#define BYTES_EPOCH \([0-9]*\)$/\1/p' builder/base/netrescue.h)
like "$version" '^[0-9]+\.[0-9]+\.[0-9]+$' 'the version has three numbers'
is "$(head -n 1 <<<"$said")" "netrescue $version (bytes-epoch $epoch)" 'the first line'

releases=$(sed -n '/^releases by epoch:/,$s/^  \([0-9]*\)  netrescue \(.*\)/| \1 | \2 |/p' <<<"$said")
is "$(wc -l <<<"$releases")" "$epoch" 'each epoch has its releases'
like "$(tail -n 1 <<<"$releases")" "[ ,]$version( |,|\$)" 'this one is among those of the last'
is "$releases" "$(sed -n 's/^\(| [0-9]* | [^|]* |\).*/\1/p' docs/bytes.md)" 'docs/bytes.md has the same table'

# The helper programs are looked for, not remembered.
mkdir "$scratch/bin"
cp "$NETRESCUE" "$scratch/bin"
cp "$NETRESCUE_BIN/sandbox-namespace" "$scratch/bin"
run "$scratch/bin/netrescue" version
like "$stdout" $'\nsandboxes: namespace is there, guestfs is not installed\n' 'a helper that is not there'
cp "$NETRESCUE_BIN/sandbox-namespace" "$scratch/bin/sandbox-guestfs"
run "$scratch/bin/netrescue" version
like "$stdout" $'\nsandboxes: namespace is there, guestfs is there\n' 'and one that is'
mkdir "$scratch/none"
run env NETRESCUE_LIBEXEC="$scratch/none" "$scratch/bin/netrescue" version
like "$stdout" $'\nsandboxes: namespace is missing, guestfs is not installed\n' 'NETRESCUE_LIBEXEC counts'
