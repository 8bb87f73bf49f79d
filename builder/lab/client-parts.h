/* SPDX-License-Identifier: MIT */
/* What the files of the client share. A step function looks once and returns 1 when its phase is
 * over, 0 when not yet, or an error whose message is the cause. */
#pragma once

#include "lab/client.h"

struct phase {
	const char *name;
	int (*step)(struct client *c, struct err *err);
	/* Nothing happened for too long: the cause, in words. */
	void (*explain)(const struct client *c, struct text *ret);
};

/* client-boot.c, in order, up to a name of NULL: until the root is mounted. */
extern const struct phase boot_phases[];
/* client-boot.c: ERR_BOOT, in a loader's own words, if one has given up; else 0. */
int client_loader_gave_up(struct client *c, struct err *err);
/* client-boot.c: ERR_BOOT, in the kernel's or the initramfs's own words, if it cannot go on. */
int client_panicked(struct client *c, struct err *err);
/* client-menu.c: finds the entry in the menu and starts it. */
int step_menu(struct client *c, struct err *err);
/* client-login.c */
int step_login(struct client *c, struct err *err);
int step_health(struct client *c, struct err *err);
int step_script(struct client *c, struct err *err);
int step_end(struct client *c, struct err *err);
/* client-events.c: keeps what a packet tells. */
void client_event(const struct capture_event *e, void *data);

/* Reads the screen again if the last time is a while ago. */
int client_look(struct client *c, struct err *err);
/* Whether screen or serial line show it. */
bool client_sees(const struct client *c, const char *words);
void client_next_step(struct client *c);
int client_screenshot(struct client *c, const char *suffix, struct err *err);

/* health.c */
struct check {
	const char *name;
	bool (*applies)(const struct image *i);
	const char *script; /* sh(1); fails, and says why, if something is wrong */
};
extern const struct check health_checks[]; /* up to a name of NULL */
/* What the scripts know of the image, as assignments for sh(1); caller frees. */
char *health_facts(const struct client *c);
