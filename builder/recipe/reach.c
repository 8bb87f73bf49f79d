/* SPDX-License-Identifier: MIT */
#include "recipe/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

#define PUBLIC_KEYS "/usr/share/keyrings" /* packages put public keys there */
#define LINKS_MAX 40			  /* as the kernel has it, path_resolution(7) */
#define DEPTH_MAX 200
#define CLIMB_MAX 4096

/* A folder that may be read, or a file. */
struct root {
	char *text; /* as the user has given it, without a slash at its end; NULL: found by us */
	int fd;
};

/* A directory that is known by its number: a root, or one on the way from / to a root. */
struct place {
	dev_t device;
	ino_t number;
	bool inside; /* at or below a root */
};

struct reach {
	struct root *root; /* the first is the recipe's folder */
	size_t root_count, root_allocated;
	struct place *place;
	size_t place_count, place_allocated;
	const char **trusted;
	size_t trusted_count, trusted_allocated;
};

/* ---- what may be read ----------------------------------------------------------------------- */

static bool is_root(const struct reach *r, const struct stat *st)
{
	for (size_t i = 0; i < r->root_count; i++) {
		struct stat root;

		if (fstat(r->root[i].fd, &root) == 0 && root.st_dev == st->st_dev &&
		    root.st_ino == st->st_ino)
			return true;
	}
	return false;
}

static void add_place(struct reach *r, const struct stat *st, bool inside)
{
	GROW(r->place, r->place_count, r->place_allocated);
	r->place[r->place_count++] = (struct place){ st->st_dev, st->st_ino, inside };
}

static const struct place *find_place(const struct reach *r, const struct stat *st)
{
	for (size_t i = 0; i < r->place_count; i++)
		if (r->place[i].device == st->st_dev && r->place[i].number == st->st_ino)
			return &r->place[i];
	return NULL;
}

static void add_root(struct reach *r, char *text, int fd)
{
	GROW(r->root, r->root_count, r->root_allocated);
	r->root[r->root_count++] = (struct root){ text, fd };
}

/* `overlays` beside `recipes`, unless it is a link: whoever wrote the one wrote the other. */
static void add_overlays(struct reach *r, int recipes)
{
	cleanup_fd int parent = openat(recipes, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat named, given;
	int fd;

	if (parent < 0 || fstatat(parent, "recipes", &named, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstat(recipes, &given) < 0 || named.st_dev != given.st_dev ||
	    named.st_ino != given.st_ino)
		return;
	fd = openat(parent, "overlays", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		add_root(r, NULL, fd);
}

static char *without_slashes(const char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	return xstrndup(path, length);
}

/* The user names it, and so may go through links. */
static int open_root(struct reach *r, const char *path, int flags)
{
	int fd = open(*path ? path : ".", O_PATH | O_CLOEXEC | flags);
	struct stat st;

	if (fd < 0)
		return -errno;
	add_root(r, without_slashes(path), fd);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		add_overlays(r, fd);
	return 0;
}

/* Climbs from a root to /, and notes each directory that it comes through, from the top on: what
 * lies below another root is inside. */
static void note_way(struct reach *r, int root)
{
	cleanup_fd int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
	struct stat *seen = NULL;
	size_t count = 0, allocated = 0;
	bool inside = false;
	struct stat st;

	while (at >= 0 && count < CLIMB_MAX && fstat(at, &st) == 0) {
		int up = S_ISDIR(st.st_mode) ? openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC)
					     : -1;

		if (count && st.st_dev == seen[count - 1].st_dev &&
		    st.st_ino == seen[count - 1].st_ino) {
			(void)close(up);
			break;
		}
		GROW(seen, count, allocated);
		seen[count++] = st;
		(void)close(at);
		at = up;
	}
	while (count-- > 0) {
		inside = inside || is_root(r, &seen[count]);
		add_place(r, &seen[count], inside);
	}
	free(seen);
}

/* A file has no "..": the way to it is that of its folder. */
static void note_way_to_file(struct reach *r, const struct root *root)
{
	const char *slash = root->text ? strrchr(root->text, '/') : NULL;
	cleanup_free char *folder =
		slash ? xstrndup(root->text, (size_t)(slash - root->text + 1)) : xstrdup(".");
	cleanup_fd int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		note_way(r, fd);
}

static void note_ways(struct reach *r)
{
	for (size_t i = 0; i < r->root_count; i++) {
		struct stat st;

		note_way(r, r->root[i].fd);
		if (fstat(r->root[i].fd, &st) == 0 && !S_ISDIR(st.st_mode))
			note_way_to_file(r, &r->root[i]);
	}
}

int reach_new(const char *recipe, const struct strv *allow, struct reach **ret, struct err *err)
{
	CLEANUP(reach_cleanup) struct reach *r = xcalloc(1, sizeof(*r));
	const char *slash = strrchr(recipe, '/');
	cleanup_free char *folder = xstrndup(recipe, slash ? (size_t)(slash - recipe + 1) : 0);
	int failed = open_root(r, folder, O_DIRECTORY);

	if (failed < 0)
		return err_errno(err, ERR_USAGE, -failed, "cannot read recipe '%s'", recipe);
	for (size_t i = 0; allow && i < allow->count; i++) {
		failed = open_root(r, allow->item[i], 0);
		if (failed < 0)
			return err_errno(err, ERR_USAGE, -failed, "--allow '%s'", allow->item[i]);
	}
	/* It is not there on every machine. */
	(void)open_root(r, PUBLIC_KEYS, O_DIRECTORY);
	note_ways(r);
	*ret = take_ptr(r);
	return 0;
}

void reach_free(struct reach *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->root_count; i++) {
		free(r->root[i].text);
		(void)close(r->root[i].fd);
	}
	free(r->root);
	free(r->place);
	free(r->trusted);
	free(r);
}

void reach_trust(struct reach *r, const char *file)
{
	GROW(r->trusted, r->trusted_count, r->trusted_allocated);
	r->trusted[r->trusted_count++] = file;
}

/* ---- the walk ------------------------------------------------------------------------------- */

struct step {
	int fd; /* O_PATH */
	bool inside;
};

struct walk {
	const struct reach *reach;
	struct step *step; /* the directories from where it began to where it is */
	size_t count, allocated;
	char *rest; /* of the path */
	unsigned links;
	char *link, *target; /* of the last link that was followed */
	int file;	     /* what the path ends at, if that is no directory (O_PATH) */
	int opened;	     /* the same to read, if it is a regular file */
};

static void walk_release(struct walk *w)
{
	while (w->count)
		(void)close(w->step[--w->count].fd);
	free(w->step);
	free(w->rest);
	free(w->link);
	free(w->target);
	cleanup_close_fd(&w->file);
	cleanup_close_fd(&w->opened);
}

static const struct step *here(const struct walk *w)
{
	return &w->step[w->count - 1];
}

/* Takes the descriptor of a directory, and goes there if it is inside, or leads there. */
static int go(struct walk *w, int fd, bool inside)
{
	const struct place *place;
	struct stat st;

	GROW(w->step, w->count, w->allocated);
	w->step[w->count++] = (struct step){ fd, inside };
	if (fstat(fd, &st) < 0)
		return -errno;
	place = find_place(w->reach, &st);
	w->step[w->count - 1].inside = inside || (place && place->inside);
	if (w->count > DEPTH_MAX)
		return -ENAMETOOLONG;
	return inside || place ? 0 : -EXDEV;
}

/* How much of the path is the root as the user has given it; 0: it is no path below it. */
static size_t covers(const char *text, const char *path)
{
	const size_t length = strlen(text);

	if (!starts_with(path, text))
		return 0;
	if (streq(text, "/"))
		return 1;
	return path[length] == '/' || !path[length] ? length : 0;
}

/* The root that the path names as the user does; *ret_skip: how much of the path that is. */
static const struct root *named_root(const struct reach *r, const char *path, size_t *ret_skip)
{
	const struct root *best = *path != '/' && !*r->root[0].text ? &r->root[0] : NULL;

	*ret_skip = 0;
	for (size_t i = 0; i < r->root_count; i++) {
		size_t length = r->root[i].text ? covers(r->root[i].text, path) : 0;

		if (length > *ret_skip) {
			best = &r->root[i];
			*ret_skip = length;
		}
	}
	return best;
}

/* What the user allows is that file and no other of its name. */
static int open_file_root(struct walk *w, const struct root *root, const char *rest)
{
	struct stat allowed, opened;

	if (*rest)
		return -ENOTDIR;
	w->file = fcntl(root->fd, F_DUPFD_CLOEXEC, 0);
	if (w->file < 0 || fstat(w->file, &allowed) < 0)
		return -errno;
	if (!S_ISREG(allowed.st_mode))
		return 0;
	w->opened = open(root->text, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (w->opened < 0 || fstat(w->opened, &opened) < 0)
		return -errno;
	return opened.st_dev == allowed.st_dev && opened.st_ino == allowed.st_ino ? 0 : -ESTALE;
}

/* Begins at the root that the path names as the user does, or at /. */
static int start(struct walk *w, const char *path)
{
	size_t skip;
	const struct root *best = named_root(w->reach, path, &skip);
	struct stat st;
	int fd;

	if (!best && *path != '/')
		return -EXDEV;
	if (best && fstat(best->fd, &st) == 0 && !S_ISDIR(st.st_mode))
		return open_file_root(w, best, path + skip);
	while (w->count)
		(void)close(w->step[--w->count].fd);
	fd = best ? fcntl(best->fd, F_DUPFD_CLOEXEC, 0) : open("/", O_PATH | O_CLOEXEC);
	free(w->rest);
	w->rest = xstrdup(path + skip);
	return fd < 0 ? -errno : go(w, fd, best != NULL);
}

static int go_up(struct walk *w)
{
	int fd;

	if (w->count > 1) {
		(void)close(w->step[--w->count].fd);
		return 0;
	}
	fd = openat(here(w)->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -EXDEV;
	(void)close(w->step[--w->count].fd);
	return go(w, fd, false);
}

static int follow(struct walk *w, const char *name, int link)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(link, "", target, sizeof(target) - 1);

	if (size < 0)
		return -errno;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	target[size] = '\0';
	free(w->link);
	free(w->target);
	w->link = xstrdup(name);
	w->target = xstrdup(target);
	cleanup_free char *rest = xasprintf("%s/%s", target, w->rest);
	if (*target == '/')
		return start(w, rest);
	free(w->rest);
	w->rest = take_ptr(rest);
	return 0;
}

/* The path ends at something that is no directory. To open a device has effects, so it is looked at
 * first. */
static int end_at_file(struct walk *w, const char *name, int *fd, const struct stat *st)
{
	const struct place *place = find_place(w->reach, st);
	struct stat opened;

	if (!here(w)->inside && !(place && place->inside))
		return -EXDEV;
	if (w->rest[strspn(w->rest, "/")])
		return -ENOTDIR;
	w->file = take_fd(fd);
	if (!S_ISREG(st->st_mode))
		return 0;
	w->opened = openat(here(w)->fd, name,
			   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (w->opened < 0 || fstat(w->opened, &opened) < 0)
		return -errno;
	/* It was exchanged for another meanwhile. */
	return opened.st_dev == st->st_dev && opened.st_ino == st->st_ino ? 0 : -ESTALE;
}

static int go_down(struct walk *w, const char *name)
{
	cleanup_fd int fd = openat(here(w)->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return here(w)->inside ? -errno : -EXDEV;
	if (S_ISLNK(st.st_mode))
		return here(w)->inside ? follow(w, name, fd) : -EXDEV;
	if (!S_ISDIR(st.st_mode))
		return end_at_file(w, name, &fd, &st);
	return go(w, take_fd(&fd), here(w)->inside);
}

static int go_all(struct walk *w, const char *path)
{
	int r = start(w, path);

	while (r == 0 && w->file < 0) {
		const char *begin = w->rest + strspn(w->rest, "/");
		size_t length = strcspn(begin, "/");
		cleanup_free char *name = xstrndup(begin, length);
		cleanup_free char *rest = xstrdup(begin + length);

		if (!length)
			return here(w)->inside ? 0 : -EXDEV;
		free(w->rest);
		w->rest = take_ptr(rest);
		if (streq(name, "."))
			continue;
		r = streq(name, "..") ? go_up(w) : go_down(w, name);
	}
	return r;
}

/* ---- opening -------------------------------------------------------------------------------- */

static bool is_trusted(const struct reach *r, const struct position *at)
{
	for (size_t i = 0; r && i < r->trusted_count; i++)
		if (r->trusted[i] == at->file)
			return true;
	return !r;
}

static int out_of_reach(const struct walk *w, const struct position *at, const char *noun,
			const char *path, struct err *err)
{
	if (w->link)
		position_error(at, err,
			       "%s '%s' leads out of the folders that the recipe may read: '%s' is "
			       "a link to '%s'",
			       noun, path, w->link, w->target);
	else
		position_error(at, err,
			       "%s '%s' lies outside of the folders that the recipe may read", noun,
			       path);
	err_hint(err,
		 "put it into the recipe's own folder; or, if you trust the recipe with the folder "
		 "where it lies, name that folder: --allow FOLDER");
	return -EXDEV;
}

static int cannot_read(const struct position *at, const char *noun, const char *path, int failed,
		       struct err *err)
{
	position_error(at, err, "cannot read %s '%s': %s", noun, path, strerrordesc_np(-failed));
	return failed;
}

static int check_kind(int fd, const struct position *at, enum reach_kind kind, const char *noun,
		      const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return cannot_read(at, noun, path, -errno, err);
	if (kind == REACH_FOLDER && !S_ISDIR(st.st_mode))
		return cannot_read(at, noun, path, -ENOTDIR, err);
	if (kind == REACH_FOLDER || S_ISREG(st.st_mode))
		return 0;
	position_error(at, err, "%s '%s' is not a regular file", noun, path);
	return -EINVAL;
}

static int open_trusted(const struct position *at, enum reach_kind kind, const char *noun,
			const char *path, int *ret_fd, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0)
		return cannot_read(at, noun, path, -errno, err);
	r = check_kind(fd, at, kind, noun, path, err);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

int reach_open(const struct reach *r, const struct position *at, enum reach_kind kind,
	       const char *noun, const char *path, int *ret_fd, struct err *err)
{
	CLEANUP(walk_release) struct walk w = { .reach = r, .file = -1, .opened = -1 };
	int failed;

	if (is_trusted(r, at))
		return open_trusted(at, kind, noun, path, ret_fd, err);
	failed = go_all(&w, path);
	if (failed == -EXDEV)
		return out_of_reach(&w, at, noun, path, err);
	if (failed < 0)
		return cannot_read(at, noun, path, failed, err);
	failed = check_kind(w.file >= 0 ? w.file : here(&w)->fd, at, kind, noun, path, err);
	if (failed < 0)
		return failed;
	if (kind == REACH_FILE) {
		*ret_fd = take_fd(&w.opened);
		return 0;
	}
	*ret_fd = openat(here(&w)->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd >= 0 ? 0 : cannot_read(at, noun, path, -errno, err);
}
