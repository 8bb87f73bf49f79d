/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"
#include "recipe/validate.h"

static const struct recipe_menu_entry *find_entry(const struct recipe *recipe, const char *label)
{
	for (size_t i = 0; i < recipe->menu.entry_count; i++)
		if (streq(recipe->menu.entry[i].label, label))
			return &recipe->menu.entry[i];
	return NULL;
}

static int unknown_label(const struct recipe *recipe, const struct position *at, const char *label,
			 struct err *err)
{
	CLEANUP(strv_release) struct strv labels = { 0 };
	CLEANUP(strv_release) struct strv near = { 0 };
	cleanup_free char *list = NULL;

	position_error(at, err, "the menu has no entry '%s'", label);
	for (size_t i = 0; i < recipe->menu.entry_count; i++)
		strv_add(&labels, recipe->menu.entry[i].label);
	if (!labels.count)
		return err_hint(err, "add it to menu.entries");
	nearest(label, (const char *const *)labels.item, labels.count, 1, &near);
	if (near.count)
		return err_hint(err, "did you mean '%s'?", near.item[0]);
	list = strv_join(&labels, ", ");
	return err_hint(err, "its entries are %s", list);
}

static int check_rescue(const struct recipe *recipe, const struct recipe_menu_entry *entry,
			struct err *err)
{
	if (!*recipe->kernel) {
		position_error(&entry->at, err, "rescue entry '%s' needs a kernel", entry->label);
		return err_hint(err, "write 'kernel: linux-image-amd64'");
	}
	if (entry->access == NFS_RW && recipe->nfs.access == NFS_RO) {
		position_error(&entry->at, err,
			       "entry '%s' writes to its root, which is exported read-only",
			       entry->label);
		return err_hint(err, "write 'access: ro' here, or 'nfs: {access: rw}'");
	}
	return 0;
}

/* Whether `nfs: {access: rw}` has added this entry: it follows its model and has its place. */
static bool is_added(const struct recipe *recipe, size_t i)
{
	const struct position *at = &recipe->menu.entry[i].at;
	const struct position *model = i ? &recipe->menu.entry[i - 1].at : NULL;

	return model && at->line && at->file == model->file && at->line == model->line &&
	       at->column == model->column;
}

static int check_entry(const struct recipe *recipe, size_t i, struct err *err)
{
	const struct recipe_menu_entry *entry = &recipe->menu.entry[i];

	for (size_t j = 0; j < i; j++) {
		if (!streq(entry->label, recipe->menu.entry[j].label))
			continue;
		position_error(&entry->at, err, "another entry has the label '%s', too",
			       entry->label);
		if (is_added(recipe, i) || is_added(recipe, j))
			return err_hint(err, "'nfs: {access: rw}' adds one with that label, unless "
					     "an entry has 'access: rw': choose another");
		return err_hint(err, "to replace an inherited one, write '- -%s' before it",
				entry->label);
	}
	if (entry->kind == MENU_RESCUE)
		return check_rescue(recipe, entry, err);
	if (entry->kind == MENU_MEMTEST && !recipe_list_has(&recipe->boot_packages, "memtest86+")) {
		position_error(&entry->at, err, "entry '%s' needs the package 'memtest86+'",
			       entry->label);
		return err_hint(err, "add it to 'boot-packages'");
	}
	return 0;
}

static int check_client(const struct recipe *recipe, size_t i, struct err *err)
{
	const struct recipe_menu_client *client = &recipe->menu.client[i];

	for (size_t j = 0; j < i; j++)
		if (streq(client->mac, recipe->menu.client[j].mac))
			return position_error(&client->at, err, "another menu is for %s, too",
					      client->mac);
	if (!find_entry(recipe, client->entry))
		return unknown_label(recipe, &client->at, client->entry, err);
	return 0;
}

int validate_menu(const struct recipe *recipe, const struct node *root, struct err *err)
{
	const struct position at = node_position(root, "menu.default", recipe->path);

	for (size_t i = 0; i < recipe->menu.entry_count; i++) {
		int r = check_entry(recipe, i, err);

		if (r < 0)
			return r;
	}
	if (*recipe->menu.default_entry && !find_entry(recipe, recipe->menu.default_entry))
		return unknown_label(recipe, &at, recipe->menu.default_entry, err);
	for (size_t i = 0; i < recipe->menu.client_count; i++) {
		int r = check_client(recipe, i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static uint32_t address_of(const char *text)
{
	uint32_t address = 0;

	(void)format_parse_address(text, &address);
	return address;
}

static int check_inside(const struct recipe *recipe, const struct node *root, const char *key,
			const char *value, struct err *err)
{
	const uint32_t mask = address_of(recipe->server.netmask),
		       net = address_of(recipe->server.subnet);
	const uint32_t address = address_of(value);
	const struct position at = node_position(root, key, recipe->path);

	if ((address & mask) != net)
		position_error(&at, err, "'%s': %s is outside of %s/%s", key, value,
			       recipe->server.subnet, recipe->server.netmask);
	else if (address == net || address == (net | ~mask))
		position_error(&at, err, "'%s': %s is the network's own address", key, value);
	else
		return 0;
	return err_hint(err, "make server.address, subnet, netmask, range and router fit one "
			     "another");
}

static int check_range(const struct recipe *recipe, const struct node *root, struct err *err)
{
	const uint32_t first = address_of(recipe->server.range_first);
	const uint32_t last = address_of(recipe->server.range_last);
	const uint32_t server = address_of(recipe->server.address);
	struct position at = node_position(root, "server.range", recipe->path);

	if (!at.line)
		at = node_position(root, "server.address", recipe->path);
	if (first > last)
		return position_error(&at, err, "'server.range' begins after its end");
	if (server < first || server > last)
		return 0;
	position_error(&at, err, "'server.range' holds the server's own address %s",
		       recipe->server.address);
	return err_hint(err, "dhcpd would give it to a client");
}

int validate_server(const struct recipe *recipe, const struct node *root, struct err *err)
{
	const uint32_t mask = address_of(recipe->server.netmask),
		       net = address_of(recipe->server.subnet);
	const struct position at_mask = node_position(root, "server.netmask", recipe->path);
	const struct position at_net = node_position(root, "server.subnet", recipe->path);
	int r;

	if (!mask || (~mask & (~mask + 1)))
		return position_error(&at_mask, err, "'server.netmask': %s is not a netmask",
				      recipe->server.netmask);
	if (net & ~mask) {
		position_error(&at_net, err, "'server.subnet': %s has bits outside of netmask %s",
			       recipe->server.subnet, recipe->server.netmask);
		return err_hint(err, "write the network's first address");
	}
	r = check_inside(recipe, root, "server.address", recipe->server.address, err);
	if (r < 0)
		return r;
	r = check_inside(recipe, root, "server.range", recipe->server.range_first, err);
	if (r < 0)
		return r;
	r = check_inside(recipe, root, "server.range", recipe->server.range_last, err);
	if (r < 0)
		return r;
	r = check_inside(recipe, root, "server.router", recipe->server.router, err);
	if (r < 0)
		return r;
	return check_range(recipe, root, err);
}
