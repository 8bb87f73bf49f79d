// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"
#include "recipe/validate.h"
#include "recipe/value.h"

static const struct recipe_menu_entry *find_entry(const struct recipe *r, const char *label)
{
	for (size_t i = 0; i < r->menu.entry_count; i++)
		if (streq(r->menu.entry[i].label, label))
			return &r->menu.entry[i];
	return NULL;
}

static int unknown_label(const struct recipe *r, const struct position *at, const char *label,
			 struct err *err)
{
	CLEANUP(strv_release) struct strv labels = { 0 };
	CLEANUP(strv_release) struct strv near = { 0 };
	cleanup_free char *list = NULL;

	position_error(at, err, "the menu has no entry '%s'", label);
	for (size_t i = 0; i < r->menu.entry_count; i++)
		strv_add(&labels, r->menu.entry[i].label);
	if (!labels.count)
		return err_hint(err, "add it to menu.entries");
	nearest(label, (const char *const *)labels.item, labels.count, 1, &near);
	if (near.count)
		return err_hint(err, "did you mean '%s'?", near.item[0]);
	list = strv_join(&labels, ", ");
	return err_hint(err, "its entries are %s", list);
}

static int check_rescue(const struct recipe *r, const struct recipe_menu_entry *entry,
			struct err *err)
{
	if (!*r->kernel) {
		position_error(&entry->at, err, "rescue entry '%s' needs a kernel", entry->label);
		return err_hint(err, "write 'kernel: linux-image-amd64'");
	}
	if (entry->access == NFS_RW && r->nfs.access == NFS_RO) {
		position_error(&entry->at, err,
			       "entry '%s' writes to its root, which is exported read-only",
			       entry->label);
		return err_hint(err, "write 'access: ro' here, or 'nfs: {access: rw}'");
	}
	return 0;
}

/* One that nfs.access has added behind its model. */
static bool is_added(const struct recipe *r, size_t i)
{
	const struct position *at = &r->menu.entry[i].at;
	const struct position *model = i ? &r->menu.entry[i - 1].at : NULL;

	return model && at->line && at->file == model->file && at->line == model->line &&
	       at->column == model->column;
}

static int check_entry(const struct recipe *r, size_t i, struct err *err)
{
	const struct recipe_menu_entry *entry = &r->menu.entry[i];

	for (size_t j = 0; j < i; j++) {
		if (!streq(entry->label, r->menu.entry[j].label))
			continue;
		position_error(&entry->at, err, "a second entry with the label '%s'", entry->label);
		if (is_added(r, i) || is_added(r, j))
			return err_hint(err, "'nfs: {access: rw}' adds one with that label, unless "
					     "an entry has 'access: rw': choose another");
		return err_hint(err, "to replace an inherited one, write '- -%s' before it",
				entry->label);
	}
	if (entry->kind == MENU_RESCUE)
		return check_rescue(r, entry, err);
	if (entry->kind == MENU_MEMTEST && !recipe_list_has(&r->boot_packages, "memtest86+")) {
		position_error(&entry->at, err, "entry '%s' needs the package 'memtest86+'",
			       entry->label);
		return err_hint(err, "add it to 'boot-packages'");
	}
	return 0;
}

static int check_client(const struct recipe *r, size_t i, struct err *err)
{
	const struct recipe_menu_client *client = &r->menu.client[i];

	for (size_t j = 0; j < i; j++)
		if (streq(client->mac, r->menu.client[j].mac))
			return position_error(&client->at, err, "a second menu for %s",
					      client->mac);
	if (!find_entry(r, client->entry))
		return unknown_label(r, &client->at, client->entry, err);
	return 0;
}

int validate_menu(const struct recipe *r, const struct node *root, struct err *err)
{
	const struct position at = validate_position(r, root, "menu.default");
	int e = 0;

	for (size_t i = 0; i < r->menu.entry_count && e == 0; i++)
		e = check_entry(r, i, err);
	if (e == 0 && *r->menu.default_entry && !find_entry(r, r->menu.default_entry))
		e = unknown_label(r, &at, r->menu.default_entry, err);
	for (size_t i = 0; i < r->menu.client_count && e == 0; i++)
		e = check_client(r, i, err);
	return e;
}

static uint32_t address_of(const char *text)
{
	uint32_t address = 0;

	(void)format_parse_address(text, &address);
	return address;
}

static int check_inside(const struct recipe *r, const struct node *root, const char *key,
			const char *value, struct err *err)
{
	const uint32_t mask = address_of(r->server.netmask), net = address_of(r->server.subnet);
	const uint32_t address = address_of(value);
	const struct position at = validate_position(r, root, key);

	if ((address & mask) != net)
		position_error(&at, err, "'%s': %s is outside of %s/%s", key, value,
			       r->server.subnet, r->server.netmask);
	else if (address == net || address == (net | ~mask))
		position_error(&at, err, "'%s': %s is the network's own address", key, value);
	else
		return 0;
	return err_hint(err, "make server.address, subnet, netmask, range and router fit one "
			     "another");
}

static int check_range(const struct recipe *r, const struct node *root, struct err *err)
{
	const uint32_t first = address_of(r->server.range_first);
	const uint32_t last = address_of(r->server.range_last);
	const uint32_t server = address_of(r->server.address);
	struct position at = validate_position(r, root, "server.range");

	if (!at.line)
		at = validate_position(r, root, "server.address");
	if (first > last)
		return position_error(&at, err, "'server.range' begins after its end");
	if (server < first || server > last)
		return 0;
	position_error(&at, err, "'server.range' holds the server's own address %s",
		       r->server.address);
	return err_hint(err, "dhcpd would give it to a client");
}

int validate_server(const struct recipe *r, const struct node *root, struct err *err)
{
	const uint32_t mask = address_of(r->server.netmask), net = address_of(r->server.subnet);
	const struct position at_mask = validate_position(r, root, "server.netmask");
	const struct position at_net = validate_position(r, root, "server.subnet");
	int e;

	if (!mask || (~mask & (~mask + 1)))
		return position_error(&at_mask, err, "'server.netmask': %s is not a netmask",
				      r->server.netmask);
	if (net & ~mask) {
		position_error(&at_net, err, "'server.subnet': %s has bits outside of netmask %s",
			       r->server.subnet, r->server.netmask);
		return err_hint(err, "write the network's first address");
	}
	e = check_inside(r, root, "server.address", r->server.address, err);
	if (e == 0)
		e = check_inside(r, root, "server.range", r->server.range_first, err);
	if (e == 0)
		e = check_inside(r, root, "server.range", r->server.range_last, err);
	if (e == 0)
		e = check_inside(r, root, "server.router", r->server.router, err);
	return e == 0 ? check_range(r, root, err) : e;
}
