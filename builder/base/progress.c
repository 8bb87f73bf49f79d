/* SPDX-License-Identifier: MIT */
#include "base/progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#define REDRAW_SECONDS 0.1
#define PLAIN_SECONDS 10.0
/* From this age on a stage says how long it has been running. */
#define SECONDS_FROM 2.0
#define BAR_WIDTH 24
#define COLUMNS_DEFAULT 80

/* One for the program: stages do not overlap, and there is one terminal. */
static struct {
	enum progress_mode mode;
	bool running;
	bool drawn; /* a line without its newline stands on the terminal */
	char *stage;
	struct text detail;
	uint64_t done, total;
	enum progress_unit unit;
	double started, shown;
} state;

/* This time is only shown: nothing that is kept depends on it. */
static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_set_mode(enum progress_mode mode)
{
	progress_clear();
	state.mode = mode;
}

enum progress_mode progress_default_mode(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && terminal && !streq(terminal, "dumb") ? PROGRESS_TERMINAL
									     : PROGRESS_PLAIN;
}

static void emit_json(const char *event, const char *summary)
{
	/* Whole milliseconds, because no reader wants 5.1e-8. */
	double seconds = (double)(uint64_t)((now() - state.started) * 1000) / 1000;
	cleanup_free char *line = NULL;
	json_t *o = json_object();

	(void)json_object_set_new(o, "event", json_string(event));
	(void)json_object_set_new(o, "stage", json_string(state.stage));
	(void)json_object_set_new(o, "done", json_integer((json_int_t)state.done));
	(void)json_object_set_new(o, "total", json_integer((json_int_t)state.total));
	(void)json_object_set_new(o, "unit",
				  json_string(state.unit == PROGRESS_BYTES ? "bytes" : "steps"));
	(void)json_object_set_new(o, "seconds", json_real(seconds));
	if (state.detail.length > 0)
		(void)json_object_set_new(o, "detail", json_string(state.detail.data));
	if (summary)
		(void)json_object_set_new(o, "summary", json_string(summary));
	line = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(10));
	json_decref(o);
	if (line)
		(void)printf("%s\n", line);
	(void)fflush(stdout);
}

static void add_amount(struct text *t)
{
	char done[16], total[16];

	if (state.unit == PROGRESS_BYTES && state.total > 0)
		text_printf(t, "%s of %s", human_size(state.done, done),
			    human_size(state.total, total));
	else if (state.unit == PROGRESS_BYTES)
		text_add(t, human_size(state.done, done));
	else if (state.total > 0)
		text_printf(t, "%llu of %llu", (unsigned long long)state.done,
			    (unsigned long long)state.total);
	else if (state.done > 0)
		text_printf(t, "%llu", (unsigned long long)state.done);
}

static void add_bar(struct text *t)
{
	uint64_t done = state.done < state.total ? state.done : state.total;
	double share = (double)done / (double)state.total;
	unsigned filled = (unsigned)(share * BAR_WIDTH);

	text_add(t, " [");
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		text_add(t, i < filled ? "#" : ".");
	text_printf(t, "] %3u %%", (unsigned)(share * 100));
}

static size_t terminal_columns(void)
{
	struct winsize size = { 0 };

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return COLUMNS_DEFAULT;
	return size.ws_col;
}

/* Shortens a line to the width of the terminal: one that wraps could not be erased. */
static void cut_to_columns(struct text *t, size_t columns)
{
	size_t used = 0;

	for (size_t i = 0; i < t->length; i++) {
		if ((t->data[i] & 0xc0) == 0x80)
			continue;
		if (used++ < columns)
			continue;
		t->length = i;
		t->data[i] = '\0';
		return;
	}
}

static void draw(void)
{
	CLEANUP(text_release) struct text line = { 0 };
	CLEANUP(text_release) struct text amount = { 0 };

	text_printf(&line, "%-10s", state.stage);
	if (state.total > 0)
		add_bar(&line);
	add_amount(&amount);
	if (amount.length > 0)
		text_printf(&line, "  %s", amount.data);
	if (now() - state.started >= SECONDS_FROM)
		text_printf(&line, "  %.0f s", now() - state.started);
	if (state.detail.length > 0)
		text_printf(&line, "  %s", state.detail.data);
	cut_to_columns(&line, terminal_columns() - 1);
	(void)fprintf(stderr, "\r%s\033[K", line.data);
	(void)fflush(stderr);
	state.drawn = true;
}

static void print_plain(void)
{
	CLEANUP(text_release) struct text line = { 0 };

	text_printf(&line, "%s: ", state.stage);
	add_amount(&line);
	if (state.detail.length > 0)
		text_printf(&line, "%s%s", line.length > strlen(state.stage) + 2 ? ", " : "",
			    state.detail.data);
	(void)fprintf(stderr, "%s (%.0f s so far)\n", line.data, now() - state.started);
}

static void show(bool at_once)
{
	double time = now();
	double interval = state.mode == PROGRESS_PLAIN ? PLAIN_SECONDS : REDRAW_SECONDS;

	if (!state.running || (!at_once && time - state.shown < interval))
		return;
	state.shown = time;
	switch (state.mode) {
	case PROGRESS_NONE:
		break;
	case PROGRESS_TERMINAL:
		draw();
		break;
	case PROGRESS_PLAIN:
		print_plain();
		break;
	case PROGRESS_JSON:
		emit_json("progress", NULL);
		break;
	}
}

static void forget(void)
{
	free(take_ptr(state.stage));
	text_release(&state.detail);
	state.running = false;
}

void progress_start(const char *stage, uint64_t total, enum progress_unit unit)
{
	struct text name = { 0 };

	progress_abort();
	text_add_escaped(&name, stage);
	state.stage = text_take(&name);
	state.done = 0;
	state.total = total;
	state.unit = unit;
	state.started = state.shown = now();
	state.running = true;
	if (state.mode == PROGRESS_JSON)
		emit_json("start", NULL);
	if (state.mode == PROGRESS_TERMINAL)
		show(true);
}

void progress_total(uint64_t total)
{
	state.total = total;
	show(false);
}

void progress_update(uint64_t done)
{
	state.done = done;
	show(false);
}

void progress_detail(const char *format, ...)
{
	CLEANUP(text_release) struct text raw = { 0 };
	va_list arguments;

	if (!state.running || state.mode == PROGRESS_NONE)
		return;
	va_start(arguments, format);
	text_vprintf(&raw, format, arguments);
	va_end(arguments);
	text_release(&state.detail);
	text_add_escaped(&state.detail, raw.data);
	show(false);
}

void progress_tick(void)
{
	show(false);
}

void progress_end(const char *summary)
{
	CLEANUP(text_release) struct text words = { 0 };

	if (!state.running)
		return;
	text_release(&state.detail);
	if (summary)
		text_add_escaped(&words, summary);
	progress_clear();
	if (state.mode == PROGRESS_JSON)
		emit_json("end", summary ? words.data : NULL);
	else if (state.mode != PROGRESS_NONE)
		(void)fprintf(stderr, "%s:%s%s (%.1f s)\n", state.stage, summary ? " " : "",
			      summary ? words.data : "", now() - state.started);
	forget();
}

void progress_clear(void)
{
	if (!state.drawn)
		return;
	(void)fputs("\r\033[K", stderr);
	(void)fflush(stderr);
	state.drawn = false;
}

void progress_abort(void)
{
	if (state.drawn) {
		(void)fputc('\n', stderr);
		(void)fflush(stderr);
		state.drawn = false;
	}
	forget();
}
