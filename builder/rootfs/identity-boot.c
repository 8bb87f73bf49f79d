/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "rootfs/identity.h"
#include "rootfs/settings.h"

#define PROGRAMS "/usr/local/lib/rescue-identity"
#define SERVICE "rescue-identity"
#define UNIT "/etc/systemd/system/" SERVICE ".service"
#define WANTS "/etc/systemd/system/sysinit.target.wants"
#define INIT_SCRIPT "/etc/init.d/" SERVICE

/* It runs before all services that wait for the system's start, which is what services do. */
static const char unit[] = "# Made by netrescue: keys and ids that the image has not.\n"
			   "[Unit]\n"
			   "Description=Keys and ids of this boot\n"
			   "DefaultDependencies=no\n"
			   "RequiresMountsFor=/etc /usr /var\n"
			   "After=systemd-tmpfiles-setup.service systemd-sysusers.service\n"
			   "Before=sysinit.target shutdown.target\n"
			   "Conflicts=shutdown.target\n"
			   "\n"
			   "[Service]\n"
			   "Type=oneshot\n"
			   "RemainAfterExit=yes\n"
			   "ExecStart=/bin/run-parts " PROGRAMS "\n"
			   "\n"
			   "[Install]\n"
			   "WantedBy=sysinit.target\n";

static const char init_script[] = "#!/bin/sh\n"
				  "# Made by netrescue: keys and ids that the image has not.\n"
				  "### BEGIN INIT INFO\n"
				  "# Provides:          " SERVICE "\n"
				  "# Required-Start:    $remote_fs\n"
				  "# Required-Stop:\n"
				  "# Default-Start:     S\n"
				  "# Default-Stop:\n"
				  "# Short-Description: Keys and ids of this boot\n"
				  "### END INIT INFO\n"
				  "\n"
				  "case \"${1:-}\" in\n"
				  "start) exec /bin/run-parts " PROGRAMS " ;;\n"
				  "stop | restart | force-reload | status) ;;\n"
				  "*)\n"
				  "	echo \"Usage: $0 start\" >&2\n"
				  "	exit 2\n"
				  "	;;\n"
				  "esac\n";

/* "/etc/bind/rndc.key" -> "etc-bind-rndc-key": run-parts(8) passes over names with dots. */
static char *program_name(const char *path)
{
	char *name = xstrdup(path + strspn(path, "/"));

	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			*p = '-';
	return name;
}

void identity_boot_add(struct identity_boot *boot, const char *const *pattern, const char *lines)
{
	CLEANUP(text_release) struct text text = { 0 };
	cleanup_free char *name = program_name(pattern[0]);

	text_add(&text, "#!/bin/sh -e\nrm -rf --");
	for (size_t i = 0; pattern[i]; i++)
		text_printf(&text, " %s", pattern[i]);
	text_printf(&text, "\n%s%s", lines, ends_with(lines, "\n") ? "" : "\n");
	/* Two paths may differ in a sign only. */
	if (strv_has(&boot->name, name))
		strv_addf(&boot->name, "%s-%zu", name, boot->name.count);
	else
		strv_add(&boot->name, name);
	strv_add_take(&boot->script, text_take(&text));
}

static int enable_systemd(struct rootfs *rootfs, struct err *err)
{
	int r = settings_write(rootfs, UNIT, unit, 0644, err);

	if (r < 0)
		return r;
	r = sandbox_call(rootfs->sandbox, err, "mkdir", "-p", WANTS, NULL);
	if (r < 0)
		return r;
	file_log_add(&rootfs->file_log, WANTS "/" SERVICE ".service", "the recipe's settings");
	return sandbox_call(rootfs->sandbox, err, "ln", "-sfn", "../" SERVICE ".service",
			    WANTS "/" SERVICE ".service", NULL);
}

static int enable_sysvinit(struct rootfs *rootfs, struct err *err)
{
	int r = settings_write(rootfs, INIT_SCRIPT, init_script, 0755, err);

	return r < 0 ? r
		     : sandbox_call(rootfs->sandbox, err, "update-rc.d", SERVICE, "defaults", NULL);
}

int identity_boot_write(struct rootfs *rootfs, const struct identity_boot *boot, struct err *err)
{
	for (size_t i = 0; i < boot->name.count; i++) {
		cleanup_free char *path = xasprintf(PROGRAMS "/%s", boot->name.item[i]);
		int r = settings_write(rootfs, path, boot->script.item[i], 0755, err);

		if (r < 0)
			return r;
	}
	if (boot->name.count == 0)
		return 0;
	return rootfs->recipe->init == INIT_SYSVINIT ? enable_sysvinit(rootfs, err)
						     : enable_systemd(rootfs, err);
}

void identity_boot_release(struct identity_boot *boot)
{
	strv_release(&boot->name);
	strv_release(&boot->script);
}
