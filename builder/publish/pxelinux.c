/* SPDX-License-Identifier: MIT */
/* https://wiki.syslinux.org/wiki/index.php?title=Config and ...?title=Menu */
#include "publish/menu.h"

#include "base/memory.h"
#include "base/text.h"

static void add_entry(struct text *t, const struct menu_entry *e, const struct menu_choice *choice)
{
	text_printf(t, "\nLABEL %s\n\tMENU LABEL %s\n", e->label, e->title);
	if (streq(e->label, choice->label))
		text_add(t, "\tMENU DEFAULT\n");
	switch (e->kind) {
	case MENU_LOCAL:
		text_add(t, "\tLOCALBOOT 0\n");
		break;
	case MENU_MEMTEST:
		text_printf(t, "\tLINUX %s\n", e->kernel);
		if (*e->append)
			text_printf(t, "\tAPPEND %s\n", e->append);
		break;
	case MENU_RESCUE:
		text_printf(t, "\tKERNEL %s\n", e->kernel);
		text_add(t, "\tAPPEND");
		if (e->initrd)
			text_printf(t, " initrd=%s", e->initrd);
		text_printf(t, " %s\n", e->append);
		/* BOOTIF=: with two network cards the initramfs asks on the one that booted. */
		if (!e->plain)
			text_add(t, "\tIPAPPEND 2\n");
		break;
	}
}

/* In a submenu menu.c32 adds no way back of its own. And it starts the default of the menu that it
 * shows, so one with the entry that is chosen has to be shown first. */
static void add_submenu(struct text *t, const struct menu *m, const struct menu_choice *choice)
{
	text_add(t, "\nMENU BEGIN\nMENU TITLE " MENU_EARLIER_TITLE "\n");
	for (size_t i = 0; i < m->count; i++)
		if (m->entry[i].earlier && streq(m->entry[i].label, choice->label))
			text_add(t, "MENU START\n");
	text_add(t, "\nLABEL -\n\tMENU LABEL Back\n\tMENU EXIT\n");
}

static void add_entries(struct text *t, const struct menu *m, const struct menu_choice *choice)
{
	bool inside = false;

	for (size_t i = 0; i < m->count; i++) {
		if (m->entry[i].earlier && !inside)
			add_submenu(t, m, choice);
		else if (!m->entry[i].earlier && inside)
			text_add(t, "\nMENU END\n");
		inside = m->entry[i].earlier;
		add_entry(t, &m->entry[i], choice);
	}
	if (inside)
		text_add(t, "\nMENU END\n");
}

char *menu_pxelinux(const struct menu *m, const struct menu_choice *choice)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_printf(&t, "# %s\n", m->heading);
	/* Has to be the first directive. */
	if (m->serial)
		text_add(&t, "SERIAL 0 115200\n");
	/* "At once" cannot be a timeout, as TIMEOUT 0 waits for ever: it is a default that is no
	 * menu. Shift at the start still gives a prompt. */
	if (choice->at_once)
		text_printf(&t, "DEFAULT %s\nPROMPT 0\n", choice->label);
	else
		text_printf(&t, "DEFAULT menu.c32\nPROMPT 0\nTIMEOUT %d\n", choice->timeout);
	text_printf(&t, "\nMENU TITLE %s\n", m->title);
	add_entries(&t, m, choice);
	return text_take(&t);
}

char *menu_pxelinux_name(const char *mac)
{
	char *name = xasprintf("01-%s", mac);

	for (char *p = name; *p; p++)
		if (*p == ':')
			*p = '-';
	return name;
}
