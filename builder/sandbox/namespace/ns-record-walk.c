/* SPDX-License-Identifier: MIT */
/*
 * Following a path as the kernel does (path_resolution(7)), for another process. What is known of a
 * component is not asked again as long as nobody of the command changes it. Below a directory that
 * the command has made nothing is noted, but links in there may lead out again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns-record.h"

#define LINKS_MAX 40 /* MAXSYMLINKS of Linux */
#define REST_MAX ((size_t)PATH_MAX * 4)

struct walk {
	struct ns_record *record;
	const struct ns_caller *caller;
	char at[PATH_MAX]; /* where we are, from "/", with no slash at its end; "" is the root */
	size_t length;
	size_t root;   /* so much of it does ".." not leave */
	size_t inside; /* > 0: the length of a directory at which the command's own begin */
	char rest[REST_MAX];
	size_t rest_at;
	unsigned links;
	bool special;	      /* below what is not recorded */
	struct ns_node *node; /* of `at`; NULL: not recorded */
	mode_t mode;	      /* of `at` */
};

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

static bool is_special(const char *path)
{
	return is_below(path, "/proc") || is_below(path, "/dev") || is_below(path, "/.netrescue");
}

static const char *name_in_tree(const struct walk *w)
{
	return w->length == 0 ? "." : w->at + 1;
}

/* Looks for what the command has replaced among the directories that lead to `at`. */
static void find_inside(struct walk *w)
{
	w->inside = 0;
	w->special = is_special(w->at);
	for (size_t i = 1; i <= w->length && w->inside == 0; i++) {
		const char end = w->at[i];
		const struct ns_node *n;

		if (end != '/' && end != '\0')
			continue;
		w->at[i] = '\0';
		n = ns_node_find(w->record, w->at + 1);
		w->at[i] = end;
		if (n && n->replaced)
			w->inside = i;
	}
}

static void enter(struct walk *w, const char *path)
{
	w->length = strlen(path);
	if (w->length >= sizeof(w->at))
		w->length = 0;
	memcpy(w->at, path, w->length);
	w->at[w->length] = '\0';
	if (w->length == 1)
		w->at[--w->length] = '\0'; /* "/" */
	w->node = NULL;
	w->mode = S_IFDIR;
	find_inside(w);
}

static void leave_name(struct walk *w)
{
	if (w->length > w->root) {
		w->length = (size_t)(strrchr(w->at, '/') - w->at);
		w->at[w->length] = '\0';
	}
	if (w->inside > w->length)
		w->inside = 0;
	w->special = is_special(w->at);
	w->node = NULL;
	w->mode = S_IFDIR;
}

/* ---- what is there -------------------------------------------------------------------------- */

static mode_t look_now(const struct walk *w)
{
	struct stat st;

	return lstat(w->length == 0 ? "/" : w->at, &st) < 0 ? 0 : st.st_mode;
}

static void know(struct walk *w, struct ns_node *n, enum look look)
{
	if (n->look < look)
		n->look = look;
	if (!n->is_known) {
		n->mode = look_now(w);
		n->is_known = true;
	}
	w->mode = n->mode;
}

/* Looks at `at`, and notes it if it may be an input of the command. */
static void look_here(struct walk *w, enum look look)
{
	struct ns_node *n = NULL;

	w->node = NULL;
	if (!w->special && w->inside == 0)
		n = ns_node_make(w->record, name_in_tree(w));
	w->node = n;
	if (n && !n->replaced) {
		know(w, n, look);
		return;
	}
	if (n)
		w->inside = w->length;
	w->mode = look_now(w);
}

/* ---- links ---------------------------------------------------------------------------------- */

static bool read_link(struct walk *w, char target[PATH_MAX])
{
	struct ns_node *n = w->node && !w->node->replaced ? w->node : NULL;
	ssize_t length;

	if (n && n->target) {
		(void)snprintf(target, PATH_MAX, "%s", n->target);
		return true;
	}
	length = readlink(w->at, target, PATH_MAX - 1);
	if (length <= 0)
		return false;
	target[length] = '\0';
	if (n) {
		n->target = xstrdup(target);
		w->record->text += (size_t)length;
	}
	return true;
}

/* A link of /proc/PID names what it leads to; the path is complete, and was looked at before. */
static bool follow_magic(struct walk *w, const char *target)
{
	if (*target != '/' || ends_with(target, " (deleted)"))
		return false;
	enter(w, target);
	return true;
}

static bool prepend(struct walk *w, const char *target)
{
	size_t length = strlen(target), left = strlen(w->rest + w->rest_at);

	if (length + 1 + left + 1 > sizeof(w->rest)) {
		ns_record_spoil(w->record, "a path through links is too long");
		return false;
	}
	memmove(w->rest + length + 1, w->rest + w->rest_at, left + 1);
	memcpy(w->rest, target, length);
	w->rest[length] = '/';
	if (left == 0)
		w->rest[length] = '\0';
	w->rest_at = 0;
	return true;
}

static bool follow_link(struct walk *w)
{
	char target[PATH_MAX];
	const bool magic = is_below(w->at, "/proc");

	if (++w->links > LINKS_MAX || !read_link(w, target))
		return false;
	if (magic && w->length > strlen("/proc/"))
		return follow_magic(w, target);
	leave_name(w);
	if (*target == '/') {
		w->length = w->root;
		w->at[w->length] = '\0';
		find_inside(w);
	}
	return prepend(w, target);
}

/* ---- the walk ------------------------------------------------------------------------------- */

/* /proc/self is who asks, and not us. */
static const char *name_for_caller(const struct walk *w, const char *name, char own[32])
{
	if (!streq(w->at, "/proc") || (!streq(name, "self") && !streq(name, "thread-self")))
		return name;
	(void)snprintf(own, 32, "%d", (int)w->caller->pid);
	return own;
}

static bool add_name(struct walk *w, const char *name)
{
	char own[32];
	size_t length;

	name = name_for_caller(w, name, own);
	length = strlen(name);
	if (w->length + 1 + length >= sizeof(w->at))
		return false; /* ENAMETOOLONG */
	w->at[w->length] = '/';
	memcpy(w->at + w->length + 1, name, length + 1);
	w->length += 1 + length;
	w->special = w->special || is_special(w->at);
	return true;
}

/* Takes the next component out of the rest: false if there is none. */
static bool next_name(struct walk *w, char name[NAME_MAX + 1], bool *ret_last)
{
	const char *p = w->rest + w->rest_at;
	size_t length;

	p += strspn(p, "/");
	length = strcspn(p, "/");
	if (length == 0 || length > NAME_MAX)
		return false;
	memcpy(name, p, length);
	name[length] = '\0';
	/* A slash behind the last name wants a directory, so a link there is followed. */
	*ret_last = p[length] == '\0';
	w->rest_at = (size_t)(p + length - w->rest);
	return true;
}

static bool rest_is_empty(const struct walk *w)
{
	return w->rest[w->rest_at + strspn(w->rest + w->rest_at, "/")] == '\0';
}

/* 1: go on, 0: the end is reached, -1: nothing is there. */
static int step(struct walk *w, bool follow, enum look look)
{
	char name[NAME_MAX + 1];
	bool last;

	if (!next_name(w, name, &last))
		return rest_is_empty(w) ? 0 : -1;
	if (streq(name, "."))
		return 1;
	if (streq(name, "..")) {
		leave_name(w);
		return 1;
	}
	if (w->mode != 0 && !S_ISDIR(w->mode))
		return -1; /* ENOTDIR */
	if (!add_name(w, name))
		return -1;
	look_here(w, last ? look : LOOK_WAY);
	if (S_ISLNK(w->mode) && (!last || follow))
		return follow_link(w) ? 1 : -1;
	if (w->mode == 0)
		return rest_is_empty(w) ? 0 : -1;
	return 1;
}

static void finish(struct walk *w, bool is_whole, enum look look, struct ns_found *ret)
{
	/* The path ended with "..", ".", or a link of /proc, or is a directory of the caller. */
	if (is_whole && !w->node)
		look_here(w, look);
	if (is_whole && w->node && !w->node->replaced && w->node->look < look)
		w->node->look = look;
	ret->node = w->node && w->inside > 0 && w->inside < w->length ? NULL : w->node;
	ret->mode = w->mode;
	ret->is_whole = is_whole;
	(void)snprintf(ret->path, sizeof(ret->path), "%s", name_in_tree(w));
}

static void run(struct walk *w, bool follow, enum look look, struct ns_found *ret)
{
	int go = 1;

	while (go > 0 && !w->record->why)
		go = step(w, follow, look);
	finish(w, go == 0, look, ret);
}

/* ---- where it begins ------------------------------------------------------------------------ */

/* What a link below /proc/PID says. False: the caller has gone, or it is no path. */
static bool ask(const struct walk *w, const char *what, char target[PATH_MAX])
{
	char link[64];
	ssize_t length;

	(void)snprintf(link, sizeof(link), "%d/%s", (int)w->caller->pid, what);
	length = readlinkat(w->record->ns->proc, link, target, PATH_MAX - 1);
	if (length <= 0)
		return false;
	target[length] = '\0';
	return *target == '/';
}

static bool enter_descriptor(struct walk *w, int dirfd)
{
	char what[32], target[PATH_MAX];

	(void)snprintf(what, sizeof(what), dirfd == AT_FDCWD ? "cwd" : "fd/%d", dirfd);
	if (!ask(w, what, target))
		return false;
	/* Nothing is found below it any more, but for what lies above. */
	if (ends_with(target, " (deleted)")) {
		if (strstr(w->rest, ".."))
			ns_record_spoil(w->record, "a path begins in a directory that was removed");
		return false;
	}
	enter(w, target);
	return true;
}

void ns_walk(struct ns_record *r, const struct ns_caller *caller, int dirfd, const char *path,
	     bool follow, enum look look, struct ns_found *ret)
{
	const char *root = caller->root ? caller->root : "";
	struct walk w;

	w.record = r;
	w.caller = caller;
	w.root = strlen(root);
	w.rest_at = 0;
	w.links = 0;
	*ret = (struct ns_found){ .node = NULL };
	(void)snprintf(w.rest, sizeof(w.rest), "%s", path);
	if (*path == '/')
		enter(&w, root);
	else if (!*path || !enter_descriptor(&w, dirfd))
		return;
	run(&w, follow, look, ret);
}

void ns_walk_fd(struct ns_record *r, const struct ns_caller *caller, int fd, enum look look,
		struct ns_found *ret)
{
	ns_walk(r, caller, fd, ".", true, look, ret);
}
