/* SPDX-License-Identifier: MIT */
#include "lab/keyboard.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* The keyboard controller's status. Bit 0: a byte waits for the processor. Reading it changes
 * nothing (IBM PC AT Technical Reference, 8042). */
#define STATUS_PORT 0x64
#define STATUS_FULL 0x01

/* How often to look whether the machine has taken a key, and how long to pause when it has: the
 * BIOS keeps up to 15 keys for its caller, and drops what comes then. */
#define LOOK_MS 5
#define REST_MS 30

static int wait_until_taken(struct qmp *q, struct err *err)
{
	for (int waited = 0; waited < KEYBOARD_TIMEOUT_MS; waited += LOOK_MS) {
		uint8_t status;
		int r = qmp_port_read(q, STATUS_PORT, -1, &status, err);

		if (r < 0)
			return r;
		if (!(status & STATUS_FULL))
			return qmp_pause(q, REST_MS, err);
		r = qmp_pause(q, LOOK_MS, err);
		if (r < 0)
			return r;
	}
	return err_set(err, ERR_BOOT, "nothing in the machine reads its keyboard");
}

/* Adds the event that the key goes down or up. */
static void add_key(json_t *events, const char *name, bool down)
{
	json_t *event = json_pack("{s:s, s:{s:b, s:{s:s, s:s}}}", "type", "key", "data", "down",
				  (int)down, "key", "type", "qcode", "data", name);

	assert(event);
	(void)json_array_append_new(events, event);
}

static int send(struct qmp *q, json_t *events, struct err *err)
{
	int r = qmp_execute(q, "input-send-event", json_pack("{s:o}", "events", events), NULL, err);

	return r < 0 ? r : wait_until_taken(q, err);
}

/* The keys go down in order and up in reverse order. */
static int press(struct qmp *q, const char *const *names, size_t count, struct err *err)
{
	json_t *events = json_array();

	for (size_t i = 0; i < count; i++)
		add_key(events, names[i], true);
	for (size_t i = count; i > 0; i--)
		add_key(events, names[i - 1], false);
	return send(q, events, err);
}

int keyboard_press(struct qmp *q, const char *keys, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	int r;

	strv_split(&names, keys, "-");
	r = press(q, (const char *const *)names.item, names.count, err);
	return r < 0 ? err_wrap(err, "pressing '%s'", keys) : 0;
}

/* What the keys of digits and punctuation give on a US keyboard, alone and with Shift. */
static const struct {
	char alone;
	char shifted;
	const char *name;
} us_layout[] = {
	{ ' ', 0, "spc" },
	{ '\n', 0, "ret" },
	{ '-', '_', "minus" },
	{ '=', '+', "equal" },
	{ '[', '{', "bracket_left" },
	{ ']', '}', "bracket_right" },
	{ '\\', '|', "backslash" },
	{ ';', ':', "semicolon" },
	{ '\'', '"', "apostrophe" },
	{ '`', '~', "grave_accent" },
	{ ',', '<', "comma" },
	{ '.', '>', "dot" },
	{ '/', '?', "slash" },
	{ '1', '!', "1" },
	{ '2', '@', "2" },
	{ '3', '#', "3" },
	{ '4', '$', "4" },
	{ '5', '%', "5" },
	{ '6', '^', "6" },
	{ '7', '&', "7" },
	{ '8', '*', "8" },
	{ '9', '(', "9" },
	{ '0', ')', "0" },
};

/* The name of a character's key (in `letter` if the character is one), and whether it takes Shift.
 * NULL: there is no such key. */
static const char *us_key(char c, char letter[2], bool *ret_shift)
{
	*ret_shift = c >= 'A' && c <= 'Z';
	letter[0] = (char)(*ret_shift ? c - 'A' + 'a' : c);
	letter[1] = '\0';
	if (letter[0] >= 'a' && letter[0] <= 'z')
		return letter;
	for (size_t i = 0; i < ARRAY_SIZE(us_layout); i++) {
		*ret_shift = c && c == us_layout[i].shifted;
		if (*ret_shift || c == us_layout[i].alone)
			return us_layout[i].name;
	}
	return NULL;
}

/* So that it fails before the first key is pressed. */
static int check_text(const char *text, struct err *err)
{
	for (const char *p = text; *p; p++)
		if (*p != '\n' && (*p < ' ' || *p > '~'))
			return err_set(
				err, ERR_BOOT,
				"cannot type character %u: only printable ASCII can be typed",
				(unsigned char)*p);
	return 0;
}

int keyboard_type(struct qmp *q, const char *text, struct err *err)
{
	int r = check_text(text, err);

	for (const char *p = text; r == 0 && *p; p++) {
		char letter[2];
		bool shift;
		const char *key = us_key(*p, letter, &shift);
		const char *const both[] = { "shift", key };

		assert(key);
		r = press(q, shift ? both : both + 1, shift ? 2 : 1, err);
	}
	return r < 0 ? err_wrap(err, "typing '%s'", text) : 0;
}

/* Alt down, each digit down and up, Alt up: that is 12 bytes at most. */
static int press_code(struct qmp *q, unsigned char code, struct err *err)
{
	json_t *events = json_array();
	cleanup_free char *digits = xasprintf("%u", code);

	add_key(events, "alt", true);
	for (const char *digit = digits; *digit; digit++) {
		const char name[] = { 'k', 'p', '_', *digit, '\0' };

		add_key(events, name, true);
		add_key(events, name, false);
	}
	add_key(events, "alt", false);
	return send(q, events, err);
}

int keyboard_type_anywhere(struct qmp *q, const char *text, struct err *err)
{
	int r = check_text(text, err);

	for (const char *p = text; r == 0 && *p; p++)
		r = *p == '\n' ? press(q, (const char *const[]){ "ret" }, 1, err)
			       : press_code(q, (unsigned char)*p, err);
	return r < 0 ? err_wrap(err, "typing '%s'", text) : 0;
}
