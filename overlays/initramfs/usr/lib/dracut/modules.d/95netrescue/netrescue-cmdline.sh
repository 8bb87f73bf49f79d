#!/bin/sh
# Sourced after dracut has read root= and nfsroot= and before it configures networkd: where dracut would understand
# our menu's words in another way than initramfs-tools does.

# NFS version 3 unless nfsroot= says otherwise. mount.nfs would try version 4 first.
case "${netroot:-}" in
nfs:*)
	options=${netroot##*:}
	case ",$options," in
	*,vers=* | *,nfsvers=* | *,v[34],* | *,v4.?,*) ;;
	*) netroot="$netroot${options:+,}vers=3" ;;
	esac
	unset options
	;;
esac

# BOOTIF=01-52-54-00-12-34-56: only the card that booted gets an address. networkd of trixie does not know the word.
case "$(getarg ip=)" in
'' | dhcp | on | any)
	if mac=$(getarg BOOTIF=) && [ -n "$mac" ]; then
		mkdir -p /run/systemd/network
		printf '[Match]\nMACAddress=%s\n[Network]\nDHCP=ipv4\n' "$(echo "${mac#??-}" | tr - :)" \
			> /run/systemd/network/10-bootif.network
		printf '[Match]\nKind=!*\nType=!loopback\n[Link]\nUnmanaged=yes\n' \
			> /run/systemd/network/11-others.network
	fi
	unset mac
	;;
esac
