/* SPDX-License-Identifier: MIT */
/*
 * Somebody at the other end of a QMP line, who plays QEMU's part.
 *
 * A part is a list of lines. "< TEXT" waits for the next line and wants TEXT in it; anything else
 * is said, with @ID@ replaced by the last line's id. At the end the line is closed. The player is a
 * process of its own; qemu_end() fails unless it got through its part.
 */
#pragma once

#include "unit.h"

#include <sys/wait.h>

#include "base/memory.h"
#include "base/text.h"
#include "lab/qmp.h"

#define QEMU_GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}"
/* What every part begins with. */
#define QEMU_BEGIN QEMU_GREETING, "< \"qmp_capabilities\"", "{\"return\": {}, \"id\": @ID@}"

static pid_t qemu_player = -1;

/* The next line, or false at the end. */
static bool qemu_hear(int fd, struct text *line)
{
	char c;

	text_release(line);
	text_add(line, "");
	while (read(fd, &c, 1) == 1) {
		if (c == '\n')
			return true;
		text_append(line, &c, 1);
	}
	return false;
}

static void qemu_say(int fd, const char *words, const char *heard)
{
	CLEANUP(text_release) struct text out = { 0 };
	const char *place = strstr(words, "@ID@");
	const char *id = heard ? strstr(heard, "\"id\":") : NULL;

	if (place && id)
		text_printf(&out, "%.*s%lu%s", (int)(place - words), words,
			    strtoul(id + strlen("\"id\":"), NULL, 10), place + strlen("@ID@"));
	else
		text_add(&out, words);
	text_add(&out, "\r\n");
	if (write(fd, out.data, out.length) != (ssize_t)out.length)
		_exit(2);
}

/* Starts a player of lines (NULL-terminated) and gives our end. The caller begins. */
__attribute__((unused)) static struct qmp *qemu_play(const char *const *lines)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = NULL;
	int theirs = -1;

	assert_int_equal(qmp_new(&q, &theirs, &err), 0);
	qemu_player = fork();
	assert_true(qemu_player >= 0);
	if (qemu_player == 0) {
		struct text heard = { 0 };

		qmp_free(q);
		(void)alarm(60);
		for (; *lines; lines++)
			if (!starts_with(*lines, "< "))
				qemu_say(theirs, *lines, heard.data);
			else if (!qemu_hear(theirs, &heard) || !strstr(heard.data, *lines + 2)) {
				(void)fprintf(stderr, "# wanted: %s\n# heard: %s\n", *lines + 2,
					      heard.data);
				_exit(1);
			}
		_exit(0);
	}
	assert_int_equal(close(theirs), 0);
	return q;
}

__attribute__((unused)) static struct qmp *qemu_begin(const char *const *lines)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = qemu_play(lines);

	assert_int_equal(qmp_begin(q, 30000, &err), 0);
	return q;
}

__attribute__((unused)) static void qemu_end(struct qmp *q)
{
	int status = 0;

	assert_int_equal(waitpid(qemu_player, &status, 0), qemu_player);
	qmp_free(q);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}
