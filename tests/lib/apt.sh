# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# An apt of the test's own, with nothing installed, that reads this machine's mirror. To be sourced
# after tap.sh; needs apt and the network.
#
#	apt_private "$scratch/trixie" trixie main contrib
#	apt_in "$scratch/trixie" -s install bash
#	apt_indices "$scratch/trixie"	# SUITE:COMPONENT:REPOSITORY:FILE, as solve-sets wants them
#
# The mirror is not written down anywhere: it is asked of the machine's apt.

# Base URLs of Debian's archive and its security archive, as the machine has them.
apt_mirror() {
	apt-get indextargets --format '$(REPO_URI)' | sed 's,/$,,' | grep "/debian$1\$" | head -n 1
}

# apt_private DIR SUITE COMPONENT...: makes it and fetches the suite's, its updates' and its security's indices.
apt_private() {
	local dir=$1 suite=$2 archive security key
	shift 2
	archive=$(apt_mirror '')
	security=$(apt_mirror -security)
	[[ $archive && $security ]] || tap_die "this machine's apt knows no mirror of Debian"
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$dir"/etc/apt/{apt.conf.d,preferences.d,trusted.gpg.d,sources.list.d} \
		"$dir"/var/lib/apt/lists/partial "$dir"/var/cache/apt/archives/partial \
		"$dir"/var/lib/dpkg
	: >"$dir/var/lib/dpkg/status"
	cat >"$dir/etc/apt/sources.list" <<-.
		deb [signed-by=$key] $archive $suite $*
		deb [signed-by=$key] $archive $suite-updates $*
		deb [signed-by=$key] $security $suite-security $*
	.
	cat >"$dir/apt.conf" <<-.
		Dir "$dir/";
		Dir::State::status "$dir/var/lib/dpkg/status";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Acquire::GzipIndexes "false";
	.
	apt_in "$dir" -qq update || tap_die "apt cannot fetch the indices of $suite"
}

# apt_in DIR ARGUMENT...: apt-get
apt_in() {
	local dir=$1
	shift
	APT_CONFIG=$dir/apt.conf apt-get "$@"
}

apt_indices() {
	local file repository line
	APT_CONFIG=$1/apt.conf apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(FILENAME)' \
		'Identifier: Packages' | while read -r suite component file; do
		repository=-
		[[ $suite == *-security ]] && repository=security
		line=$suite:$component:$repository:$file
		echo "$line"
	done
}
