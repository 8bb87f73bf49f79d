/* SPDX-License-Identifier: MIT */
#include "verify/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/atomic-file.h"
#include "base/child.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/store-key.h"
#include "base/tree.h"
#include "recipe/values.h"
#include "verify/other-user.h"
#include "verify/rebuild-place.h"

#define END_MILLISECONDS 60000
#define REPORT_MAX ((size_t)1 << 20)

static void remove_directory(const char *path)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (path && remove_tree(AT_FDCWD, path, &err) < 0)
		log_warning("cannot remove '%s': %s", path, err.message);
}

void rebuild_release(struct rebuild *b)
{
	remove_directory(b->scratch);
	remove_directory(b->out);
	cleanup_close_fd(&b->lock[0]);
	cleanup_close_fd(&b->lock[1]);
	free(b->scratch);
	free(b->out);
	free(b->result);
	variations_release(&b->variations);
	*b = (struct rebuild)REBUILD_INIT;
}

/* Another number than `netrescue build` would take here. */
static unsigned choose_jobs(const struct rebuild_options *o, struct rebuild *b)
{
	cpu_set_t set;
	unsigned usual =
		sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
	unsigned jobs = o->jobs ? o->jobs : usual == 1 ? 3 : 1;
	cleanup_free char *from = xasprintf("%u", usual);
	cleanup_free char *to = xasprintf("%u", jobs);

	variations_add(&b->variations, "worker processes", from, to);
	return jobs;
}

static int make_directories(const struct rebuild *b, struct err *err)
{
	static const char *const name[] = { "home", "working", "over" };

	for (size_t i = 0; i < ARRAY_SIZE(name); i++) {
		cleanup_free char *path = xasprintf("%s/%s", b->scratch, name[i]);
		int r = make_dirs(AT_FDCWD, path, 0755, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int copy_lock(const struct rebuild_options *o, const struct rebuild *b, struct err *err)
{
	cleanup_free char *path = xasprintf("%s/lock", b->scratch);
	cleanup_free char *text = lock_text(o->lock);

	return write_file(AT_FDCWD, path, text, strlen(text), 0644, err);
}

/* Links in the path stay: a recipe's paths start where the user says that it lies. */
static int add_absolute(struct strv *argv, const char *before, const char *path, struct err *err)
{
	cleanup_free char *here = realpath(".", NULL);

	if (!here)
		return err_errno(err, ERR_BUILD, errno, "cannot find the current directory");
	strv_addf(argv, "%s%s%s%s", before, *path == '/' ? "" : here, *path == '/' ? "" : "/",
		  path);
	return 0;
}

static void add_files(const struct recipe_files *files, struct strv *paths)
{
	for (size_t i = 0; i < files->count; i++)
		strv_add(paths, files->item[i].path);
}

/* All files that the build opens by name. */
static int add_inputs(const struct recipe *recipe, struct strv *argv, struct err *err)
{
	CLEANUP(strv_release) struct strv paths = { 0 };

	strv_add_all(&paths, &recipe->files);
	strv_add_all(&paths, &recipe->line_files);
	for (size_t i = 0; i < schema_count; i++)
		if (schema[i].type == SCHEMA_FILES)
			add_files(values_files(&schema[i], recipe), &paths);
	for (size_t i = 0; i < recipe->overlays.count; i++)
		strv_add(&paths, recipe->overlays.item[i].value);
	for (size_t i = 0; i < recipe->tree_file_count; i++)
		if (recipe->tree_file[i].source.path)
			strv_add(&paths, recipe->tree_file[i].source.path);
	for (size_t i = 0; i < paths.count; i++) {
		int r = add_absolute(argv, "read=", paths.item[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_settings(const struct rebuild_options *o, const struct rebuild *b, struct strv *argv,
			struct err *err)
{
	strv_add(argv, "vary");
	strv_add(argv, "--");
	strv_addf(argv, "report=%s/variations", b->scratch);
	strv_addf(argv, "scratch=%s/over", b->scratch);
	strv_addf(argv, "directory=%s/working", b->scratch);
	strv_addf(argv, "home=%s/home", b->scratch);
	strv_addf(argv, "write=%s/home", b->scratch);
	strv_addf(argv, "write=%s/store", b->scratch);
	strv_addf(argv, "write=%s", b->out);
	return add_inputs(o->recipe, argv, err);
}

/* What is laid over the recipe; the build's current directory is another one. */
static int add_overrides(const struct rebuild_options *o, struct strv *argv, struct err *err)
{
	int r;

	for (size_t i = 0; i < o->site->count; i++) {
		r = add_absolute(argv, "--site=", o->site->item[i], err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < o->allow->count; i++) {
		r = add_absolute(argv, "--allow=", o->allow->item[i], err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < o->set->count; i++)
		strv_addf(argv, "--set=%s", o->set->item[i]);
	return o->set->count ? add_absolute(argv, "--set-directory=", ".", err) : 0;
}

static int add_command(const struct rebuild_options *o, const struct rebuild *b, unsigned jobs,
		       struct strv *argv, struct err *err)
{
	cleanup_free char *self = xstrdup(argv->item[0]);
	int r;

	strv_add(argv, self);
	strv_add(argv, "build");
	/* Its store is a new one, with packages and nothing that was made of them; this says so. */
	strv_add(argv, "--no-cache");
	strv_addf(argv, "--lock=%s/lock", b->scratch);
	strv_addf(argv, "--store=%s/store", b->scratch);
	strv_addf(argv, "--out=%s", b->out);
	strv_addf(argv, "--jobs=%u", jobs);
	strv_add(argv, "--offline");
	if (o->sandbox)
		strv_addf(argv, "--sandbox=%s", o->sandbox);
	if (o->memory)
		strv_addf(argv, "--memory=%s", o->memory);
	if (o->script_timeout)
		strv_addf(argv, "--script-timeout=%s", o->script_timeout);
	if (o->quiet || o->verbose)
		strv_add(argv, o->quiet ? "--quiet" : "--verbose");
	r = add_overrides(o, argv, err);
	if (r < 0)
		return r;
	return add_absolute(argv, "", o->recipe->path, err);
}

/* The build has printed its own error; this one has the same class. */
static int failed(int status, struct err *err)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	char text[64];

	err_set(err,
		code == 2   ? ERR_USAGE
		: code == 3 ? ERR_TRUST
		: code == 4 ? ERR_NETWORK
			    : ERR_BUILD,
		"the rebuild failed: %s", child_status_text(status, text));
	return err_hint(err, "its own error stands above");
}

/* An interrupted build removes its own tree, which another user cannot. */
static void end_child(const struct child *c)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

	(void)kill(c->pid, SIGTERM);
	while (poll(&p, 1, END_MILLISECONDS) < 0 && errno == EINTR)
		;
}

static int run_child(const struct strv *argv, const int lock[2], bool on_disk, struct err *err)
{
	cleanup_free char *clock = rebuild_clock();
	CLEANUP(child_release) struct child c = CHILD_INIT;
	CLEANUP(strv_release) struct strv env = { 0 };
	int status = 0, r;

	/* Not the store's key: the rebuild may be another user's, and has a new store. */
	for (char **v = environ; *v; v++)
		if (!starts_with(*v, "NETRESCUE_TREE=") && !starts_with(*v, STORE_KEY_VARIABLE "="))
			strv_add(&env, *v);
	if (!getenv(APPLIANCE_QEMU))
		strv_add(&env, clock);
	if (on_disk)
		strv_add(&env, "NETRESCUE_TREE=disk");
	r = child_start(&c,
			&(struct child_options){ .argv = (const char *const *)argv->item,
						 .env = (const char *const *)env.item,
						 .fd = { { 3, lock[0] }, { 4, lock[1] } },
						 .fd_count = 2 },
			err);
	if (r < 0)
		return r;
	r = child_wait(&c, &status, err);
	if (r < 0) {
		end_child(&c);
		return r;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : failed(status, err);
}

static int read_report(struct rebuild *b, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("%s/variations", b->scratch);
	int r = read_file(AT_FDCWD, path, REPORT_MAX, &t, err);

	return r < 0 ? r : variations_parse(t.data, &b->variations, err);
}

static int add_self(struct strv *argv, struct err *err)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot find out where netrescue lies");
	exe[n] = '\0';
	strv_add(argv, exe);
	return 0;
}

static int prepare(const struct rebuild_options *o, struct rebuild *b, struct strv *argv,
		   struct err *err)
{
	int r = rebuild_place(o, b, err);

	if (r < 0)
		return r;
	r = rebuild_store(o, b, err);
	if (r < 0)
		return r;
	r = make_directories(b, err);
	if (r < 0)
		return r;
	r = copy_lock(o, b, err);
	if (r < 0)
		return r;
	r = add_self(argv, err);
	if (r < 0)
		return r;
	r = add_settings(o, b, argv, err);
	if (r < 0)
		return r;
	return add_command(o, b, choose_jobs(o, b), argv, err);
}

int rebuild_run(const struct rebuild_options *o, struct rebuild *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv argv = { 0 };
	cleanup_free char *version = lock_version(o->lock);
	int r = prepare(o, ret, &argv, err);

	if (r < 0)
		return r;
	r = run_child(&argv, ret->lock, rebuild_wants_disk(o), err);
	if (r < 0)
		return r;
	r = other_user_take_back(ret->lock[1], err);
	if (r < 0)
		return err_wrap(err, "taking the rebuild over");
	r = read_report(ret, err);
	if (r < 0)
		return r;
	ret->result = xasprintf("%s/%s/%s", ret->out, o->recipe->name, version);
	return rebuild_sandbox(o, ret, err);
}
