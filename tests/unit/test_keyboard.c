/* SPDX-License-Identifier: MIT */
#include "qemu.h"

#include "lab/keyboard.h"

#define OK(value) "{\"return\": " value ", \"id\": @ID@}"
#define KEY(name, down)                                                                            \
	"{\"type\":\"key\",\"data\":{\"down\":" down                                               \
	",\"key\":{\"type\":\"qcode\",\"data\":\"" name "\"}}}"
#define DOWN(name) KEY(name, "true")
#define UP(name) KEY(name, "false")
#define TAP(name) DOWN(name) "," UP(name)

#define LOOK "< \"i /xb 0x64\""
#define STATUS(value) OK("\"portb[0x0064] = " value "\\r\\n\"")
/* Sent, and taken by the machine at once. */
#define SENT(events) "< \"events\":[" events "]}", OK("{}"), LOOK, STATUS("0x1c")
#define SHIFTED(name) DOWN("shift") "," TAP(name) "," UP("shift")

typedef int (*press_fn)(struct qmp *q, const char *text, struct err *err);

static void assert_pressed(press_fn press, const char *text, const char *const *part)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = qemu_begin(part);

	assert_int_equal(press(q, text, &err), 0);
	qemu_end(q);
}

static void assert_fails(press_fn press, const char *text, const char *const *part,
			 const char *message)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = qemu_begin(part);

	assert_true(press(q, text, &err) < 0);
	assert_int_equal(err.class, ERR_BOOT);
	assert_string_equal(err.message, message);
	qemu_end(q);
}

static void pressing(void **state)
{
	static const char *const one[] = { QEMU_BEGIN, SENT(TAP("down")), NULL };
	static const char *const three[] = { QEMU_BEGIN,
					     SENT(DOWN("ctrl") "," DOWN("alt") "," TAP(
						     "delete") "," UP("alt") "," UP("ctrl")),
					     NULL };
	static const char *const unknown[] = { QEMU_BEGIN, "< \"input-send-event\"",
					       "{\"error\": {\"class\": \"GenericError\", "
					       "\"desc\": \"no key 'dwn'\"}, \"id\": @ID@}",
					       NULL };

	(void)state;
	assert_pressed(keyboard_press, "down", one);
	assert_pressed(keyboard_press, "ctrl-alt-delete", three);
	assert_fails(keyboard_press, "dwn", unknown,
		     "pressing 'dwn': QEMU refuses 'input-send-event': no key 'dwn'");
}

/* The next key waits until the machine has taken the one before. */
static void pacing(void **state)
{
	static const char *const part[] = { QEMU_BEGIN,
					    "< \"events\":[" TAP("a") "]}",
					    OK("{}"),
					    LOOK,
					    STATUS("0x1d"),
					    LOOK,
					    STATUS("0x1d"),
					    LOOK,
					    STATUS("0x1c"),
					    SENT(SHIFTED("b")),
					    NULL };

	(void)state;
	assert_pressed(keyboard_type, "aB", part);
}

static void us_layout(void **state)
{
	static const char *const part[] = { QEMU_BEGIN,
					    SENT(TAP("z")),
					    SENT(SHIFTED("z")),
					    SENT(TAP("0")),
					    SENT(SHIFTED("0")),
					    SENT(TAP("spc")),
					    SENT(TAP("equal")),
					    SENT(SHIFTED("equal")),
					    SENT(SHIFTED("semicolon")),
					    SENT(TAP("slash")),
					    SENT(TAP("apostrophe")),
					    SENT(SHIFTED("apostrophe")),
					    SENT(SHIFTED("minus")),
					    SENT(SHIFTED("grave_accent")),
					    SENT(TAP("ret")),
					    NULL };

	(void)state;
	assert_pressed(keyboard_type, "zZ0) =+:/'\"_~\n", part);
}

/* All that a test of one character cannot see: no character is without a key. */
static void every_character(void **state)
{
	char *part[3 + 4 * 95 + 1] = { NULL };
	const char *begin[] = { QEMU_BEGIN };
	char text[96] = "";

	(void)state;
	for (size_t i = 0; i < 3; i++)
		part[i] = xstrdup(begin[i]);
	for (size_t i = 0; i < 95; i++) {
		text[i] = (char)(' ' + i);
		part[3 + 4 * i] = xstrdup("< \"input-send-event\"");
		part[4 + 4 * i] = xstrdup(OK("{}"));
		part[5 + 4 * i] = xstrdup(LOOK);
		part[6 + 4 * i] = xstrdup(STATUS("0x1c"));
	}
	assert_pressed(keyboard_type, text, (const char *const *)part);
	for (size_t i = 0; part[i]; i++)
		free(part[i]);
}

/* '/' is 47, 'a' 97, '~' 126. */
static void by_codes(void **state)
{
	static const char *const part[] = {
		QEMU_BEGIN,
		SENT(DOWN("alt") "," TAP("kp_4") "," TAP("kp_7") "," UP("alt")),
		SENT(DOWN("alt") "," TAP("kp_9") "," TAP("kp_7") "," UP("alt")),
		SENT(DOWN("alt") "," TAP("kp_1") "," TAP("kp_2") "," TAP("kp_6") "," UP("alt")),
		SENT(TAP("ret")),
		NULL
	};

	(void)state;
	assert_pressed(keyboard_type_anywhere, "/a~\n", part);
}

/* Before any key is pressed. */
static void not_ascii(void **state)
{
	static const char *const part[] = { QEMU_BEGIN, NULL };

	(void)state;
	assert_fails(keyboard_type, "Gr\xc3\xbc\xc3\x9f", part,
		     "typing 'Gr\xc3\xbc\xc3\x9f': cannot type character 195: only "
		     "printable ASCII can be typed");
	assert_fails(keyboard_type_anywhere, "a\tb", part,
		     "typing 'a\tb': cannot type character 9: only printable ASCII can be typed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pressing),  cmocka_unit_test(pacing),
		cmocka_unit_test(us_layout), cmocka_unit_test(every_character),
		cmocka_unit_test(by_codes),  cmocka_unit_test(not_ascii),
	};

	return cmocka_run_group_tests_name("keyboard", tests, NULL, NULL);
}
