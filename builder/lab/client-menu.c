/* SPDX-License-Identifier: MIT */
/*
 * Uses the menu as a person would: goes to the entry, adds words to its command line that make the
 * kernel write to the serial line, if it has none (Tab in PXELINUX's menu, `e` in GRUB's), and
 * starts it.
 */
#include <string.h>

#include "base/memory.h"
#include "lab/client-parts.h"
#include "lab/keyboard.h"

#define SERIAL_WORDS " console=tty0 console=ttyS0,115200n8"
/* The memory test has one console; on UEFI its screen would be in graphics mode. */
#define MEMTEST_WORDS " console=ttyS0,115200"
/* GRUB's editor shows `setparams 'TITLE'`, an empty line, then the entry's first command, which is
 * `linux`, or `chainloader` for the memory test. */
#define GRUB_LINES_BEFORE 2
#define TITLE_SHOWN 40
/* menu.c32 scrolls longer menus. */
#define ROWS_SHOWN 12

enum menu_step { MENU_SHOWN, MENU_EDIT, MENU_DONE };

/* The part of the title that every menu can show: its longest piece of ASCII that fits. */
static char *shown_title(const char *title)
{
	const char *best = title;
	size_t most = 0;

	for (const char *p = title; *p; p++) {
		size_t n = 0;

		while (n < TITLE_SHOWN && p[n] >= ' ' && p[n] <= '~')
			n++;
		if (n > most) {
			most = n;
			best = p;
		}
	}
	return xstrndup(best, most);
}

/* The words to add; NULL: what it starts writes to the serial line already, or need not. */
static const char *serial_words(const struct client *c)
{
	const struct image_entry *e = c->options->entry;

	if (strstr(e->append, "console=ttyS"))
		return NULL;
	if (e->kind == ENTRY_RESCUE)
		return SERIAL_WORDS;
	return e->kind == ENTRY_MEMTEST && c->options->firmware != CLIENT_BIOS ? MEMTEST_WORDS
									       : NULL;
}

/* GRUB hides the entries that Secure Boot would refuse (grub.cfg says which). */
static bool is_in_menu(const struct client *c, const struct image_entry *e)
{
	return c->options->firmware != CLIENT_SECUREBOOT || e->kind != ENTRY_MEMTEST;
}

static size_t place_in_menu(const struct client *c)
{
	size_t n = 0;

	for (const struct image_entry *e = c->options->image->entry; e != c->options->entry; e++)
		n += is_in_menu(c, e);
	return n;
}

/* All of its first page, so that no key is pressed while it is being drawn. */
static bool sees_menu(const struct client *c)
{
	const struct image *i = c->options->image;

	for (size_t n = 0; n < i->entry_count && n < ROWS_SHOWN; n++) {
		cleanup_free char *title = shown_title(i->entry[n].title);

		if (is_in_menu(c, &i->entry[n]) && !client_sees(c, title))
			return false;
	}
	return true;
}

static int go_to_entry(struct client *c, struct err *err)
{
	int r = keyboard_press(c->machine.qmp, "home", err);

	for (size_t i = place_in_menu(c); r == 0 && i > 0; i--)
		r = keyboard_press(c->machine.qmp, "down", err);
	return r;
}

static int start_or_edit(struct client *c, struct err *err)
{
	bool bios = c->options->firmware == CLIENT_BIOS;

	c->console_from = c->machine.console.text.length;
	text_release(&c->screen);
	c->screen_read = lab_now();
	if (!serial_words(c)) {
		c->step = MENU_DONE;
		return keyboard_press(c->machine.qmp, "ret", err);
	}
	client_next_step(c);
	return keyboard_press(c->machine.qmp, bios ? "tab" : "e", err);
}

static int shown(struct client *c, struct err *err)
{
	int r;

	if (!sees_menu(c))
		return 0;
	r = client_screenshot(c, "-menu", err);
	if (r < 0)
		return r;
	r = go_to_entry(c, err);
	return r < 0 ? r : start_or_edit(c, err);
}

static int edit_grub(struct client *c, const char *words, struct err *err)
{
	struct qmp *q = c->machine.qmp;
	int r = 0;

	for (int i = 0; r == 0 && i < GRUB_LINES_BEFORE; i++)
		r = keyboard_press(q, "down", err);
	if (r < 0)
		return r;
	r = keyboard_press(q, "ctrl-e", err);
	if (r < 0)
		return r;
	r = keyboard_type(q, words, err);
	return r < 0 ? r : keyboard_press(q, "ctrl-x", err);
}

static int edit(struct client *c, struct err *err)
{
	bool bios = c->options->firmware == CLIENT_BIOS;
	int r;

	if (!client_sees(c, bios ? "initrd=" : "setparams"))
		return 0;
	if (bios) {
		cleanup_free char *line = xasprintf("%s\n", serial_words(c));

		r = keyboard_type(c->machine.qmp, line, err);
	} else {
		r = edit_grub(c, serial_words(c), err);
	}
	c->console_from = c->machine.console.text.length;
	client_next_step(c);
	return r;
}

static int another_entry(const struct client *c, struct err *err)
{
	return err_set(err, ERR_BOOT,
		       "the menu started another entry before a key for '%s' could be pressed",
		       c->options->entry->label);
}

static int one_step(struct client *c, struct err *err)
{
	switch ((enum menu_step)c->step) {
	case MENU_SHOWN:
		return shown(c, err);
	case MENU_EDIT:
		return edit(c, err);
	case MENU_DONE:
		break;
	}
	return 0;
}

int step_menu(struct client *c, struct err *err)
{
	int r = client_look(c, err);

	if (r < 0)
		return r;
	/* A machine with a menu of its own may go on without showing one. */
	if (c->step == MENU_SHOWN && c->kernel_asked)
		return c->options->entry->kind == ENTRY_LOCAL ? another_entry(c, err) : 1;
	r = one_step(c, err);
	if (r < 0)
		return r;
	return c->step == MENU_DONE ? 1 : client_loader_gave_up(c, err);
}

void explain_menu(const struct client *c, struct text *t)
{
	if (!c->menu_sent)
		text_add(t, "the loader runs, but no menu was sent to it");
	else
		text_add(t, "the menu was sent, but the screen does not show all its entries");
	client_add_problem(c, t);
}
