#!/bin/bash
# SPDX-License-Identifier: MIT
# --help of the program and of each verb: it names every verb and option, has examples, fits a terminal of 80
# columns, and what it says can be parsed.
. tests/lib/tap.sh
need perl

# The program's own list: two blanks, a name, its summary.
run "$NETRESCUE" --help
mapfile -t verbs < <(sed -n '/^usage:/,/^exit codes:/s/^  \([a-z-]*\)  *[a-z].*/\1/p' <<<"$stdout")
plan $((12 + 7 * ${#verbs[@]}))

is "$status" 0 '--help'
is "${verbs[*]}" 'build lock verify diff boot deploy list rollback prune menu gc store recipe-help completion man version' 'lists the verbs'
is "$stderr" '' 'and says nothing else'
is "$(sed -n '/^exit codes:/,$s/^  \([0-9+N]*\) .*/\1/p' <<<"$stdout" | tr '\n' ' ')" '0 1 2 3 4 5 128+N ' 'exit codes, one a line'
short=$stdout
run "$NETRESCUE" -h
is "$stdout" "$short" '-h is the same'

# wide FILE: its lines of more than 80 columns
wide() {
	perl -CSD -ne 'chomp; print "$_\n" if length > 80' "$1"
}
is "$(wide "$scratch/.stdout")" '' 'no line is wider than 80 columns'

# options_of VERB: --NAME of all its options, from the table by way of its completion
options_of() {
	"$NETRESCUE" completion bash | sed -n "/^_netrescue_options/,/^}/s/^\t$1) words='\(.*\)' ;;/\1/p"
}
for verb in "${verbs[@]}"; do
	run "$NETRESCUE" "$verb" --help
	is "$status$stderr" 0 "$verb --help"
	is "$(wide "$scratch/.stdout")" '' "$verb: no line is wider than 80 columns"
	ok "$verb: some options are known" test "$(options_of "$verb" | wc -w)" -gt 0
	unnamed=
	for option in $(options_of "$verb"); do
		grep -qE -- "^ +(-[a-z], )?$option( |$)" "$scratch/.stdout" || unnamed+=" $option"
	done
	is "$unnamed" '' "$verb: every option has its line"
	like "$stdout" $'\nexamples:\n  netrescue '"$verb" "$verb: there is an example"
	# Options of the examples are options of the verb.
	strange=
	while read -r option; do
		[[ " $(options_of "$verb") " == *" $option "* ]] || strange+=" $option"
	done < <(sed -n '/^examples:/,$s/^  netrescue //p' <<<"$stdout" | grep -o -- '--[a-z-]*')
	is "$strange" '' "$verb: and it has only options that there are"
	run "$NETRESCUE" "$verb" --no-such-option
	is "$status" 2 "$verb: another option is refused"
done

run "$NETRESCUE" boot --help
is "$(grep -c '^\(the client\|for a person\|for a test\|the network\|the server\|in general\):$' <<<"$stdout")" 6 \
	"boot's options stand in groups"
run "$NETRESCUE" lock --help
unlike "$stdout" '--lock FILE  ' 'an old spelling is not shown'
run "$NETRESCUE"
is "$status" 2 'no verb: exit code 2'
like "$stderr" 'usage: netrescue VERB' 'with the list'
run "$NETRESCUE" biuld
is "$status" 2 'an unknown verb: exit code 2'
like "$stderr" "hint: did you mean 'build'\?" 'with the nearest'
