/* SPDX-License-Identifier: MIT */
#include "qemu.h"

#include "lab/screen.h"

#define OK(value) "{\"return\": " value ", \"id\": @ID@}"
#define RUNNING OK("{\"status\": \"running\", \"running\": true}")
#define PAUSED OK("{\"status\": \"prelaunch\", \"running\": false}")
#define PORT(port, value) OK("\"portb[" port "] = " value "\\r\\n\"")

/* The registers, up to where the screen is known to be one of text, or not. */
#define REGISTERS(mode, misc, high, low)                                                           \
	"< \"i /xb 0x3ce\"", PORT("0x03ce", "0x06"), "< \"i /xb 0x3d4\"", PORT("0x03d4", "0x0e"),  \
		"< \"i /xb 0x3ce.0x5\"", PORT("0x03cf", mode), "< \"i /xb 0x3ce.0x6\"",            \
		PORT("0x03cf", misc), "< \"i /xb 0x3d4.0xc\"", PORT("0x03d5", high),               \
		"< \"i /xb 0x3d4.0xd\"", PORT("0x03d5", low), "< \"o /b 0x3ce 0x6\"", OK("\"\""),  \
		"< \"o /b 0x3d4 0xe\"", OK("\"\"")

static void put(uint8_t *cells, size_t line, size_t column, const char *text)
{
	for (uint8_t *cell = cells + (line * SCREEN_COLUMNS + column) * 2; *text; cell += 2)
		*cell = (uint8_t)*text++;
}

/* The monitor's answer for the memory of a screen. */
static char *memory_answer(size_t start, const uint8_t cells[SCREEN_BYTES])
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add(&t, "{\"return\": \"");
	for (size_t i = 0; i < SCREEN_BYTES; i++) {
		if (i % 8 == 0)
			text_printf(&t, "%s%016zx:", i ? "\\r\\n" : "", start + i);
		text_printf(&t, " 0x%02x", cells[i]);
	}
	text_add(&t, "\\r\\n\", \"id\": @ID@}");
	return text_take(&t);
}

/* Blanks, with an attribute that must not be seen. */
static void clear(uint8_t cells[SCREEN_BYTES])
{
	for (size_t i = 0; i < SCREEN_BYTES; i += 2) {
		cells[i] = ' ';
		cells[i + 1] = 'A';
	}
}

static void assert_screen(const char *const *part, const char *expected)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	struct qmp *q = qemu_begin(part);

	text_add(&text, "what was there before");
	assert_int_equal(screen_text(q, &text, &err), 0);
	assert_string_equal(text.data, expected);
	qemu_end(q);
}

/* A scrolled one, of a running machine, which goes on afterwards. */
static void text_mode(void **state)
{
	cleanup_free char *memory = NULL;
	uint8_t cells[SCREEN_BYTES];

	(void)state;
	clear(cells);
	for (size_t line = 0; line < SCREEN_LINES; line++)
		put(cells, line, 0, (const char[]){ (char)('a' + line), '\0' });
	memory = memory_answer(0xb8000 + 0x12a0 * 2, cells);

	const char *const part[] = { QEMU_BEGIN,
				     "< \"query-status\"",
				     RUNNING,
				     "< \"stop\"",
				     OK("{}"),
				     REGISTERS("0x10", "0x0e", "0x12", "0xa0"),
				     "< \"xp /4000xb 0xba540\"",
				     memory,
				     "< \"cont\"",
				     OK("{}"),
				     NULL };
	assert_screen(part, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\nq\nr\ns\nt\nu\nv\nw\n"
			    "x\ny\n");
}

static void decoding(void **state)
{
	cleanup_free char *memory = NULL;
	uint8_t cells[SCREEN_BYTES];

	(void)state;
	clear(cells);
	put(cells, 0, 0, "\xda\xc4\xbf \xc9\xcd\xbb \xb3\xba \xdb\xb1 \x10\x11\x18\x19 \x9b\x7f");
	put(cells, 2, 78, "ab");
	put(cells, 4, 3, "c d  ");
	cells[5 * SCREEN_COLUMNS * 2] = 0;
	put(cells, 5, 1, "\xff");
	put(cells, 24, 79, "~");
	memory = memory_answer(0xb8000, cells);

	const char *const part[] = { QEMU_BEGIN,
				     "< \"query-status\"",
				     PAUSED,
				     REGISTERS("0x10", "0x0e", "0x00", "0x00"),
				     "< \"xp /4000xb 0xb8000\"",
				     memory,
				     NULL };
	assert_screen(part, "+-+ +=+ || ## ><^v ??\n"
			    "\n"
			    "                                       "
			    "                                       ab\n"
			    "\n"
			    "   c d\n"
			    "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
			    "                                       "
			    "                                        ~\n");
}

/* Nothing is read, and a halted machine stays halted. */
static void no_text(void **state)
{
	static const char *const graphics[] = { QEMU_BEGIN, "< \"query-status\"", PAUSED,
						REGISTERS("0x10", "0x05", "0x00", "0x00"), NULL };
	static const char *const planar[] = { QEMU_BEGIN, "< \"query-status\"", PAUSED,
					      REGISTERS("0x00", "0x0e", "0x00", "0x00"), NULL };
	static const char *const beyond[] = { QEMU_BEGIN, "< \"query-status\"", PAUSED,
					      REGISTERS("0x10", "0x0e", "0x38", "0x31"), NULL };

	(void)state;
	assert_screen(graphics, "");
	assert_screen(planar, "");
	assert_screen(beyond, "");
}

/* The machine goes on, too, if it could not be read. */
static void failure(void **state)
{
	static const char *const part[] = {
		QEMU_BEGIN,
		"< \"query-status\"",
		RUNNING,
		"< \"stop\"",
		OK("{}"),
		"< \"i /xb 0x3ce\"",
		OK("\"unknown command: 'i'\\r\\n\""),
		"< \"cont\"",
		OK("{}"),
		NULL,
	};
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	struct qmp *q = qemu_begin(part);

	(void)state;
	text_add(&text, "untouched");
	assert_true(screen_text(q, &text, &err) < 0);
	assert_string_equal(text.data, "untouched");
	assert_string_equal(err.message, "reading the screen: QEMU's monitor answers 'i /xb 0x3ce' "
					 "with: unknown command: 'i'\r\n");
	qemu_end(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoding),
		cmocka_unit_test(text_mode),
		cmocka_unit_test(no_text),
		cmocka_unit_test(failure),
	};

	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
