/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "archive/gc.h"
#include "base/io.h"
#include "base/log.h"
#include "base/quantity.h"
#include "base/tree.h"
#include "command/fileserver.h"
#include "command/options.h"
#include "command/verbs.h"

#define INVOCATION struct gc_invocation
struct gc_invocation {
	struct invocation in;
	const char *out, *store, *max_size;
	bool all, dry_run;
};

/* The results that are still there say by their locks, OUT/RECIPE/VERSION/RECIPE.lock, what is
 * still needed. */
struct search {
	const char *out;
	struct strv locks;
};

static void search_release(struct search *search)
{
	strv_release(&search->locks);
}

static int visit(const struct walk_entry *e, void *data, struct err *err)
{
	struct search *search = data;

	(void)err;
	if (S_ISREG(e->st->st_mode) && ends_with(e->name, ".lock"))
		strv_addf(&search->locks, "%s/%s", search->out, e->path);
	return 0;
}

static int find_locks(struct search *search, struct err *err)
{
	cleanup_fd int fd = open(search->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot read '%s'", search->out);
	return walk_tree(fd, visit, search, err);
}

/* It is more likely that the directory is wrong than that nobody needs the store. */
static int no_lock(const struct search *search, struct err *err)
{
	err_set(err, ERR_USAGE, "no lock found below '%s', so nothing says what to keep",
		search->out);
	return err_hint(err, "say where the results are with --out DIR, or name locks; --all "
			     "removes every package older than a day");
}

static int collect(const struct gc_invocation *o, struct search *search, uint64_t most,
		   struct gc_report *ret, struct err *err)
{
	CLEANUP(store_cleanup) struct store *store = NULL;
	int64_t now = time(NULL);
	int r;

	for (size_t i = 0; i < o->in.argument_count; i++)
		strv_add(&search->locks, o->in.argument[i]);
	r = find_locks(search, err);
	if (r < 0)
		return r;
	if (search->locks.count == 0 && !o->all)
		return no_lock(search, err);
	r = store_open(o->store, &store, err);
	if (r < 0)
		return r;
	r = fileserver_locks(store, &search->locks, err);
	if (r < 0)
		return r;
	r = store_gc(store, &search->locks, now, o->dry_run, ret, err);
	if (r < 0)
		return r;
	r = fileserver_prune(store, now, o->dry_run, ret, err);
	return r < 0 || !o->max_size ? r : store_gc_shrink(store, most, now, o->dry_run, ret, err);
}

static int run(const struct invocation *in, struct err *err)
{
	const struct gc_invocation *o = (const struct gc_invocation *)in;
	CLEANUP(search_release) struct search search = { .out = o->out ? o->out : "out" };
	struct gc_report report;
	uint64_t most = UINT64_MAX;
	char removed[16], kept[16];
	int r;

	if (o->max_size && parse_size(o->max_size, &most) < 0) {
		err_set(err, ERR_USAGE, "option --max-size: '%s' is not a size", o->max_size);
		return err_hint(err, "such as 5G or 800M");
	}
	r = collect(o, &search, most, &report, err);
	if (r < 0)
		return r;
	if (report.kept_bytes > most)
		log_warning("the store is larger than --max-size: what is left in it is needed by "
			    "the locks, or younger than a day");
	printf("%s %ju files, %s; kept %ju, %s, for %zu locks\n",
	       o->dry_run ? "would remove" : "removed", (uintmax_t)report.removed,
	       human_size(report.removed_bytes, removed), (uintmax_t)report.kept,
	       human_size(report.kept_bytes, kept), search.locks.count);
	return 0;
}

static const struct option_row options[] = {
	OPTION_OUT,
	OPTION_STORE,
	TEXT("max-size", max_size, "SIZE", "remove results of stages, too, until no more is left"),
	FLAG("all", all, "go on where there is no lock that says what to keep"),
	FLAG("dry-run", dry_run, "say what would be done", .letter = 'n'),
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example examples[] = {
	{ "gc --dry-run", "what would go, with the results in ./out" },
	{ "gc --max-size 4G", "no more than that in all, if the locks can do with it" },
	{ "gc --out /srv/images keep.lock", "with results elsewhere, and one lock more" },
	{ NULL, NULL },
};

const struct verb verb_gc = {
	.name = "gc",
	.arguments = "[LOCK…]",
	.summary = "remove from the store what no result needs",
	.description =
		"Keeps the packages of every lock found below --out and of the locks named, the "
		"newest file server of `netrescue boot` with its packages, the newest indices, "
		"and whatever is younger than a day; removes the rest of the store. What was "
		"removed is fetched or made again when it is needed. Where there is no lock at "
		"all, only --all removes anything.\n\n"
		"What stages have made, which later builds go on from, stays for a week after "
		"its last use. With --max-size SIZE (such as 4G) these go earlier, the one "
		"used longest ago first, until no more than SIZE is left; never what a lock "
		"needs.",
	.example = examples,
	.max_arguments = 1000,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run,
};
