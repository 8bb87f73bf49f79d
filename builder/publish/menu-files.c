/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "publish/menu.h"
#include "publish/result-files.h"

static int write_file(struct result *res, const char *name, char *text, struct err *err)
{
	cleanup_free char *path = xasprintf("tftp/menu/%s/%s", res->version, name);
	cleanup_free char *owned = text;

	return result_write(res, path, owned, strlen(owned), err);
}

static int write_client(struct result *res, const struct menu *m, size_t i, struct err *err)
{
	struct menu_choice choice = menu_client_choice(res->recipe, i);
	cleanup_free char *mac = menu_pxelinux_name(res->recipe->menu.client[i].mac);
	cleanup_free char *name = xasprintf("pxelinux.cfg/%s", mac);

	return write_file(res, name, menu_pxelinux(m, &choice), err);
}

static int write_pxelinux(struct result *res, const struct menu *m, struct err *err)
{
	struct menu_choice choice = menu_default_choice(res->recipe);
	int r = write_file(res, "pxelinux.cfg/default", menu_pxelinux(m, &choice), err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < res->recipe->menu.client_count; i++) {
		r = write_client(res, m, i, err);
		if (r < 0)
			return r;
	}
	return result_symlink(res, "menu/current/pxelinux.cfg", "tftp/pxelinux.cfg", err);
}

static int write_grub(struct result *res, const struct menu *m, struct err *err)
{
	int r = write_file(res, "grub.cfg", menu_grub_recipe(m, res->recipe), err);

	if (r < 0)
		return r;
	return result_symlink(res, "../menu/current/grub.cfg", "tftp/grub/grub.cfg", err);
}

static int write_menus(struct result *res, const struct menu *m, struct err *err)
{
	int r;

	if (recipe_boots(res->recipe, FIRMWARE_BIOS)) {
		r = write_pxelinux(res, m, err);
		if (r < 0)
			return r;
	}
	if (recipe_boots(res->recipe, FIRMWARE_UEFI)) {
		r = write_grub(res, m, err);
		if (r < 0)
			return r;
	}
	/* The server switches to a version by one rename of menu/current. */
	return result_symlink(res, res->version, "tftp/menu/current", err);
}

int result_add_menu(struct result *res, struct err *err)
{
	CLEANUP(menu_release) struct menu m = { 0 };
	int r = menu_describe(res->recipe, res->version, &res->kernels, &m, err);

	if (r < 0 || !m.count)
		return r;
	r = write_menus(res, &m, err);
	return r < 0 ? err_wrap(err, "writing the boot menu") : 0;
}
