/* SPDX-License-Identifier: MIT */
#include "deb/deb-check.h"

#include <search.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"

struct seen {
	char *name;
	mode_t type;
};

static int compare_seen(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void free_seen(void *p)
{
	struct seen *s = p;

	free(s->name);
	free(s);
}

void deb_check_init(struct deb_check *c, enum deb_member member, uint64_t installed_size)
{
	*c = (struct deb_check){ .member = member, .limit = DEB_DATA_MAX };
	if (member == DEB_CONTROL)
		c->limit = DEB_CONTROL_MAX;
	else if (installed_size > 0 && installed_size < (DEB_DATA_MAX - DEB_SLACK) / 2)
		c->limit = 2 * installed_size + DEB_SLACK;
}

void deb_check_release(struct deb_check *c)
{
	tdestroy(c->names, free_seen);
	c->names = NULL;
}

/* How deep below the root a relative path ends that starts `depth` directories below it; -1 if it
 * climbs above the root on its way. */
static int path_depth(const char *path, int depth)
{
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0)
			depth--;
		else if (n > 0 && !(n == 1 && *path == '.'))
			depth++;
		if (depth < 0)
			return -1;
		path += n;
		path += strspn(path, "/");
	}
	return depth;
}

/* The name without "./" and trailing slashes, "" for the root; NULL if it is not one to accept. */
static char *clean_name(const char *given)
{
	char *name;
	size_t n;

	if (!given || *given == '/' || strlen(given) > DEB_PATH_MAX)
		return NULL;
	while (starts_with(given, "./"))
		given += 2 + strspn(given + 2, "/");
	if (streq(given, "."))
		given = "";
	name = xstrdup(given);
	for (n = strlen(name); n > 0 && name[n - 1] == '/'; n--)
		name[n - 1] = '\0';
	for (const char *p = name; *p;) {
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && *p == '.') || (n == 2 && memcmp(p, "..", 2) == 0)) {
			free(name);
			return NULL;
		}
		p += n;
		if (*p == '/')
			p++;
	}
	return name;
}

static const struct seen *find(const struct deb_check *c, char *name)
{
	void *node = tfind(&(struct seen){ .name = name }, &c->names, compare_seen);

	return node ? *(struct seen *const *)node : NULL;
}

static int check_parents(const struct deb_check *c, const char *name, struct err *err)
{
	cleanup_free char *parent = xstrdup(name);
	char *slash;

	while ((slash = strrchr(parent, '/'))) {
		const struct seen *s;

		*slash = '\0';
		s = find(c, parent);
		if (s && !S_ISDIR(s->type))
			return err_set(
				err, ERR_BUILD,
				"'%s' lies below '%s', which is not a directory of the package",
				name, parent);
	}
	return 0;
}

static int check_hardlink(const struct deb_check *c, const char *name, const char *target,
			  struct err *err)
{
	cleanup_free char *clean = clean_name(target);
	const struct seen *s = clean ? find(c, clean) : NULL;

	if (!s || !S_ISREG(s->type))
		return err_set(err, ERR_BUILD,
			       "'%s' is a hard link to '%s', which is not an earlier file of the "
			       "package",
			       name, target);
	return 0;
}

static int check_symlink(const char *name, const char *target, struct err *err)
{
	int depth = path_depth(name, 0) - 1;

	if (!target || !*target || strlen(target) > DEB_PATH_MAX)
		return err_set(err, ERR_BUILD, "'%s' is a link whose target is empty or too long",
			       name);
	if (*target != '/' && path_depth(target, depth) < 0)
		return err_set(err, ERR_BUILD, "'%s' is a link out of the tree, to '%s'", name,
			       target);
	return 0;
}

static const char *type_name(mode_t type)
{
	switch (type) {
	case S_IFBLK:
		return "a block device";
	case S_IFCHR:
		return "a character device";
	case S_IFIFO:
		return "a fifo";
	case S_IFSOCK:
		return "a socket";
	default:
		return "of an unknown type";
	}
}

/* Maintainer scripts may be hard links to each other; the control file is a file of its own. */
static int check_control_entry(struct archive_entry *entry, const char *name, struct err *err)
{
	const bool control = streq(name, "control");
	mode_t type = archive_entry_filetype(entry);

	if (S_ISDIR(type) && !*name)
		return 0;
	if (!S_ISREG(type) || (control && archive_entry_hardlink(entry)))
		return err_set(err, ERR_BUILD, "'%s' is not a regular file", name);
	if (strchr(name, '/'))
		return err_set(err, ERR_BUILD, "'%s' lies in a directory", name);
	if (control && archive_entry_size(entry) > DEB_CONTROL_FILE_MAX)
		return err_set(err, ERR_BUILD, "'control' has more than %d bytes",
			       DEB_CONTROL_FILE_MAX);
	return 0;
}

static int too_large(const struct deb_check *c, const char *name, struct err *err)
{
	(void)err_set(err, ERR_BUILD, "'%s' makes the package's files exceed %llu bytes", name,
		      (unsigned long long)c->limit);
	if (c->member == DEB_DATA && c->limit < DEB_DATA_MAX)
		return err_hint(err, "that is far more than its Installed-Size says: a package of "
				     "your own needs the right one (dpkg-gencontrol writes it)");
	return err_value(err);
}

static int check_type(struct deb_check *c, struct archive_entry *entry, const char *name,
		      struct err *err)
{
	const char *hardlink = archive_entry_hardlink(entry);
	mode_t type = archive_entry_filetype(entry);
	la_int64_t size = archive_entry_size(entry);

	if (c->member == DEB_CONTROL) {
		int r = check_control_entry(entry, name, err);

		if (r < 0)
			return r;
	}
	if (hardlink)
		return check_hardlink(c, name, hardlink, err);
	if (S_ISDIR(type))
		return 0;
	if (!*name)
		return err_set(err, ERR_BUILD, "'./' is not a directory");
	if (S_ISLNK(type))
		return check_symlink(name, archive_entry_symlink(entry), err);
	if (!S_ISREG(type))
		return err_set(err, ERR_BUILD, "'%s' is %s", name, type_name(type));
	if (archive_entry_sparse_count(entry) > 0)
		return err_set(err, ERR_BUILD, "'%s' is a sparse file", name);
	if (size < 0 || (uint64_t)size > c->limit - c->bytes)
		return too_large(c, name, err);
	c->bytes += (uint64_t)size;
	return 0;
}

static int remember(struct deb_check *c, char *name, mode_t type, struct err *err)
{
	struct seen *s = xmalloc(sizeof(*s));
	struct seen **node;

	*s = (struct seen){ .name = name, .type = type };
	node = tsearch(s, &c->names, compare_seen);
	if (!node)
		abort();
	c->name = (*node)->name;
	if (*node == s)
		return 0;
	free_seen(s);
	if (!S_ISDIR(type) || !S_ISDIR((*node)->type))
		return err_set(err, ERR_BUILD, "%s.tar: '%s' appears twice",
			       deb_member_name(c->member), c->name);
	return 0;
}

int deb_check_entry(struct deb_check *c, struct archive_entry *entry, struct err *err)
{
	const char *given = archive_entry_pathname(entry);
	cleanup_free char *name = clean_name(given);
	mode_t type = archive_entry_hardlink(entry) ? S_IFREG : archive_entry_filetype(entry);
	int r;

	if (!name)
		return err_set(err, ERR_BUILD, "%s.tar: the name '%s' leads out of the tree",
			       deb_member_name(c->member), given ? given : "");
	if (++c->count > DEB_MEMBERS_MAX)
		return err_set(err, ERR_BUILD, "%s.tar: more than %d entries",
			       deb_member_name(c->member), DEB_MEMBERS_MAX);
	r = check_type(c, entry, name, err);
	if (r < 0)
		return err_wrap(err, "%s.tar", deb_member_name(c->member));
	r = check_parents(c, name, err);
	if (r < 0)
		return err_wrap(err, "%s.tar", deb_member_name(c->member));
	return remember(c, take_ptr(name), type, err);
}
