#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The how-to's own simulations: `boot --simple` and `boot --bridge`, in a network namespace. dhcpd and in.tftpd run
# natively out of the file server's tree, with the snippets of server/; NFS is nfs-ganesha's, as a kernel need
# not have a server. About three minutes under emulation.
. tests/lib/tap.sh
. tests/lib/image.sh
need ip unshare nsenter setpriv
[[ $(id -u) == 0 ]] || skip_all 'makes a bridge and a chroot: needs root'
[[ -c /dev/net/tun ]] || skip_all 'the kernel has no /dev/net/tun'
case $(stat -f -c %T "$scratch") in
overlay*) skip_all 'NFS cannot export overlayfs: set TMPDIR' ;;
esac
plan 24

image_shared recipes/minimal.yaml
minimal=$image
cat >"$scratch/lan.yaml" <<.
extends: $top/recipes/fileserver.yaml
name: lan-$$
packages: [nfs-ganesha, nfs-ganesha-vfs]
.
# Where `boot` itself would put it: what the client's firmware comes from, and what serves it here.
image_build "$scratch/lan.yaml" "$image_store/lab"
at_exit rm -rf "$image_store/lab/lan-$$"
server=$scratch/server
image_unpack "$image" "$server"

# ---- a network of its own ------------------------------------------------------------------------

# Processes too: what runs there ends with the first.
unshare --net --mount --pid --fork --kill-child --mount-proc sleep infinity &
at_exit kill -KILL $! # unshare ignores SIGTERM while it waits
until first=$(cat "/proc/$!/task/$!/children" 2>/dev/null) && [[ ${first:-} ]]; do sleep 0.1; done
lan() {
	nsenter --target "${first% }" --net --mount --pid --wd="$PWD" "$@"
}
until [[ $(readlink "/proc/${first% }/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do sleep 0.1; done
lan mount -t sysfs sysfs /sys
lan ip link set lo up

boot() {
	lan "$NETRESCUE" boot "$minimal" --store "$image_store" --server "$scratch/lan.yaml" --offline --check "$@"
}

# ---- a bridge that will not do -------------------------------------------------------------------

run boot --bridge br0
is "$status" 2 'no such bridge: a usage error'
like "$stderr" "this host has no 'br0'" 'which says so'
lan ip link add br0 type bridge
run boot --bridge lo
like "$stderr" "'lo' is not a bridge" 'lo is none'
run boot --bridge br0
like "$stderr" "'br0' is down.*ip link set br0 up" 'a bridge that is down'
lan ip link set br0 up
run lan setpriv --inh-caps=-all --bounding-set=-net_admin \
	"$NETRESCUE" boot "$minimal" --store "$image_store" --check --bridge br0
is "$status" 2 'without the capability'
like "$stderr" 'Operation not permitted.*NET_ADMIN' 'the way out is named'

# ---- spanning tree -------------------------------------------------------------------------------

lan ip link set br0 type bridge stp_state 1 forward_delay 200
taps() {
	lan ip -o link show type tun
}
boot --bridge br0 --timeout 12 --logs "$scratch/logs" >"$scratch/stp" 2>&1 &
pid=$!
end=$((SECONDS + 120))
until tap=$(taps | grep 'master br0') || ((SECONDS > end)); do sleep 0.1; done
like "$tap" 'link/ether fe:' "the tap's address is too high to become the bridge's"
wait "$pid"
is $? 5 'nobody answers there'
like "$(<"$scratch/stp")" "'br0' runs the spanning tree protocol .* for 4 s.*stp_state 0" \
	'the delay is told, with its cure'
like "$(<"$scratch/stp")" 'phase DHCP: no progress' 'the client starts behind it and asks'
silent 'the tap goes with the client' taps
lan ip link set br0 type bridge stp_state 0

# ---- QEMU's own servers, and no NFS ---------------------------------------------------------------

run boot --simple --logs "$scratch/logs"
is "$status" 5 '--simple without an NFS server fails' || diag "$stderr"
like "$stdout" 'client 1  initramfs ' 'not before the initramfs'
like "$stderr" 'phase NFS root: no NFS server answers on this host, which the client calls 10.0.2.2: portmapper' \
	'and says why'

# ---- real servers --------------------------------------------------------------------------------

lan ip link add eth0 type veth peer name port
lan ip link set port master br0 up
lan ip address add 192.168.1.1/24 dev eth0
lan ip link set eth0 up

# As server/README says.
version=${minimal##*/}
mkdir -p "$server/srv/pxe"
cp -a "$minimal/tftp" "$server/srv/pxe/tftp"
image_unpack "$minimal" "$server/srv/pxe/minimal/$version"
cat "$minimal/server/dhcpd.conf" >>"$server/etc/dhcp/dhcpd.conf"
touch "$server/var/lib/dhcp/dhcpd.leases"
# shellcheck source=/dev/null
. "$minimal/server/tftpd-hpa"
read -r export options < <(grep -v '^#' "$minimal/server/exports")
like "$options" '\(ro,' 'the export is read-only'
cat >"$server/etc/ganesha/ganesha.conf" <<.
NFS_CORE_PARAM { allow_set_io_flusher_fail = true; Protocols = 3; mount_path_pseudo = true; Enable_NLM = false; Enable_RQUOTA = false; }
EXPORT { Export_Id = 1; Path = $export; Pseudo = $export; Access_Type = RO; Squash = No_root_squash; SecType = sys; Protocols = 3; FSAL { Name = VFS; } }
.
# ganesha exports what lies on a mount that it sees.
lan mount --bind "$server" "$server"
lan mount --rbind /dev "$server/dev"
lan mount -t proc proc "$server/proc"
ln -sf /proc/self/mounts "$server/etc/mtab"
mkdir -p "$server"/run/{rpcbind,ganesha} "$server"/var/{log,lib/nfs}/ganesha

# daemon NAME COMMAND...: of the server's tree
daemon() {
	lan chroot "$server" "${@:2}" >"$scratch/$1.log" 2>&1 </dev/null &
}
daemon rpcbind rpcbind -f -w
# shellcheck disable=SC2086 # TFTP_OPTIONS are several
daemon tftpd in.tftpd --foreground --listen --user "$TFTP_USERNAME" --address "$TFTP_ADDRESS" \
	${TFTP_OPTIONS:?} "$TFTP_DIRECTORY"
daemon dhcpd dhcpd -4 -f -d -cf /etc/dhcp/dhcpd.conf eth0
nfs_answers() {
	lan chroot "$server" sh -c 'rpcinfo -t 127.0.0.1 nfs 3 && showmount -e 127.0.0.1' | grep "^$export "
}
end=$((SECONDS + 120))
until lan chroot "$server" rpcinfo -p 127.0.0.1 >/dev/null 2>&1 || ((SECONDS > end)); do sleep 0.2; done
daemon ganesha ganesha.nfsd -F -L STDOUT -N EVENT -f /etc/ganesha/ganesha.conf -p /run/ganesha.pid
until nfs_answers >/dev/null 2>&1 || ((SECONDS > end)); do sleep 0.2; done
ok 'the servers run' nfs_answers || diag "$(tail -n 20 "$scratch"/{rpcbind,ganesha,dhcpd}.log)"

# ---- the client behind the bridge -----------------------------------------------------------------

echo "findmnt -n -o SOURCE /run/rescue/lower; cat /proc/net/pnp; cat /proc/cmdline" >"$scratch/script"
run boot --bridge br0 --script "$scratch/script" --logs "$scratch/logs"
is "$status" 0 '--bridge: from dhcpd to the shell, and off' || diag "$stderr" "$(tail -n 20 "$scratch"/*.log)"
like "$stdout" "\| 192\.168\.1\.1:$export/$version" 'its root is on the server'
like "$(<"$scratch/dhcpd.log")" 'DHCPACK on 192\.168\.1\.2[0-9]+ to 52:54:00:12:34:56' 'dhcpd knows it'
like "$stdout" 'on the wire: [0-9.]+ MB in all, [0-9.]+ MB by TFTP, [0-9.]+ MB by NFS' 'and all was seen'
silent 'no tap stays' taps

# ---- QEMU's own servers, with NFS on the host ------------------------------------------------------

asked=$(grep -c DHCPDISCOVER "$scratch/dhcpd.log")
run boot --simple --script "$scratch/script" --logs "$scratch/logs"
is "$status" 0 "--simple with the host's NFS: to the shell, and off" || diag "$stderr"
like "$stdout" "\| 10\.0\.2\.2:$export/$version" 'its root is on the host'
same_text "$(grep -c DHCPDISCOVER "$scratch/dhcpd.log")" "$asked" 'dhcpd was not asked'
