#!/bin/bash
# SPDX-License-Identifier: MIT
# Before `make` installs packages it says which ones are missing and what it runs; who may not install them learns what
# root has to run, and is never asked for a password where nobody can give one. dpkg-query, apt-get, sudo and id are
# programs of this test.
. tests/lib/tap.sh
need make script
plan 22

bin=$scratch/bin
mkdir "$bin"
for program in bash env make nproc pkg-config sed sh tr uname; do
	ln -s "$(command -v "$program")" "$bin"
done
# program NAME: its text comes on stdin
program() {
	{ echo '#!/bin/sh' && cat; } >"$bin/$1"
	chmod +x "$bin/$1"
}
installed() {
	printf 'installed %s \n' "$@" >"$scratch/installed"
}
program dpkg-query <<<"cat <'$scratch/installed'"
ln -s "$(command -v cat)" "$bin"
program apt-get <<<"echo \"apt-get \$*\" >>'$scratch/ran'"
# user ID: as whom
user() {
	program id <<<"echo $1"
}
deps() {
	rm -f "$scratch/ran"
	run env -i PATH="$bin" make --silent --no-print-directory deps-build
	ran=$(cat "$scratch/ran" 2>/dev/null)
}

read -r -a packages < <(make --silent --no-print-directory print-build-packages)
update='apt-get -q update'
install='apt-get -q -y --no-install-recommends install uidmap gpgv'

installed "${packages[@]}"
user 1000
deps
is "$status:$stdout$stderr$ran" 0: 'nothing is missing: nothing is said'
installed "${packages[@]/#pkg-config/pkgconf pkg-config (= 1.8)}"
deps
is "$status:$stdout$stderr$ran" 0: 'what something else provides is there'

missing=()
for package in "${packages[@]}"; do
	[[ $package == uidmap || $package == gpgv ]] || missing+=("$package")
done
installed "${missing[@]}"

user 0
deps
is "$status" 0 'root: they are installed'
is "$stdout" "Building needs packages that are not installed: uidmap gpgv
To install them, these commands run now:
    $update
    env DEBIAN_FRONTEND=noninteractive $install" 'root: which ones, and by what, is said'
is "$ran" "$update
$install" 'root: and no more than that is run'
is "$stderr" '' 'root: without any complaint'

program apt-get <<<"echo \"apt-get \$*\" >>'$scratch/ran'; exit 100"
deps
is "$status" 2 'apt-get fails: so does make'
is "$ran" "$update" 'apt-get fails: nothing is run after that'
like "$stderr" "make: they could not be installed\. As root, run:.*$update.*$install" 'apt-get fails: it says what was to be run'
program apt-get <<<"echo \"apt-get \$*\" >>'$scratch/ran'"

user 1000
deps
is "$status" 2 'a user where there is no sudo: make fails'
is "$ran" '' 'a user where there is no sudo: nothing is run'
like "$stderr" "there is no sudo here\. As root, run:.*$update.*$install" 'a user where there is no sudo: what root has to run'

# As sudo(8) does: -n never asks, and fails where a password is needed.
program sudo <<'.'
case $1 in
-n) shift ;;
*) echo "a password, please" >>"$PATH/../asked" ;;
esac
[ ! -e "$PATH/../password" ] || { echo 'sudo: a password is required' >&2; exit 1; }
[ "$1" = -l ] || exec "$@"
.
deps
is "$status" 0 'sudo without a password: they are installed'
like "$stdout" "    sudo -n $update"$'\n'"    sudo -n env .*$install" 'sudo without a password: what is run is said, with sudo'
is "$ran" "$update
$install" 'sudo without a password: and run'

touch "$scratch/password"
deps
is "$status" 2 'sudo with a password, no terminal: make fails'
is "$ran" '' 'sudo with a password, no terminal: nothing is run'
like "$stderr" "no terminal at which sudo could ask for a password\. As root, run:.*$update.*$install" \
	'sudo with a password, no terminal: what root has to run'
unlike "$stdout" 'run now' 'sudo with a password, no terminal: nor is anything promised'
not_ok 'sudo with a password, no terminal: nobody is asked' test -e "$scratch/asked"

rm "$scratch/password"
run script --quiet --return --command "env -i PATH='$bin' make --silent --no-print-directory deps-build" /dev/null
like "$stdout" "To install them, these commands run now:.*    sudo $update" 'at a terminal: what is run is said first'
ok 'at a terminal: sudo may ask' test -e "$scratch/asked"
