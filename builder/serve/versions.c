/* SPDX-License-Identifier: MIT */
#include "serve/versions.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "recipe/format.h"
#include "serve/deploy.h"

struct visit {
	struct serve_place place;
	struct session session;
	struct reply reply;
	struct server_state state;
	struct served_menu menu; /* of what is there */
};
#define VISIT_INIT                                                                                 \
	{                                                                                          \
		.session = SESSION_INIT                                                            \
	}

static void visit_release(struct visit *v)
{
	session_release(&v->session);
	reply_release(&v->reply);
	server_state_release(&v->state);
	served_menu_release(&v->menu);
	serve_place_release(&v->place);
}

static int read_state(struct visit *v, struct err *err)
{
	int r = session_ask(&v->session, &v->reply, err, "list");

	server_state_release(&v->state);
	return r < 0 ? r : server_state_parse(&v->reply, &v->state, err);
}

/* Nothing is locked where nothing is changed. What is there is read again once it is locked, since
 * whoever was waited for has changed it. */
static int visit_begin(struct visit *v, const struct serve_options *o, bool lock, struct err *err)
{
	cleanup_free char *who = deploy_who();
	int r = serve_place_read(o->at, &v->place, err);

	if (r == 0)
		r = session_open(&v->session, &v->place, o->ssh, err);
	if (r == 0)
		r = session_ask(&v->session, NULL, err, "open %s - no", v->place.path);
	if (r == 0)
		r = read_state(v, err);
	if (r < 0)
		return r;
	if (!v->state.count) {
		err_set(err, ERR_USAGE, "'%s' has no version that netrescue deployed", o->at);
		return err_hint(err, "`netrescue deploy DIR %s` brings one", o->at);
	}
	if (lock)
		r = session_ask(&v->session, NULL, err, "lock %u %s", o->wait, who);
	if (r == 0 && lock)
		r = read_state(v, err);
	/* A mistake in the site's own file is better known before than after. */
	return r < 0 ? r : served_menu_apply(&v->session, true, &v->menu, err);
}

int versions_list(const struct serve_options *o, struct server_state *ret, struct served_menu *menu,
		  struct err *err)
{
	CLEANUP(visit_release) struct visit v = VISIT_INIT;
	int r = visit_begin(&v, o, false, err);

	if (r < 0)
		return r;
	*ret = TAKE(v.state);
	*menu = TAKE(v.menu);
	return 0;
}

/* ---- rollback -------------------------------------------------------------------------------- */

static int several(const struct server_state *s, const char *what, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	cleanup_free char *list = NULL;

	for (size_t i = 0; i < s->count; i++)
		if (server_version_is_whole(&s->item[i]))
			strv_addf(&names, "%s/%s", s->item[i].recipe, s->item[i].version);
	list = strv_join(&names, ", ");
	err_set(err, ERR_USAGE, "%s", what);
	return err_hint(err, "there are %s", list ? list : "none");
}

/* The one behind that which comes first. */
static int find_before(const struct server_state *s, const struct server_version **ret,
		       struct err *err)
{
	const struct server_version *first = NULL, *found = NULL;

	for (size_t i = 0; i < s->count; i++) {
		const struct server_version *v = &s->item[i];

		if (!streq(v->recipe, s->item[0].recipe))
			return several(s, "several recipes are there: name a version", err);
		if (!server_version_is_whole(v))
			continue;
		if (first && !found)
			found = v;
		if (v->first)
			first = v;
	}
	if (!found)
		return several(s, "there is no earlier version to go back to", err);
	*ret = found;
	return 0;
}

static int find_named(const struct server_state *s, const char *name,
		      const struct server_version **ret, struct err *err)
{
	cleanup_free char *end = xasprintf("/%s", name);
	cleanup_free char *what = xasprintf("there is no version '%s' on the server", name);

	for (size_t i = 0; i < s->count; i++) {
		cleanup_free char *full = xasprintf("%s/%s", s->item[i].recipe, s->item[i].version);

		if (!server_version_is_whole(&s->item[i]) ||
		    !(streq(full, name) || ends_with(full, end)))
			continue;
		*ret = &s->item[i];
		return 0;
	}
	return several(s, what, err);
}

static bool is_newest(const struct server_state *s, const struct server_version *v)
{
	for (size_t i = 0; i < s->count; i++)
		if (streq(s->item[i].recipe, v->recipe) && server_version_is_whole(&s->item[i]))
			return &s->item[i] == v;
	return true;
}

int versions_rollback(const struct serve_options *o, const char *version, char **ret,
		      struct err *err)
{
	CLEANUP(visit_release) struct visit v = VISIT_INIT;
	const struct server_version *to = NULL;
	int r = visit_begin(&v, o, !o->dry_run, err);

	if (r == 0)
		r = version ? find_named(&v.state, version, &to, err)
			    : find_before(&v.state, &to, err);
	if (r < 0 || !to)
		return r;
	if (!o->dry_run)
		r = session_ask(&v.session, NULL, err, "first %s %s", to->recipe,
				is_newest(&v.state, to) ? "-" : to->version);
	if (r == 0 && !o->dry_run)
		r = served_menu_apply(&v.session, false, NULL, err);
	if (r == 0)
		*ret = xasprintf("%s/%s", to->recipe, to->version);
	return r;
}

/* ---- prune ----------------------------------------------------------------------------------- */

static int remove_versions(struct session *s, const struct prune_report *report, struct err *err)
{
	int r = 0;

	/* First no menu names them, then they go. */
	for (size_t i = 0; r == 0 && i < report->count; i++)
		if (!report->item[i].kept)
			r = session_ask(s, NULL, err, "hide %s %s", report->item[i].recipe,
					report->item[i].version);
	if (r == 0)
		r = served_menu_apply(s, false, NULL, err);
	for (size_t i = 0; r == 0 && i < report->count; i++)
		if (!report->item[i].kept)
			r = session_ask(s, NULL, err, "remove %s %s", report->item[i].recipe,
					report->item[i].version);
	return r < 0 ? r : session_ask(s, NULL, err, "clean");
}

/* Which version clients get is not known from the versions alone while the menu leaves one out. */
static int refuse_left_out(const struct visit *v, struct err *err)
{
	if (!v->menu.left_out)
		return 0;
	err_set(err, ERR_TRUST, "nothing is removed while the menu leaves a version out");
	return err_hint(err, "remove its directory below menu/ on the server, and deploy it again; "
			     "or use the netrescue that deployed it");
}

int versions_prune(const struct serve_options *o, const struct prune_options *prune,
		   struct prune_report *ret, struct err *err)
{
	CLEANUP(visit_release) struct visit v = VISIT_INIT;
	CLEANUP(reply_release) struct reply clients = { 0 };
	CLEANUP(prune_report_release) struct prune_report report = { 0 };
	int r = visit_begin(&v, o, !o->dry_run, err);

	if (r == 0)
		r = refuse_left_out(&v, err);
	if (r == 0)
		r = session_ask(&v.session, &clients, err, "clients");
	if (r < 0)
		return r;
	prune_decide(&v.state, &clients, v.place.path, prune, &report);
	r = o->dry_run ? 0 : remove_versions(&v.session, &report, err);
	if (r == 0)
		*ret = TAKE(report);
	return r;
}

/* ---- menu ------------------------------------------------------------------------------------ */

static int write_choice(struct session *s, const struct reply *menus, const char *mac,
			const char *label, struct err *err)
{
	const struct reply_item *old = reply_file(menus, "clients.json");
	CLEANUP(json_cleanup) json_t *clients = NULL;
	cleanup_free char *text = NULL;
	int r = old ? site_clients_parse("menu/clients.json", old->data, old->size, &clients, err)
		    : 0;

	if (r < 0)
		return r;
	if (!clients)
		clients = json_object();
	if (label)
		json_add_text(clients, mac, label);
	else
		(void)json_object_del(clients, mac);
	text = json_dumps(clients, JSON_INDENT(2) | JSON_SORT_KEYS);
	if (!text)
		abort();
	return session_send(s, text, strlen(text), NULL, err, "own clients.json");
}

static char *plain_mac(const char *mac)
{
	char *plain = xstrdup(mac);

	for (char *p = plain; *p; p++) {
		if (*p == '-')
			*p = ':';
		if (*p >= 'A' && *p <= 'F')
			*p = (char)(*p - 'A' + 'a');
	}
	return plain;
}

int versions_choose(const struct serve_options *o, const char *mac, const char *entry, char **ret,
		    struct err *err)
{
	CLEANUP(visit_release) struct visit v = VISIT_INIT;
	CLEANUP(reply_release) struct reply menus = { 0 };
	cleanup_free char *plain = plain_mac(mac);
	const char *label = NULL, *hint = NULL;
	int r;

	if (!format_mac.is(mac, &hint)) {
		err_set(err, ERR_USAGE, "'%s' is not %s", mac, format_mac.noun);
		return err_hint(err, "%s", format_mac.rule);
	}
	r = visit_begin(&v, o, true, err);
	if (r == 0 && entry)
		r = served_find_label(&v.menu, entry, &label, err);
	if (r == 0)
		r = session_ask(&v.session, &menus, err, "menus");
	if (r == 0)
		r = write_choice(&v.session, &menus, plain, label, err);
	if (r == 0)
		r = served_menu_apply(&v.session, false, NULL, err);
	if (r == 0)
		*ret = label ? xstrdup(label) : NULL;
	return r;
}
