#!/bin/bash
# SPDX-License-Identifier: MIT
#
#	as-debian.sh KEYRING REMOVED COMMAND…
#
# Runs the command where KEYRING is debian-archive-keyring's and REMOVED, unless it is "-", its file of keys that no
# longer sign: in a mount namespace, so that nobody else notices.
if [[ $1 != --inside ]]; then
	exec unshare --user --map-root-user --mount -- bash "$0" --inside "$@"
fi
set -e
shift
directory=/usr/share/keyrings
mount --bind "$1" "$directory/debian-archive-keyring.gpg"
[[ $2 == - ]] || mount --bind "$2" "$directory/debian-archive-removed-keys.gpg"
shift 2
exec "$@"
