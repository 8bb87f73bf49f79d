/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "serve/deploy-parts.h"
#include "serve/served-menu.h"

#define ROOTFS "rootfs.tar.zst"
#define KIB 1024

/* ---- what is wrong with the server ----------------------------------------------------------- */

static int refuse_missing(const struct reply *probe, struct err *err)
{
	CLEANUP(strv_release) struct strv missing = { 0 };
	cleanup_free char *list = NULL;
	const char *fact;

	for (size_t i = 0; (fact = reply_fact(probe, "missing", i)); i++)
		strv_add(&missing, streq(fact, "flock")	      ? "util-linux"
				   : streq(fact, "sha256sum") ? "coreutils"
							      : fact);
	if (!missing.count)
		return 0;
	list = strv_join(&missing, " ");
	err_set(err, ERR_USAGE, "the server has no %s", list);
	return err_hint(err, "as root there: apt install %s", list);
}

int deploy_refuse_in_the_way(const struct reply *reply, struct err *err)
{
	const char *fact = reply_fact(reply, "inway", 0);

	if (!fact)
		return 0;
	err_set(err, ERR_USAGE, "'%s' on the server is not netrescue's", fact);
	return err_hint(err, "it is left as it is: move it away, or set another server.tftp-root "
			     "in the recipe");
}

static int refuse_foreign(const struct reply *probe, struct err *err)
{
	const char *fact = reply_fact(probe, "foreign", 0);

	if (!fact)
		return 0;
	err_set(err, ERR_USAGE, "'%s' is on the server already, and netrescue did not make it",
		fact);
	return err_hint(err, "--adopt takes it over: what is in it may then be removed by "
			     "netrescue");
}

static int refuse_export(const struct reply *probe, struct err *err)
{
	const char *fact = reply_fact(probe, "squashed", 0);

	if (fact) {
		err_set(err, ERR_USAGE,
			"the server exports '%s' with root_squash: nobody could log in", fact);
		return err_hint(err, "add no_root_squash to its line in /etc/exports, then "
				     "`exportfs -ra`");
	}
	fact = reply_fact(probe, "unexported", 0);
	if (fact)
		log_warning("the server's NFS does not export '%s' yet: its line is in the "
			    "result's server/exports",
			    fact);
	return 0;
}

/* "KIB INODES KIND" */
static void read_free(const struct reply *probe, struct deploy_plan *plan)
{
	CLEANUP(strv_release) struct strv word = { 0 };
	const char *fact = reply_fact(probe, "free", 0);

	plan->free_kib = plan->free_inodes = UINT64_MAX;
	strv_split(&word, fact ? fact : "", " ");
	if (word.count != 3)
		return;
	(void)parse_u64(word.item[0], &plan->free_kib);
	(void)parse_u64(word.item[1], &plan->free_inodes);
	plan->file_system = xstrdup(word.item[2]);
}

static int refuse_full(const struct deployable *result, const struct deploy_plan *plan,
		       struct err *err)
{
	/* What the tar holds, and a little for directories and ends of blocks. */
	uint64_t bytes =
		plan->bytes + (plan->unpack ? result->tar_size + result->tar_size / 20 : 0);
	uint64_t inodes = plan->upload.count + (plan->unpack ? result->members : 0);
	char wanted[16], there[16];

	if (plan->free_kib < UINT64_MAX / KIB && bytes > plan->free_kib * KIB) {
		err_set(err, ERR_USAGE,
			"the server has too little space: %s are needed, %s are free",
			human_size(bytes, wanted), human_size(plan->free_kib * KIB, there));
		return err_hint(err, "`netrescue prune` removes old versions");
	}
	if (inodes > plan->free_inodes) {
		err_set(err, ERR_USAGE,
			"the server's file system has too few inodes: %" PRIu64
			" are needed, %" PRIu64 " are free",
			inodes, plan->free_inodes);
		return err_hint(err,
				"`netrescue prune` removes old versions; mkfs decides how many "
				"there are");
	}
	return 0;
}

/* ---- what is to be done ---------------------------------------------------------------------- */

void deploy_plan_upload(const struct deployable *result, const struct server_version *there,
			struct deploy_plan *plan)
{
	strv_release(&plan->upload);
	plan->bytes = 0;
	plan->there = there && server_version_is_whole(there);
	plan->unpack = !there || !there->root;
	for (size_t i = 0; !plan->there && i < result->files.count; i++) {
		const struct result_file *f = &result->files.item[i];

		if (!(plan->unpack && streq(f->path, ROOTFS)) &&
		    !(!(there && there->kernel) && deployable_is_kernel(result, f)) &&
		    !deployable_is_loader(result, f))
			continue;
		strv_add(&plan->upload, f->path);
		plan->bytes += f->size;
	}
}

/* The server compares the loaders with its own. */
static char *loader_sums(const struct deployable *result)
{
	CLEANUP(text_release) struct text sums = { 0 };

	for (size_t i = 0; i < result->files.count; i++)
		if (deployable_is_loader(result, &result->files.item[i]))
			text_printf(&sums, "%s  %s\n", result->files.item[i].sha256,
				    result->files.item[i].path + strlen("tftp/"));
	return text_take(&sums);
}

int deploy_ask_loaders(struct session *s, const struct deployable *result, struct reply *ret,
		       struct err *err)
{
	cleanup_free char *sums = loader_sums(result);

	return session_send(s, sums, strlen(sums), ret, err, "loaders %s", result->version);
}

/* The kernel's words name the path, so it cannot go anywhere else. */
static int check_path(const struct deployment *d, const struct deployable *result, struct err *err)
{
	cleanup_free char *path = xasprintf("%s/%s", d->place.path, result->recipe);
	const char *slash = strrchr(result->nfs_path, '/');

	if (streq(path, result->nfs_path))
		return 0;
	err_set(err, ERR_USAGE, "'%s' boots from %s on its server, not from %s", result->path,
		result->nfs_path, path);
	if (!streq(slash + 1, result->recipe) || slash == result->nfs_path)
		return err_hint(err, "set nfs.path: %s in the recipe", path);
	return err_hint(err, "deploy it to %.*s, or set nfs.path: %s in the recipe",
			(int)(slash - result->nfs_path), result->nfs_path, path);
}

/* What menu/ of the TFTP root holds beside a directory for each recipe, and what labels of the
 * site's own entries begin with. */
static int check_name(const struct deployable *result, struct err *err)
{
	static const char *const taken[] = { "clients.json", "current", "site", "site.yaml" };

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		if (!streq(result->recipe, taken[i]))
			continue;
		err_set(err, ERR_USAGE, "a recipe called '%s' cannot be deployed", taken[i]);
		return err_hint(err, "the server's menu has something else of that name: give the "
				     "recipe another one");
	}
	return 0;
}

/* Only root can enter the root file systems' directory, and the session has one TFTP root. */
static int check_tftp_root(const struct deployment *d, const struct deployable *result,
			   struct err *err)
{
	cleanup_free char *inside = xasprintf("%s/", result->nfs_path);
	cleanup_free char *tftp = xasprintf("%s/", result->tftp_root);

	if (starts_with(tftp, inside)) {
		err_set(err, ERR_USAGE, "'%s' has its TFTP root in %s, which tftpd cannot enter",
			result->path, result->nfs_path);
		return err_hint(err, "give the recipe another name, nfs.path or server.tftp-root");
	}
	if (streq(result->tftp_root, d->result[0].tftp_root))
		return 0;
	err_set(err, ERR_USAGE, "'%s' wants the TFTP root %s, and '%s' %s", d->result[0].path,
		d->result[0].tftp_root, result->path, result->tftp_root);
	return err_hint(err, "set the same server.tftp-root in both recipes");
}

static int plan_one(struct deployment *d, size_t i, struct err *err)
{
	CLEANUP(reply_release) struct reply probe = { 0 };
	CLEANUP(reply_release) struct reply loaders = { 0 };
	const struct deployable *result = &d->result[i];
	struct deploy_plan *plan = &d->plan[i];
	int r = session_ask(&d->session, NULL, err, "open %s %s %s", d->place.path,
			    result->tftp_root, d->options->adopt ? "yes" : "no");

	if (r == 0)
		r = session_ask(&d->session, &probe, err, "probe %s", result->recipe);
	if (r == 0)
		r = refuse_missing(&probe, err);
	if (r == 0)
		r = deploy_ask_loaders(&d->session, result, &loaders, err);
	if (r == 0)
		r = deploy_refuse_in_the_way(&probe, err);
	if (r == 0)
		r = deploy_refuse_in_the_way(&loaders, err);
	if (r == 0)
		r = refuse_foreign(&probe, err);
	if (r == 0)
		r = refuse_export(&probe, err);
	server_state_release(&d->before);
	if (r == 0)
		r = server_state_parse(&probe, &d->before, err);
	if (r < 0)
		return r;
	deploy_plan_upload(result, server_state_find(&d->before, result->recipe, result->version),
			   plan);
	read_free(&probe, plan);
	return refuse_full(result, plan, err);
}

static int open_results(struct deployment *d, struct err *err)
{
	const struct deploy_options *o = d->options;

	d->result = xcalloc(o->dir_count, sizeof(*d->result));
	d->plan = xcalloc(o->dir_count, sizeof(*d->plan));
	for (size_t i = 0; i < o->dir_count; i++)
		d->result[i] = (struct deployable)DEPLOYABLE_INIT;
	d->count = o->dir_count;
	for (size_t i = 0; i < d->count; i++) {
		int r = deployable_open(o->dir[i], o->signed_by, &d->result[i], err);

		if (r == 0)
			r = check_path(d, &d->result[i], err);
		if (r == 0)
			r = check_name(&d->result[i], err);
		if (r == 0)
			r = check_tftp_root(d, &d->result[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

int deployment_begin(struct deployment *d, const struct deploy_options *options, struct err *err)
{
	int r = serve_place_read(options->to, &d->place, err);

	d->options = options;
	if (r == 0)
		r = open_results(d, err);
	if (r == 0)
		r = session_open(&d->session, &d->place, options->ssh, err);
	d->session.step = options->step;
	d->session.step_data = options->step_data;
	for (size_t i = 0; r == 0 && i < d->count; i++)
		r = plan_one(d, i, err);
	/* A mistake in the site's own file is better known before than after. */
	return r < 0 ? r : served_menu_apply(&d->session, true, NULL, err);
}

void deployment_release(struct deployment *d)
{
	session_release(&d->session);
	for (size_t i = 0; i < d->count; i++) {
		deployable_release(&d->result[i]);
		strv_release(&d->plan[i].upload);
		free(d->plan[i].file_system);
	}
	free(d->result);
	free(d->plan);
	server_state_release(&d->before);
	serve_place_release(&d->place);
	*d = (struct deployment)DEPLOYMENT_INIT;
}
