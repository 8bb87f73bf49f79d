/* SPDX-License-Identifier: MIT */
#include "solve/kernel-check.h"

#include <string.h>

#include "base/memory.h"
#include "solve/set-closure.h"

/* "linux-image-6.12.107+deb13-amd64", "proxmox-kernel-6.8.12-pve-signed", "vmlinuz-lts"; not
 * "libselinux1". */
static bool is_called_so(const char *name)
{
	const char *linux_at = strstr(name, "linux");

	return strstr(name, "kernel") || strstr(name, "vmlinu") ||
	       (linux_at && (linux_at == name || linux_at[-1] == '-'));
}

static bool may_be_kernel(const struct solver_pool *pool, Id p, const struct closure_package *c)
{
	if (is_called_so(c->name) || solver_pool_is_local(pool, p))
		return true;
	for (size_t i = 0; i < c->provides.count; i++)
		if (starts_with(c->provides.item[i], "linux-image"))
			return true;
	return false;
}

int kernel_check(const struct solver_pool *pool, const Map *set, const struct recipe *recipe,
		 struct err *err)
{
	const struct position at = recipe_position(recipe, "kernel");
	CLEANUP(closure_release) struct closure c = { 0 };
	CLEANUP(set_members_release) struct set_members m = { 0 };

	if (!recipe->kernel || !*recipe->kernel)
		return 0;
	set_closure(pool, set, &c, &m);
	closure_take_target(&c, recipe->kernel);
	closure_complete(&c);
	for (size_t i = 0; i < m.count; i++)
		if (c.item[i].taken && may_be_kernel(pool, m.item[i], &c.item[i]))
			return 0;
	position_error(
		&at, err,
		"neither the package '%s' nor what it depends on is a kernel: none is called "
		"like one, and none provides linux-image",
		recipe->kernel);
	return err_hint(err,
			"write 'kernel: linux-image-%s', or 'kernel: none' for an image that boots "
			"no kernel; one under another name is taken as a file, in 'debs'",
			recipe->architecture);
}
