/* SPDX-License-Identifier: MIT */
/*
 * grub.cfg: https://www.gnu.org/software/grub/manual/grub/grub.html#Shell_002dlike-scripting
 *
 * Debian's signed grubnetx64.efi reads one file, $prefix/grub.cfg with the prefix /grub, and none
 * by MAC or address. So a machine's own start is a condition in that file. What else it cannot do
 * as PXELINUX does: show the menu's title in text mode, and count tenths of a second.
 *
 * There is no `serial` in it: on UEFI GRUB's console is the firmware's, which firmware with serial
 * redirection shows on that line, too. With both on one port every line came twice, and arrow keys,
 * whose bytes the two readers shared out, got lost (measured with OVMF). The entries for serial
 * consoles are the same as in PXELINUX's menu.
 */
#include "publish/menu.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Before a label, as GRUB takes a default that begins with a digit for a number. */
#define ID "entry-"
#define EARLIER "earlier"
#define PLAIN                                                                                      \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"                           \
	"._/:,=+%@-"

/* The recipe's formats let no quotes, backslashes or $ in; spaces and the likes of * mean nothing
 * between single quotes. */
static void add_quoted(struct text *t, const char *s)
{
	text_printf(t, s[strspn(s, PLAIN)] ? "'%s'" : "%s", s);
}

static void add_words(struct text *t, const char *s)
{
	CLEANUP(strv_release) struct strv words = { 0 };

	strv_split(&words, s, " ");
	for (size_t i = 0; i < words.count; i++) {
		text_add(t, " ");
		add_quoted(t, words.item[i]);
	}
}

static void add_head(struct text *t, const struct menu_entry *e, const char *indent)
{
	text_printf(t, "%smenuentry '%s' --id " ID "%s {\n", indent, e->title, e->label);
}

static void add_memtest(struct text *t, const struct menu_entry *e)
{
	text_add(t,
		 "\n# Not signed: under Secure Boot, where GRUB sets lockdown, it cannot start.\n"
		 "if [ \"$lockdown\" != y ]; then\n");
	add_head(t, e, "\t");
	text_add(t, "\t\tchainloader /" MENU_MEMTEST_EFI_PATH);
	add_words(t, e->append);
	text_add(t, "\n\t}\nfi\n");
}

/* GRUB's exit tells the firmware that all went well, at which many show their setup instead of
 * trying the next boot option: so what is installed is started from here. The path that any disk
 * may have comes last, as Debian's shim there writes boot options anew. */
static void add_local(struct text *t)
{
	static const char *const loader[] = {
		"/EFI/debian/shimx64.efi",	    "/EFI/debian/grubx64.efi",
		"/EFI/ubuntu/shimx64.efi",	    "/EFI/fedora/shimx64.efi",
		"/EFI/opensuse/shim.efi",	    "/EFI/systemd/systemd-bootx64.efi",
		"/EFI/Microsoft/Boot/bootmgfw.efi", "/EFI/BOOT/BOOTX64.EFI",
	};

	text_add(t, "\tfor loader in");
	for (size_t i = 0; i < ARRAY_SIZE(loader); i++)
		text_printf(t, " %s", loader[i]);
	text_add(t, "; do\n"
		    "\t\tif search --no-floppy --file --set=disk $loader; then\n"
		    "\t\t\tchainloader ($disk)$loader\n"
		    "\t\t\tboot\n"
		    "\t\tfi\n"
		    "\tdone\n"
		    "\texit\n");
}

static void add_entry(struct text *t, const struct menu_entry *e)
{
	if (e->kind == MENU_MEMTEST) {
		add_memtest(t, e);
		return;
	}
	text_add(t, "\n");
	add_head(t, e, "");
	if (e->kind == MENU_LOCAL) {
		add_local(t);
	} else {
		text_printf(t, "\tlinux /%s", e->kernel);
		add_words(t, e->append);
		/* With two network cards the initramfs asks on the one that booted. */
		if (!e->plain)
			text_add(t, " BOOTIF=01-$net_default_mac");
		text_add(t, "\n");
		if (e->initrd)
			text_printf(t, "\tinitrd /%s\n", e->initrd);
	}
	text_add(t, "}\n");
}

/* Seconds, rounded up: 0 would be at once, and less than 0 is never. */
static int seconds(const struct menu_choice *choice)
{
	if (choice->at_once)
		return 0;
	return choice->timeout ? (choice->timeout + 9) / 10 : -1;
}

/* The id of an entry of a submenu begins with that of the submenu. */
static const char *submenu_of(const struct menu *m, const char *label)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->entry[i].earlier && streq(m->entry[i].label, label))
			return EARLIER ">";
	return "";
}

static void add_choice(struct text *t, const struct menu *m, const struct menu_choice *choice,
		       const char *indent)
{
	text_printf(t, "%sset default=%s" ID "%s\n%sset timeout=%d\n", indent,
		    submenu_of(m, choice->label), choice->label, indent, seconds(choice));
}

static void add_entries(struct text *t, const struct menu *m)
{
	bool inside = false;

	for (size_t i = 0; i < m->count; i++) {
		if (m->entry[i].earlier && !inside)
			text_add(t, "\nsubmenu '" MENU_EARLIER_TITLE "' --id " EARLIER " {");
		else if (!m->entry[i].earlier && inside)
			text_add(t, "}\n");
		inside = m->entry[i].earlier;
		add_entry(t, &m->entry[i]);
	}
	if (inside)
		text_add(t, "}\n");
}

char *menu_grub(const struct menu *m, const struct menu_choice *choice,
		const struct menu_client *client, size_t count)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_printf(&t, "# %s\n", m->heading);
	text_add(&t, "set timeout_style=menu\n");
	add_choice(&t, m, choice, "");
	for (size_t i = 0; i < count; i++) {
		text_printf(&t, "if [ \"$net_default_mac\" = %s ]; then\n", client[i].mac);
		add_choice(&t, m, &client[i].choice, "\t");
		text_add(&t, "fi\n");
	}
	add_entries(&t, m);
	return text_take(&t);
}

char *menu_grub_recipe(const struct menu *m, const struct recipe *recipe)
{
	const size_t count = recipe->menu.client_count;
	cleanup_free struct menu_client *client = xcalloc(count + 1, sizeof(*client));
	const struct menu_choice choice = menu_default_choice(recipe);

	for (size_t i = 0; i < count; i++)
		client[i] = (struct menu_client){ recipe->menu.client[i].mac,
						  menu_client_choice(recipe, i) };
	return menu_grub(m, &choice, client, count);
}
