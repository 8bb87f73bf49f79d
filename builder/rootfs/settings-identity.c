/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include "base/memory.h"
#include "base/log.h"

/* All who boot the image would share these, and all who can read the export would know them. They
 * are made anew where they are needed: host keys by overlays/ssh, the rest by the programs. */
static const struct sweep shared[] = {
	{ SWEEP_REMOVE, "/etc/ssh/ssh_host_*_key" },
	{ SWEEP_REMOVE, "/etc/ssh/ssh_host_*_key.pub" },
	{ SWEEP_REMOVE, "/etc/nvme/hostid" },
	{ SWEEP_REMOVE, "/etc/nvme/hostnqn" },
	{ SWEEP_REMOVE, "/etc/iscsi/initiatorname.iscsi" },
	{ SWEEP_REMOVE, "/var/lib/systemd/random-seed" },
	{ SWEEP_REMOVE, "/var/lib/systemd/credential.secret" },
	{ SWEEP_REMOVE, "/var/lib/urandom/random-seed" },
	{ SWEEP_CONTENT, "/var/lib/dhcpcd" },
	/* journald keeps the journal on disk as soon as this directory exists. */
	{ SWEEP_REMOVE, "/var/log/journal" },
};

/* Empty rather than absent (machine-id(5)): each boot makes one of its own and does not take
 * itself for a first boot, which would ask questions. */
static int empty_machine_id(struct rootfs *rootfs, struct err *err)
{
	bool exists = false;
	int r;

	r = sandbox_exists(rootfs->sandbox, "/var/lib/dbus/machine-id", &exists, err);
	if (r < 0)
		return r;
	if (exists) {
		r = sandbox_call(rootfs->sandbox, err, "ln", "-snf", "/etc/machine-id",
				 "/var/lib/dbus/machine-id", NULL);
		if (r < 0)
			return r;
	}
	return settings_write(rootfs, "/etc/machine-id", "", 0444, err);
}

int settings_identity(struct rootfs *rootfs, struct err *err)
{
	bool snakeoil = false;
	int r;

	r = sandbox_sweep(rootfs->sandbox, shared, ARRAY_SIZE(shared), err);
	if (r < 0)
		return r;
	r = sandbox_exists(rootfs->sandbox, "/etc/ssl/private/ssl-cert-snakeoil.key", &snakeoil,
			   err);
	if (r < 0)
		return r;
	if (snakeoil)
		log_warning(
			"ssl-cert made a private key, which everybody who can read the image will "
			"have: /etc/ssl/private/ssl-cert-snakeoil.key");
	return empty_machine_id(rootfs, err);
}
