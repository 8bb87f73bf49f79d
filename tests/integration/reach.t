#!/bin/bash
# SPDX-License-Identifier: MIT
# A recipe that somebody else has written reads nothing of the machine: not by paths, not by links, not by exchanging
# files meanwhile, and no message shows what is in a file. What --allow, --set and --site open, and private keys.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg openssl

tiny_new_hollow "$scratch/m"
tiny_serve "$scratch/m"
plan 39

home=$scratch/home project=$scratch/home/project
mkdir -p "$home/.ssh" "$project"
openssl genrsa 1024 >"$home/.ssh/id_rsa" 2>/dev/null
key=$(sed -n 2p "$home/.ssh/id_rsa")
echo 'root:$y$j9T$verysecret:19000:0:99999:7:::' >"$home/shadow"
printf '#!/bin/sh\necho outside\n' >"$home/finish.sh"

# locks LINE… [-- OPTION…]: the recipe of the project with these lines
locks() {
	local line=()
	while (($#)) && [[ $1 != -- ]]; do
		line+=("$1")
		shift
	done
	tiny_recipe "$project/x.yaml" "${line[@]}"
	run tiny_run lock "$project/x.yaml" "${@:2}"
}
# refused NAME REGEX LINE… [-- OPTION…]: exit status 2, a message like that, nothing of the files in it
refused() {
	locks "${@:3}"
	is "$status" 2 "$1" || diag "$stderr"
	like "$stderr" "$2" "$1: says why"
	unlike "$stdout$stderr" "verysecret|$key" "$1: shows nothing"
}

# ---- paths and links ----

ln -s ../ "$project/innocent"
refused 'an overlay that is a link to a home directory' \
	"x\.yaml:[0-9]+:[0-9]+: error: overlay '.*/innocent' leads out of the folders .* 'innocent' is a link to '\.\./'" \
	'overlays: [innocent]'
refused 'one in the middle of a path' "overlay '.*/innocent/\.ssh' leads out of the folders" 'overlays: [innocent/.ssh]'
like "$stderr" "hint: .*--allow '.*/innocent/\.ssh'" 'the hint names the folder'
ln -s "$home/shadow" "$project/keys"
refused 'a file of keys elsewhere' "public key file '.*/keys' leads out of the folders" 'users: [{name: a, authorized-keys: [keys]}]'

# ---- what the user opens ----

refused 'with --allow, what is no key is not shown' "/home/shadow:1:1: error: this is not a public SSH key" \
	"users: [{name: a, authorized-keys: [$home/shadow]}]" -- --allow "$home/shadow"
locks -- --set "root.authorized-keys=$home/shadow"
is "$status" 2 'nor with --set' || diag "$stderr"
unlike "$stderr" verysecret 'which shows nothing either'
run tiny_run lock "$project/x.yaml" --site "$home/shadow"
is "$status" 2 'nor is a file of --site that is none' || diag "$stderr"
like "$stderr" 'home/shadow:1: error: this is not a recipe' 'says so'
unlike "$stderr" verysecret 'and shows nothing'

locks "scripts: [../finish.sh]" -- --allow "$home/finish.sh"
is "$status" 0 '--allow FILE opens a file' || diag "$stderr"
allowed=$stdout
locks "scripts: [../finish.sh]" -- --allow "$home"
is "$status" 0 '--allow FOLDER a folder' || diag "$stderr"
same_text "$stdout" "$allowed" 'with the same lock'
printf 'scripts: [finish.sh]\n' >"$home/site.yaml"
locks -- --site "$home/site.yaml"
same_text "$stdout" "$allowed" 'a file of --site names what it wants'
locks -- --set "scripts=$home/finish.sh"
same_text "$stdout" "$allowed" 'and so does --set'
locks -- --allow "$scratch/absent"
is "$status" 2 'what is allowed has to be there'
like "$stderr" "error: --allow '.*/absent': No such file" 'and is named'
mkdir -p "$scratch/p/recipes" "$scratch/p/overlays/o/etc"
echo hello >"$scratch/p/overlays/o/etc/motd"
tiny_recipe "$scratch/p/recipes/x.yaml" 'overlays: [../overlays/o]'
run tiny_run lock "$scratch/p/recipes/x.yaml"
is "$status" 0 'recipes/ has overlays/ beside it' || diag "$stderr"

# ---- an exchange meanwhile ----

# The folder is a link that leads inside and outside in turn; both have the file.
mkdir "$project/inside"
printf '#!/bin/sh\necho inside\n' >"$project/inside/finish.sh"
ln -s inside "$project/sub"
locks 'scripts: [sub/finish.sh]'
inside=$stdout
unlike "$inside" "$(grep '^ scripts' <<<"$allowed")" 'inside and outside have different digests'
while :; do
	ln -s .. "$project/next" && mv -T "$project/next" "$project/sub"
	ln -s inside "$project/next" && mv -T "$project/next" "$project/sub"
done 2>/dev/null &
exchange=$!
taken=0 refused=0 other=0
for ((i = 0; i < 400 && (taken < 5 || refused < 5); i++)); do
	run tiny_run lock "$project/x.yaml" --offline
	if [[ $status == 0 && $stdout == "$inside" ]]; then
		taken=$((taken + 1))
	elif [[ $status == 2 && $stderr == *"leads out of the folders"* ]]; then
		refused=$((refused + 1))
	else
		other=$((other + 1))
		diag "$status $stderr"
	fi
done
kill "$exchange"
wait "$exchange" 2>/dev/null
ok 'what lies inside is taken' test "$taken" -ge 5
ok 'what lies outside is refused' test "$refused" -ge 5
is "$other" 0 'and nothing else happens'
not_ok 'and the store holds nothing of the home' grep -rqF -e "$key" -e verysecret -e 'echo outside' "$scratch/store"

# ---- private keys ----

cp "$home/.ssh/id_rsa" "$project/host.key"
refused 'a private key under files' "x\.yaml:[0-9]+:[0-9]+: error: file '/etc/host.pem' is a private key \(PEM\)" \
	'files: [{path: /etc/host.pem, source: host.key}]'
like "$stderr" "hint: .*'identity: \[\{path: /etc/host.pem, do: keep\}\]'" 'the hint says how it is meant'
locks 'files: [{path: /etc/host.pem, source: host.key}]' 'identity: [{path: /etc/host.pem, do: keep}]'
is "$status" 0 'which works' || diag "$stderr"
refused 'one that stands in the recipe' "error: file '/etc/host.pem' is a private key" 'files:' \
	'  - path: /etc/host.pem' '    content: |' "$(sed 's/^/      /' "$home/.ssh/id_rsa")"
