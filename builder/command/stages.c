/* SPDX-License-Identifier: MIT */
/* Each stage of the pipeline: what it takes from the build, which module does the work, and a line
 * for the person who waits. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archive/fetch.h"
#include "solve/resolve.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/resources.h"
#include "base/text.h"
#include "base/tree.h"
#include "command/pipeline.h"
#include "command/shipped.h"
#include "deb/deb.h"
#include "publish/preflight.h"
#include "rootfs/identity.h"
#include "rootfs/inspect.h"
#include "rootfs/overlay.h"
#include "rootfs/settings.h"

/* Beside the packages' own size: the initramfs, locale archive, caches made on the way. */
#define SPACE_BESIDE_PACKAGES (512ull << 20)

static unsigned jobs(const struct build *b)
{
	return b->options->jobs ? b->options->jobs : processors_available();
}

static int find_mirrors(struct build *b, struct err *err)
{
	const struct build_options *o = b->options;

	if (o->offline)
		return 0;
	return mirrors_find(o->mirror, "/", &b->recipe, &b->mirrors, err);
}

int build_load_recipe(const struct build_options *options, struct recipe *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv allow = { 0 };
	const struct recipe_source source = {
		.path = options->recipe,
		.site = options->site,
		.set = options->set,
		.set_directory = options->set_directory,
		.allow = &allow,
	};

	if (options->allow)
		strv_add_all(&allow, options->allow);
	shipped_folders(&allow);
	return recipe_load_source(&source, ret, err);
}

int build_recipe(struct build *b, struct err *err)
{
	progress_start("recipe", 0, PROGRESS_STEPS);
	int r = build_load_recipe(b->options, &b->recipe, err);
	if (r < 0)
		return r;
	r = overlays_check(&b->recipe, err);
	if (r < 0)
		return r;
	r = tree_files_check(&b->recipe, err);
	if (r < 0)
		return r;
	r = identity_check(&b->recipe, err);
	if (r < 0)
		return r;
	r = store_open(b->options->store, &b->store, err);
	if (r < 0)
		return r;
	r = find_mirrors(b, err);
	if (r < 0)
		return r;
	progress_end(b->recipe.name);
	return 0;
}

/* A key that cannot sign is an error before anything is fetched. */
int build_signer(struct build *b, struct err *err)
{
	return b->options->sign ? signer_find(b->options->sign, &b->signer, err) : 0;
}

int build_index(struct build *b, struct err *err)
{
	const struct index_options options = {
		.keyring = b->options->keyring,
		.offline = b->options->offline,
		.now = time(NULL), /* for freshness only */
	};

	if (b->options->lock)
		return 0;
	progress_start("index", 0, PROGRESS_STEPS);
	int r = indices_update(b->store, &b->recipe, &b->mirrors, &options, &b->indices, err);
	if (r < 0)
		return r;
	cleanup_free char *summary = xasprintf("%zu indices", b->indices.count);
	progress_end(summary);
	return 0;
}

static int solve_on_lock(struct build *b, struct err *err)
{
	CLEANUP(lock_release) struct lock lock = { 0 };
	CLEANUP(relock_release)
	struct relock relock = {
		.lock = &lock,
		.update = b->options->update,
		.mirrors = b->options->offline ? NULL : &b->mirrors,
	};
	int r = lock_read(b->options->keep, &lock, err);

	if (r < 0)
		return r;
	r = lock_check_kind(&lock, &b->recipe, err);
	if (r < 0)
		return r;
	return solve(b->store, &b->recipe, &b->indices, &relock, &b->packages, err);
}

int build_solve(struct build *b, struct err *err)
{
	if (b->options->lock)
		return 0;
	progress_start("solve", 0, PROGRESS_STEPS);
	int r = b->options->keep
			? solve_on_lock(b, err)
			: solve(b->store, &b->recipe, &b->indices, NULL, &b->packages, err);
	if (r < 0)
		return r;
	cleanup_free char *summary = xasprintf("%zu packages", b->packages.count);
	progress_end(summary);
	return 0;
}

static int read_given_lock(struct build *b, struct err *err)
{
	int r = lock_read(b->options->lock, &b->lock, err);

	return r < 0 ? r : lock_check(&b->lock, &b->recipe, err);
}

int build_lock(struct build *b, struct err *err)
{
	progress_start("lock", 0, PROGRESS_STEPS);
	int r = b->options->lock ? read_given_lock(b, err)
				 : lock_make(b->store, &b->recipe, &b->mirrors, b->options->offline,
					     &b->packages, &b->lock, err);
	if (r < 0)
		return r;
	cleanup_free char *version = lock_version(&b->lock);
	progress_end(version);
	return 0;
}

/* Whether the result can be written at all, and whether it is there already, are known before
 * anything is fetched. */
int build_begin(struct build *b, struct err *err)
{
	int r = preflight_check(&b->recipe, &b->lock, err);

	if (r < 0)
		return r;
	r = inspect_lock(&b->recipe, &b->lock, err);
	if (r < 0)
		return r;
	r = accounts_check(&b->recipe, &b->lock, err);
	if (r < 0)
		return r;
	r = result_begin(b->store, &b->recipe, &b->lock, b->options->lock ? NULL : &b->indices,
			 b->options->out, &b->result, err);
	if (r < 0)
		return r;
	if (b->options->sign)
		b->result.signer = &b->signer;
	if (!b->options->no_cache) {
		r = result_reuse(&b->result, &b->done, err);
		if (r < 0)
			return r;
	}
	b->up_to_date = b->result.up_to_date;
	return 0;
}

static int open_log(struct build *b, struct err *err)
{
	cleanup_free char *version = lock_version(&b->lock);
	cleanup_free char *name = xasprintf("%s-%s.log", b->recipe.name, version);

	b->log_path = xasprintf("%s/log/%s", store_path(b->store), name);
	return store_log(b->store, name, &b->log_fd, err);
}

/* Whether the tree has to lie on a disk: for comparing both, and for machines that would rather
 * keep their memory. */
static bool wants_disk(void)
{
	const char *where = getenv("NETRESCUE_TREE");

	return where && streq(where, "disk");
}

static void show_line(const char *line, void *data)
{
	(void)data;
	progress_detail("%s", line);
}

static const char *wanted_sandbox(const struct build *b)
{
	return b->options->sandbox ? b->options->sandbox : "auto";
}

/* Whether the store has the packed tree, so that nothing has to run in a sandbox. */
int build_cache(struct build *b, struct err *err)
{
	b->rootfs.store = b->store;
	b->rootfs.recipe = &b->recipe;
	b->rootfs.lock = &b->lock;
	b->rootfs.jobs = jobs(b);
	b->cache.off = b->options->no_cache;
	int r = sandbox_check_kind(b->options->sandbox, err);
	return r < 0 ? r : stage_cache_find_tree(&b->cache, &b->rootfs, wanted_sandbox(b), err);
}

/* That no sandbox works here is an error before anything is fetched. */
int build_sandbox(struct build *b, struct err *err)
{
	uint64_t space = SPACE_BESIDE_PACKAGES;

	/* Twice, as there are the tree and the plain .debs. */
	for (size_t i = 0; i < b->lock.packages.count; i++)
		space += b->lock.packages.item[i].installed_size * 2;
	if (b->cache.has_tree)
		return 0;
	int r = open_log(b, err);
	if (r < 0)
		return r;
	struct sandbox_options options = {
		.kind = wanted_sandbox(b),
		.source_date_epoch = b->lock.source_date_epoch,
		.hostname = b->recipe.hostname,
		.space = space,
		.on_disk = wants_disk(),
		.limits = b->options->limits,
		.log_fd = b->log_fd,
		.on_line = show_line,
	};
	progress_start("sandbox", 0, PROGRESS_STEPS);
	r = sandbox_open(b->store, &options, &b->rootfs.sandbox, err);
	if (r < 0)
		return r;
	progress_end(sandbox_description(b->rootfs.sandbox));
	return 0;
}

int build_fetch(struct build *b, struct err *err)
{
	return lock_fetch(b->store, &b->lock, &b->recipe, &b->mirrors, b->options->offline, err);
}

int build_plain(struct build *b, struct err *err)
{
	if (b->cache.has_tree)
		return 0;
	return debs_make_plain(b->store, &b->lock.packages, jobs(b), err);
}

static int run_in_tree(struct build *b, int (*stage)(struct rootfs *rootfs, struct err *err),
		       enum cached_stage kept, struct err *err)
{
	struct stage_view view;
	int r;

	sandbox_on_line(b->rootfs.sandbox, show_line, NULL);
	stage_view_enter(&view, &b->rootfs, kept);
	r = stage(&b->rootfs, err);
	stage_view_leave(&view, &b->rootfs);
	if (r < 0 && err->class == ERR_BUILD && err->hint) {
		cleanup_free char *hint = take_ptr(err->hint);

		return err_hint(err, "%s\nthe full log is %s", hint, b->log_path);
	}
	return r < 0 ? err_hint(err, "the full log is %s", b->log_path) : 0;
}

/* A stage whose result is kept. */
static int run_and_keep(struct build *b, const char *name,
			int (*stage)(struct rootfs *rootfs, struct err *err),
			enum cached_stage kept, struct err *err)
{
	int r;

	if (b->cache.has_tree || b->cache.start > (int)kept) {
		stage_cache_say(&b->cache, name);
		return 0;
	}
	r = run_in_tree(b, stage, kept, err);
	return r < 0 ? r : stage_cache_keep(&b->cache, &b->rootfs, kept, err);
}

/* One of those whose common result is the packed tree. idle: it would have nothing to do anyway. */
static int run_until_packed(struct build *b, const char *name, bool idle,
			    int (*stage)(struct rootfs *rootfs, struct err *err), struct err *err)
{
	if (b->cache.has_tree) {
		if (!idle)
			stage_cache_say(&b->cache, name);
		return 0;
	}
	return run_in_tree(b, stage, CACHED_TREE, err);
}

int build_inspect(struct build *b, struct err *err)
{
	int r = stage_inspect(&b->rootfs, err);

	return r < 0 ? r : result_set_kernels(&b->result, &b->rootfs, err);
}

int build_plan(struct build *b, struct err *err)
{
	int r;

	if (b->cache.has_tree)
		return 0;
	r = stage_plan(&b->rootfs, err);
	return r < 0 ? r : stage_cache_find(&b->cache, &b->rootfs, err);
}

int build_base(struct build *b, struct err *err)
{
	return run_and_keep(b, "base", stage_base, CACHED_BASE, err);
}

int build_rest(struct build *b, struct err *err)
{
	return run_and_keep(b, "rest", stage_rest, CACHED_REST, err);
}

int build_settings(struct build *b, struct err *err)
{
	return run_until_packed(b, "settings", false, stage_settings, err);
}

int build_initramfs(struct build *b, struct err *err)
{
	cleanup_free char *made_by =
		xasprintf("%s\nhostname %s\n", b->cache.common.length ? b->cache.common.data : "",
			  b->recipe.hostname);
	int r;

	if (!b->cache.off && b->cache.common.length > 0)
		b->rootfs.made_by = made_by;
	b->rootfs.made_for = b->recipe.name;
	r = run_until_packed(b, "initramfs", !b->rootfs.kernel, stage_initramfs, err);
	b->rootfs.made_by = NULL;
	return r;
}

int build_normalise(struct build *b, struct err *err)
{
	return run_until_packed(b, "normalise", false, stage_normalise, err);
}

int build_check(struct build *b, struct err *err)
{
	return run_until_packed(b, "check", !b->recipe.hooks.check.count, stage_check, err);
}

static int pack(struct build *b, struct err *err)
{
	struct stage_view view;
	int r;

	stage_view_enter(&view, &b->rootfs, CACHED_TREE);
	r = stage_pack(&b->result, &b->rootfs, err);
	stage_view_leave(&view, &b->rootfs);
	return r < 0 ? r : stage_cache_keep_tree(&b->cache, &b->rootfs, &b->result, err);
}

int build_pack(struct build *b, struct err *err)
{
	if (!b->cache.has_tree)
		return pack(b, err);
	stage_cache_say(&b->cache, "pack");
	return stage_cache_take_tree(&b->cache, &b->rootfs, &b->result, err);
}

static int add_files(struct build *b, struct err *err)
{
	int r = result_add_tftp(&b->result, err);

	if (r < 0)
		return r;
	r = result_add_menu(&b->result, err);
	if (r < 0)
		return r;
	r = result_add_server(&b->result, err);
	if (r < 0)
		return r;
	r = result_add_sbom(&b->result, &b->rootfs, RESULT_ROOTFS, err);
	if (r < 0)
		return r;
	r = result_check_keys(&b->result, err);
	if (r < 0)
		return r;
	r = result_add_manifest(&b->result, &b->rootfs, err);
	if (r < 0)
		return r;
	r = result_add_sums(&b->result, err);
	if (r < 0)
		return r;
	return result_add_provenance(&b->result, stage_cache_sandbox(&b->cache, &b->rootfs),
				     &b->cache.taken, err);
}

int build_publish(struct build *b, struct err *err)
{
	int r = add_files(b, err);

	if (r < 0)
		return r;
	r = result_commit(&b->result, &b->done, err);
	if (r < 0)
		return r;
	b->up_to_date = b->result.up_to_date;
	return 0;
}
