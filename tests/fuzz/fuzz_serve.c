/* SPDX-License-Identifier: MIT */
/* What a server answers, the files in it that a menu is made of, and what rsync shows. */
#include "base/json.h"
#include "base/log.h"
#include "fuzz.h"
#include "serve/served-menu.h"
#include "serve/server-state.h"
#include "serve/upload.h"
#include "serve/versions.h"

/* A menu that is composed has entries that can be told apart, and a default among them. */
static void check_menu(const struct served_menu *m)
{
	bool found = false;

	for (size_t i = 0; i < m->menu.count; i++) {
		found = found || streq(m->menu.entry[i].label, m->choice.label);
		assert(!strpbrk(m->menu.entry[i].label, "\n '\""));
		assert(!strpbrk(m->menu.entry[i].title, "\n'\""));
	}
	assert(found);
	cleanup_free char *grub = menu_grub(&m->menu, &m->choice, m->client, m->client_count);
	cleanup_free char *pxelinux = menu_pxelinux(&m->menu, &m->choice);
	assert(grub && pxelinux);
}

static void use_reply(const struct reply *reply)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(server_state_release) struct server_state state = { 0 };
	CLEANUP(served_release) struct served served = SERVED_INIT;
	CLEANUP(served_menu_release) struct served_menu menu = { 0 };
	CLEANUP(prune_report_release) struct prune_report report = { 0 };
	const struct strv nobody = { 0 };
	const struct prune_options prune = { .keep = 1, .off = &nobody };

	if (server_state_parse(reply, &state, &err) == 0) {
		prune_decide(&state, reply, "/srv/pxe", &prune, &report);
		assert(report.count == state.count);
	}
	err_release(&err);
	if (served_read(reply, &served, &err) == 0 && served_compose(&served, &menu, &err) == 0)
		check_menu(&menu);
}

static void parse_files(const struct fuzz_pieces *pieces)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(offered_release) struct offered offered = { 0 };
	CLEANUP(site_menu_release) struct site_menu site = SITE_MENU_INIT;
	CLEANUP(json_cleanup) json_t *clients = NULL;
	const struct text *text = &pieces->item[1];
	uint64_t done;

	(void)offered_parse("entries.json", text->data, text->length, &offered, &err);
	err_release(&err);
	(void)site_menu_parse("site.yaml", text->data, text->length, &site, &err);
	err_release(&err);
	(void)site_clients_parse("clients.json", text->data, text->length, &clients, &err);
	(void)upload_parse_progress(text->data, &done);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	CLEANUP(reply_release) struct reply reply = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	const struct text *text = &pieces.item[0];
	size_t used = 0;

	log_set_level(LOG_QUIET);
	if (reply_parse(&reply, text->data, text->length, &used, &err) >= 0)
		assert(used <= text->length);
	use_reply(&reply);
	parse_files(&pieces);
	return 0;
}
