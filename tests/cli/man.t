#!/bin/bash
# SPDX-License-Identifier: MIT
# The man pages: without warnings of groff, man and mandoc, and with everything in them.
. tests/lib/tap.sh
need groff man col
plan 22

sections() {
	sed -n 's/^\.SH //p' "$1" | tr '\n' ','
}

# plain FILE: its source without fonts and escaped hyphens
plain() {
	sed 's/\\f[BIR]//g; s/\\-/-/g' "$1"
}

# formatted FILE: as a terminal shows it, in long lines
formatted() {
	MANWIDTH=500 man --nh --nj --local-file "$1" | col -bx
}

# clean FILE: what the three programs say against it
clean() {
	groff -man -ww -z "$1" 2>&1
	{ man --warnings --local-file "$1" >/dev/null; } 2>&1
	if command -v mandoc >/dev/null; then
		mandoc -T lint "$1" 2>&1
	fi
}

run "$NETRESCUE" man
is "$status$stderr" 0 'netrescue man'
cp "$scratch/.stdout" "$scratch/netrescue.1"
is "$(clean "$scratch/netrescue.1")" '' 'netrescue(1) is clean'
is "$(sections "$scratch/netrescue.1")" \
	'NAME,SYNOPSIS,DESCRIPTION,VERBS,RECIPES,FILES,ENVIRONMENT,EXIT STATUS,EXAMPLES,BUGS,SEE ALSO,' 'its sections'
text=$(formatted "$scratch/netrescue.1")
like "$text" "netrescue $("$NETRESCUE" version | sed -n '1s/^netrescue \([^ ]*\).*/\1/p')" 'it names the version'

# Every verb with every option, from --help.
missing=
for verb in $("$NETRESCUE" --help | sed -n '/^usage:/,/^exit codes:/s/^  \([a-z-]*\)  *[a-z].*/\1/p'); do
	section=$(plain "$scratch/netrescue.1" | awk -v verb="$verb" '
		/^\.S[SH] / { inside = $0 ~ "^\\.SS \"netrescue " verb "[ \"]" }
		inside')
	[[ $section ]] || missing+=" $verb"
	for option in $("$NETRESCUE" "$verb" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
		grep -qE -- "^(-[a-z], )?$option( |\$)" <<<"$section" || missing+=" $verb:$option"
	done
done
is "$missing" '' 'every verb and every option is in it'

# Every variable that the sources read is in ENVIRONMENT.
environment=$(plain "$scratch/netrescue.1" | sed -n '/^\.SH ENVIRONMENT/,/^\.SH EXIT/p')
unnamed=
while read -r variable; do
	grep -qE "(^|[^A-Z_])$variable([^A-Z_]|\$)" <<<"$environment" || unnamed+=" $variable"
done < <(grep -rhoE 'getenv\("[A-Z_]+"\)|"NETRESCUE_[A-Z_]+(=[a-z]*)?"' builder --include='*.[ch]' |
	grep -oE '[A-Z][A-Z_]+' | sort -u)
# NETRESCUE_APPLIANCE_ is a prefix of what is named.
is "${unnamed/ NETRESCUE_APPLIANCE_/}" '' 'every variable that is read is named'
for variable in NETRESCUE_STORE XDG_CACHE_HOME TMPDIR NO_COLOR http_proxy LIBGUESTFS_BACKEND_SETTINGS; do
	like "$environment" "$variable" "$variable is"
done
is "$(sed -n '/^EXIT STATUS/,/^EXAMPLES/s/^  *\([0-9][0-9+N]*\) .*/\1/p' <<<"$text" | tr '\n' ' ')" '0 1 2 3 4 5 128+N ' \
	'exit codes as a list'
unlike "$text" '`' 'no mark is left'

run "$NETRESCUE" man recipe
is "$status$stderr" 0 'netrescue man recipe'
cp "$scratch/.stdout" "$scratch/netrescue-recipe.5"
is "$(clean "$scratch/netrescue-recipe.5")" '' 'netrescue-recipe(5) is clean'
text=$(formatted "$scratch/netrescue-recipe.5")
like "$text" 'netrescue-recipe - ' 'its name'
unlike "$text" '`[a-z]|\*\*|\| ---|^#' 'no Markdown is left'
unnamed=
while read -r key; do
	grep -qE "^ +$key( |\$)" <<<"$text" || unnamed+=" $key"
done < <(grep -oE '^\| `[a-z.-]+` \|' docs/recipe.md | grep -oE '[a-z.-]{2,}')
is "$unnamed" '' 'every key of docs/recipe.md is in it'
like "$text" 'autologin.program[[:space:]]+what does it[^.]*packages[[:space:]]+default: agetty[[:space:]]+value: text: mingetty, agetty' \
	'with meaning, default and value'

run "$NETRESCUE" man verbs
is "$status" 2 'another page: exit code 2'
like "$stderr" "'man recipe'" 'and which there are'
