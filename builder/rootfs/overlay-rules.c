/* SPDX-License-Identifier: MIT */
#include "rootfs/overlay-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err-report.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"

/* A line being read: p moves along it. */
struct line {
	const struct recipe *recipe;
	const char *file;
	unsigned number;
	const char *start, *p;
	struct err *err;
};

static const struct {
	const char *word;
	bool argument, path_optional;
	const char *form;
} verbs[] = {
	[RULE_WHEN] = { "when", true, true, "when init=systemd [PATH]" },
	[RULE_MODE] = { "mode", true, false, "mode 0600 PATH" },
	[RULE_OWNER] = { "owner", true, false, "owner root:root PATH" },
	[RULE_CAP] = { "cap", true, false, "cap cap_net_raw+ep PATH" },
	[RULE_DIR] = { "dir", true, false, "dir 0700 PATH" },
	[RULE_TEMPLATE] = { "template", false, false, "template PATH" },
};
#define VERB_COUNT ARRAY_SIZE(verbs)

__attribute__((format(printf, 2, 3))) static int fail(struct line *l, const char *format, ...)
{
	CLEANUP(text_release) struct text message = { 0 };
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&message, format, arguments);
	va_end(arguments);
	return err_at(l->err, ERR_USAGE, l->file, l->number, (unsigned)(l->p - l->start) + 1, "%s",
		      message.data);
}

static void skip_blanks(struct line *l)
{
	l->p += strspn(l->p, " \t");
}

/* The next word, "" at the end; l->p stays at its start, *ret_next is behind it. */
static char *peek_word(const struct line *l, const char **ret_next)
{
	const size_t length = strcspn(l->p, " \t");

	*ret_next = l->p + length;
	return xstrndup(l->p, length);
}

static int read_mode(struct line *l, const char *word, unsigned *ret)
{
	unsigned mode = 0;

	if (!*word || strlen(word) > 5 || word[strspn(word, "01234567")])
		goto wrong;
	for (; *word; word++)
		mode = mode * 8 + (unsigned)(*word - '0');
	if (mode > 07777)
		goto wrong;
	*ret = mode;
	return 0;
wrong:
	fail(l, "not a mode");
	return err_hint(l->err, "octal, such as 0600 or 4755");
}

static bool is_account(const char *s)
{
	return *s && *s != '-' && strlen(s) <= 32 &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

static int read_owner(struct line *l, const char *word, struct overlay_rule *rule)
{
	const char *colon = strchr(word, ':');

	if (colon) {
		rule->user = xstrndup(word, (size_t)(colon - word));
		rule->group = xstrdup(colon + 1);
	}
	if (colon && is_account(rule->user) && is_account(rule->group))
		return 0;
	fail(l, "not an owner");
	return err_hint(l->err, "USER:GROUP, names or numbers");
}

static int read_condition(struct line *l, const char *word, struct overlay_rule *rule)
{
	const struct recipe *recipe = l->recipe;
	const struct {
		const char *word;
		bool met;
	} conditions[] = {
		{ "init=systemd", recipe->init == INIT_SYSTEMD },
		{ "init=sysvinit", recipe->init == INIT_SYSVINIT },
		{ "access=ro", recipe->nfs.access == NFS_RO },
		{ "access=rw", recipe->nfs.access == NFS_RW },
		{ "initramfs=initramfs-tools", recipe->initramfs.generator == INITRAMFS_TOOLS },
		{ "initramfs=dracut", recipe->initramfs.generator == INITRAMFS_DRACUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		if (!streq(conditions[i].word, word))
			continue;
		rule->met = conditions[i].met;
		return 0;
	}
	fail(l, "not a condition");
	return err_hint(l->err, "one of init=systemd, init=sysvinit, access=ro, access=rw, "
				"initramfs=initramfs-tools, initramfs=dracut");
}

static int read_argument(struct line *l, struct overlay_rule *rule)
{
	const char *next;
	cleanup_free char *word = peek_word(l, &next);
	int r = 0;

	switch (rule->verb) {
	case RULE_WHEN:
		r = read_condition(l, word, rule);
		break;
	case RULE_MODE:
	case RULE_DIR:
		r = read_mode(l, word, &rule->mode);
		break;
	case RULE_OWNER:
		r = read_owner(l, word, rule);
		break;
	case RULE_CAP:
		if (!capability_parse(word, rule->capability)) {
			r = fail(l, "not capabilities");
			err_hint(l->err,
				 "names of capabilities(7) with commas between, then +ep or "
				 "+p: cap_net_raw+ep");
		}
		break;
	case RULE_TEMPLATE:
		break;
	}
	l->p = next;
	skip_blanks(l);
	return r;
}

/* Relative, without empty, "." and ".." components. */
static bool is_tree_path(const char *path)
{
	for (;; path++) {
		const size_t length = strcspn(path, "/");

		if (!length || (length == 1 && *path == '.') ||
		    (length == 2 && starts_with(path, "..")))
			return false;
		path += length;
		if (!*path)
			return true;
	}
}

static int read_path(struct line *l, struct overlay_rule *rule)
{
	cleanup_free char *path = xstrdup(l->p);

	for (size_t end = strlen(path); end && strchr(" \t\r", path[end - 1]);)
		path[--end] = '\0';
	if (!*path && verbs[rule->verb].path_optional) {
		rule->path = take_ptr(path);
		return 0;
	}
	if (!*path) {
		fail(l, "no path");
		return err_hint(l->err, "the rule is: %s", verbs[rule->verb].form);
	}
	if (!is_tree_path(path) || streq(path, OVERLAY_RULES)) {
		fail(l, "not a path in the overlay");
		return err_hint(l->err,
				"relative to the overlay's folder, without '..', '//' and a "
				"slash at its end");
	}
	rule->path = take_ptr(path);
	return 0;
}

static int read_verb(struct line *l, enum overlay_verb *ret)
{
	const char *next;
	cleanup_free char *word = peek_word(l, &next);
	const char *words[VERB_COUNT];
	CLEANUP(strv_release) struct strv near = { 0 };

	for (size_t i = 0; i < VERB_COUNT; i++) {
		words[i] = verbs[i].word;
		if (!streq(word, verbs[i].word))
			continue;
		*ret = (enum overlay_verb)i;
		l->p = next;
		skip_blanks(l);
		return 0;
	}
	fail(l, "unknown rule '%s'", word);
	nearest(word, words, VERB_COUNT, 1, &near);
	return near.count ? err_hint(l->err, "did you mean '%s'?", near.item[0])
			  : err_hint(l->err, "rules are when, mode, owner, cap, dir, template");
}

static int check_double(const struct overlay_rules *rules, const struct overlay_rule *rule,
			struct line *l)
{
	/* conditions add up */
	if (rule->verb == RULE_WHEN)
		return 0;
	for (size_t i = 0; i < rules->count; i++)
		if (rules->item[i].verb == rule->verb && streq(rules->item[i].path, rule->path)) {
			fail(l, "a second '%s' for it", verbs[rule->verb].word);
			return err_hint(l->err, "the first is in line %u", rules->item[i].line);
		}
	return 0;
}

static void release_rule(struct overlay_rule *rule)
{
	free(rule->path);
	free(rule->user);
	free(rule->group);
}

static int read_line(struct overlay_rules *rules, struct line *l)
{
	CLEANUP(release_rule) struct overlay_rule rule = { .line = l->number };
	int r;

	skip_blanks(l);
	if (!*l->p || *l->p == '#' || *l->p == '\r')
		return 0;
	r = read_verb(l, &rule.verb);
	if (r < 0)
		return r;
	r = verbs[rule.verb].argument ? read_argument(l, &rule) : 0;
	if (r < 0)
		return r;
	r = read_path(l, &rule);
	if (r < 0)
		return r;
	r = check_double(rules, &rule, l);
	if (r < 0)
		return r;
	if (rules->count == OVERLAY_RULES_MAX)
		return fail(l, "more than %d rules", OVERLAY_RULES_MAX);
	GROW(rules->item, rules->count, rules->allocated);
	rules->item[rules->count++] = TAKE(rule);
	return 0;
}

static int read_lines(const struct recipe *recipe, struct overlay_rules *rules, char *text,
		      struct err *err)
{
	struct line l = { .recipe = recipe, .file = rules->path, .err = err };

	for (char *end; text; text = end) {
		int r;

		end = strchr(text, '\n');
		if (end)
			*end++ = '\0';
		l.number++;
		l.start = l.p = text;
		r = read_line(rules, &l);
		if (r < 0)
			return r;
	}
	return 0;
}

int overlay_rules_read(const struct recipe *recipe, const char *dir, int dirfd,
		       struct overlay_rules *ret, struct err *err)
{
	CLEANUP(overlay_rules_release) struct overlay_rules rules = { 0 };
	CLEANUP(text_release) struct text content = { 0 };
	cleanup_fd int fd = -1;
	struct stat st;
	int r;

	rules.path = xasprintf("%s/%s", dir, OVERLAY_RULES);
	if (fstatat(dirfd, OVERLAY_RULES, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : err_errno(err, ERR_USAGE, errno, "cannot look at '%s'",
						   rules.path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "'%s' is not a regular file", rules.path);
	r = open_file(dirfd, OVERLAY_RULES, O_NOFOLLOW, ERR_USAGE, &fd, err);
	if (r == 0)
		r = read_fd(fd, OVERLAY_RULES, OVERLAY_RULES_SIZE_MAX, &content, err);
	if (r < 0)
		return err_wrap(err, "reading '%s'", rules.path);
	if (memchr(content.data, 0, content.length))
		return err_set(err, ERR_USAGE, "'%s' has a NUL byte in it", rules.path);
	err_remember(rules.path, content.data);
	r = read_lines(recipe, &rules, content.data, err);
	if (r < 0)
		return r;
	*ret = TAKE(rules);
	return 0;
}

const struct overlay_rule *overlay_rules_find(struct overlay_rules *rules, enum overlay_verb verb,
					      const char *path)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->item[i].verb == verb && streq(rules->item[i].path, path)) {
			rules->item[i].used = true;
			return &rules->item[i];
		}
	return NULL;
}

bool overlay_rules_want(struct overlay_rules *rules, const char *path)
{
	bool want = true;

	for (size_t i = 0; i < rules->count; i++) {
		struct overlay_rule *rule = &rules->item[i];
		const size_t length = strlen(rule->path);

		if (rule->verb != RULE_WHEN)
			continue;
		if (length &&
		    (!starts_with(path, rule->path) || (path[length] && path[length] != '/')))
			continue;
		rule->used = true;
		want = want && rule->met;
	}
	return want;
}

int overlay_rules_check_used(const struct overlay_rules *rules, struct err *err)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct overlay_rule *rule = &rules->item[i];

		if (rule->used || !*rule->path)
			continue;
		err_at(err, ERR_USAGE, rules->path, rule->line, 0, "the overlay has no '%s'",
		       rule->path);
		return err_hint(err, "paths are relative to the overlay's folder");
	}
	return 0;
}

void overlay_rules_release(struct overlay_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		release_rule(&rules->item[i]);
	free(rules->item);
	free(rules->path);
	*rules = (struct overlay_rules){ 0 };
}
