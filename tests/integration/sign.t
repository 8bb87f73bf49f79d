#!/bin/bash
# SPDX-License-Identifier: MIT
# Signatures: made with the result or added to it, and believed only when everything is right.
. tests/lib/tap.sh
. tests/lib/mirror.sh
. tests/lib/tiny.sh
need python3 jq gpg gpgv ssh-keygen zstd newuidmap

tiny_new "$scratch/m"
tiny_serve "$scratch/m"
tiny_recipe "$scratch/tiny.yaml"
plan 58

# ---- keys ------------------------------------------------------------------------------------------
for name in ours other; do
	ssh-keygen -q -t ed25519 -N '' -C "$name@example.org" -f "$scratch/$name"
done
# Key creation starts an agent, whose socket's path must be short.
export GNUPGHOME
GNUPGHOME=$(mktemp -d /tmp/nr-gpg.XXXXXX)
at_exit rm -rf "$GNUPGHOME"
at_exit gpgconf --kill all
gpg_key() {
	gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key "$1" ed25519 sign "$2" 2>/dev/null
	gpg --batch --quiet --export "$1" >"$scratch/$3"
}
gpg_key ours@example.org never ours.gpg
gpg_key other@example.org never other.gpg
gpg --batch --quiet --armor --export ours@example.org >"$scratch/ours.asc"

# ---- a key that cannot sign ------------------------------------------------------------------------
run "$NETRESCUE" build --mirror http://127.0.0.1:1/ --store "$scratch/store" --out "$scratch/out" \
	--sign "$scratch/m/keyring.gpg" "$scratch/tiny.yaml"
is "$status" 2 'a file that is no key is an error'
like "$stderr" 'cannot sign with the key' 'before the mirror is asked'
run tiny_build --sign nobody@example.org "$scratch/tiny.yaml"
is "$status" 2 'a key that gpg does not have too'
like "$stderr" 'ssh:FILE, gpg:ID' 'the hint says what --sign takes'
not_ok 'and nothing was built' test -e "$scratch/out"

# ---- signed while it is built ----------------------------------------------------------------------
run tiny_build --sign gpg:ours@example.org "$scratch/tiny.yaml"
is "$status" 0 'a build that gpg signs' || { diag "$stderr"; tap_die 'nothing else can work'; }
result=$stdout
for file in SHA256SUMS provenance.json; do
	ok "gpgv agrees about $file" gpgv -q --keyring "$scratch/ours.gpg" "$result/$file.asc" "$result/$file"
done
unlike "$(<"$result/SHA256SUMS")" '\.asc' 'signatures are not among the files they sign'

# tell ARGUMENT…: verify as far as signature and checksums: without its lock a copy is damaged
cp -r "$result" "$scratch/copy"
rm "$scratch/copy/tiny.lock"
tell() {
	run "$NETRESCUE" verify --store "$scratch/store" --signed-by "$@"
}
for keys in ours.gpg ours.asc; do
	tell "$scratch/$keys" "$scratch/copy"
	like "$stderr" "SHA256SUMS is signed by [0-9A-F]{40}(.|\n)*provenance.json is signed by" "verify agrees with $keys"
	like "$stderr" 'is damaged' 'and looks at the files afterwards'
done
tell "$scratch/other.gpg" "$scratch/copy"
is "$status" 3 'another key is refused'
like "$stderr" 'SHA256SUMS is signed by key [0-9A-F]+, which is not in' 'in words'
tell "$scratch/ours.pub" "$scratch/copy"
is "$status" 3 'so is a key of another kind'
like "$stderr" 'no SHA256SUMS\.sig' 'which says what is missing'

# Good signatures by keys that are good no more.
gpg_signs() {
	local file
	for file in SHA256SUMS provenance.json; do
		gpg --batch --quiet --yes --pinentry-mode loopback --passphrase '' --armor --detach-sign "$@" \
			"$scratch/copy/$file" 2>/dev/null
	done
}
then=--faked-system-time=20200101T000000
gpg --batch --quiet --pinentry-mode loopback --passphrase '' $then --quick-generate-key old@example.org ed25519 sign 1d 2>/dev/null
gpg --batch --quiet --export old@example.org >"$scratch/old.gpg"
gpg_signs $then --local-user old@example.org
tell "$scratch/old.gpg" "$scratch/copy"
is "$status" 3 'a key of gpg that has expired is refused'
like "$stderr" 'SHA256SUMS .*expired' 'in words'
gpg_signs --local-user other@example.org
tell "$scratch/other.gpg" "$scratch/copy"
like "$stderr" 'SHA256SUMS is signed by' 'one that is good'
sed 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$(gpg --batch --with-colons --fingerprint other@example.org |
	sed -n '/^fpr/{s/fpr:*\([^:]*\):/\1/p;q}').rev" | gpg --batch --quiet --import 2>/dev/null
gpg --batch --quiet --export other@example.org >"$scratch/revoked.gpg"
tell "$scratch/revoked.gpg" "$scratch/copy"
is "$status" 3 'is refused when it has been revoked'
like "$stderr" 'SHA256SUMS .*revoked' 'in words'
cp "$result"/*.asc "$scratch/copy"
tell "$scratch/ours.gpg" "$scratch/copy"
like "$stderr" 'SHA256SUMS is signed by' 'which says nothing of other keys'

# ---- what is signed: in-toto's Statement with SLSA's predicate -------------------------------------
said() {
	jq -r "$1" "$result/provenance.json"
}
is "$(said '._type + " " + .predicateType')" \
	'https://in-toto.io/Statement/v1 https://slsa.dev/provenance/v1' 'provenance says what it is'
same_text "$(said '.subject[] | "\(.digest.sha256)  \(.name)"' | sort)" \
	"$(cd "$result" && { sha256sum SHA256SUMS; cat SHA256SUMS; } | sort)" 'its subjects are SHA256SUMS and what that names'
same_text "$(said '.predicate.buildDefinition.resolvedDependencies[] | select(.name == "tiny.lock") | .digest.sha256')" \
	"$(sha256sum <"$result/tiny.lock" | cut -d' ' -f1)" 'it was made from the lock'
first='first(.predicate.buildDefinition.resolvedDependencies[] | select(.name == "InRelease"))'
same_text "$(said "$first.digest.sha256")" "$(curl -s "$(said "$first.uri")" | sha256sum | cut -d' ' -f1)" \
	'and from the InRelease that the mirror has'
like "$(said '[.predicate.buildDefinition.buildType, .predicate.runDetails.builder.id] | join(" ")')" \
	'^tag:[^ ]+ tag:[^ ]+$' 'its types are URIs'

# ---- added to what is there ------------------------------------------------------------------------
before=$(<"$result/SHA256SUMS")
run tiny_build --sign "$scratch/other" "$scratch/tiny.yaml"
like "$stderr" 'up to date' 'a result that is there and signed'
not_ok 'keeps the signature that it has' test -e "$result/SHA256SUMS.sig"
rm "$result"/*.asc
run tiny_build --sign "$scratch/ours" "$scratch/tiny.yaml"
is "$status" 0 'one that is not signed' || diag "$stderr"
like "$stderr" 'is not signed: building it again.*up to date' 'is built again, as nobody signs what he has not seen made'
same_text "$(<"$result/SHA256SUMS")" "$before" 'but not changed'
same_text "$(said '.subject[] | select(.name == "SHA256SUMS") | .digest.sha256')" \
	"$(sha256sum <"$result/SHA256SUMS" | cut -d' ' -f1)" 'provenance is about it'
tell "$scratch/ours.pub" "$result" --offline
like "$stderr" 'provenance.json is signed by ours' 'and signed, too'
ok 'ssh-keygen agrees about the signature' sh -c "ssh-keygen -Y check-novalidate -n netrescue \
	-s '$result/SHA256SUMS.sig' <'$result/SHA256SUMS' >/dev/null"
run tiny_build "$scratch/tiny.yaml"
like "$stderr" 'up to date' 'a signed result is up to date'

# What somebody made to look like a result is not signed.
cp -r "$result" "$scratch/kept"
rm "$result"/*.sig
printf 'evil' >"$result/rootfs.tar.zst"
python3 tests/lib/forge.py all "$result"
run tiny_build --sign "$scratch/ours" "$scratch/tiny.yaml"
is "$status" 1 'a result that somebody else made is not signed'
like "$stderr" "not reproducible: 'rootfs.tar.zst' differs" 'but compared'
not_ok 'at all' test -e "$result/SHA256SUMS.sig"
rm -rf "$result" "$result.differs"
mv "$scratch/kept" "$result"

rm -r "$scratch/copy"
cp -r "$result" "$scratch/copy"
rm "$scratch/copy/tiny.lock"
tell "$scratch/ours.pub" "$scratch/copy"
like "$stderr" 'SHA256SUMS is signed by ours@example.org' 'verify agrees with the public key'
echo "admin@example.org namespaces=\"netrescue\" $(<"$scratch/ours.pub")" >"$scratch/allowed"
tell "$scratch/allowed" "$scratch/copy"
like "$stderr" 'SHA256SUMS is signed by admin@example.org' 'and with allowed_signers, by the name that stands there'
echo "admin@example.org valid-before=\"20200101\" $(<"$scratch/ours.pub")" >"$scratch/expired"
tell "$scratch/expired" "$scratch/copy"
is "$status" 3 'a key that is not valid any more is refused'
like "$stderr" 'not valid now' 'in words'
echo "admin@example.org namespaces=\"file\" $(<"$scratch/ours.pub")" >"$scratch/purpose"
tell "$scratch/purpose" "$scratch/copy"
is "$status" 3 'so is one for something else'
tell "$scratch/other.pub" "$scratch/copy"
is "$status" 3 'and another'
tell "$scratch/tiny.yaml" "$scratch/copy"
is "$status" 2 'a file without keys is an error of usage'

# ---- changed afterwards ----------------------------------------------------------------------------
sed -i '1s/^./0/;1s/^0\(.\)/\10/' "$scratch/copy/SHA256SUMS"
tell "$scratch/ours.pub" "$scratch/copy"
is "$status" 3 'SHA256SUMS changed after it was signed'
like "$stderr" 'the signature of SHA256SUMS is not good' 'is found before the files are looked at'
cp "$result/SHA256SUMS" "$scratch/copy/SHA256SUMS"
echo ' ' >>"$scratch/copy/provenance.json"
tell "$scratch/ours.pub" "$scratch/copy"
is "$status" 3 'so is a provenance that changed'
like "$stderr" 'the signature of provenance.json is not good' 'by name'
rm "$scratch/copy/provenance.json.sig"
tell "$scratch/ours.pub" "$scratch/copy"
is "$status" 3 'a provenance whose signature was taken away is refused'
like "$stderr" 'provenance.json is not signed by an SSH key' 'in words'
head -c 2000000 /dev/zero >"$scratch/copy/SHA256SUMS.sig"
tell "$scratch/ours.pub" "$scratch/copy"
is "$status" 3 'and a signature of two megabytes'
rm "$scratch/copy"/*.sig
tell "$scratch/ours.pub" "$scratch/copy"
is "$status" 3 'no signature is refused'
like "$stderr" 'not signed by an SSH key' 'in words'
run "$NETRESCUE" verify --store "$scratch/store" "$scratch/copy"
like "$stderr" 'it is not signed' 'and said when nobody asked'
run "$NETRESCUE" verify --store "$scratch/store" "$result.missing"
is "$status" 2 'what is not there has no signature'
