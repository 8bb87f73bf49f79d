#!/bin/bash
# SPDX-License-Identifier: MIT
# Archives as others keep them: without InRelease, flat, with other names. What apt takes is taken; what is wrong
# has words of its own, whose way out is gone here to its end.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg openssl apt-get
plan 109

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
echo "$vendor" >"$v/url"
keyring=vendor/keyring.gpg

# What apt is told on this machine, for netrescue and for apt_takes.
export APT_CONFIG=$scratch/apt.conf
: >"$APT_CONFIG"

# with LINE…: the recipe that has the vendor's archive, with these lines in its entry.
with() {
	tiny_recipe "$recipe" 'packages: [vendor-tool]' 'apt-repositories:' "  - url: $vendor" \
		"    keyring: $keyring" "${@/#/    }"
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
	echo "deb [signed-by=$scratch/$keyring] $vendor $2 ${3:-}" >"$dir/etc/apt/sources.list"
	cat >"$dir/apt.conf" <<-.
		Dir "$dir/";
		Dir::State::status "$dir/var/lib/dpkg/status";
		APT::Architecture "amd64";
		APT::Sandbox::User "$(id -un)";
		Acquire::Languages "none";
	.
	cat "$APT_CONFIG" >>"$dir/apt.conf"
	APT_CONFIG=$dir/apt.conf run apt-get -qq update
	APT_CONFIG=$dir/apt.conf run apt-get -qq --print-uris -y install vendor-tool
	like "$stdout" "/vendor-tool_3\.1_amd64\.deb' " "$1"
}

# Release and Release.gpg, where there is no InRelease.
with 'suite: stable'
taken 'an archive with InRelease'
mirror_publish "$v" --detached --date $((EPOCHSECONDS + 5))
taken 'one with Release and Release.gpg'
taken 'and again from the store' --offline
apt_takes 'as apt does' stable main
keyring=m/keyring.gpg
with 'suite: stable'
refused 3 "another archive's keyring" "stable/Release is signed by key .* which is not in '.*m/keyring" "hint: 'keyring:'"
keyring=vendor/keyring.gpg
with 'suite: stable'
taken 'and taken by the one that holds the key, as the hint says'
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
keyring=flat/keyring.gpg
mirror_publish "$scratch/flat" --flat . --detached
mirror_serve "$scratch/flat"
at_exit kill "$MIRROR_PID"
vendor=$MIRROR_URL
flat=$MIRROR_URL
with 'suite: stable'
refused 4 'a flat archive asked for a suite' "$vendor/dists/stable/InRelease.*404" 'hint: .*it is flat.*suite: \./'
with 'suite: ./'
taken 'and taken, as the hint says'
like "$stdout" $'\nSuite: \./\nPath: pool/main/v/vendor-tool/vendor-tool_3\.1_amd64\.deb\n' 'its package is of no component'
apt_takes 'as apt does' ./
taken 'again from the store' --offline
printf '%s\n' "$stdout" >"$scratch/flat.lock"
taken 'and from an earlier lock' --keep "$scratch/flat.lock"
mirror_publish "$scratch/flat" --flat deb/amd64 --no-by-hash
with 'suite: deb/amd64/'
taken 'one in a directory below'
apt_takes 'as apt does' deb/amd64/
with 'suite: deb/'
refused 4 'a directory without Release' "$vendor/deb/InRelease.*404" 'hint: the archive has no Release there'
mirror_fault "$scratch/flat" '*by-hash* status 404' 'Packages* status 404'
with 'suite: ./'
refused 4 'a Packages file that is not there' "$vendor/by-hash/.*404" "hint: .*the repository's url"

# An archive with a password.
password=s3cret-of-the-test
seen=
mirror_publish "$v"
mirror_fault "$v" "* login site:$password"
vendor=$(<"$v/url")
keyring=vendor/keyring.gpg
with 'suite: stable'
refused 4 'an archive with a password' 'answers 401' 'hint: the server wants a password'
# follow FILE: writes what the hint says between its quotes.
follow() {
	local entry
	entry=$(sed -n "s/.*write '\\(machine [^']*\\)'.*/\\1/p" <<<"$stderr")
	entry=${entry/NAME/site}
	echo "${entry/ PASSWORD/ $password}" >"$1"
	chmod 600 "$1"
}
follow "$scratch/login.conf"
with 'suite: stable' 'auth: login.conf'
taken 'opens with the file that the hint says' -v
seen+=$stdout$stderr
unlike "$stderr" 'warning' 'which is no reason for a warning'
chmod 644 "$scratch/login.conf"
taken 'a file that everybody can read is taken'
like "$stderr" "warning: .*login\.conf' holds passwords, and everybody can read it: chmod o-r" 'with a warning'
printf 'machine 127.0.0.1\n\tlogin site\n\tpassword %s\n' "$password" >"$scratch/login.conf"
chmod 600 "$scratch/login.conf"
refused 4 'an entry for https alone' 'answers 401' "login\.conf', line 1, has one .* write 'machine http://127"
seen+=$stderr
entry=$(sed -n "s/.*write '\\(machine [^']*\\)' there.*/\\1/p" <<<"$stderr")
sed -i "s,^machine .*,$entry," "$scratch/login.conf"
taken 'opens when it is written as the hint says'
sed -i 's/login site/login other/' "$scratch/login.conf"
refused 4 'a wrong name' 'answers 401' "hint: .*correct the name and password for it in '.*login\.conf', line 1"
echo "machine http://127.0.0.1/other login site password $password" >"$scratch/login.conf"
refused 4 'an entry for another path' 'answers 401' "write 'machine http://127"
with 'suite: stable' 'auth: absent.conf'
exits 2 'a file that is not there is refused at once' tiny_run lock "$recipe"
like "$stderr" 'site\.yaml:[0-9]+:[0-9]+: error: .*absent\.conf' 'where the recipe names it'

mirror_fault "$v" "* guard site:$password"
with 'suite: stable'
refused 4 'an archive that forbids' 'answers 403' 'hint: the server forbids it.* check the URL; if it needs a password'
follow "$scratch/login.conf"
with 'suite: stable' 'auth: login.conf'
taken 'opens with the file that the hint says'
mirror_fault "$v" "* login site:$password"

# apt's own files.
mkdir "$scratch/auth.conf.d"
with 'suite: stable'
refused 4 'without a file' 'answers 401' 'hint: .*auth\.conf\.d/NAME\.conf'
follow "$scratch/auth.conf.d/site.conf"
echo "Dir::Etc::netrcparts \"$scratch/auth.conf.d\";" >"$APT_CONFIG"
taken 'opens with what apt has in auth.conf.d'
apt_takes 'as apt does' stable main
mirror_fault "$m" "* login site:$password"
refused 4 "Debian's mirror with a password" 'answers 401' "hint: .*'machine http://.*auth\.conf\.d/NAME\.conf"
unlike "$stderr" '`auth`' 'for which the recipe has no file'
follow "$scratch/auth.conf.d/debian.conf"
taken 'opens with what apt has'
mirror_fault "$m"

# To where a server sends us, its password does not go.
mirror_fault "$v" "dists/* login site:$password" "pool/* redirect $flat/{path}"
rm -rf "$scratch/store"
taken 'packages are elsewhere'
like "$(<"$scratch/flat/access.log")" 'GET /pool/main/v/vendor-tool/' 'they were asked for there'
ok 'with the password where it is meant' grep -q "^site:$password dists/stable/InRelease" "$v/logins.log"
not_ok 'and without it there' test -e "$scratch/flat/logins.log"
mirror_fault "$scratch/flat" '* login other:word'
rm -rf "$scratch/store"
refused 4 'a password there' "pool/.*, which is now at $flat: the server answers 401" "write 'machine $flat login"
echo "machine $flat login other password word" >"$scratch/auth.conf.d/flat.conf"
chmod 600 "$scratch/auth.conf.d/flat.conf"
taken 'opens by a password of its own'
mirror_fault "$scratch/flat"
mirror_fault "$v"

# https, by a CA that only this site knows.
mirror_certificate "$v"
mirror_serve "$v"
at_exit kill "$MIRROR_PID"
vendor=$MIRROR_URL
with 'suite: stable'
refused 4 'an unknown CA' "cannot fetch '$vendor.*certificate" 'hint: .*`ca`'
with 'suite: stable' 'ca: vendor/ca.crt'
taken 'is known when the recipe names it'
mirror_fault "$v" "* login site:$password"
rm -rf "$scratch/store"
printf 'machine 127.0.0.1 login site password %s\n' "$password" >"$scratch/login.conf"
with 'suite: stable' 'ca: vendor/ca.crt' 'auth: login.conf'
taken 'with a password, too'
mirror_fault "$v"
mirror_new "$scratch/other" stable
mirror_certificate "$scratch/other"
with 'suite: stable' 'ca: other/ca.crt'
refused 4 "another site's CA" "no certificate in '.*other/ca\.crt' vouches for the server"
with 'suite: stable' 'ca: vendor/keyring.gpg'
refused 4 'a file without certificates' 'CA certificate' "hint: the file '.*keyring\.gpg' must hold certificates"
with 'suite: stable' 'ca: absent.crt'
exits 2 'a CA that is not there is refused at once' tiny_run lock "$recipe"
like "$stderr" "site\.yaml:[0-9]+:[0-9]+: error: cannot read file of certificates '.*absent\.crt'" 'where the recipe names it'
truncate -s 5M "$scratch/large.crt"
with 'suite: stable' 'ca: large.crt'
exits 2 'nor is one that is too large read' tiny_run lock "$recipe"
like "$stderr" "site\.yaml:[0-9]+:[0-9]+: error: '.*large\.crt' is larger than the 4194304 bytes allowed" 'but said at its place'
with 'suite: stable'
echo "Acquire::https::CAInfo \"$v/ca.crt\";" >"$APT_CONFIG"
taken "apt's CAInfo is taken"
apt_takes 'as by apt' stable main
cat >"$APT_CONFIG" <<.
Acquire::https::CAInfo "$scratch/other/ca.crt";
Acquire::https::127.0.0.1::CAInfo "$v/ca.crt";
.
taken "and apt's CAInfo of one host before"
apt_takes 'as by apt' stable main
vendor=${vendor/127.0.0.1/localhost}
with 'suite: stable' 'ca: vendor/ca.crt'
refused 4 "another host's certificate" "hint: the certificate is another host's"

unlike "$seen" "$password" 'nothing that was printed has the password'
silent 'and nothing that was kept' find "$scratch/store" -type f -exec grep -l -e "$password" {} +

# A recipe that means a moment.
old=$(date -u -d '100 days ago' +%Y%m%dT%H%M%SZ)
then=$(date -u -d "${old:0:8} ${old:9:2}:${old:11:2}:${old:13:2}" +%s)
mirror_package "$m" <<<$'Package: vendor-tool\nVersion: 1'
# state DATE: what the archive of old states answers for the moment.
state() {
	mirror_publish "$m" --date "$1"
	mkdir -p "$m/archive/snap"
	rm -rf "$m/archive/snap/$old"
	mkdir "$m/archive/snap/$old"
	mv "$m/archive/dists" "$m/archive/snap/$old"
	ln -s ../../pool "$m/archive/snap/$old/pool"
}
state $((then - 3600))
mirror_package "$m" <<<$'Package: vendor-tool\nVersion: 2'
rm "$m/state/trixie_main_vendor-tool_1_amd64"
mirror_publish "$m"
tiny_recipe "$recipe" 'packages: [vendor-tool]'
rm -rf "$scratch/store"
taken 'the state of today'
like "$stdout" $'\nPackage: vendor-tool\nVersion: 2\n' 'is the newest version'
unlike "$stdout" 'Snapshot:' 'of no snapshot'
tiny_recipe "$recipe" 'packages: [vendor-tool]' "snapshot: $old"
lock
is "$status" 2 'a snapshot without an archive of old states: exit 2'
like_all "$stderr" 'says what, and a way out' 'site\.yaml: error: snapshot .* no archive of old states is known' 'hint: '
mirrors=$(sed -n "s,.*write '\\(mirrors: \\[.*\\]\\)'.*,\\1,p" <<<"$stderr")
tiny_recipe "$recipe" 'packages: [vendor-tool]' "snapshot: $old" "${mirrors/http:*debian\//$debian/snap/}"
taken 'a moment, with what the hint says'
like "$stdout" $'\nPackage: vendor-tool\nVersion: 1\n' 'is the version of then'
like "$stdout" $'\n'"Snapshot: $old"$'\n' 'and the lock says so'
dated=$stdout
lock --offline
same_text "$stdout" "$dated" 'the same from the store'
printf '%s\n' "$dated" >"$scratch/dated.lock"
sed 's/^snapshot: .*/snapshot: 20200101T000000Z/' "$recipe" >"$scratch/another.yaml"
run tiny_run build --out "$scratch/out" --lock "$scratch/dated.lock" "$scratch/another.yaml"
like "$stderr" "dated\.lock:[0-9]+: error: the lock is for Snapshot '$old'" 'whose lock is no other moment'"'"'s'
state $((then + 86400))
refused 3 'an archive that answers with a later state' "is from the future: .* the snapshot is of" 'hint: '
state $((then - 30 * 86400))
refused 3 'one that answers with a much older state' "-updates/InRelease expired: .* the snapshot is of" 'hint: '
sed -i 's/^snapshot: .*/snapshot: 29990101T000000Z/' "$recipe"
refused 2 'a moment to come' 'snapshot .29990101T000000Z. is in the future' 'hint: '

# A release that mirrors no longer have: its end is over, and its keys are no longer Debian's.
mirror_publish "$m"
tiny_new_hollow "$scratch/old" buster
mirror_publish "$scratch/old" --date $((EPOCHSECONDS - 900 * 86400)) --valid-for 600
rm -r "$scratch"/old/archive/dists/buster-*
mirror_serve "$scratch/old"
at_exit kill "$MIRROR_PID"
archive=$MIRROR_URL
# buster NAME MIRROR LINE…: without it, the hint says what is missing.
buster() {
	tiny_recipe "$recipe" "${@:3}"
	sed -i 's/^suite: .*/suite: buster/' "$recipe"
	rm -rf "$scratch/store"
	run bash tests/lib/as-debian.sh "$m/keyring.gpg" "$scratch/old/keyring.gpg" \
		"$NETRESCUE" lock "$recipe" --mirror "$2" --store "$scratch/store"
	[[ $1 ]] && like "$stderr" "$1.*hint: .*--mirror .*'pockets: \[\]' and 'keyring: " "$1: the hint says what is missing"
}
if bash tests/lib/as-debian.sh "$m/keyring.gpg" "$scratch/old/keyring.gpg" true 2>/dev/null; then
	buster 'buster/InRelease.*404' "$debian"
	pockets=$(sed -n "s/.*write '\\(pockets: \\[\\]\\)'.*/\\1/p" <<<"$stderr")
	keyring=$(sed -n "s/.*'\\(keyring: [^']*\\)'.*/\\1/p" <<<"$stderr")
	buster 'buster/InRelease is signed by key .* which is not in' "$archive" "$pockets"
	buster 'buster-updates/InRelease.*404' "$archive" "$keyring"
	buster '' "$archive" "$pockets" "$keyring"
	like "$stdout" $'\nSuite: buster\n' 'what the hint says gives a lock'
	like "$stderr" "warning: .*buster/InRelease expired: .* because 'buster' is archived" 'with a warning'
	# Keys of such releases have an end as well.
	mirror_publish "$scratch/old" --date $((EPOCHSECONDS - 900 * 86400)) --key expired
	buster '' "$archive" "$pockets" "$keyring"
	like "$stdout" $'\nSuite: buster\n' 'what a key signed before its end is taken'
	like "$stderr" "warning: .*buster/InRelease is signed by key .* which has expired since" 'with a warning'
	mirror_publish "$scratch/old" --date $((EPOCHSECONDS - 900 * 86400)) --key revoked
	buster '' "$archive" "$pockets" "$keyring"
	like "$stderr" 'error: .*buster/InRelease is signed by key .*, which was revoked' 'what a revoked key signed is not'
else
	skip 8 'there are no user namespaces, or no debian-archive-keyring'
fi
