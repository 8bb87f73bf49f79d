/* SPDX-License-Identifier: MIT */
#include "lab/screen.h"

#include <errno.h>
#include <stdbool.h>

/* VGA's registers are behind two pairs of ports: index, value (IBM VGA Technical Reference; the
 * second is where it is for colour text). */
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

/* The window of colour text. The picture begins where START says, in cells: Linux scrolls so. */
#define WINDOW 0xb8000
#define WINDOW_SIZE 0x8000

static int read_registers(struct qmp *q, uint8_t value[REGISTER_COUNT], struct err *err)
{
	uint8_t graphics_index, crtc_index;
	int r = qmp_port_read(q, GRAPHICS, -1, &graphics_index, err);

	if (r == 0)
		r = qmp_port_read(q, CRTC, -1, &crtc_index, err);
	for (size_t i = 0; r == 0 && i < REGISTER_COUNT; i++)
		r = qmp_port_read(q, registers[i].port, registers[i].index, &value[i], err);
	/* The machine may be halted between writing an index and using it. */
	if (r == 0)
		r = qmp_port_write(q, GRAPHICS, graphics_index, err);
	return r < 0 ? r : qmp_port_write(q, CRTC, crtc_index, err);
}

/* Of a halted machine. */
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
	/* Without odd/even addressing the window shows something else: a font being loaded, say. */
	if (!(value[MISC] & MISC_IS_GRAPHICS) && (value[MODE] & MODE_ODD_EVEN) &&
	    start + SCREEN_BYTES <= WINDOW_SIZE) {
		r = qmp_memory(q, WINDOW + start, SCREEN_BYTES, cells, err);
		if (r < 0)
			return r;
		screen_decode(cells, &text);
	}
	text_release(ret);
	*ret = text;
	text = (struct text){ 0 };
	return 0;
}

int screen_text(struct qmp *q, struct text *ret, struct err *err)
{
	CLEANUP(err_release) struct err late = { 0 };
	json_t *status = NULL;
	bool running;
	int r = qmp_execute(q, "query-status", NULL, &status, err);

	if (r < 0)
		return err_wrap(err, "reading the screen");
	running = json_is_true(json_object_get(status, "running"));
	json_decref(status);
	if (running)
		r = qmp_execute(q, "stop", NULL, NULL, err);
	if (r == 0)
		r = read_screen(q, ret, err);
	if (running && qmp_execute(q, "cont", NULL, NULL, r < 0 ? &late : err) < 0)
		r = -EIO;
	return r < 0 ? err_wrap(err, "reading the screen") : 0;
}

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

void screen_decode(const uint8_t cells[SCREEN_BYTES], struct text *ret)
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
