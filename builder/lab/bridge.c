/* SPDX-License-Identifier: MIT */
#include "lab/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#define TUN "/dev/net/tun"
#define NAME_PATTERN "netrescue%d" /* the kernel puts in a number */
#define SYSFS_MAX 64
#define POLL_MS 100
/* How long the kernel may take to use a new port, beyond what the spanning tree protocol takes. */
#define KERNEL_TIMEOUT_MS 10000
#define PORT_FORWARDING 3 /* BR_STATE_FORWARDING, linux/if_bridge.h */
#define MS_PER_UNIT 10	  /* sysfs has hundredths of a second */
#define ROM_WAITS_MS 3000 /* the shortest that a boot ROM may wait for an address */

/* The number in a file below /sys/class/net; -1: there is none. */
static long read_sysfs(const char *interface, const char *file)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("/sys/class/net/%s/%s", interface, file);

	if (read_file(AT_FDCWD, path, SYSFS_MAX, &t, &ignored) < 0)
		return -1;
	return strtol(t.data, NULL, 0);
}

static int control_socket(int *ret_fd, struct err *err)
{
	*ret_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return *ret_fd < 0 ? err_errno(err, ERR_BOOT, errno, "cannot open a socket") : 0;
}

static int not_permitted(int errnum, struct err *err)
{
	err_errno(err, ERR_USAGE, errnum, "option --bridge: cannot make a tap");
	if (errnum == ENOENT || errnum == ENODEV || errnum == ENXIO)
		return err_hint(err, "load the kernel module: modprobe tun");
	return err_hint(err, "it takes root, or the capability NET_ADMIN; without --bridge boot "
			     "needs neither");
}

/* Makes a tap; *ret has its name. */
static int open_tap(struct ifreq *ret, int *ret_fd, struct err *err)
{
	cleanup_fd int fd = open(TUN, O_RDWR | O_CLOEXEC);

	*ret = (struct ifreq){ .ifr_name = NAME_PATTERN, .ifr_flags = IFF_TAP | IFF_NO_PI };
	if (fd < 0 || ioctl(fd, TUNSETIFF, ret) < 0)
		return not_permitted(errno, err);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int check_is_bridge(const char *bridge, struct err *err)
{
	struct ifreq q = { 0 };
	cleanup_fd int s = -1;
	int r = control_socket(&s, err);

	if (r < 0)
		return r;
	if (strlen(bridge) >= IFNAMSIZ || if_nametoindex(bridge) == 0) {
		err_set(err, ERR_USAGE, "option --bridge: this host has no '%s'", bridge);
		return err_hint(err, "`ip link show type bridge` lists its bridges");
	}
	if (read_sysfs(bridge, "bridge/stp_state") < 0) {
		err_set(err, ERR_USAGE, "option --bridge: '%s' is not a bridge", bridge);
		return err_hint(err, "`ip link show type bridge` lists this host's bridges");
	}
	memcpy(q.ifr_name, bridge, strlen(bridge));
	if (ioctl(s, SIOCGIFFLAGS, &q) < 0 || !(q.ifr_flags & IFF_UP)) {
		err_set(err, ERR_USAGE, "option --bridge: '%s' is down", bridge);
		return err_hint(err, "ip link set %s up", bridge);
	}
	return 0;
}

int bridge_check(const char *bridge, struct err *err)
{
	struct ifreq tap;
	cleanup_fd int fd = -1;
	int r = check_is_bridge(bridge, err);

	return r < 0 ? r : open_tap(&tap, &fd, err);
}

static int request(int s, unsigned long what, struct ifreq *q, const char *bridge, struct err *err)
{
	if (ioctl(s, what, q) < 0)
		return err_errno(err, ERR_BOOT, errno, "cannot plug the tap '%s' into '%s'",
				 q->ifr_name, bridge);
	return 0;
}

/* A bridge takes the lowest address of its ports, unless it was given one. The host's address must
 * not change to that of a tap, which is random: so the tap gets a high one. */
static int raise_address(int s, struct ifreq *tap, const char *bridge, struct err *err)
{
	int r = request(s, SIOCGIFHWADDR, tap, bridge, err);

	if (r < 0)
		return r;
	tap->ifr_hwaddr.sa_data[0] = (char)0xfe;
	return request(s, SIOCSIFHWADDR, tap, bridge, err);
}

static int connect_tap(struct ifreq *tap, const char *bridge, struct err *err)
{
	struct ifreq q = { .ifr_ifindex = (int)if_nametoindex(tap->ifr_name) };
	cleanup_fd int s = -1;
	int r = control_socket(&s, err);

	if (r < 0)
		return r;
	r = raise_address(s, tap, bridge, err);
	if (r < 0)
		return r;
	memcpy(q.ifr_name, bridge, strlen(bridge));
	r = request(s, SIOCBRADDIF, &q, bridge, err);
	if (r < 0)
		return r;
	r = request(s, SIOCGIFFLAGS, tap, bridge, err);
	if (r < 0)
		return r;
	tap->ifr_flags |= IFF_UP;
	return request(s, SIOCSIFFLAGS, tap, bridge, err);
}

/* How long a new port stays silent: without the protocol not at all, whatever the delay is. */
static long spanning_tree_ms(const char *bridge)
{
	long delay = read_sysfs(bridge, "bridge/forward_delay");

	if (read_sysfs(bridge, "bridge/stp_state") <= 0 || delay < 0)
		return 0;
	return 2 * delay * MS_PER_UNIT;
}

static int await_forwarding(const char *bridge, const char *tap, struct err *err)
{
	cleanup_free char *state = xasprintf("brif/%s/state", tap);
	long delay = spanning_tree_ms(bridge), left = delay + KERNEL_TIMEOUT_MS;

	if (delay > ROM_WAITS_MS)
		log_note("'%s' runs the spanning tree protocol and keeps a new port silent for "
			 "%ld s; the client is started then. A real machine's boot ROM may give up "
			 "before that. Where no cables form a ring: `ip link set %s type bridge "
			 "stp_state 0`; else `forward_delay 200`",
			 bridge, delay / 1000, bridge);
	for (; left > 0; left -= POLL_MS) {
		int r = interrupt_check(err);

		if (r < 0 || read_sysfs(bridge, state) == PORT_FORWARDING)
			return r;
		(void)poll(NULL, 0, POLL_MS);
	}
	return err_set(err, ERR_BOOT, "the bridge '%s' does not forward packets to the tap '%s'",
		       bridge, tap);
}

int bridge_plug_in(const char *bridge, int *ret_fd, struct err *err)
{
	struct ifreq tap;
	cleanup_fd int fd = -1;
	int r = open_tap(&tap, &fd, err);

	if (r < 0)
		return r;
	r = connect_tap(&tap, bridge, err);
	if (r < 0)
		return r;
	r = await_forwarding(bridge, tap.ifr_name, err);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}
