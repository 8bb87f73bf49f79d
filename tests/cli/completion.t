#!/bin/bash
# SPDX-License-Identifier: MIT
# What Tab offers, in bash and in zsh: the shells themselves are asked.
. tests/lib/tap.sh
need perl
plan 36

mkdir -p "$scratch/here/out/rescue64" "$scratch/functions"
touch "$scratch/here/mine.yaml" "$scratch/here/mine.lock"
recipes='fileserver minimal rescue64 rescue64-bookworm rescue64-sysvinit'

# ---- bash ----------------------------------------------------------------------------------------
run "$NETRESCUE" completion
is "$status$stderr" 0 'netrescue completion'
cp "$scratch/.stdout" "$scratch/netrescue.bash"
run "$NETRESCUE" completion bash
ok 'completion bash is the same' cmp "$scratch/netrescue.bash" "$scratch/.stdout"
ok 'bash reads it' bash -n "$scratch/netrescue.bash"

# in_bash WORD…: what bash is offered for the last one, sorted
in_bash() {
	bash -c '
		cd "$1" && . "$2" || exit
		shift 2
		[[ $(complete -p netrescue) == "complete -F _netrescue netrescue" ]] || echo "not registered"
		COMP_WORDS=(netrescue "$@")
		COMP_CWORD=$#
		_netrescue netrescue "${@: -1}" "${COMP_WORDS[COMP_CWORD-1]}"
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$scratch/here" "$scratch/netrescue.bash" "$@" | sort | paste -sd ' '
}
is "$(in_bash '')" '--help --version boot build completion deploy diff gc list lock man menu prune recipe-help rollback store verify version' 'bash: verbs'
is "$(in_bash b)" 'boot build' 'bash: verbs that begin so'
is "$(in_bash build --of)" '--offline' 'bash: an option'
like "$(in_bash boot --s)" '--sandbox --screenshot --script --serve --server --server-script --simple --store --systemd' \
	'bash: options of a verb with groups'
is "$(in_bash lock --k)" '--keep --keyring' "bash: options of another verb"
is "$(in_bash lock --l)" '' 'bash: an old spelling is not offered'
is "$(in_bash build --sandbox '')" 'auto guestfs namespace' 'bash: values'
is "$(in_bash build --sandbox = n)" namespace 'bash: values after ='
is "$(in_bash build --sandbox =)" 'auto guestfs namespace' 'bash: all of them after ='
is "$(in_bash boot --firmware u)" uefi 'bash: values of another option'
is "$(in_bash build '')" "$(tr ' ' '\n' <<<"$recipes mine.yaml out" | sort | paste -sd ' ')" \
	'bash: recipes by name, by file, and directories'
is "$(in_bash build rescue64-)" 'rescue64-bookworm rescue64-sysvinit' 'bash: recipes that begin so'
is "$(in_bash build --lock m)" 'mine.lock mine.yaml' 'bash: files'
is "$(in_bash verify o)" out 'bash: directories for results'
is "$(in_bash boot out/)" out/rescue64 'bash: directories in directories'
is "$(in_bash store '')" 'export import' "bash: a verb's words"
is "$(in_bash store export mine.l)" mine.lock 'bash: and then files'
is "$(in_bash build --jobs '')" '' 'bash: nothing where nothing is known'
is "$(in_bash completion '')" 'bash zsh' 'bash: shells'

# ---- zsh -----------------------------------------------------------------------------------------
run "$NETRESCUE" completion zsh
is "$status$stderr" 0 'completion zsh'
cp "$scratch/.stdout" "$scratch/functions/_netrescue"
run "$NETRESCUE" completion fish
is "$status" 2 'another shell: exit code 2'
like "$stderr" "'fish' is not bash or zsh" 'and which there are'

if ! command -v zsh >/dev/null; then
	skip 11 'zsh is not installed'
	exit
fi
ok 'zsh reads it' zsh -n "$scratch/functions/_netrescue"

# in_zsh LINE: what is listed for it, without explanations and without the line itself, sorted
in_zsh() {
	timeout 60 zsh -f tests/lib/complete.zsh "$scratch/here" "$scratch/functions" "$1" |
		perl -ne 's/\e\[[0-9;?]*[A-Za-z]//g; s/\r//g; s/^[%#] +//; s/(n?netrescue .*)?ENDHERE.*//; s/\s+-- .*//;
			print unless /netrescue / || /^[%#]? *$/' |
		tr -s ' ' '\n' | grep . | sort | paste -sd ' '
}
is "$(in_zsh 'netrescue ')" 'boot build completion deploy diff gc list lock man menu prune recipe-help rollback store verify version' 'zsh: verbs'
like "$(timeout 60 zsh -f tests/lib/complete.zsh "$scratch/here" "$scratch/functions" 'netrescue ')" \
	'build +-- make a rescue image' 'zsh: with what they do'
is "$(in_zsh 'netrescue build --o')" '--offline --out' 'zsh: options'
is "$(in_zsh 'netrescue lock --l')" '' 'zsh: an old spelling is not offered'
is "$(in_zsh 'netrescue build --sandbox ')" 'auto guestfs namespace' 'zsh: values'
is "$(in_zsh 'netrescue boot --firmware=')" 'bios secureboot uefi' 'zsh: values after ='
is "$(in_zsh 'netrescue build ')" "$(tr ' ' '\n' <<<"$recipes mine.yaml out/" | sort | paste -sd ' ')" \
	'zsh: recipes by name, by file, and directories'
is "$(in_zsh 'netrescue verify ')" out/ 'zsh: directories for results'
is "$(in_zsh 'netrescue store ')" 'export import' "zsh: a verb's words"
is "$(in_zsh 'netrescue gc ')" 'mine.lock mine.yaml out/' 'zsh: files'
