/* SPDX-License-Identifier: MIT */
/* STORE/lab/NAME/VERSION, and beside the versions a link `latest` to the newest. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "command/fileserver.h"

struct pruning {
	const struct store *store;
	char name[NAME_MAX + 1]; /* the server whose images are looked at */
	char latest[PATH_MAX];
	struct strv *locks; /* NULL: prune */
	int64_t now;
	bool dry_run;
	struct gc_report *report;
};

static void begin_server(struct pruning *p, const struct walk_entry *e)
{
	cleanup_free char *link = xasprintf("%s/latest", e->name);
	ssize_t n = readlinkat(e->dirfd, link, p->latest, sizeof(p->latest) - 1);

	p->latest[n > 0 ? n : 0] = '\0';
	(void)snprintf(p->name, sizeof(p->name), "%s", e->name);
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
	cleanup_fd int fd = -1;
	int r = open_dir(e->dirfd, e->name, &fd, err);

	if (r >= 0)
		r = walk_tree(fd, count_file, p->report, err);
	if (r >= 0 && !p->dry_run)
		r = remove_tree(e->dirfd, e->name, err);
	return r;
}

static int visit(const struct walk_entry *e, void *data, struct err *err)
{
	struct pruning *p = data;
	const char *slash = strchr(e->path, '/');

	if (!S_ISDIR(e->st->st_mode) || (slash && strchr(slash + 1, '/')))
		return 0;
	if (!slash)
		begin_server(p, e);
	else if (streq(e->name, p->latest) && p->locks)
		add_lock(p, e);
	/* What begins with a dot is being built, or the next build removes it. */
	else if (!streq(e->name, p->latest) && !p->locks && *e->name != '.' &&
		 e->st->st_ctime <= p->now - GC_GRACE_SECONDS)
		return remove_image(p, e, err);
	return 0;
}

static int visit_images(struct pruning *p, struct err *err)
{
	cleanup_fd int fd =
		openat(store_dirfd(p->store), "lab", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s/lab'",
				 store_path(p->store));
	return walk_tree(fd, visit, p, err);
}

int fileserver_locks(const struct store *s, struct strv *locks, struct err *err)
{
	struct pruning p = { .store = s, .locks = locks };

	return visit_images(&p, err);
}

int fileserver_prune(const struct store *s, int64_t now, bool dry_run, struct gc_report *report,
		     struct err *err)
{
	struct pruning p = { .store = s, .now = now, .dry_run = dry_run, .report = report };

	return visit_images(&p, err);
}
