/* SPDX-License-Identifier: MIT */
/* manifest.json: what the image is, for programs. Nothing is decided by it, and it depends on the
 * lock alone. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "publish/menu.h"
#include "publish/result-files.h"

static json_t *packages_json(const struct packages *p)
{
	json_t *array = json_array();

	for (size_t i = 0; i < p->count; i++) {
		const struct package *item = &p->item[i];
		json_t *o = json_object();

		json_add_text(o, "name", item->name);
		json_add_text(o, "version", item->version);
		json_add_text(o, "architecture", item->architecture);
		json_add_text(o, "role", item->role == ROLE_BOOT ? "boot" : "image");
		json_add_text(o, "suite", item->suite);
		json_add_number(o, "size", item->size);
		json_add_text(o, "sha256", item->sha256);
		json_array_append_new(array, o);
	}
	return array;
}

static const char *kind_name(enum menu_kind kind)
{
	switch (kind) {
	case MENU_LOCAL:
		return "local";
	case MENU_MEMTEST:
		return "memtest";
	case MENU_RESCUE:
		return "rescue";
	}
	abort();
}

static json_t *entry_json(const struct menu_entry *e)
{
	json_t *o = json_object();

	json_add_text(o, "kind", kind_name(e->kind));
	json_add_text(o, "label", e->label);
	json_add_text(o, "title", e->title);
	if (e->kernel)
		json_add_text(o, "kernel", e->kernel);
	if (e->initrd)
		json_add_text(o, "initrd", e->initrd);
	if (e->append && *e->append)
		json_add_text(o, "append", e->append);
	return o;
}

static json_t *choice_json(const struct menu_choice *choice)
{
	json_t *o = json_object();

	json_add_text(o, "entry", choice->label);
	if (choice->at_once)
		json_object_set_new(o, "at-once", json_true());
	else
		json_object_set_new(o, "timeout", json_integer(choice->timeout));
	return o;
}

static json_t *menu_json(const struct recipe *recipe, const struct menu *m)
{
	json_t *o = json_object(), *entries = json_array(), *clients = json_object();
	struct menu_choice choice = menu_default_choice(recipe);

	json_add_text(o, "title", m->title);
	for (size_t i = 0; i < m->count; i++)
		json_array_append_new(entries, entry_json(&m->entry[i]));
	json_object_set_new(o, "entries", entries);
	json_object_set_new(o, "default", choice_json(&choice));
	for (size_t i = 0; i < recipe->menu.client_count; i++) {
		choice = menu_client_choice(recipe, i);
		json_object_set_new(clients, recipe->menu.client[i].mac, choice_json(&choice));
	}
	json_object_set_new(o, "clients", clients);
	return o;
}

static json_t *sorted_json(const struct strv *v)
{
	CLEANUP(strv_release) struct strv sorted = { 0 };
	json_t *array = json_array();

	strv_add_all(&sorted, v);
	strv_sort(&sorted);
	for (size_t i = 0; i < sorted.count; i++)
		json_array_append_new(array, json_text(sorted.item[i]));
	return array;
}

static json_t *names_json(const struct recipe_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_text(list->item[i].value));
	return array;
}

static json_t *settings_json(const struct recipe *recipe)
{
	json_t *o = json_object();

	json_add_text(o, "hostname", recipe->hostname);
	json_add_text(o, "init", recipe->init == INIT_SYSVINIT ? "sysvinit" : "systemd");
	json_object_set_new(o, "locales", names_json(&recipe->locales));
	json_add_text(o, "default-locale", recipe->default_locale);
	json_add_text(o, "keymap", recipe->keymap);
	json_add_text(o, "timezone", recipe->timezone);
	json_object_set_new(o, "autologin", names_json(&recipe->autologin.terminals));
	/* Only whether there is one: the manifest is for everybody. */
	json_object_set_new(o, "root-password",
			    json_boolean(recipe->root.password &&
					 strcmp(recipe->root.password, "locked") != 0));
	json_object_set_new(o, "authorized-keys",
			    json_integer((json_int_t)recipe->root.authorized_keys.count));
	json_add_text(o, "nfs-path", recipe->nfs.path);
	json_add_text(o, "nfs-access", recipe->nfs.access == NFS_RW ? "rw" : "ro");
	return o;
}

static json_t *server_json(const struct recipe *recipe)
{
	json_t *o = json_object();

	json_add_text(o, "address", recipe->server.address);
	json_add_text(o, "interface", recipe->server.interface);
	json_add_text(o, "subnet", recipe->server.subnet);
	json_add_text(o, "netmask", recipe->server.netmask);
	json_add_text(o, "nameserver", recipe->server.nameserver);
	json_add_text(o, "domain", recipe->server.domain);
	json_add_text(o, "tftp-root", recipe->server.tftp_root);
	return o;
}

/* What the TFTP tree has loaders for. */
static json_t *firmware_json(const struct recipe *recipe)
{
	json_t *array = json_array();

	if (recipe_boots(recipe, FIRMWARE_BIOS))
		json_array_append_new(array, json_text("bios"));
	if (recipe_boots(recipe, FIRMWARE_UEFI))
		json_array_append_new(array, json_text("uefi"));
	return array;
}

static int add_files(json_t *manifest, const struct result *res, struct err *err)
{
	CLEANUP(result_files_release) struct result_files files = { 0 };
	json_t *array = json_array();
	int r = result_files_read(res->dir_fd, &files, err);

	json_object_set_new(manifest, "files", array);
	if (r < 0)
		return r;
	for (size_t i = 0; i < files.count; i++) {
		const struct result_file *f = &files.item[i];
		json_t *o = json_object();

		json_add_text(o, "path", f->path);
		if (f->link) {
			json_add_text(o, "link", f->link);
		} else {
			json_add_number(o, "size", f->size);
			json_add_text(o, "sha256", f->sha256);
		}
		json_array_append_new(array, o);
	}
	return 0;
}

static json_t *other_kernels_json(const struct strv *kernels)
{
	json_t *array = json_array();

	for (size_t i = 1; i < kernels->count; i++)
		json_array_append_new(array, json_text(kernels->item[i]));
	return array;
}

static void add_identity(json_t *o, const struct result *res)
{
	const struct lock *lock = res->lock;

	json_object_set_new(o, "format", json_integer(1));
	json_add_text(o, "recipe", res->recipe->name);
	json_add_text(o, "version", res->version);
	json_add_text(o, "suite", lock->suite);
	json_add_text(o, "architecture", lock->architecture);
	json_object_set_new(o, "source-date-epoch", json_integer(lock->source_date_epoch));
	json_object_set_new(o, "bytes-epoch", json_integer(lock->bytes_epoch));
	json_add_text(o, "lock-sha256", lock->digest);
	json_add_text(o, "recipe-sha256", lock->recipe_digest);
	if (res->kernels.count)
		json_add_text(o, "kernel", res->kernels.item[0]);
	/* The others, if there are any. */
	if (res->kernels.count > 1)
		json_object_set_new(o, "other-kernels", other_kernels_json(&res->kernels));
}

static int write_manifest(struct result *res, const struct rootfs *rootfs, struct err *err)
{
	CLEANUP(json_cleanup) json_t *manifest = json_object();
	CLEANUP(menu_release) struct menu menu = { 0 };
	json_t *tar = json_object();
	int r;

	add_identity(manifest, res);
	json_add_text(tar, "tar-sha256", res->tar_sha256);
	json_add_number(tar, "tar-size", res->tar_size);
	json_object_set_new(manifest, "rootfs", tar);
	r = menu_describe(res->recipe, res->version, &res->kernels, &menu, err);
	if (r < 0)
		return r;
	json_object_set_new(manifest, "settings", settings_json(res->recipe));
	json_object_set_new(manifest, "server", server_json(res->recipe));
	if (menu.count) {
		json_object_set_new(manifest, "firmware", firmware_json(res->recipe));
		json_object_set_new(manifest, "menu", menu_json(res->recipe, &menu));
	}
	json_object_set_new(manifest, "allocated-ids", sorted_json(&rootfs->allocated_ids));
	json_object_set_new(manifest, "packages", packages_json(&res->lock->packages));
	r = add_files(manifest, res, err);
	if (r < 0)
		return r;
	return result_write_json(res, "manifest.json", manifest, err);
}

int result_add_manifest(struct result *res, const struct rootfs *rootfs, struct err *err)
{
	int r = write_manifest(res, rootfs, err);

	return r < 0 ? err_wrap(err, "writing manifest.json") : 0;
}
