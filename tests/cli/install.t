#!/bin/bash
# SPDX-License-Identifier: MIT
# `make install`: what is installed is complete, for everybody, and finds its parts where it lies.
. tests/lib/tap.sh
. tests/lib/state.sh
need make qemu-system-x86_64
plan 19

root=$scratch/root
# The programs are there already.
install_to() {
	make --silent -o all install BIN="$NETRESCUE_BIN" DESTDIR="$1" PREFIX="${2:-/usr}"
}
umask 077
mkdir -p "$root/usr/share/netrescue/overlays/old"
ok 'make install' install_to "$root"
umask 022
guestfs=
[[ -x $NETRESCUE_BIN/sandbox-guestfs ]] && guestfs=$'\nusr/libexec/netrescue/sandbox-guestfs'
is "$(cd "$root" && find usr -maxdepth 3 | sort)" "usr
usr/bin
usr/bin/netrescue
usr/libexec
usr/libexec/netrescue$guestfs
usr/libexec/netrescue/sandbox-namespace
usr/share
usr/share/bash-completion
usr/share/bash-completion/completions
usr/share/doc
usr/share/doc/netrescue
usr/share/man
usr/share/man/man1
usr/share/man/man5
usr/share/netrescue
usr/share/netrescue/overlays
usr/share/netrescue/recipes
usr/share/zsh
usr/share/zsh/vendor-completions" 'programs, recipes, overlays, manual pages, completions, documentation'
silent 'which everybody can read and only the owner change, whatever the umask' \
	find "$root/usr" -mindepth 2 ! -type l \( ! -perm -a+r -o -perm /022 \)

# Without the modes that a umask decides about.
content() {
	state_of "$1" | sed -E 's/^([fd]) .([0-7])..? /\1 /'
}
same_text "$(content "$root/usr/share/netrescue/recipes")" "$(content recipes)" 'recipes are as here'
same_text "$(content "$root/usr/share/netrescue/overlays")" "$(content overlays)" 'overlays too, without those of before'
same_text "$(cd "$root/usr/share/netrescue" && find . -type f -perm -u+x | sort)" \
	"$(find ./recipes ./overlays -type f -perm -u+x | sort)" 'programs among them can be run'
printed() {
	same_text "$(<"$root/$1")" "$("$NETRESCUE" "${@:2}")" "$1 is what 'netrescue ${*:2}' prints"
}
printed usr/share/man/man1/netrescue.1 man
printed usr/share/man/man5/netrescue-recipe.5 man recipe
printed usr/share/bash-completion/completions/netrescue completion bash
printed usr/share/zsh/vendor-completions/_netrescue completion zsh
same_text "$(cd "$root/usr/share/doc/netrescue" && echo *.md LICENSE docs/*.md)" "$(echo *.md LICENSE docs/*.md)" \
	'every page of the documentation is there'

# Others have files there, too.
touch "$root/usr/bin/other" "$root/usr/share/man/man1/other.1"
before=$(state_of "$root")
install_to "$root" /opt/n
ok 'once more, elsewhere' test -x "$root/opt/n/bin/netrescue"
ok 'where zsh has another place' test -s "$root/opt/n/share/zsh/site-functions/_netrescue"
make --silent uninstall DESTDIR="$root" PREFIX=/opt/n
silent 'make uninstall removes all of it' find "$root/opt" ! -type d
rm -r "$root/opt"
same_text "$(state_of "$root")" "$before" 'and nothing else'

image=$scratch/image
mkdir "$image"
cat >"$image/manifest.json" <<-'END'
	{"format": 1, "recipe": "x", "version": "1", "kernel": "6.1",
	 "settings": {"hostname": "x", "init": "systemd", "nfs-path": "/srv/pxe/x"},
	 "server": {"address": "192.168.1.1", "netmask": "255.255.255.0", "interface": "eth0",
	            "tftp-root": "/srv/pxe/tftp"},
	 "menu": {"entries": [{"kind": "rescue", "label": "rescue", "title": "Rescue", "append": "ro"}]}}
END
python3 tests/lib/forge.py describe "$image"
cd / || exit
boot=(boot "$image" --store "$scratch/store" --offline --mirror http://mirror.example/debian)
run "$root/usr/bin/netrescue" "${boot[@]}"
like "$stderr" "building the lab's file server: .*--offline" 'from there, boot finds the recipe of its server'

rm -rf "$root/usr/share/netrescue"
run "$root/usr/bin/netrescue" "${boot[@]}"
is "$status" 2 'without it: exit code 2'
like "$stderr" 'fileserver.yaml, is not where it was installed' 'which one'
like "$stderr" 'hint: name it with --server RECIPE' 'and what to do'
