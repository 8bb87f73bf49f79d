/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>

#include "base/memory.h"
#include "base/text.h"
#include "rootfs/identity.h"

/* clang-format off */
const struct identity_rule identity_rules[] = {
	/* overlays/ssh makes them in memory, and sshd reads them there. */
	{ .pattern = { "/etc/ssh/ssh_host_*_key", "/etc/ssh/ssh_host_*_key.pub" },
	  .make = "ssh-keygen -A\n", .only_if_asked = true },
	{ .pattern = { "/etc/dropbear/dropbear_*_host_key",
		       "/etc/dropbear/dropbear_*_host_key.pub" },
	  .make = "for type in rsa ecdsa ed25519; do\n"
		  "	dropbearkey -t $type -f /etc/dropbear/dropbear_${type}_host_key\n"
		  "done\n" },
	/* With -R (dropbear(8)) it makes keys in the initramfs, in memory, when first asked. */
	{ .pattern = { "/etc/dropbear/initramfs/dropbear_*_host_key",
		       "/etc/dropbear/initramfs/dropbear_*_host_key.pub" },
	  .file = "/etc/dropbear/initramfs/dropbear.conf",
	  .line = "DROPBEAR_OPTIONS=\"${DROPBEAR_OPTIONS-} -R\"" },
	{ .pattern = { "/etc/ssl/private/ssl-cert-snakeoil.key",
		       "/etc/ssl/certs/ssl-cert-snakeoil.pem" },
	  .make = "make-ssl-cert generate-default-snakeoil --force-overwrite\n" },
	{ .pattern = { "/etc/bind/rndc.key" },
	  .make = "rndc-confgen -a\n"
		  "chown bind:bind /etc/bind/rndc.key\n"
		  "chmod 0640 /etc/bind/rndc.key\n" },
	{ .pattern = { "/etc/brlapi.key" },
	  .make = "mcookie > /etc/brlapi.key\n"
		  "chmod 0640 /etc/brlapi.key\n" },
	{ .pattern = { "/etc/munge/munge.key" },
	  .make = "mungekey --create --keyfile /etc/munge/munge.key\n"
		  "chown munge:munge /etc/munge/munge.key\n" },
	{ .pattern = { "/etc/xrdp/rsakeys.ini" },
	  .make = "umask 077\n"
		  "xrdp-keygen xrdp auto\n"
		  "chown xrdp /etc/xrdp/rsakeys.ini\n" },
	{ .pattern = { "/etc/hostid" }, .make = "zgenhostid\n" },
	/* identity_prevent() keeps DKMS from making it. */
	{ .pattern = { "/var/lib/dkms/mok.key", "/var/lib/dkms/mok.pub" } },

	/* Their programs make them when they first run. */
	{ .pattern = { "/etc/nvme/hostid", "/etc/nvme/hostnqn" } },
	{ .pattern = { "/etc/iscsi/initiatorname.iscsi" } },
	{ .pattern = { "/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret" } },
	{ .pattern = { "/var/lib/urandom/random-seed" } },
	{ .pattern = { "/var/lib/dhcpcd/*" } },
	{ .pattern = { "/var/lib/rabbitmq/.erlang.cookie" } },
	/* journald keeps the journal on disk as soon as this directory exists. */
	{ .pattern = { "/var/log/journal" } },

	/* A database's ids and times, and the random password of slapd's administrator. An empty
	 * one is of no use; who needs it makes it: dpkg-reconfigure slapd, pg_createcluster, for
	 * MariaDB `identity:`. */
	{ .pattern = { "/etc/ldap/slapd.d/*", "/var/lib/ldap/*" } },
	{ .pattern = { "/var/lib/mysql/*" },
	  .make = "mariadb-install-db --user=mysql --skip-test-db\n", .only_if_asked = true },
	{ .pattern = { "/etc/postgresql/*/main", "/var/lib/postgresql/*/main" } },
};
/* clang-format on */
const size_t identity_rule_count = ARRAY_SIZE(identity_rules);

const struct identity_rule *identity_rule_find(const char *path)
{
	for (size_t i = 0; i < identity_rule_count; i++) {
		const struct identity_rule *rule = &identity_rules[i];

		for (size_t k = 0; k < IDENTITY_PATTERNS && rule->pattern[k]; k++)
			if (fnmatch(rule->pattern[k], path, FNM_PATHNAME) == 0 ||
			    fnmatch(path, rule->pattern[k], FNM_PATHNAME) == 0)
				return rule;
	}
	return NULL;
}

int identity_check(const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->identity_count; i++) {
		const struct recipe_identity *identity = &recipe->identity[i];
		const struct identity_rule *rule = identity_rule_find(identity->path);

		if (identity->action != IDENTITY_MAKE || *identity->command ||
		    (rule && (rule->make || rule->file)))
			continue;
		position_error(&identity->at, err, "netrescue does not know how '%s' is made",
			       identity->path);
		return err_hint(err,
				"say it: add a 'command' that makes it, or write 'do: remove'");
	}
	return 0;
}
