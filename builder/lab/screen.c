/* SPDX-License-Identifier: MIT */
#include "lab/screen.h"

#include <stdbool.h>

#include "base/json.h"

/* VGA's registers are reached by two pairs of ports, for index and value (IBM VGA Technical
 * Reference; the second pair is here in colour modes). */
#define GRAPHICS 0x3ce
#define CRTC 0x3d4

enum { MODE, MISC, START_HIGH, START_LOW, REGISTER_COUNT };
static const struct {
	uint16_t port;
	uint8_t index;
} registers[REGISTER_COUNT] = {
	[MODE] = { GRAPHICS, 0x05 },
	[MISC] = { GRAPHICS, 0x06 },
	[START_HIGH] = { CRTC, 0x0c },
	[START_LOW] = { CRTC, 0x0d },
};
#define MODE_ODD_EVEN 0x10
#define MISC_IS_GRAPHICS 0x01

/* Where the video memory is in colour text modes. The screen begins START cells into it: Linux
 * scrolls by changing that. */
#define WINDOW 0xb8000
#define WINDOW_SIZE 0x8000

/* Code page 437: what text screens draw with, as ASCII. */
static char ascii_of(uint8_t c)
{
	static const char lines[] = "###|++++++|+++++"	/* b0 */
				    "++++-++++++++=++"	/* c0 */
				    "+++++++++++#####"; /* d0 to df */

	if (c >= ' ' && c < 0x7f)
		return (char)c;
	if (c >= 0xb0 && c < 0xe0)
		return lines[c - 0xb0];
	switch (c) {
	case 0x00:
	case 0xff:
		return ' ';
	case 0x10:
	case 0x1a:
		return '>';
	case 0x11:
	case 0x1b:
		return '<';
	case 0x18:
	case 0x1e:
		return '^';
	case 0x19:
	case 0x1f:
		return 'v';
	default:
		return '?';
	}
}

static void add_cells(const uint8_t cells[SCREEN_BYTES], struct text *ret)
{
	for (size_t line = 0; line < SCREEN_LINES; line++) {
		char characters[SCREEN_COLUMNS];
		size_t length = 0;

		for (size_t i = 0; i < SCREEN_COLUMNS; i++) {
			characters[i] = ascii_of(cells[(line * SCREEN_COLUMNS + i) * 2]);
			if (characters[i] != ' ')
				length = i + 1;
		}
		text_append(ret, characters, length);
		text_add(ret, "\n");
	}
}

static int read_registers(struct qmp *q, uint8_t value[REGISTER_COUNT], struct err *err)
{
	uint8_t graphics_index, crtc_index;
	int r = qmp_port_read(q, GRAPHICS, -1, &graphics_index, err);

	if (r < 0)
		return r;
	r = qmp_port_read(q, CRTC, -1, &crtc_index, err);
	for (size_t i = 0; r == 0 && i < REGISTER_COUNT; i++)
		r = qmp_port_read(q, registers[i].port, registers[i].index, &value[i], err);
	if (r < 0)
		return r;
	/* The machine may have been halted between writing an index and using it. */
	r = qmp_port_write(q, GRAPHICS, graphics_index, err);
	return r < 0 ? r : qmp_port_write(q, CRTC, crtc_index, err);
}

/* The machine is halted. */
static int read_screen(struct qmp *q, struct text *ret, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	uint8_t value[REGISTER_COUNT], cells[SCREEN_BYTES];
	int r = read_registers(q, value, err);
	size_t start;

	if (r < 0)
		return r;
	start = (size_t)(value[START_HIGH] << 8 | value[START_LOW]) * 2;
	text_add(&text, "");
	/* Without odd/even addressing there is something else, a font being loaded for instance. */
	if (!(value[MISC] & MISC_IS_GRAPHICS) && (value[MODE] & MODE_ODD_EVEN) &&
	    start + SCREEN_BYTES <= WINDOW_SIZE) {
		r = qmp_memory(q, WINDOW + start, SCREEN_BYTES, cells, err);
		if (r < 0)
			return r;
		add_cells(cells, &text);
	}
	text_release(ret);
	*ret = TAKE(text);
	return 0;
}

int screen_text(struct qmp *q, struct text *ret, struct err *err)
{
	CLEANUP(err_release) struct err later = { 0 };
	CLEANUP(json_cleanup) json_t *status = NULL;
	bool running;
	int r = qmp_execute(q, "query-status", NULL, &status, err), resumed = 0;

	if (r < 0)
		return err_wrap(err, "reading the screen");
	running = json_is_true(json_object_get(status, "running"));
	if (running)
		r = qmp_execute(q, "stop", NULL, NULL, err);
	if (r == 0)
		r = read_screen(q, ret, err);
	if (running)
		resumed = qmp_execute(q, "cont", NULL, NULL, r < 0 ? &later : err);
	return r < 0 || resumed < 0 ? err_wrap(err, "reading the screen") : 0;
}
