#!/bin/bash
# SPDX-License-Identifier: MIT
# Archives as others keep them: without InRelease, flat, with other names. What apt takes is taken; what is wrong
# has words of its own, whose way out is gone here to its end.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg openssl apt-get
plan 28

m=$scratch/m
recipe=$scratch/site.yaml
tiny_new_hollow "$m"
tiny_serve "$m"
debian=$MIRROR_URL

v=$scratch/vendor
mirror_new "$v" stable
mirror_package "$v" <<'.'
Package: vendor-tool
Version: 3.1
.
mirror_publish "$v" --origin Vendor --label Vendor
mirror_serve "$v"
at_exit kill "$MIRROR_PID"
vendor=$MIRROR_URL

# with LINE…: the recipe that has the vendor's archive, with these lines in its entry.
with() {
	tiny_recipe "$recipe" 'packages: [vendor-tool]' 'apt-repositories:' "  - url: $vendor" \
		"    keyring: vendor/keyring.gpg" "${@/#/    }"
}

lock() {
	MIRROR_URL=$debian run tiny_run lock "$recipe" "$@"
}

# taken NAME: the lock has the vendor's package.
taken() {
	lock "${@:2}"
	like "$stdout" $'\nPackage: vendor-tool\n' "$1" || diag "$stderr"
}

# refused STATUS NAME REGEX…
refused() {
	local code=$1 name=$2
	shift 2
	rm -rf "$scratch/store"
	lock
	is "$status" "$code" "$name: exit $code"
	like_all "$stderr" "$name: says what, and a way out" "$@"
}

# apt_takes NAME SUITE [COMPONENT]: so does apt.
apt_takes() {
	local dir=$scratch/apt
	rm -rf "$dir"
	mkdir -p "$dir"/etc/apt/{apt.conf.d,preferences.d,trusted.gpg.d,sources.list.d,auth.conf.d} \
		"$dir"/var/lib/{apt/lists/partial,dpkg} "$dir/var/cache/apt/archives/partial"
	: >"$dir/var/lib/dpkg/status"
	echo "deb [signed-by=$v/keyring.gpg] $vendor $2 ${3:-}" >"$dir/etc/apt/sources.list"
	cat >"$dir/apt.conf" <<-.
		Dir "$dir/";
		Dir::State::status "$dir/var/lib/dpkg/status";
		APT::Architecture "amd64";
		APT::Sandbox::User "$(id -un)";
		Acquire::Languages "none";
	.
	export APT_CONFIG=$dir/apt.conf
	run apt-get -qq update
	run apt-get -qq --print-uris -y install vendor-tool
	unset APT_CONFIG
	like "$stdout" "/vendor-tool_3\.1_amd64\.deb' " "$1"
}

# Release and Release.gpg, where there is no InRelease.
with 'suite: stable'
taken 'an archive with InRelease'
mirror_publish "$v" --detached --date $((EPOCHSECONDS + 5))
taken 'one with Release and Release.gpg'
taken 'and again from the store' --offline
apt_takes 'as apt does' stable main
mirror_publish "$v" --detached --key unknown
refused 3 'a Release.gpg by another key' "stable/Release is signed by key .* which is not in" "hint: 'keyring:'"
mirror_publish "$v" --detached
sed -i 's/^Version: 13$/Version: 14/' "$v/archive/dists/stable/Release"
refused 3 'a changed Release' 'stable/Release was changed after it was signed'
rm "$v/archive/dists/stable/Release.gpg"
refused 3 'a Release without signature' 'Release.* is not signed' 'hint: .*`debs:`'
mirror_publish "$v" --detached
printf 'no signature\n' >"$v/archive/dists/stable/Release.gpg"
refused 3 'a Release.gpg that is none' 'Release\.gpg. is not an armoured OpenPGP signature'

# A mirror does not get around InRelease by spoiling it.
mirror_publish "$v" --detached
cp "$v"/archive/dists/stable/Release{,.gpg} "$scratch"
mirror_publish "$v"
cp "$scratch"/Release{,.gpg} "$v/archive/dists/stable"
mirror_tamper "$v" stable
refused 3 'a changed InRelease beside a good Release' 'InRelease was changed after it was signed'
mirror_fault "$v" '*/InRelease status 500'
refused 4 'an InRelease that the server does not give' 'InRelease.*answers 500'
mirror_fault "$v"

# Flat archives: Release and Packages in one directory, Filename relative to the URL.
mirror_new "$scratch/flat" stable
mirror_package "$scratch/flat" <<'.'
Package: vendor-tool
Version: 3.1

Package: vendor-tool
Version: 4
Architecture: arm64
.
cp "$scratch/flat/keyring.gpg" "$v"
mirror_publish "$scratch/flat" --flat . --detached
mirror_serve "$scratch/flat"
at_exit kill "$MIRROR_PID"
vendor=$MIRROR_URL
with 'suite: stable'
refused 4 'a flat archive asked for a suite' "$vendor/dists/stable/InRelease.*404" 'hint: .*it is flat.*suite: \./'
with 'suite: ./'
taken 'and taken, as the hint says'
like "$stdout" $'\nSuite: \./\nPath: pool/main/v/vendor-tool/vendor-tool_3\.1_amd64\.deb\n' 'its package is of no component'
apt_takes 'as apt does' ./
taken 'again from the store' --offline
mirror_publish "$scratch/flat" --flat deb/amd64 --no-by-hash
with 'suite: deb/amd64/'
taken 'one in a directory below'
apt_takes 'as apt does' deb/amd64/
with 'suite: deb/'
refused 4 'a directory without Release' "$vendor/deb/InRelease.*404" 'hint: the archive has no Release there'
mirror_fault "$scratch/flat" '*by-hash* status 404' 'Packages* status 404'
with 'suite: ./'
refused 4 'a Packages file that is not there' "$vendor/by-hash/.*404" "hint: .*the repository's url"
