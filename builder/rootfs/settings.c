/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include "base/memory.h"
#include "base/progress.h"
#include "rootfs/hooks.h"

int settings_host_name(struct rootfs *rootfs, struct err *err)
{
	const char *name = rootfs->recipe->hostname, *domain = rootfs->recipe->server.domain;
	cleanup_free char *line = xasprintf("%s\n", rootfs->recipe->hostname);
	CLEANUP(text_release) struct text hosts = { 0 };
	int r;

	r = settings_write(rootfs, "/etc/hostname", line, 0644, err);
	if (r < 0)
		return r;
	text_add(&hosts, "127.0.0.1\tlocalhost\n127.0.1.1\t");
	if (domain && *domain)
		text_printf(&hosts, "%s.%s ", name, domain);
	text_printf(&hosts,
		    "%s\n"
		    "\n"
		    "::1\t\tlocalhost ip6-localhost ip6-loopback\n"
		    "ff02::1\t\tip6-allnodes\n"
		    "ff02::2\t\tip6-allrouters\n",
		    name);
	return settings_write(rootfs, "/etc/hosts", hosts.data, 0644, err);
}

static int hooks_before(struct rootfs *rootfs, struct err *err)
{
	return hooks_run(rootfs, &rootfs->recipe->hooks.before_settings, "before-settings", err);
}

static int scripts(struct rootfs *rootfs, struct err *err)
{
	int r = hooks_run(rootfs, &rootfs->recipe->scripts, "script", err);

	if (r < 0)
		return r;
	return hooks_run(rootfs, &rootfs->recipe->hooks.before_initramfs, "before-initramfs", err);
}

int stage_settings(struct rootfs *rootfs, struct err *err)
{
	static const struct {
		const char *name;
		int (*run)(struct rootfs *rootfs, struct err *err);
		bool names_itself; /* its errors say which overlay or script they are about */
	} step[] = {
		{ "hooks", hooks_before, true },
		{ "host name", settings_host_name, false },
		{ "locale", settings_locale, false },
		{ "apt sources", settings_apt, false },
		{ "password", settings_password, false },
		{ "accounts", settings_accounts, false },
		{ "terminals", settings_terminals, false },
		{ "microcode", settings_microcode, false },
		{ "overlays", settings_overlays, true },
		{ "homes", settings_homes, false },
		{ "authorized keys", settings_keys, false },
		{ "services", settings_services, false },
		{ "masked units", settings_masks, false },
		{ "scripts", scripts, true },
		{ "way in", settings_way_in, false },
		{ "console", settings_console, false },
		{ "identity", settings_identity, false },
	};

	progress_start("settings", ARRAY_SIZE(step), PROGRESS_STEPS);
	for (size_t i = 0; i < ARRAY_SIZE(step); i++) {
		int r;

		progress_detail("%s", step[i].name);
		r = step[i].run(rootfs, err);
		if (r < 0)
			return step[i].names_itself ? r : err_wrap(err, "%s", step[i].name);
		progress_update(i + 1);
	}
	progress_end(NULL);
	return 0;
}
