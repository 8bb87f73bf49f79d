/* SPDX-License-Identifier: MIT */
/* What comes from a server, and the menu that is made of it. */
#include "unit.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "serve/served-menu.h"
#include "serve/server-state.h"
#include "serve/upload.h"
#include "serve/versions.h"

#define A "20260101T000000Z-aaaaaaaa"
#define B "20260202T000000Z-bbbbbbbb"

/* ---- answers --------------------------------------------------------------------------------- */

static void a_reply_may_come_in_pieces(void **state)
{
	static const char answer[] = "step begin\nfact free root 12 - tmpfs\nfile a/b 4\nx\ny\n\n"
				     "hint try again\nfail no such thing\n";
	(void)state;
	for (size_t cut = 0; cut < sizeof(answer); cut++) {
		CLEANUP(reply_release) struct reply reply = { 0 };
		CLEANUP(err_release) struct err err = { 0 };
		size_t used = 0, more = 0;
		int r = reply_parse(&reply, answer, cut, &used, &err);

		assert_int_equal(r, cut == sizeof(answer) - 1);
		if (r == 0)
			r = reply_parse(&reply, answer + used, strlen(answer) - used, &more, &err);
		assert_int_equal(r, 1);
		assert_int_equal(reply.count, 3);
		assert_string_equal(reply_fact(&reply, "free root", 0), "12 - tmpfs");
		assert_null(reply_fact(&reply, "free", 1));
		assert_string_equal(reply_file(&reply, "a/b")->data, "x\ny\n");
		assert_string_equal(reply.failed, "no such thing");
		assert_string_equal(reply.hint, "try again");
	}
}

static void what_a_login_shell_prints_is_no_reply(void **state)
{
	CLEANUP(reply_release) struct reply reply = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	size_t used;

	(void)state;
	assert_true(reply_parse(&reply, "Welcome to \033[1mboot\n", 21, &used, &err) < 0);
	assert_non_null(strstr(err.message, "'Welcome to \\x1b[1mboot'"));
}

static void progress_is_the_last_percentage(void **state)
{
	uint64_t done = 7;

	(void)state;
	assert_true(
		upload_parse_progress("\r    32768   1%  1MB/s\r  65536  12%  1MB/s  0:", &done));
	assert_int_equal(done, 65536);
	assert_false(upload_parse_progress("sending incremental file list\n", &done));
	assert_int_equal(done, 65536);
}

/* ---- the menu -------------------------------------------------------------------------------- */

#define OFFERED(label, title, kernel, append, mac)                                                 \
	"{\"format\": 1, \"recipe\": \"one\", \"version\": \"" A "\", \"title\": \"Menu\","        \
	"\"entries\": [{\"kind\": \"rescue\", \"label\": \"" label "\", \"title\": \"" title       \
	"\", \"kernel\": \"" kernel "\", \"initrd\": \"k/initrd.img\", \"append\": \"" append      \
	"\"}], \"default\": {\"entry\": \"rescue\", \"timeout\": 300},"                            \
	"\"clients\": {\"" mac "\": {\"entry\": \"rescue\", \"at-once\": true}}}"
#define MAC "52:54:00:00:00:01"

static int parse(const char *text, struct offered *o, struct err *err)
{
	return offered_parse("entries.json", text, strlen(text), o, err);
}

static void refuses_what_would_break_a_menu(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		OFFERED("two words", "Title", "k/vmlinuz", "", MAC),
		OFFERED("rescue", "' }", "k/vmlinuz", "", MAC),
		OFFERED("rescue", "two\\nlines", "k/vmlinuz", "", MAC),
		OFFERED("rescue", "Title", "../vmlinuz", "", MAC),
		OFFERED("rescue", "Title", "/vmlinuz", "", MAC),
		OFFERED("rescue", "Title", "192.0.2.1::vmlinuz", "", MAC),
		OFFERED("rescue", "Title", "k/vmlinuz", "a; reboot", MAC),
		OFFERED("rescue", "Title", "k/vmlinuz", "a\\nLABEL x", MAC),
		OFFERED("rescue", "Title", "k/vmlinuz", "", "$x"),
		OFFERED("other", "Title", "k/vmlinuz", "", MAC), /* and the default is rescue */
	};
	CLEANUP(offered_release) struct offered good = { 0 };
	CLEANUP(err_release) struct err none = { 0 };

	(void)state;
	assert_int_equal(parse(OFFERED("rescue", "Title", "k/vmlinuz", "a=b c", MAC), &good, &none),
			 0);
	assert_string_equal(good.menu.entry[0].append, "a=b c");
	assert_true(good.client[0].choice.at_once);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(offered_release) struct offered o = { 0 };
		CLEANUP(err_release) struct err err = { 0 };

		if (parse(bad[i], &o, &err) >= 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.class, ERR_TRUST);
	}
}

static void mistakes_of_a_site_have_their_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} bad[] = {
		{ "title: a\ntitel: b\n", 2 },
		{ "earlier: -1\n", 1 },
		{ "order: one\n", 1 },
		{ "title: a\ndefault: a/b\n", 2 },
		{ "entries:\n  - { label: a, title: A }\n", 2 },
		{ "entries:\n  - { label: a, title: A, kernel: /boot/x }\n", 2 },
		{ "entries:\n  - { label: a, title: A, kernel: x, append: 'a;b' }\n", 2 },
		{ "entries:\n  - { label: a, title: A, kernel: x }\n"
		  "  - { label: a, title: B, kernel: y }\n",
		  3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(site_menu_release) struct site_menu site = SITE_MENU_INIT;
		CLEANUP(err_release) struct err err = { 0 };

		if (site_menu_parse("site.yaml", bad[i].text, strlen(bad[i].text), &site, &err) >=
		    0)
			fail_msg("taken: %s", bad[i].text);
		assert_int_equal(err.class, ERR_USAGE);
		assert_int_equal(err.line, bad[i].line);
	}
}

/* ---- what may go ----------------------------------------------------------------------------- */

static char *decide(const char *answer, unsigned keep, const struct strv *off)
{
	CLEANUP(reply_release) struct reply reply = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(server_state_release) struct server_state state = { 0 };
	CLEANUP(prune_report_release) struct prune_report report = { 0 };
	CLEANUP(text_release) struct text removed = { 0 };
	const struct strv nobody = { 0 };
	const struct prune_options prune = { .keep = keep, .off = off ? off : &nobody };
	size_t used;

	assert_int_equal(reply_parse(&reply, answer, strlen(answer), &used, &err), 1);
	assert_int_equal(server_state_parse(&reply, &state, &err), 0);
	prune_decide(&state, &reply, "/srv/pxe", &prune, &report);
	text_add(&removed, "");
	for (size_t i = 0; i < report.count; i++)
		if (!report.item[i].kept)
			text_printf(&removed, "%s/%s ", report.item[i].recipe,
				    report.item[i].version);
	return text_take(&removed);
}

static void prune_keeps_what_may_be_in_use(void **state)
{
#define TWO "fact have one/" A " rke\nfact have one/" B " rke\n"
	static const struct {
		const char *answer, *removed;
	} cases[] = {
		{ TWO "ok\n", "one/" A " " },
		{ TWO "fact first one/" A "\nok\n", "" },
		{ TWO "fact client 192.0.2.1 /srv/pxe/one/" A "\nok\n", "" },
		/* The whole export, or something in the root */
		{ TWO "fact client 192.0.2.1 /srv/pxe\nok\n", "" },
		{ TWO "fact client 192.0.2.1 /srv/pxe/one/" A "/usr\nok\n", "" },
		{ TWO "fact client 192.0.2.1 /srv/pxe/one/" B "\nok\n", "one/" A " " },
		{ TWO "fact client 192.0.2.1 /srv/pxe/one/" A "0\nok\n", "one/" A " " },
		{ TWO "fact client4 192.0.2.1\nok\n", "" },
		{ TWO "fact blind no rmtab\nok\n", "" },
		/* What is not whole is never the one to keep. */
		{ "fact have one/" A " rke\nfact have one/" B " rk\nok\n", "one/" B " " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *removed = decide(cases[i].answer, 1, NULL);

		assert_string_equal(removed, cases[i].removed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_may_come_in_pieces),
		cmocka_unit_test(what_a_login_shell_prints_is_no_reply),
		cmocka_unit_test(progress_is_the_last_percentage),
		cmocka_unit_test(refuses_what_would_break_a_menu),
		cmocka_unit_test(mistakes_of_a_site_have_their_line),
		cmocka_unit_test(prune_keeps_what_may_be_in_use),
	};

	return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
