#!/bin/bash
# SPDX-License-Identifier: MIT
# Recipes through the program: what is printed where, the exit code, and that a wrong recipe changes
# nothing. What is said about which mistake is in tests/cases/recipe/*.case (unit test_recipe_cases).
. tests/lib/tap.sh
plan 17

run "$NETRESCUE" recipe-help --markdown
is "$status" 0 'recipe-help --markdown'
same_text "$stdout" "$(<docs/recipe.md)" 'writes docs/recipe.md'

run "$NETRESCUE" recipe-help --example
is "$status" 0 'recipe-help --example'
like "$stdout" $'\nname: ' 'writes a recipe'

cp -r recipes overlays "$scratch"
mkdir "$scratch/site"
cat >"$scratch/site/mine.yaml" <<-'END'
	extends: ../recipes/minimal.yaml
	name: mine
	packages: [less, -zstdd]
END
run "$NETRESCUE" build --allow "$scratch" "$scratch/site/mine.yaml" --out "$scratch/out" --store "$scratch/store" --offline
is "$status" 2 'a wrong recipe is exit code 2'
is "$stdout" '' 'nothing on stdout'
like "$stderr" 'site/mine\.yaml:3:18: error: .* no .zstdd. to remove' 'file, line and column on stderr'
like "$stderr" "packages: \[less, -zstdd\]" 'with the line'
like "$stderr" "hint: did you mean '-zstd'\?" 'and a hint'
ok 'out/ was not made' test ! -e "$scratch/out"
ok 'nor the store' test ! -e "$scratch/store"

cat >"$scratch/site/wifi.yaml" <<-'END'
	extends: ../recipes/minimal.yaml
	name: wifi
	components: [non-free-firmware]
END
run "$NETRESCUE" lock --allow "$scratch" "$scratch/site/wifi.yaml" --store "$scratch/empty" --offline
is "$status" 4 'a recipe from before lists added to defaults is taken'
like "$stderr" "site/wifi\.yaml:3: 'components' adds to the default, which is main; up to netrescue 0\.1 it replaced it\. Write '!replace \[non-free-firmware\]' to replace it, or '\[main, non-free-firmware\]' to say" \
	'with a note about what has changed'
for words in '!replace [non-free-firmware]' '[main, non-free-firmware]'; do
	sed -i "s/^components:.*/components: $words/" "$scratch/site/wifi.yaml"
	run "$NETRESCUE" lock --allow "$scratch" "$scratch/site/wifi.yaml" --store "$scratch/empty" --offline
	unlike "$stderr" 'adds to the default' "which '$words' makes silent"
done

run "$NETRESCUE" build "$scratch/site/none.yaml" --out "$scratch/out" --store "$scratch/store" --offline
is "$status" 2 'a missing recipe is exit code 2'
like "$stderr" "site/none\.yaml'?: No such file" 'and named'
