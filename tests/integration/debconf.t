#!/bin/bash
# SPDX-License-Identifier: MIT
# Answers for debconf are there before any package asks, those of the essential ones too; what nobody asked, and what
# lacks an answer, is said in words.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 gpg zstd newuidmap

tiny_new "$scratch/m"
mirror_package "$scratch/m" <<'END'
Package: early
Version: 1.0
Essential: yes
Depends: debconf
X-Templates:
 Template: early/mode
 Type: string
 Default: late
 Description: made up
X-Postinst:
 #!/bin/sh -e
 . /usr/share/debconf/confmodule
 db_get early/mode
 echo "$RET" >/etc/early-mode

Package: licensed
Version: 1.0
Depends: debconf
X-Templates:
 Template: licensed/licence
 Type: boolean
 Default: false
 Description: made up
 .
 Template: licensed/kind
 Type: select
 Choices: one, two, three
 Description: made up
 .
 Template: licensed/of
 Type: string
 Description: made up
X-Preinst:
 #!/bin/sh -e
 . /usr/share/debconf/confmodule
 db_input high licensed/licence || true
 db_go || true
 db_get licensed/licence
 [ "$RET" = true ] || { echo 'the licence could not be asked' >&2; exit 2; }
X-Config:
 #!/bin/sh -e
 . /usr/share/debconf/confmodule
 db_register licensed/of licensed/of-this-disk
 db_input high licensed/of-this-disk || true
 db_go || true
X-Postinst:
 #!/bin/sh -e
 . /usr/share/debconf/confmodule
 for q in licence kind of-this-disk; do
 db_get licensed/$q
 echo "$q $RET" >>/etc/licensed
 done

Package: downloads
Version: 1.0
Depends: debconf
X-Templates:
 Template: downloads/from
 Type: string
 Description: made up
X-Postinst:
 #!/bin/sh
 echo "wget: unable to resolve host address 'vendor.example'" >&2
 exit 1
END
tiny_serve "$scratch/m"
plan 15

tiny_recipe "$scratch/tiny.yaml" 'packages: [licensed]'
run tiny_build "$scratch/tiny.yaml"
is "$status" 1 'a script that could not ask'
like "$stderr" "package 'licensed': .*the licence could not be asked" 'its package is named, and what it said'
like "$stderr" $'\nhint: if its script lacks an answer, give it in the recipe, such as\n  debconf:\n    - licensed licensed/licence boolean true\n    - licensed licensed/kind select one\n    - licensed licensed/of string VALUE\n  the full log is /' \
	'the hint is what the recipe lacks'

cat >"$scratch/answers" <<'.'
# ours
licensed licensed/kind select four
licensed	licensed/of-this-disk	string	mine and yours
licensed licensed/licens boolean true
other other/question note
.
cat >>"$scratch/tiny.yaml" <<'.'
debconf:
  - licensed licensed/licence boolean true
  - answers
  - early early/mode string soon
.
run tiny_build "$scratch/tiny.yaml"
is "$status" 0 'with the answers it is built' || diag "$stderr"
tar -C "$scratch" --zstd -xf "$stdout/rootfs.tar.zst" ./etc/licensed ./etc/early-mode ./var/cache/debconf/config.dat
is "$(<"$scratch/etc/early-mode")" soon 'an essential package had its answer'
same_text "$(<"$scratch/etc/licensed")" $'licence true\nkind four\nof-this-disk mine and yours' 'and so had the other, all of them'
same_text "$(sed -n '/^Name: licensed\/licence$/,/^$/p' "$scratch/var/cache/debconf/config.dat")" \
	$'Name: licensed/licence\nTemplate: licensed/licence\nValue: true\nOwners: licensed\nFlags: seen' \
	'which debconf remembers as given'
like "$stderr" "warning: .*tiny\.yaml:[0-9]+: 'four' is no choice of 'licensed/kind', which has one, two, three" 'an answer that is no choice'
like "$stderr" "warning: .*: nobody asked 'licensed/licens' \(did you mean 'licensed/licence'\?\)" 'an answer that nobody asked for'
like "$stderr" "warning: .*: nobody asked 'other/question': the image has no package 'other'" 'another, of no package'
is "$(grep -c 'warning: .*tiny.yaml' <<<"$stderr")" 3 'and no other, for a question that a script has registered neither' || diag "$stderr"

tiny_recipe "$scratch/bad.yaml" 'debconf: [licensed licensed/licence boolean yes]'
tiny_store=$scratch/untouched run tiny_build "$scratch/bad.yaml"
is "$status" 2 'a line that is none'
ok 'is refused before anything is fetched' test ! -e "$scratch/untouched"

tiny_recipe "$scratch/download.yaml" 'packages: [downloads]'
run tiny_build "$scratch/download.yaml"
is "$status" 1 'a script that downloads'
like "$stderr" $'\nhint: its script wanted to download something; scripts never have a network, .* leave \'downloads\' out, and bring the files by .overlays. or .debs.\n  the full log' \
	'is told that there is no network'
