#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # jq's variables, not ours
# The bill of materials: every package, every file that no package brought, and who made it.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
. tests/lib/sbom.sh
need python3 gpg zstd newuidmap jq

tiny_new "$scratch/m"
mirror_package "$scratch/m" <<'.'
Package: known
Version: 1:2.0+b1
Files:
 /usr/bin/known 0755 #!/bin/sh\n
 /usr/share/known/kept 0644 kept\n
 /usr/share/known/over 0644 as it came\n
 /usr/share/doc/known/copyright 0644 Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: known\n\nFiles: *\nCopyright: nobody\nLicense: GPL-2+ or Expat\n\nFiles: odd/*\nCopyright: nobody\nLicense: odd\n Do as you\n like.\n

Package: dark
Version: 1
Files:
 /usr/bin/dark 0755 #!/bin/sh\n
 /usr/share/dark/changed 0644 as it came\n
 /usr/share/dark/gone 0644 as it came\n
X-Postinst:
 #!/bin/sh
 mkdir -p /opt
 echo secret >/opt/unexplained
 touch "$(printf '/opt/odd\376')" "$(printf '/opt/odd\377')" '/opt/odd\xff'
 ln -s /opt/unexplained /opt/link
 echo other >/usr/share/dark/changed
 rm /usr/share/dark/gone
.
tiny_serve "$scratch/m"
plan 32

cdx() {
	jq -r "$@" "$result/sbom.cdx.json"
}

spdx() {
	jq -r "$@" "$result/sbom.spdx.json"
}

# file PATH PROPERTY
file() {
	cdx --arg path "$1" --arg name "netrescue:$2" \
		'.components[] | select(.name == $path).properties[] | select(.name == $name) | .value'
}

mkdir -p "$scratch/laid/usr/share/known" "$scratch/laid/srv"
echo 'written over' >"$scratch/laid/usr/share/known/over"
echo 'laid' >"$scratch/laid/srv/laid"
ln -s ../srv "$scratch/laid/srv/away"
printf '#!/bin/sh\necho made >/srv/made\nrm /usr/bin/known\n' >"$scratch/make.sh"
chmod +x "$scratch/make.sh"

tiny_recipe "$scratch/light.yaml" 'packages: [known]' 'overlays: [laid]' 'scripts: [make.sh]'
run tiny_build "$scratch/light.yaml"
is "$status" 0 'a build' || { diag "$stderr"; tap_die 'nothing else can work'; }
result=$stdout
unlike "$stderr" 'neither a package nor a stage' 'no warning when all files are accounted for'
mkdir "$scratch/tree" "$scratch/invalid"
tar -C "$scratch/tree" --zstd --no-same-owner -xf "$result/rootfs.tar.zst"
sbom_check "$result" "$scratch/tree"
sed '0,/"library"/s//"libary"/' "$result/sbom.cdx.json" >"$scratch/invalid/sbom.cdx.json"
sed 's/"licenseId": "LicenseRef-odd/&-other/' "$result/sbom.spdx.json" >"$scratch/invalid/sbom.spdx.json"
said=$(/usr/bin/python3 tests/lib/sbom.py "$scratch/invalid" 2>&1)
like "$said" "'libary' is not one of" 'the same judge finds what the schema forbids'
like "$said" "'LicenseRef-odd-.*' has no text" 'and a reference to nothing'
ok 'SHA256SUMS covers both' test "$(grep -c 'sbom\.' "$result/SHA256SUMS")" = 2

is "$(cdx '.components[] | select(.name == "known") | .purl')" \
	'pkg:deb/debian/known@1:2.0%2Bb1?arch=amd64&distro=trixie' 'a package has its purl'
same_text "$(cdx '.components[] | select(.name == "known") | .hashes[0].content')" \
	"$(sed -n '/^Package: known$/,/^$/s/^SHA256: //p' "$result/tiny.lock")" 'and its hash'
like "$(cdx '.components[] | select(.name == "known") | .licenses[0].expression')" \
	'^\(GPL-2\.0-or-later OR MIT\) AND LicenseRef-odd-[0-9a-f]{8}$' 'and what its copyright file declares'
like "$(spdx '.hasExtractedLicensingInfos[] | select(.name == "odd") | .extractedText')" \
	'Do as you' 'with the text of a licence that SPDX does not know'
is "$(spdx '[.packages[] | select(.SPDXID | startswith("SPDXRef-Boot-")) | .name] | sort | join(" ")')" \
	'pxelinux syslinux-common zstd' 'boot packages stand apart'

is "$(file /srv/laid maker)" "overlay 'laid'" 'a file of an overlay names it'
is "$(file /usr/share/known/over maker) $(file /usr/share/known/over package)" "overlay 'laid' known" \
	"a package's file that an overlay replaced names both"
is "$(file /srv/made maker)" "script 'make.sh'" 'a file of a script names it'
is "$(file /etc/hostname maker)" "the recipe's settings" 'a setting too'
same_text "$(cdx '.components[] | select(.name == "/srv/laid") | .hashes[] | select(.alg == "SHA-256") | .content')" \
	"$(sha256sum <"$scratch/tree/srv/laid" | cut -d' ' -f1)" 'files have their hashes'
is "$(file /srv/away link)" ../srv 'links their target'

light=$result
tiny_recipe "$scratch/dark.yaml" 'packages: [dark]'
run tiny_build "$scratch/dark.yaml"
is "$status" 0 'a package whose script makes files nobody knows of builds'
result=$stdout
silent 'whose bills are valid' /usr/bin/python3 tests/lib/sbom.py "$result"
like "$stderr" '7 files that neither a package nor a stage' 'with a warning that counts them'
is "$(sbom_property "$result" files-dark)" 7 'and so does the bill'
like "$(file /opt/unexplained finding)" 'no package' 'it finds the file'
like "$(file /opt/link finding)" 'no package' 'and the link'
like "$(file /usr/share/dark/changed finding)" 'not as the package brought it' "a package's file that changed"
like "$(sbom_property "$result" finding)" 'missing: /usr/share/dark/gone' 'and one that is gone'

# Names that are no UTF-8, and one that looks like their escape: three files are three, everywhere.
names='/opt/odd\x5cxff /opt/odd\xfe /opt/odd\xff '
is "$(cdx '.components[] | select(."bom-ref" == "file:" + .name).name' | grep -F /opt/odd | sort | tr '\n' ' ')" \
	"$names" 'names that are no UTF-8 stay apart in CycloneDX'
is "$(spdx '.files[].fileName' | sed -n 's,^\.\(/opt/odd\),\1,p' | sort | tr '\n' ' ')" "$names" 'in SPDX'
run "$NETRESCUE" diff --json "$light" "$result"
is "$(jq -r '.. | .name? // empty' <<<"$stdout" | grep -F /opt/odd | sort | tr '\n' ' ')" "$names" 'and in what diff prints'
