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

/* What is known by its number: a root, which may be a file, or a directory from / to a root, or on
 * the way that the user has named. */
struct place {
	dev_t device;
	ino_t number;
	bool inside; /* at or below a root */
};

/* A link that the user has named, by the directory that it lies in. */
struct named_link {
	dev_t device;
	ino_t number;
	char *name;
};

struct reach {
	int *root; /* the folders that may be read, and files (O_PATH) */
	size_t root_count, root_allocated;
	struct place *place;
	size_t place_count, place_allocated;
	struct named_link *link;
	size_t link_count, link_allocated;
	const char **trusted;
	size_t trusted_count, trusted_allocated;
};

/* ---- what may be read ----------------------------------------------------------------------- */

static bool is_root(const struct reach *r, const struct stat *st)
{
	for (size_t i = 0; i < r->root_count; i++) {
		struct stat root;

		if (fstat(r->root[i], &root) == 0 && root.st_dev == st->st_dev &&
		    root.st_ino == st->st_ino)
			return true;
	}
	return false;
}

static struct place *find_place(const struct reach *r, const struct stat *st)
{
	for (size_t i = 0; i < r->place_count; i++)
		if (r->place[i].device == st->st_dev && r->place[i].number == st->st_ino)
			return &r->place[i];
	return NULL;
}

static void add_place(struct reach *r, const struct stat *st, bool inside)
{
	struct place *known = find_place(r, st);

	if (known) {
		known->inside = known->inside || inside;
		return;
	}
	GROW(r->place, r->place_count, r->place_allocated);
	r->place[r->place_count++] = (struct place){ st->st_dev, st->st_ino, inside };
}

static void add_link(struct reach *r, const struct stat *folder, const char *name)
{
	GROW(r->link, r->link_count, r->link_allocated);
	r->link[r->link_count++] =
		(struct named_link){ folder->st_dev, folder->st_ino, xstrdup(name) };
}

static bool is_named_link(const struct reach *r, const struct stat *folder, const char *name)
{
	for (size_t i = 0; i < r->link_count; i++)
		if (r->link[i].device == folder->st_dev && r->link[i].number == folder->st_ino &&
		    streq(r->link[i].name, name))
			return true;
	return false;
}

static void add_root(struct reach *r, int fd)
{
	GROW(r->root, r->root_count, r->root_allocated);
	r->root[r->root_count++] = fd;
}

/* `overlays` beside `recipes`, unless it is a link: whoever wrote the one wrote the other. What is
 * called `recipes` may be a link to its neighbour, since beside both is then the same folder. */
static void add_overlays(struct reach *r, int recipes)
{
	cleanup_fd int parent = openat(recipes, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat named, given;
	int fd;

	if (parent < 0 || fstatat(parent, "recipes", &named, 0) < 0 || fstat(recipes, &given) < 0 ||
	    named.st_dev != given.st_dev || named.st_ino != given.st_ino)
		return;
	fd = openat(parent, "overlays", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		add_root(r, fd);
}

static int open_root(struct reach *r, const char *path, int flags)
{
	int fd = open(*path ? path : ".", O_PATH | O_CLOEXEC | flags);
	struct stat st;

	if (fd < 0)
		return -errno;
	add_root(r, fd);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		add_overlays(r, fd);
	return 0;
}

/* Climbs to /, and notes each directory that it comes through, from the top on: what lies below a
 * root is inside. */
static void note_way(struct reach *r, int from)
{
	cleanup_fd int at = fcntl(from, F_DUPFD_CLOEXEC, 0);
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

void reach_free(struct reach *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->root_count; i++)
		(void)close(r->root[i]);
	for (size_t i = 0; i < r->link_count; i++)
		free(r->link[i].name);
	free(r->root);
	free(r->place);
	free(r->link);
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
	struct reach *note; /* not NULL: the path is the user's, goes anywhere, and is noted */
	struct step *step;  /* the directories from where it began to where it is */
	size_t count, allocated;
	char *rest; /* of the path */
	unsigned links;
	char *link, *target; /* of the last link that was followed inside */
	bool ends_at_link;   /* the last name of the path is one */
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
	if (w->note)
		add_place(w->note, &st, inside || is_root(w->note, &st));
	place = find_place(w->reach, &st);
	w->step[w->count - 1].inside = inside || (place && place->inside);
	if (w->count > DEPTH_MAX)
		return -ENAMETOOLONG;
	return inside || place ? 0 : -EXDEV;
}

/* The path of a recipe begins as that of the recipe does: at / or where the user is. */
static int start(struct walk *w, const char *path)
{
	int fd = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	while (w->count)
		(void)close(w->step[--w->count].fd);
	free(w->rest);
	w->rest = xstrdup(path);
	return fd < 0 ? -errno : go(w, fd, false);
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
	if (here(w)->inside) {
		free(w->link);
		free(w->target);
		w->link = xstrdup(name);
		w->target = xstrdup(target);
	}
	w->ends_at_link = w->ends_at_link || !w->rest[strspn(w->rest, "/")];
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

/* Outside, only the links that the user has named are followed. */
static int meet_link(struct walk *w, const char *name, int link)
{
	struct stat folder;

	if (fstat(here(w)->fd, &folder) < 0)
		return -EXDEV;
	if (w->note)
		add_link(w->note, &folder, name);
	if (here(w)->inside || is_named_link(w->reach, &folder, name))
		return follow(w, name, link);
	return -EXDEV;
}

static int go_down(struct walk *w, const char *name)
{
	cleanup_fd int fd = openat(here(w)->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return here(w)->inside ? -errno : -EXDEV;
	if (S_ISLNK(st.st_mode))
		return meet_link(w, name, fd);
	if (!S_ISDIR(st.st_mode) && w->note)
		return -ENOTDIR;
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

/* ---- what the user names -------------------------------------------------------------------- */

/* Goes the user's path, which may lead through links, and notes what a recipe has to pass to come
 * to the same. A path that ends early, since something has changed, is noted as far as it goes. */
static void note_path(struct reach *r, const char *path)
{
	CLEANUP(walk_release) struct walk w = { .reach = r, .note = r, .file = -1, .opened = -1 };

	(void)go_all(&w, path);
	if (w.count)
		note_way(r, here(&w)->fd);
}

/* The shell keeps by which links the user came to where a relative path begins. */
static void note_user_path(struct reach *r, const char *path)
{
	const char *shell = getenv("PWD");
	struct stat named, actual;

	if (*path != '/' && shell && *shell == '/' && stat(shell, &named) == 0 &&
	    stat(".", &actual) == 0 && named.st_dev == actual.st_dev &&
	    named.st_ino == actual.st_ino)
		note_path(r, shell);
	note_path(r, path);
}

static void note_all(struct reach *r, const char *folder, const struct strv *allow)
{
	for (size_t i = 0; i < r->root_count; i++)
		note_way(r, r->root[i]);
	note_user_path(r, folder);
	for (size_t i = 0; allow && i < allow->count; i++)
		note_user_path(r, allow->item[i]);
	note_path(r, PUBLIC_KEYS);
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
	note_all(r, folder, allow);
	*ret = take_ptr(r);
	return 0;
}

/* ---- opening -------------------------------------------------------------------------------- */

static bool is_trusted(const struct reach *r, const struct position *at)
{
	for (size_t i = 0; r && i < r->trusted_count; i++)
		if (r->trusted[i] == at->file)
			return true;
	return !r;
}

/* The folder where a file lies. What is a folder stands for itself, and so does a link, which may
 * lie in a folder that is allowed already; and none is told to allow all of /. */
static char *to_allow(const struct walk *w, enum reach_kind kind, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (kind == REACH_FOLDER || w->ends_at_link || !slash || slash == path)
		return xstrdup(path);
	return xstrndup(path, (size_t)(slash - path));
}

static int out_of_reach(const struct walk *w, const struct position *at, enum reach_kind kind,
			const char *noun, const char *path, struct err *err)
{
	cleanup_free char *allow = to_allow(w, kind, path);

	if (w->link)
		position_error(at, err,
			       "%s '%s' leads out of the folders that the recipe may read: '%s' is "
			       "a link to '%s'",
			       noun, path, w->link, w->target);
	else
		position_error(at, err,
			       "%s '%s' lies outside of the folders that the recipe may read", noun,
			       path);
	err_hint(
		err,
		"put it into the recipe's own folder; or, if you trust the recipe with all that is "
		"there: --allow '%s'",
		allow);
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
		return out_of_reach(&w, at, kind, noun, path, err);
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
