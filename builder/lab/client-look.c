/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "lab/client-parts.h"
#include "lab/screen.h"

#define LOOK_EVERY_S 0.4

int client_look(struct client *c, struct err *err)
{
	if (c->options->firmware != CLIENT_BIOS || lab_now() - c->screen_read <= LOOK_EVERY_S)
		return 0;
	c->screen_read = lab_now();
	return screen_text(c->machine.qmp, &c->screen, err);
}

bool client_sees(const struct client *c, const char *words)
{
	return (c->screen.length > 0 && strstr(c->screen.data, words)) || client_console(c, words);
}

const char *client_console(const struct client *c, const char *words)
{
	return console_find(&c->machine.console, c->console_from, words);
}

static char *line_around(const char *text, const char *place)
{
	while (place > text && place[-1] != '\n')
		place--;
	return xstrndup(place, strcspn(place, "\n"));
}

char *client_line(const struct client *c, const char *words)
{
	const char *place = c->screen.length > 0 ? strstr(c->screen.data, words) : NULL;

	if (place)
		return line_around(c->screen.data, place);
	place = client_console(c, words);
	return place ? console_line(&c->machine.console, place) : NULL;
}

int client_screenshot(struct client *c, const char *suffix, struct err *err)
{
	const char *file = c->options->screenshots, *dot;
	cleanup_free char *path = NULL;

	if (!file)
		return 0;
	dot = strrchr(file, '.');
	if (!dot || strchr(dot, '/'))
		dot = file + strlen(file);
	if (c->number > 1)
		path = xasprintf("%.*s-%u%s%s", (int)(dot - file), file, c->number, suffix, dot);
	else
		path = xasprintf("%.*s%s%s", (int)(dot - file), file, suffix, dot);
	return qmp_screenshot(c->machine.qmp, path, err);
}

void client_next_step(struct client *c)
{
	c->step++;
	c->step_began = lab_now();
}
