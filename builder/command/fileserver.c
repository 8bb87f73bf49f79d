/* SPDX-License-Identifier: MIT */
#include "command/fileserver.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/lock.h"
#include "base/beneath.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"
#include "command/shipped.h"
#include "publish/result-built.h"
#include "publish/result-place.h"

/* STORE/lab/NAME/VERSION, and beside the versions a link `latest` to the newest. */

#define MANIFEST "manifest.json"
#define MANIFEST_MAX ((size_t)64 << 20)

static int find_recipe(char **ret, struct err *err)
{
	*ret = shipped_recipe("fileserver.yaml");
	if (*ret)
		return 0;
	err_set(err, ERR_USAGE,
		"the recipe of the lab's file server, fileserver.yaml, is not where it was "
		"installed");
	return err_hint(err, "name it with --server RECIPE");
}

/* Whether the store has the packages that the clients' firmware is taken from. */
static bool has_boot_packages(const struct lock *lock, struct store *s)
{
	for (size_t i = 0; i < lock->packages.count; i++) {
		const struct package *p = &lock->packages.item[i];

		if (p->role == ROLE_BOOT && !store_has(s, p->sha256))
			return false;
	}
	return true;
}

/* Whether the image was made from a recipe of that digest, in this bytes-epoch. */
static bool is_current(int image_fd, const char *recipe_digest)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_fd int fd = -1;

	if (open_file(image_fd, MANIFEST, O_NOFOLLOW, ERR_BUILD, &fd, &ignored) < 0 ||
	    read_fd(fd, MANIFEST, MANIFEST_MAX, &t, &ignored) < 0)
		return false;
	json_t *m = json_loadb(t.data, t.length, 0, NULL);
	const char *digest = json_string_value(json_object_get(m, "recipe-sha256"));
	bool is = digest && streq(digest, recipe_digest) &&
		  json_integer_value(json_object_get(m, "bytes-epoch")) == BYTES_EPOCH;
	json_decref(m);
	return is;
}

/* Whether the image has a lock that can be read. */
static bool read_lock(int image_fd, const char *recipe_name, struct lock *ret)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	cleanup_free char *name = xasprintf("%s.lock", recipe_name);
	cleanup_fd int fd = -1;

	return open_file(image_fd, name, O_NOFOLLOW, ERR_BUILD, &fd, &ignored) == 0 &&
	       lock_read_fd(fd, name, ret, &ignored) == 0;
}

/* Whether the image `version` of that server will do. One that nobody knows to have been built here
 * is removed, since it would be compared with the one that is built in its place: whoever else
 * filled the store could have put it there. That its files are as its SHA256SUMS says is seen by
 * who boots it. */
static int examine(int server_fd, const char *version, const struct recipe *recipe, struct store *s,
		   bool *ret, struct err *err)
{
	CLEANUP(lock_release) struct lock lock = { 0 };
	cleanup_free char *place = xasprintf("lab/%s/%s", recipe->name, version);
	cleanup_free char *path = xasprintf("%s/%s", store_path(s), place);
	cleanup_fd int fd = -1;
	bool built = false;
	int r = store_open_dir(s, place, &fd, err);

	*ret = false;
	if (r < 0)
		return r == -ENOENT && err->class == ERR_NONE ? 0 : r;
	if (!is_current(fd, recipe->digest) || !read_lock(fd, recipe->name, &lock))
		return 0;
	r = result_was_built(s, lock.digest, fd, &built, err);
	if (r < 0)
		return err_wrap(err, "looking at '%s'", path);
	if (built) {
		*ret = has_boot_packages(&lock, s);
		return 0;
	}
	log_note("nothing in the store proves that '%s' was built here: it is removed", path);
	return remove_tree(server_fd, version, err);
}

/* Opens and locks the directory of that server's images, so that none is published between a look
 * at it and its removal; *ret_fd is -1 if there is none. */
static int open_server(const struct store *s, const char *name, int *ret_fd, struct err *err)
{
	cleanup_free char *path = xasprintf("lab/%s", name);
	cleanup_free char *shown = xasprintf("%s/%s", store_path(s), path);
	cleanup_fd int fd = -1;
	int r = store_open_dir(s, path, &fd, err);

	if (r < 0)
		return r == -ENOENT && err->class == ERR_NONE ? 0 : r;
	r = result_lock_directory(fd, shown, err);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Where `latest` points, if that is a version beside it; NULL: nowhere. The caller frees it. */
static char *latest_version(int server_fd)
{
	char name[NAME_MAX + 1];
	ssize_t n = server_fd < 0 ? -1 : readlinkat(server_fd, "latest", name, sizeof(name));

	if (n <= 0 || n == sizeof(name))
		return NULL;
	name[n] = '\0';
	return *name == '.' || strchr(name, '/') ? NULL : xstrdup(name);
}

static int build(const struct build_options *options, const char *out, char **ret_path,
		 struct err *err)
{
	CLEANUP(build_release) struct build b = BUILD_INIT;
	struct build_options o = *options;

	o.out = out;
	o.lock = NULL;
	log_note("building the lab's file server; it is kept in the store");
	int r = pipeline_build(&b, &o, err);
	if (r < 0)
		return err_wrap(err, "building the lab's file server");
	*ret_path = xstrdup(b.done);
	return 0;
}

/* *ret_path is NULL if no image in the store will do. The lock ends with this, as a build takes it
 * itself. */
static int find_kept(const struct recipe *recipe, struct store *s, char **ret_path, struct err *err)
{
	cleanup_free char *version = NULL, *path = NULL;
	cleanup_fd int server_fd = -1;
	bool will_do = false;
	int r = open_server(s, recipe->name, &server_fd, err);

	if (r < 0)
		return r;
	/* Not by `latest` itself, which another netrescue may move. */
	version = latest_version(server_fd);
	r = version ? examine(server_fd, version, recipe, s, &will_do, err) : 0;
	if (r < 0 || !will_do)
		return r;
	path = xasprintf("%s/lab/%s/%s", store_path(s), recipe->name, version);
	*ret_path = realpath(path, NULL);
	return *ret_path ? 0 : err_errno(err, ERR_BUILD, errno, "cannot find '%s'", path);
}

static int find_or_build(const struct build_options *options, const struct recipe *recipe,
			 struct store *s, char **ret_path, struct err *err)
{
	cleanup_free char *out = xasprintf("%s/lab", store_path(s));
	cleanup_free char *kept = NULL;
	int r = find_kept(recipe, s, &kept, err);

	if (r < 0)
		return r;
	if (!kept)
		return build(options, out, ret_path, err);
	*ret_path = take_ptr(kept);
	return 0;
}

int fileserver_find(const struct build_options *options, struct store *s, char **ret_path,
		    struct err *err)
{
	CLEANUP(recipe_release) struct recipe recipe = { 0 };
	cleanup_free char *found = NULL;
	struct build_options o = *options;
	int r;

	if (!o.recipe) {
		r = find_recipe(&found, err);
		if (r < 0)
			return r;
		o.recipe = found;
	}
	r = build_load_recipe(&o, &recipe, err);
	if (r < 0)
		return r;
	return find_or_build(&o, &recipe, s, ret_path, err);
}

struct pruning {
	const struct store *store;
	char *name;	    /* owned: the server whose images are looked at */
	char *latest;	    /* owned: its newest one; NULL: nobody knows */
	int server_fd;	    /* owned: its directory, locked */
	struct strv *locks; /* NULL: prune */
	int64_t now;
	bool dry_run;
	struct gc_report *report;
};

static void end_server(struct pruning *p)
{
	cleanup_close_fd(&p->server_fd);
	p->server_fd = -1;
	free(take_ptr(p->name));
	free(take_ptr(p->latest));
}

static int begin_server(struct pruning *p, const char *name, struct err *err)
{
	int r;

	end_server(p);
	r = open_server(p->store, name, &p->server_fd, err);
	if (r < 0)
		return r;
	p->name = xstrdup(name);
	p->latest = latest_version(p->server_fd);
	return 0;
}

static void add_lock(struct pruning *p, const struct walk_entry *e)
{
	cleanup_free char *path =
		xasprintf("%s/lab/%s/%s.lock", store_path(p->store), e->path, p->name);

	if (access(path, F_OK) == 0)
		strv_add(p->locks, path);
}

static int count_file(const struct walk_entry *e, void *data, struct err *err)
{
	struct gc_report *report = data;

	(void)err;
	if (S_ISREG(e->st->st_mode)) {
		report->removed++;
		report->removed_bytes += (uint64_t)e->st->st_size;
	}
	return 0;
}

static int remove_image(struct pruning *p, const struct walk_entry *e, struct err *err)
{
	cleanup_fd int fd = open_beneath(e->dirfd, e->name, O_RDONLY | O_DIRECTORY, 0);
	int r;

	if (fd < 0)
		return err_errno(err, ERR_BUILD, -fd, "cannot open the image '%s'", e->path);
	r = walk_tree(fd, count_file, p->report, err);
	if (r < 0 || p->dry_run)
		return r;
	return remove_tree(e->dirfd, e->name, err);
}

static int visit(const struct walk_entry *e, void *data, struct err *err)
{
	struct pruning *p = data;
	const char *slash = strchr(e->path, '/');

	if (!S_ISDIR(e->st->st_mode) || (slash && strchr(slash + 1, '/')))
		return 0;
	if (!slash)
		return begin_server(p, e->name, err);
	if (streq(e->name, p->latest) && p->locks)
		add_lock(p, e);
	/* What begins with a dot is being built, or left behind for the next build to remove. */
	else if (!streq(e->name, p->latest) && !p->locks && *e->name != '.' &&
		 e->st->st_ctime <= p->now - GC_GRACE_SECONDS)
		return remove_image(p, e, err);
	return 0;
}

static int visit_images(struct pruning *p, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = store_open_dir(p->store, "lab", &fd, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = walk_tree(fd, visit, p, err);
	end_server(p);
	return r;
}

int fileserver_locks(const struct store *s, struct strv *locks, struct err *err)
{
	struct pruning p = { .store = s, .server_fd = -1, .locks = locks };

	return visit_images(&p, err);
}

int fileserver_prune(const struct store *s, int64_t now, bool dry_run, struct gc_report *report,
		     struct err *err)
{
	struct pruning p = {
		.store = s,
		.server_fd = -1,
		.now = now,
		.dry_run = dry_run,
		.report = report,
	};

	return visit_images(&p, err);
}
