/* SPDX-License-Identifier: MIT */
#include "rootfs/overlay-entry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err-report.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/private-key.h"
#include "base/text.h"
#include "base/tree.h"
#include "recipe/template.h"
#include "rootfs/account.h"
#include "rootfs/laid-key.h"

struct collector {
	const struct recipe *recipe;
	const struct overlay_context *context;
	const char *dir;
	struct overlay_rules rules;
	struct overlay_entries entries;
	struct strv filled;	    /* directories that are not empty */
	struct strv *template_keys; /* borrowed; may be NULL */
};

static int refuse(const struct collector *c, const char *path, struct err *err, const char *why)
{
	return err_set(err, ERR_USAGE, "overlay '%s': '%s' %s", c->dir, path, why);
}

/* Whether it is UTF-8 without control characters: names go into tar headers, logs and lists. */
static bool is_plain_name(const char *name)
{
	const unsigned char *p = (const unsigned char *)name;

	while (*p) {
		const unsigned more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc2 ? 1 : 0;

		if (*p < 0x20 || *p == 0x7f || *p > 0xf4 || (*p >= 0x80 && !more))
			return false;
		p++;
		for (unsigned i = 0; i < more; i++)
			if ((*p++ & 0xc0) != 0x80)
				return false;
	}
	return true;
}

static bool is_at_or_below(const char *path, const char *directory)
{
	const size_t length = strlen(directory);

	return starts_with(path, directory) && (path[length] == '\0' || path[length] == '/');
}

/* Where the sandbox mounts something, and a running system does too. The last two are links into
 * /run in every Debian. */
static bool is_mounted(const char *path)
{
	static const char *const mounts[] = { ".netrescue", "dev",     "proc",	  "run",
					      "sys",	    "var/run", "var/lock" };

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (is_at_or_below(path, mounts[i]))
			return true;
	return false;
}

/* The links of a merged /usr. What lies below them is written through the link, as dpkg does. */
static bool is_merged(const char *path)
{
	static const char *const links[] = { "bin", "sbin", "lib", "lib32", "lib64", "libx32" };

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (streq(path, links[i]))
			return true;
	return false;
}

bool overlay_refuses(const char *path, bool is_directory, const char **ret_why,
		     const char **ret_hint)
{
	if (is_mounted(path)) {
		*ret_why = "lies where a running system mounts something";
		*ret_hint = "/dev, /proc, /run (with /var/run and /var/lock) and /sys are not part "
			    "of the image";
		return true;
	}
	if (!is_directory && is_merged(path)) {
		*ret_why = "would replace the link into /usr, without which no program runs";
		*ret_hint = "make it a directory: what is in it goes to the same place below /usr";
		return true;
	}
	return false;
}

/* Whether following the link from its place would climb above the tree. */
static bool climbs_out(const char *path, const char *target)
{
	long depth = 0;

	if (*target != '/')
		for (const char *p = path; (p = strchr(p, '/')); p++)
			depth++;
	for (const char *p = target; *p;) {
		const size_t length = strcspn(p, "/");

		if (length == 2 && starts_with(p, ".."))
			depth--;
		else if (length && !(length == 1 && *p == '.'))
			depth++;
		if (depth < 0)
			return true;
		p += length + (p[length] == '/');
	}
	return false;
}

static int unknown_owner(const struct collector *c, const struct overlay_rule *rule,
			 const char *kind, const char *name, struct err *err)
{
	err_at(err, ERR_USAGE, c->rules.path, rule->line, 0, "the tree has no %s '%s'", kind, name);
	return err_hint(err, "is the package that makes it in 'packages'? Numbers go up to %d",
			ACCOUNT_NUMBER_MAX);
}

static int set_owner(struct collector *c, struct overlay_entry *e, struct err *err)
{
	const struct overlay_rule *rule = overlay_rules_find(&c->rules, RULE_OWNER, e->path);

	if (!rule || !c->context)
		return 0;
	if (!account_number(c->context->passwd, rule->user, &e->uid))
		return unknown_owner(c, rule, "user", rule->user, err);
	if (!account_number(c->context->group, rule->group, &e->gid))
		return unknown_owner(c, rule, "group", rule->group, err);
	return 0;
}

static int set_template(struct collector *c, struct overlay_entry *e, const struct walk_entry *w,
			struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(text_release) struct text expanded = { 0 };
	cleanup_free char *shown = xasprintf("%s/%s", c->dir, e->path);
	cleanup_fd int fd = -1;
	int r;

	r = open_file(w->dirfd, w->name, O_NOFOLLOW, ERR_USAGE, &fd, err);
	if (r == 0)
		r = read_fd(fd, w->name, OVERLAY_TEMPLATE_SIZE_MAX, &text, err);
	if (r < 0)
		return err_wrap(err, "template '%s'", shown);
	if (memchr(text.data, 0, text.length))
		return refuse(c, e->path, err, "is not text and cannot be a template");
	r = template_expand(c->recipe, shown, text.data, &expanded, c->template_keys, err);
	if (r < 0) {
		err_remember(shown, text.data);
		return r;
	}
	e->size = expanded.length;
	e->content = text_take(&expanded);
	return 0;
}

/* The error for a rule that does not fit what is there. */
static int misplaced(const struct collector *c, const struct overlay_rule *rule, const char *what,
		     struct err *err)
{
	return err_at(err, ERR_USAGE, c->rules.path, rule->line, 0, "'%s' is not %s", rule->path,
		      what);
}

static int apply_rules(struct collector *c, struct overlay_entry *e, const struct walk_entry *w,
		       struct err *err)
{
	const struct overlay_rule *mode = overlay_rules_find(&c->rules, RULE_MODE, e->path);
	const struct overlay_rule *cap = overlay_rules_find(&c->rules, RULE_CAP, e->path);
	const struct overlay_rule *dir = overlay_rules_find(&c->rules, RULE_DIR, e->path);
	const struct overlay_rule *template = overlay_rules_find(&c->rules, RULE_TEMPLATE, e->path);

	if (mode && e->type == S_IFLNK)
		return misplaced(c, mode, "a file or a directory: links have no mode", err);
	if (cap && e->type != S_IFREG)
		return misplaced(c, cap, "a file", err);
	if (template && e->type != S_IFREG)
		return misplaced(c, template, "a file", err);
	if (dir && e->type != S_IFDIR)
		return misplaced(c, dir, "a directory", err);
	if (mode)
		e->mode = mode->mode;
	else if (dir)
		e->mode = dir->mode;
	e->has_capability = cap;
	if (cap)
		memcpy(e->capability, cap->capability, sizeof(e->capability));
	if (template) {
		int r = set_template(c, e, w, err);

		if (r < 0)
			return r;
	}
	return set_owner(c, e, err);
}

static void release_entry(struct overlay_entry *e)
{
	free(e->path);
	free(e->target);
	free(e->content);
}

static void add_entry(struct collector *c, struct overlay_entry *e)
{
	GROW(c->entries.item, c->entries.count, c->entries.allocated);
	c->entries.item[c->entries.count++] = TAKE(*e);
}

static int read_link(const struct collector *c, struct overlay_entry *e, const struct walk_entry *w,
		     struct err *err)
{
	char target[PATH_MAX];
	const ssize_t size = readlinkat(w->dirfd, w->name, target, sizeof(target) - 1);

	if (size < 0)
		return refuse(c, e->path, err, "cannot be read");
	target[size] = '\0';
	if (!is_plain_name(target))
		return refuse(c, e->path, err, "points at a name with control characters");
	if (climbs_out(e->path, target)) {
		refuse(c, e->path, err, "is a link that climbs above the tree");
		return err_hint(err, "an absolute target is seen from the tree's root");
	}
	e->target = xstrdup(target);
	e->mode = 0777;
	return 0;
}

static void note_parent(struct collector *c, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash) {
		cleanup_free char *parent = xstrndup(path, (size_t)(slash - path));

		if (!c->filled.count || !streq(c->filled.item[c->filled.count - 1], parent))
			strv_add(&c->filled, parent);
	}
}

static int check_key(const struct collector *c, const struct overlay_entry *e,
		     const struct walk_entry *w, struct err *err)
{
	cleanup_free char *start = NULL;
	cleanup_fd int fd = -1;
	ssize_t size;
	int r;

	if (e->type != S_IFREG)
		return 0;
	if (e->content)
		return laid_key_check(c->recipe, NULL, c->dir, e->path, e->mode, e->content,
				      e->size, err);
	r = open_file(w->dirfd, w->name, O_NOFOLLOW, ERR_USAGE, &fd, err);
	if (r < 0)
		return err_wrap(err, "overlay '%s'", c->dir);
	start = xmalloc(PRIVATE_KEY_LOOK);
	size = read_all(fd, start, PRIVATE_KEY_LOOK);
	if (size < 0)
		return refuse(c, e->path, err, "cannot be read");
	return laid_key_check(c->recipe, NULL, c->dir, e->path, e->mode, start, (size_t)size, err);
}

static int visit(const struct walk_entry *w, void *data, struct err *err)
{
	struct collector *c = data;
	CLEANUP(release_entry) struct overlay_entry e = { .path = xstrdup(w->path) };
	const char *why, *hint;
	int r = 0;

	if (streq(w->path, OVERLAY_RULES))
		return 0;
	if (!is_plain_name(w->path))
		return refuse(c, w->path, err,
			      "has control characters in its name, or is not UTF-8");
	if (overlay_refuses(w->path, S_ISDIR(w->st->st_mode), &why, &hint)) {
		refuse(c, w->path, err, why);
		return err_hint(err, "%s", hint);
	}
	e.type = w->st->st_mode & S_IFMT;
	e.mode = w->st->st_mode & S_IXUSR ? 0755 : 0644;
	note_parent(c, w->path);
	if (e.type == S_IFDIR)
		e.mode = 0755;
	else if (e.type == S_IFLNK)
		r = read_link(c, &e, w, err);
	else if (e.type != S_IFREG)
		r = refuse(c, w->path, err, "is neither a file, a directory nor a symbolic link");
	if (r < 0)
		return r;
	r = apply_rules(c, &e, w, err);
	if (r < 0)
		return r;
	if (!overlay_rules_want(&c->rules, w->path))
		return 0;
	r = check_key(c, &e, w, err);
	if (r == 0)
		add_entry(c, &e);
	return r;
}

/* The directories that `dir` rules make because the folder does not have them. */
static int add_directories(struct collector *c, struct err *err)
{
	for (size_t i = 0; i < c->rules.count; i++) {
		struct overlay_rule *rule = &c->rules.item[i];
		CLEANUP(release_entry) struct overlay_entry e = { .type = S_IFDIR };
		int r;

		if (rule->verb != RULE_DIR || rule->used)
			continue;
		rule->used = true;
		if (is_mounted(rule->path))
			return misplaced(c, rule, "part of the image: it is mounted over", err);
		e.path = xstrdup(rule->path);
		e.mode = rule->mode;
		r = set_owner(c, &e, err);
		if (r < 0)
			return r;
		note_parent(c, e.path);
		if (overlay_rules_want(&c->rules, e.path))
			add_entry(c, &e);
	}
	return 0;
}

static bool has_rule(const struct collector *c, const char *path)
{
	for (size_t i = 0; i < c->rules.count; i++) {
		const struct overlay_rule *rule = &c->rules.item[i];

		if (rule->verb != RULE_WHEN && streq(rule->path, path))
			return true;
	}
	return false;
}

static int compare_texts(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static bool is_filled(const struct collector *c, const char *path)
{
	return c->filled.count &&
	       bsearch(&path, c->filled.item, c->filled.count, sizeof(char *), compare_texts);
}

/* A directory that is not empty and that no rule names is made where it is missing: an entry of its
 * own would change the mode and owner of one that the tree has. */
static void drop_implied(struct collector *c)
{
	size_t kept = 0;

	strv_sort(&c->filled);
	for (size_t i = 0; i < c->entries.count; i++) {
		struct overlay_entry *e = &c->entries.item[i];

		if (e->type == S_IFDIR && is_filled(c, e->path) && !has_rule(c, e->path))
			release_entry(e);
		else
			c->entries.item[kept++] = *e;
	}
	c->entries.count = kept;
}

static int compare_entries(const void *a, const void *b)
{
	const struct overlay_entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static void release_collector(struct collector *c)
{
	overlay_rules_release(&c->rules);
	overlay_entries_release(&c->entries);
	strv_release(&c->filled);
}

int overlay_collect(const struct recipe *recipe, const char *dir, int dirfd,
		    const struct overlay_context *context, struct overlay_entries *ret,
		    struct strv *template_keys, struct err *err)
{
	CLEANUP(release_collector)
	struct collector c = {
		.recipe = recipe, .context = context, .dir = dir, .template_keys = template_keys
	};
	int r = overlay_rules_read(recipe, dir, dirfd, &c.rules, err);

	if (r < 0)
		return r;
	r = walk_tree(dirfd, visit, &c, err);
	if (r < 0)
		return r;
	r = add_directories(&c, err);
	if (r < 0)
		return r;
	r = overlay_rules_check_used(&c.rules, err);
	if (r < 0)
		return r;
	drop_implied(&c);
	if (c.entries.count)
		qsort(c.entries.item, c.entries.count, sizeof(*c.entries.item), compare_entries);
	*ret = TAKE(c.entries);
	return 0;
}

void overlay_entries_release(struct overlay_entries *e)
{
	for (size_t i = 0; i < e->count; i++)
		release_entry(&e->item[i]);
	free(e->item);
	*e = (struct overlay_entries){ 0 };
}
