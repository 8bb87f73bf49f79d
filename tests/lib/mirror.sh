# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A Debian archive in a directory, and a server for it on 127.0.0.1. To be sourced by tests; needs
# python3, gpg and (for mirror_deb) dpkg-deb; no network, no root.
#
#	. tests/lib/mirror.sh
#	dir=$(mktemp -d); trap 'mirror_stop; rm -rf "$dir"' EXIT
#	mirror_new "$dir/m"				# suite trixie; or: mirror_new "$dir/m" bookworm
#	mirror_package "$dir/m" <<'.'
#	Package: hello
#	Version: 1.0
#	Depends: libc6
#	Files:
#	 /usr/bin/hello 0755 #!/bin/sh\necho hello\n
#	.
#	mirror_publish "$dir/m"
#	mirror_serve "$dir/m"
#	netrescue lock recipe.yaml --mirror "$MIRROR_URL" --keyring "$dir/m/keyring.gpg" --store "$dir/store"
#
# What is there then: suites SUITE, SUITE-updates, SUITE-security below dists/, pool/, all from the one
# URL; keyring.gpg is what signs. SUITE has no Valid-Until, the pockets are valid for a week, as Debian's.
#
# mirror_new DIR [SUITE]
# mirror_package DIR		Stanzas on stdin, one package each. Control fields as in debian/control;
#	Version (1), Architecture (amd64), Priority (optional) and what else dpkg wants have defaults. Not
#	part of control:
#	  Suite: trixie-updates		which suites list it; several with blanks; default SUITE
#	  Component: contrib		default main
#	  Date: 1700000000		time stamp of the ar headers and all files
#	  Compression: none		instead of xz, whose bytes depend on its version
#	  Files:			one a line:
#	   /path MODE CONTENT		content with \n, \t, \\, \xNN; the rest of the line
#	   /path/ MODE			directory (parents are made)
#	   /path -> TARGET		symbolic link
#	   /path => /OTHER		hard link
#	  X-Preinst: X-Postinst: X-Prerm: X-Postrm: X-Config: X-Templates: X-Triggers: X-Conffiles:
#	   their text on continuation lines, a line " ." is an empty one
# mirror_deb DIR SUITE FILE…	Adds ready-made .debs (malicious ones, for instance).
# mirror_publish DIR [--date SECONDS] [--valid-for SECONDS] [--origin O] [--label L] [--codename C]
#		[--key good|unknown|expired|revoked|bad[,…]] [--digest SHA1] [--no-by-hash] [--detached]
#		[--flat DIRECTORY] [--bomb MEBIBYTES]
#	(Re)writes Packages.xz and InRelease of all three suites. Call it again after changes: what the
#	options say is not remembered. Valid-Until is --date plus --valid-for. A key is made when first
#	used; all but `unknown` are in keyring.gpg. Several, with commas between, sign together; "bad" is the good one's signature
#	of another text. --detached: Release and Release.gpg instead of
#	InRelease. --flat: not the three suites, but what SUITE has, without dists/: Release and Packages
#	are in that directory below the root ("." is the root itself). --bomb: so many MiB of zeros
#	follow the text in Packages.xz, of which the Release knows nothing.
# mirror_certificate DIR	From now on mirror_serve serves https, by a certificate for 127.0.0.1 that
#	only DIR/ca.crt vouches for. Needs openssl.
# mirror_serve DIR		Starts the server; sets MIRROR_URL and MIRROR_PID. It ends with the
#	test. Every request is a line of DIR/access.log: its Range or "-", the request line, the status;
#	and every one with a password is a line of DIR/logins.log: USER:PASSWORD, the path.
# mirror_fault DIR [RULE]…	From now on; without rules: none. A RULE is "PATTERN KIND [ARGUMENT]",
#	PATTERN a glob over the path without leading slash (* matches slashes too), first match wins:
#	  status 404		answer with that
#	  fail 2		500 for the first two requests of each path, then fine
#	  truncate N		says the full length, closes after N bytes
#	  short N		a well-formed answer that ends after N bytes
#	  wrong			one bit differs
#	  stall N		sends N bytes and then nothing more
#	  slow N		N bytes a second
#	  norange		ignores Range
#	  part RANGE		206 with the first 132 bytes, which it says to be RANGE (bytes=RANGE/TOTAL)
#	  chunked		in chunks, with extensions and trailers, as HTTP allows
#	  endless WHAT		headers, header (one), drops (of headers), continue (answers before the
#				answer), body, chunks, extension (of one chunk), extensions, trailers,
#				or what a redirect says besides, without an end
#	  login USER:PASSWORD	401 unless the request has them
#	  guard USER:PASSWORD	403 likewise
#	  redirect URL		302; {path} in URL stands for the path asked for
# mirror_tamper DIR SUITE	Changes a byte inside the signed text of SUITE's InRelease.
# mirror_stop			Ends the server that mirror_serve started last.
# mirror_nobody			Prints a URL on which nobody listens.

MIRROR_PY=$(dirname "${BASH_SOURCE[0]}")/mirror.py
export MIRROR_URL=
MIRROR_PID=

mirror_new() {
	python3 "$MIRROR_PY" init "$1" "${2:-trixie}"
}

mirror_package() {
	python3 "$MIRROR_PY" add "$1"
}

mirror_deb() {
	python3 "$MIRROR_PY" add-deb "$@"
}

mirror_publish() {
	python3 "$MIRROR_PY" publish "$@"
}

mirror_serve() {
	local i
	rm -f "$1/port"
	python3 "$MIRROR_PY" serve "$1" </dev/null >/dev/null 2>"$1/server.log" &
	MIRROR_PID=$!
	for ((i = 0; i < 1200; i++)); do
		[ -e "$1/port" ] && break
		sleep 0.05
	done
	MIRROR_URL=http://127.0.0.1:$(cat "$1/port") || return 1
	[ ! -e "$1/server.pem" ] || MIRROR_URL=https://${MIRROR_URL#http://}
}

mirror_certificate() (
	cd "$1" &&
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 -subj '/CN=CA of a test' \
			-addext 'keyUsage=critical,keyCertSign' -keyout ca.key -out ca.crt &&
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=127.0.0.1 \
			-keyout server.key -out server.csr &&
		openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -set_serial 1 -days 2 \
			-extfile <(echo 'subjectAltName=IP:127.0.0.1') -out server.crt &&
		cat server.key server.crt >server.pem
) 2>/dev/null

mirror_fault() {
	local dir=$1
	shift
	printf '%s\n' "$@" >"$dir/faults.new"
	mv "$dir/faults.new" "$dir/faults"
}

mirror_tamper() {
	sed -i 's/^Version: 13$/Version: 14/' "$1/archive/dists/$2/InRelease"
}

mirror_stop() {
	if [ -n "$MIRROR_PID" ]; then
		kill "$MIRROR_PID" 2>/dev/null
		wait "$MIRROR_PID" 2>/dev/null
	fi
	MIRROR_PID=
	return 0
}

mirror_nobody() {
	python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print("http://127.0.0.1:%d" % s.getsockname()[1])'
}
