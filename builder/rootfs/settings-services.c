/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

static bool has_unit_type(const char *name)
{
	static const char *const type[] = { ".service", ".socket", ".timer", ".target",	  ".path",
					    ".mount",	".swap",   ".slice", ".automount" };

	for (size_t i = 0; i < ARRAY_SIZE(type); i++)
		if (ends_with(name, type[i]))
			return true;
	return false;
}

static int has_file(struct rootfs *rootfs, const char *directory, const char *name, bool *ret,
		    struct err *err)
{
	cleanup_free char *path = xasprintf("%s/%s", directory, name);

	return sandbox_exists(rootfs->sandbox, path, ret, err);
}

static void suggest(struct rootfs *rootfs, const char *name, const char *directory, struct err *err)
{
	const char *const argv[] = {
		"find", directory, "-maxdepth", "1", "-printf", "%f\\n", NULL
	};
	CLEANUP(strv_release) struct strv candidate = { 0 };
	CLEANUP(strv_release) struct strv near = { 0 };
	CLEANUP(err_release) struct err ignored = { 0 }; /* a hint is not worth a second failure */

	if (settings_lines(rootfs, argv, &candidate, NULL, &ignored) < 0)
		return;
	strv_sort(&candidate);
	nearest(name, (const char *const *)candidate.item, candidate.count, 1, &near);
	if (near.count)
		err_hint(err, "did you mean '%s'?", near.item[0]);
}

/* ---- systemd ---- */

/* A unit is known by its file, its template's file or the init script it is made from. */
static int unit_exists(struct rootfs *rootfs, const char *unit, bool *ret, struct err *err)
{
	static const char *const directory[] = { "/etc/systemd/system",
						 "/usr/local/lib/systemd/system",
						 "/usr/lib/systemd/system", "/lib/systemd/system" };
	const char *at = strchr(unit, '@');
	const char *dot = strrchr(unit, '.');
	cleanup_free char *template =
		at && dot > at ? xasprintf("%.*s@%s", (int)(at - unit), unit, dot) : xstrdup(unit);
	cleanup_free char *script = xstrndup(unit, (size_t)(dot - unit));
	bool found = false;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(directory) && !found; i++) {
		r = has_file(rootfs, directory[i], unit, &found, err);
		if (r < 0)
			return r;
		if (found)
			break;
		r = has_file(rootfs, directory[i], template, &found, err);
		if (r < 0)
			return r;
	}
	if (!found && streq(dot, ".service")) {
		r = has_file(rootfs, "/etc/init.d", script, &found, err);
		if (r < 0)
			return r;
	}
	*ret = found;
	return 0;
}

/* `systemctl disable` says nothing when there is nothing that it could undo. */
static int disable_unit(struct rootfs *rootfs, const struct recipe_name *service, const char *unit,
			struct err *err)
{
	const char *const disable[] = { "systemctl", "disable", unit, NULL };
	const char *const is_enabled[] = { "systemctl", "is-enabled", unit, NULL };
	CLEANUP(text_release) struct text ignored = { 0 };
	CLEANUP(text_release) struct text state = { 0 };
	int status, r;

	r = settings_output(rootfs, disable, &ignored, NULL, err);
	if (r < 0)
		return r;
	r = settings_output(rootfs, is_enabled, &state, &status, err);
	if (r < 0)
		return r;
	if (starts_with(state.data, "disabled") || starts_with(state.data, "masked") ||
	    starts_with(state.data, "indirect"))
		return 0;
	position_error(&service->at, err, "'%s' cannot be disabled: it is %.*s", unit,
		       (int)strcspn(state.data, "\n"), state.data);
	return err_hint(err, "mask it: services.mask");
}

static int systemd_service(struct rootfs *rootfs, const struct recipe_name *service, bool mask,
			   struct err *err)
{
	cleanup_free char *unit = has_unit_type(service->value)
					  ? xstrdup(service->value)
					  : xasprintf("%s.service", service->value);
	const char *const argv[] = { "systemctl", "mask", unit, NULL };
	CLEANUP(text_release) struct text ignored = { 0 };
	bool exists;
	int r;

	r = unit_exists(rootfs, unit, &exists, err);
	if (r < 0)
		return r;
	if (!exists) {
		r = position_error(&service->at, err, "no unit '%s' in the image", unit);
		suggest(rootfs, unit, "/usr/lib/systemd/system", err);
		return r;
	}
	return mask ? settings_output(rootfs, argv, &ignored, NULL, err)
		    : disable_unit(rootfs, service, unit, err);
}

/* ---- sysvinit ---- */

/* `update-rc.d NAME disable` would leave links that stop the service, `remove` leaves none. A
 * masked service cannot be started by hand either: its script is not executable. */
static int sysvinit_service(struct rootfs *rootfs, const struct recipe_name *service, bool mask,
			    struct err *err)
{
	cleanup_free char *path = xasprintf("/etc/init.d/%s", service->value);
	bool exists = false;
	int r;

	if (has_unit_type(service->value)) {
		log_debug("services: '%s' is a systemd unit, init is sysvinit", service->value);
		return 0;
	}
	r = sandbox_exists(rootfs->sandbox, path, &exists, err);
	if (r < 0)
		return r;
	if (!exists) {
		r = position_error(&service->at, err, "no init script '%s' in the image",
				   service->value);
		suggest(rootfs, service->value, "/etc/init.d", err);
		return r;
	}
	r = sandbox_call(rootfs->sandbox, err, "update-rc.d", "-f", service->value, "remove", NULL);
	if (r < 0 || !mask)
		return r;
	return sandbox_call(rootfs->sandbox, err, "chmod", "0644", path, NULL);
}

static int each(struct rootfs *rootfs, const struct recipe_list *services, bool mask,
		struct err *err)
{
	bool sysvinit = rootfs->recipe->init == INIT_SYSVINIT;

	for (size_t i = 0; i < services->count; i++) {
		const struct recipe_name *service = &services->item[i];
		int r;

		r = sysvinit ? sysvinit_service(rootfs, service, mask, err)
			     : systemd_service(rootfs, service, mask, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int settings_services(struct rootfs *rootfs, struct err *err)
{
	int r;

	r = each(rootfs, &rootfs->recipe->services.disable, false, err);
	if (r < 0)
		return r;
	return each(rootfs, &rootfs->recipe->services.mask, true, err);
}
