/* SPDX-License-Identifier: MIT */
/*
 * What the files of the client share. From the top down: client.c has the table of phases and goes
 * through it; client-boot.c, client-menu.c and client-login.c know how each phase goes;
 * client-failure.c knows what boot loaders, kernel and initramfs print when they cannot go on;
 * client-look.c looks at the machine. client-events.c keeps what the packets say.
 */
#pragma once

#include "lab/client.h"

/* ---- client-look.c -------------------------------------------------------------------------- */

/* Reads the screen again if the last time was a while ago. */
int client_look(struct client *c, struct err *err);
/* Whether screen or serial line show these words. */
bool client_sees(const struct client *c, const char *words);
/* The first place of these words on the serial line, or NULL. */
const char *client_console(const struct client *c, const char *words);
/* The line of screen or serial line that has the words; caller frees. NULL: neither has. */
char *client_line(const struct client *c, const char *words);
/* Saves the screen as .screenshots says, if it does; the suffix goes before the file's ending. */
int client_screenshot(struct client *c, const char *suffix, struct err *err);
/* The phase has made progress and goes on with its next step. */
void client_next_step(struct client *c);

/* ---- client-failure.c ----------------------------------------------------------------------- */

/* ERR_BOOT in a boot loader's own words, if one has given up; else 0. */
int client_loader_gave_up(struct client *c, struct err *err);
/* ERR_BOOT in the kernel's or the initramfs's own words, if it cannot go on; else 0. */
int client_panicked(struct client *c, struct err *err);
/* Adds the last problem that packets told of, if there was one. */
void client_add_problem(const struct client *c, struct text *t);
/* Adds that dhcpd names no boot loader, if that is so. */
void client_add_file_name(const struct client *c, struct text *t);

/* ---- client-events.c ------------------------------------------------------------------------ */

/* Keeps what a packet says; a capture_fn, data is the client. */
void client_event(const struct capture_event *e, void *data);

/* ---- the phases ----------------------------------------------------------------------------- */

/*
 * A step looks once whether its phase is over, and acts if there is something to do. It returns 1
 * when the phase is over, 0 when it is not yet, or an error whose message is the cause.
 *
 * An explain function adds the likely cause, in words, when the phase has made no progress for too
 * long.
 */

/* client-boot.c: from the firmware to the root file system. */
int step_firmware(struct client *c, struct err *err);
int step_dhcp(struct client *c, struct err *err);
int step_tftp(struct client *c, struct err *err);
int step_kernel(struct client *c, struct err *err);
int step_initramfs(struct client *c, struct err *err);
int step_root(struct client *c, struct err *err);
int step_expected(struct client *c, struct err *err);
void explain_firmware(const struct client *c, struct text *t);
void explain_dhcp(const struct client *c, struct text *t);
void explain_tftp(const struct client *c, struct text *t);
void explain_kernel(const struct client *c, struct text *t);
void explain_initramfs(const struct client *c, struct text *t);
void explain_root(const struct client *c, struct text *t);
void explain_expected(const struct client *c, struct text *t);

/* client-menu.c: finds the entry in the menu and starts it. */
int step_menu(struct client *c, struct err *err);
void explain_menu(const struct client *c, struct text *t);

/* client-login.c: what is done in the system that was booted. */
int step_login(struct client *c, struct err *err);
int step_health(struct client *c, struct err *err);
int step_script(struct client *c, struct err *err);
int step_end(struct client *c, struct err *err);
void explain_login(const struct client *c, struct text *t);
void explain_health(const struct client *c, struct text *t);
void explain_script(const struct client *c, struct text *t);
void explain_end(const struct client *c, struct text *t);
