/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "recipe/validate.h"

/* Where a key stands, or the recipe itself. */
static struct position place(const struct recipe *recipe, const struct node *root, const char *key)
{
	return node_position(root, key, recipe->path);
}

/* Each conflicts with the other. */
static int check_other_program(const struct recipe *recipe, struct err *err)
{
	const bool dracut = recipe->initramfs.generator == INITRAMFS_DRACUT;
	const char *other = dracut ? "initramfs-tools" : "dracut";
	const struct recipe_name *wrong = recipe_list_find_package(&recipe->packages, other);

	if (!wrong)
		return 0;
	position_error(&wrong->at, err, "package '%s' is not the initramfs.generator, which is %s",
		       other, dracut ? "dracut" : "initramfs-tools");
	if (!streq(wrong->at.file, recipe->path))
		return err_hint(err, "write '-%s' into packages", other);
	return err_hint(err, "take it out, or write 'initramfs: {generator: %s}'", other);
}

static int check_dracut(const struct recipe *recipe, const struct node *root, struct err *err)
{
	const struct position generator = place(recipe, root, "initramfs.generator");
	const struct position modules = place(recipe, root, "initramfs.modules");

	if (recipe->init == INIT_SYSVINIT) {
		position_error(&generator, err,
			       "dracut gets its address by systemd, not with 'init: sysvinit'");
		return err_hint(err, "leave initramfs.generator out, or write 'init: systemd'");
	}
	if (streq(recipe->initramfs.modules, "list")) {
		position_error(&modules, err,
			       "dracut always takes the modules of all network cards, not a list");
		return err_hint(err, "write 'modules: netboot'; initramfs.extra adds to it");
	}
	return 0;
}

int validate_initramfs(const struct recipe *recipe, const struct node *root, struct err *err)
{
	int r = 0;

	if (!*recipe->kernel)
		return 0;
	if (recipe->initramfs.generator == INITRAMFS_DRACUT)
		r = check_dracut(recipe, root, err);
	return r < 0 ? r : check_other_program(recipe, err);
}
