/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "serve/served-menu.h"

struct menu_file {
	char *name;
	char *text;
};

struct menu_files {
	struct menu_file *item;
	size_t count;
	size_t allocated;
};

static void menu_files_release(struct menu_files *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->item[i].name);
		free(f->item[i].text);
	}
	free(f->item);
}

static void add_file(struct menu_files *f, char *name, char *text)
{
	GROW(f->item, f->count, f->allocated);
	f->item[f->count++] = (struct menu_file){ name, text };
}

static void write_files(const struct served_menu *m, struct menu_files *f)
{
	add_file(f, xstrdup("grub.cfg"),
		 menu_grub(&m->menu, &m->choice, m->client, m->client_count));
	add_file(f, xstrdup("pxelinux.cfg/default"), menu_pxelinux(&m->menu, &m->choice));
	for (size_t i = 0; i < m->client_count; i++) {
		cleanup_free char *name = menu_pxelinux_name(m->client[i].mac);

		add_file(f, xasprintf("pxelinux.cfg/%s", name),
			 menu_pxelinux(&m->menu, &m->client[i].choice));
	}
}

/* Of the files' names and texts, so that the same menu is the same generation. */
static char *name_generation(const struct menu_files *f)
{
	CLEANUP(text_release) struct text all = { 0 };
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < f->count; i++)
		text_printf(&all, "%s %zu\n%s", f->item[i].name, strlen(f->item[i].text),
			    f->item[i].text);
	digest_bytes(all.data, all.length, hex);
	return xasprintf("g-%.16s", hex);
}

static int put_files(struct session *s, const struct menu_files *f, struct err *err)
{
	cleanup_free char *generation = name_generation(f);
	int r = session_ask(s, NULL, err, "generation %s", generation);

	for (size_t i = 0; r == 0 && i < f->count; i++)
		r = session_send(s, f->item[i].text, strlen(f->item[i].text), NULL, err,
				 "put-menu %s", f->item[i].name);
	return r < 0 ? r : session_ask(s, NULL, err, "switch %s", generation);
}

int served_menu_apply(struct session *s, bool dry_run, struct served_menu *ret_menu,
		      struct err *err)
{
	CLEANUP(reply_release) struct reply reply = { 0 };
	CLEANUP(served_release) struct served served = SERVED_INIT;
	CLEANUP(served_menu_release) struct served_menu menu = { 0 };
	CLEANUP(menu_files_release) struct menu_files files = { 0 };
	int r = session_ask(s, &reply, err, "menus");

	if (r == 0)
		r = served_read(&reply, &served, err);
	if (r == 0)
		r = served_compose(&served, &menu, err);
	if (r < 0)
		return r;
	write_files(&menu, &files);
	r = dry_run ? 0 : put_files(s, &files, err);
	if (r < 0)
		return err_wrap(err, "putting the menu into force");
	if (ret_menu)
		*ret_menu = TAKE(menu);
	return 0;
}
