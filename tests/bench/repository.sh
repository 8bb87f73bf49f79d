# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The packages of a lock for other builders: repository LOCK STORE DIR makes DIR a flat repository of them that apt reads
# by file:, the fastest source it has, and sets $packages (with commas), $suite, $epoch and $kernel.

# shellcheck disable=SC2034 # whoever sources this reads them
repository() {
	local lock=$1 store=$2 dir=$3 digest name
	mkdir "$dir"
	suite=$(sed -n '/^$/q; s/^Suite: //p' "$lock")
	awk 'BEGIN { RS = ""; FS = "\n" } /^Package: / {
		for (i = 1; i <= NF; i++) { split($i, f, ": "); v[f[1]] = f[2] }
		if (v["Role"] == "image") print v["SHA256"], v["Package"] "_" NR "_" v["Architecture"] ".deb" }' "$lock" |
	while read -r digest name; do
		ln "$store/sha256/${digest:0:2}/$digest" "$dir/$name" 2>/dev/null ||
			cp "$store/sha256/${digest:0:2}/$digest" "$dir/$name"
	done
	(cd "$dir" && dpkg-scanpackages --multiversion . /dev/null >Packages 2>/dev/null)
	packages=$(awk 'BEGIN { RS = ""; FS = "\n" }
		/^Package: / && /\nRole: image/ { sub(/^Package: /, "", $1); print $1 }' "$lock" | paste -sd,)
	epoch=$(sed -n '/^$/q; s/^Source-Date-Epoch: //p' "$lock")
	kernel=$(awk -F': ' '/^Package: linux-image-[0-9]/ { print substr($2, 13); exit }' "$lock")
}
