/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "publish/menu.h"
#include "publish/result.h"

static int write_config(struct result *res, const struct menu *m, const struct menu_choice *choice,
			const char *name, struct err *err)
{
	cleanup_free char *path = xasprintf("tftp/menu/%s/pxelinux.cfg/%s", res->version, name);
	cleanup_free char *text = menu_pxelinux(m, choice);

	return result_write(res, path, text, strlen(text), err);
}

static int write_client(struct result *res, const struct menu *m, size_t i, struct err *err)
{
	struct menu_choice choice = menu_client_choice(res->recipe, i);
	cleanup_free char *name = menu_pxelinux_name(res->recipe->menu.client[i].mac);

	return write_config(res, m, &choice, name, err);
}

int publish_menu(struct result *res, struct err *err)
{
	CLEANUP(menu_release) struct menu m = { 0 };
	struct menu_choice choice;
	int r = menu_describe(res->recipe, res->version, &m, err);

	if (r < 0 || !m.count)
		return r;
	choice = menu_default_choice(res->recipe);
	r = write_config(res, &m, &choice, "default", err);
	for (size_t i = 0; r >= 0 && i < res->recipe->menu.client_count; i++)
		r = write_client(res, &m, i, err);
	/* The server switches to a version by one rename of menu/current. */
	if (r >= 0)
		r = result_symlink(res, res->version, "tftp/menu/current", err);
	if (r >= 0)
		r = result_symlink(res, "menu/current/pxelinux.cfg", "tftp/pxelinux.cfg", err);
	return r < 0 ? err_wrap(err, "writing the boot menu") : 0;
}
