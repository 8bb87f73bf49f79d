# SPDX-License-Identifier: MIT
#
# What zsh lists when somebody asks for completions, for tests/cli/completion.t:
#
#	zsh -f tests/lib/complete.zsh DIRECTORY FUNCTIONS LINE
#
# runs an interactive zsh on a terminal of its own in DIRECTORY, with the completion functions of the
# directory FUNCTIONS, types LINE and prints what is then on that terminal. The marks are written in two
# parts, lest they be found in the terminal's echo.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT= PS2= COLUMNS=200 LINES=200 LISTMAX=1000
	stty -echo
	cd ${(q)1}
	fpath=(${(q)2} \$fpath)
	autoload -Uz compinit
	compinit -D -u
	mark() { print -n END''HERE }
	zle -N mark
	bindkey '^O' list-choices
	bindkey '^G' mark
	print BEGIN''HERE"
zpty -r shell before '*BEGINHERE*'
zpty -w -n shell "$3"$'\x0f\x07'
zpty -r shell listed '*ENDHERE*'
zpty -d shell
print -r -- "$listed"
