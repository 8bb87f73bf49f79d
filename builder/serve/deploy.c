/* SPDX-License-Identifier: MIT */
#include "serve/deploy.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/memory.h"
#include "base/progress.h"
#include "serve/deploy-parts.h"
#include "serve/offered.h"
#include "serve/served-menu.h"
#include "serve/upload.h"

char *deploy_who(void)
{
	const struct passwd *user = getpwuid(getuid());
	struct utsname machine;
	char *who;

	if (uname(&machine) < 0)
		abort();
	who = xasprintf("%s@%s,process-%ld", user ? user->pw_name : "somebody", machine.nodename,
			(long)getpid());
	for (char *p = who; *p; p++)
		if (*p <= ' ' || *p > '~')
			*p = '_';
	return who;
}

/* The files as sha256sum -c reads them. */
static char *upload_sums(const struct deployable *result, const struct deploy_plan *plan)
{
	CLEANUP(text_release) struct text sums = { 0 };

	for (size_t i = 0; i < result->files.count; i++)
		if (strv_has(&plan->upload, result->files.item[i].path))
			text_printf(&sums, "%s  %s\n", result->files.item[i].sha256,
				    result->files.item[i].path);
	return text_take(&sums);
}

static int put(struct session *s, const char *name, const char *text, struct err *err)
{
	return session_send(s, text, strlen(text), NULL, err, "put %s", name);
}

static int send_files(struct deployment *d, const struct deployable *result,
		      const struct deploy_plan *plan, struct err *err)
{
	CLEANUP(reply_release) struct reply begun = { 0 };
	cleanup_free char *sums = upload_sums(result, plan);
	cleanup_free char *entries = offered_make(result->manifest);
	const char *incoming;
	int r = session_ask(&d->session, &begun, err, "begin %s %s", result->recipe,
			    result->version);

	if (r < 0)
		return r;
	incoming = reply_fact(&begun, "incoming", 0);
	if (!incoming || *incoming != '/' || !session_is_plain(incoming))
		return err_set(err, ERR_NETWORK, "the server does not say where the upload goes");
	r = upload_files(&d->session, result->path, &plan->upload, plan->bytes, incoming, err);
	if (r == 0)
		r = put(&d->session, "SUMS", sums, err);
	return r < 0 ? r : put(&d->session, "entries.json", entries, err);
}

static int place_files(struct deployment *d, const struct deployable *result, struct err *err)
{
	CLEANUP(reply_release) struct reply loaders = { 0 };
	struct session *s = &d->session;
	int r;

	progress_start("unpack", 0, PROGRESS_STEPS);
	r = session_ask(s, NULL, err, "check");
	if (r == 0)
		r = session_ask(s, NULL, err, "unpack %s %s %s", result->recipe, result->version,
				result->tar_sha256);
	if (r == 0)
		r = deploy_ask_loaders(s, result, &loaders, err);
	if (r == 0)
		r = deploy_refuse_in_the_way(&loaders, err);
	if (r == 0)
		r = session_ask(s, NULL, err, "boot %s %s", result->recipe, result->version);
	if (r == 0)
		r = session_ask(s, NULL, err, "entries %s %s", result->recipe, result->version);
	if (r < 0) {
		progress_abort();
		return r;
	}
	progress_end(result->version);
	return 0;
}

/* What is deployed comes first in the menu, even if it is not the newest that is there. */
static int put_first(struct deployment *d, const struct deployable *result, struct err *err)
{
	CLEANUP(reply_release) struct reply reply = { 0 };
	CLEANUP(server_state_release) struct server_state state = { 0 };
	const char *newest = result->version;
	int r = session_ask(&d->session, &reply, err, "list");

	if (r == 0)
		r = server_state_parse(&reply, &state, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < state.count; i++)
		if (streq(state.item[i].recipe, result->recipe) &&
		    server_version_is_whole(&state.item[i]) &&
		    strcmp(state.item[i].version, newest) > 0)
			newest = state.item[i].version;
	return session_ask(&d->session, NULL, err, "first %s %s", result->recipe,
			   newest == result->version ? "-" : result->version);
}

/* Another one may have worked there between our look and our lock. */
static int look_again(struct deployment *d, size_t i, struct err *err)
{
	CLEANUP(reply_release) struct reply reply = { 0 };
	CLEANUP(server_state_release) struct server_state state = { 0 };
	const struct deployable *result = &d->result[i];
	int r = session_ask(&d->session, &reply, err, "list");

	if (r == 0)
		r = server_state_parse(&reply, &state, err);
	if (r < 0)
		return r;
	deploy_plan_upload(result, server_state_find(&state, result->recipe, result->version),
			   &d->plan[i]);
	return 0;
}

static int deploy_one(struct deployment *d, size_t i, struct err *err)
{
	const struct deployable *result = &d->result[i];
	int r = look_again(d, i, err);

	if (r == 0 && !d->plan[i].there)
		r = send_files(d, result, &d->plan[i], err);
	if (r == 0 && !d->plan[i].there)
		r = place_files(d, result, err);
	return r < 0 ? r : put_first(d, result, err);
}

int deployment_run(struct deployment *d, struct err *err)
{
	cleanup_free char *who = deploy_who();
	int r = session_ask(&d->session, NULL, err, "lock %u %s", d->options->wait, who);

	for (size_t i = 0; r == 0 && i < d->count; i++) {
		r = deploy_one(d, i, err);
		if (r < 0)
			return err_wrap(err, "deploying '%s'", d->result[i].path);
	}
	return r < 0 ? r : served_menu_apply(&d->session, false, NULL, err);
}
