#!/bin/bash
# SPDX-License-Identifier: MIT
# Recipes by name: those that come with the program are found from anywhere, in the checkout and installed, and
# what the user has comes first.
. tests/lib/tap.sh
plan 24

shipped=$(find recipes -name '*.yaml' -printf '%f\n' | sed 's/\.yaml$//' | sort | paste -sd , | sed 's/,/, /g')
mkdir "$scratch/empty"
cd "$scratch/empty" || exit 1

for verb in build lock; do
	run "$NETRESCUE" "$verb"
	is "$status" 2 "$verb without a recipe: exit code 2"
	like "$stderr" "error: netrescue $verb: missing RECIPE" "$verb: which is missing"
	like "$stderr" "hint: .*: $shipped"$'\n?$' "$verb: and all that there are by name"
done

# tried RECIPE…: runs until packages are wanted, which the empty store has not
tried() {
	run "$NETRESCUE" build --offline --store "$scratch/store" --out "$scratch/out" "$@"
}
untimed() {
	printf '%s\n' "$1" | sed 's/[0-9.]* s//'
}
tried "$top/recipes/minimal.yaml"
by_path=$stderr
is "$status" 4 'by path, nothing is missing but packages' || diag "$stderr"
tried minimal
is "$status" 4 'by name, too'
is "$(untimed "$stderr")" "$(untimed "$by_path")" 'with the same words'
tried minimal.yaml
is "$status" 4 'and by the name of its file'
tried rescue64-bookwrm
is "$status" 2 'one that there is not: exit code 2'
like "$stderr" "there is no file 'rescue64-bookwrm'" 'which'
like "$stderr" "hint: did you mean 'rescue64-bookworm'\?" 'with the nearest'
tried xyz
like "$stderr" "hint: .*: $shipped"$'\n?$' 'else all'
tried ./minimal
is "$status" 2 'with a slash it is a path only'
like "$stderr" "minimal.?: No such file" 'which is not there'

# A file of the user's goes before a shipped recipe of its name.
echo 'nome: yes' >minimal
tried minimal
like "$stderr" 'minimal:1:1: error' 'a file of that name goes first'
rm minimal
# A folder does not: out/ has one for each recipe that was built.
mkdir minimal own
tried minimal
is "$status" 4 'a folder of that name does not' || diag "$stderr"
tried own
like "$stderr" 'own.? is not a regular file' 'but is what was meant where no recipe is called so'
rmdir minimal own
run "$NETRESCUE" build recipe.yaml
is "$status" 2 'a file that is not there, without a slash: exit code 2'
is "$(ls -A "$scratch/empty")" '' 'nothing was made'

# Installed.
mkdir -p "$scratch/usr/bin" "$scratch/usr/libexec/netrescue" "$scratch/usr/share/netrescue"
cp "$NETRESCUE" "$scratch/usr/bin"
cp "$NETRESCUE_BIN"/sandbox-* "$scratch/usr/libexec/netrescue"
cp -R "$top/recipes" "$top/overlays" "$scratch/usr/share/netrescue"
NETRESCUE=$scratch/usr/bin/netrescue
tried minimal
is "$status" 4 'installed, a recipe is found below share'
rm "$scratch/usr/share/netrescue/recipes/minimal.yaml"
tried minimal
is "$status" 2 'and nowhere else'
rm -r "$scratch/usr/share/netrescue/recipes"
run "$NETRESCUE" build
like "$stderr" 'hint: name the file of a recipe' 'without any, a file is asked for'
