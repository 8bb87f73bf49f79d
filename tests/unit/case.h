/* SPDX-License-Identifier: MIT */
/*
 * Cases: one text file each, with files to make and what must come out.
 *
 *	What the case shows.
 *	=== file recipe.yaml
 *	name: x
 *	=== error
 *	recipe.yaml:1:1: error: …
 *
 * Sections: `file PATH`, `program PATH` (0755), `link PATH TARGET`, `directory PATH`, `fifo PATH`,
 * made in the scratch directory in this order; a path `as/is` makes its parents. Any other section
 * is what is expected: its name is .kind, its text .expected. In the text of a file, @TAB@, @ESC@
 * and @NUL@ stand for what an editor would hide.
 *
 * What follows the expected section is for case_check_hint(): the files as somebody leaves them who
 * does what the error's hint says. They take the place of the first ones, and `absent PATH` removes
 * one.
 */
#pragma once

#include <errno.h>
#include <glob.h>

#include "base/err-report.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "unit.h"

struct test_case {
	char *kind;
	char *expected;
	char *followed; /* the sections after the expected one; NULL: there are none */
};

__attribute__((unused)) static void case_release(struct test_case *c)
{
	free(c->kind);
	free(c->expected);
	free(c->followed);
}

static void case_replace(struct text *out, const char *from, const char *to, size_t to_length)
{
	CLEANUP(text_release) struct text in = *out;
	const char *p = in.data;

	*out = (struct text){ 0 };
	text_add(out, "");
	for (const char *hit; (hit = strstr(p, from)); p = hit + strlen(from)) {
		text_append(out, p, (size_t)(hit - p));
		text_append(out, to, to_length);
	}
	text_append(out, p, in.length - (size_t)(p - in.data));
}

static void case_make_file(const char *path, struct text *content, mode_t mode)
{
	cleanup_fd int fd = openat(scratch_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	case_replace(content, "@TAB@", "\t", 1);
	case_replace(content, "@ESC@", "\033", 1);
	case_replace(content, "@NUL@", "\0", 1);
	assert_int_equal(write_all(fd, content->data, content->length), 0);
}

static void case_make_parents(const char *path)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');

	if (!slash)
		return;
	*slash = '\0';
	assert_int_equal(make_dirs(scratch_fd, parent, 0755, &err), 0);
}

/* One section; words are those of its `===` line. */
static void case_section(struct test_case *c, const struct strv *words, struct text *content)
{
	const char *kind = words->item[0];
	const char *path = words->count > 1 ? words->item[1] : NULL;

	text_add(content, "");
	if (path && !streq(kind, "absent"))
		case_make_parents(path);
	if (path && streq(kind, "file"))
		case_make_file(path, content, 0644);
	else if (path && streq(kind, "program"))
		case_make_file(path, content, 0755);
	else if (path && streq(kind, "fifo"))
		assert_int_equal(mkfifoat(scratch_fd, path, 0644), 0);
	else if (path && streq(kind, "directory"))
		assert_true(mkdirat(scratch_fd, path, 0755) == 0 || errno == EEXIST);
	else if (words->count == 3 && streq(kind, "link"))
		assert_int_equal(symlinkat(words->item[2], scratch_fd, path), 0);
	else if (path && streq(kind, "absent"))
		assert_true(faccessat(scratch_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0);
	else if (words->count == 1 && !c->kind) {
		c->kind = xstrdup(kind);
		c->expected = xstrdup(content->data);
	} else {
		fail_msg("a section '%s' that cases do not have", kind);
	}
}

/* Reads the sections of `all`, up to the end or the expected one; returns what is left. */
static char *case_sections(struct test_case *c, char *all)
{
	CLEANUP(text_release) struct text content = { 0 };
	CLEANUP(strv_release) struct strv words = { 0 };
	char *line = all;

	for (char *end; *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			end++;
		if (!starts_with(line, "=== ")) {
			text_append(&content, line, (size_t)(end - line));
			continue;
		}
		if (words.count)
			case_section(c, &words, &content);
		text_release(&content);
		strv_release(&words);
		if (c->kind)
			return line;
		cleanup_free char *head = xstrndup(line + 4, strcspn(line + 4, "\n"));
		strv_split(&words, head, " ");
	}
	assert_true(words.count > 0);
	case_section(c, &words, &content);
	return line;
}

/* Makes the files and returns what is expected. */
__attribute__((unused)) static void case_read(const char *path, struct test_case *c)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text all = { 0 };
	const char *rest;

	assert_int_equal(read_file(AT_FDCWD, path, 1024 * 1024, &all, &err), 0);
	rest = case_sections(c, all.data);
	assert_non_null(c->kind);
	if (*rest)
		c->followed = xstrdup(rest);
}

/* Puts the files of the sections after the expected one in place of those that were there. */
static void case_follow(const struct test_case *c)
{
	struct test_case followed = { 0 };
	cleanup_free char *all = xstrdup(c->followed);

	for (const char *line = all; line; line = strchr(line, '\n'), line += line != NULL) {
		CLEANUP(strv_release) struct strv words = { 0 };
		cleanup_free char *head = xstrndup(line, strcspn(line, "\n"));

		if (!starts_with(head, "=== "))
			continue;
		strv_split(&words, head, " ");
		assert_true(words.count > 2);
		if (unlinkat(scratch_fd, words.item[2], 0) < 0 && errno != ENOENT)
			assert_int_equal(unlinkat(scratch_fd, words.item[2], AT_REMOVEDIR), 0);
	}
	case_sections(&followed, all);
	assert_null(followed.kind);
}

/* What err_print writes, with the scratch directory taken out. Caller frees. */
__attribute__((unused)) static char *case_printed(const struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *prefix = xasprintf("%s/", scratch_path);
	char *data = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&data, &size);

	assert_non_null(stream);
	err_print(err, stream);
	assert_int_equal(fclose(stream), 0);
	text_append(&t, data, size);
	free(data);
	case_replace(&t, prefix, "", 0);
	return text_take(&t);
}

/* A hint leads out: with the files as they are when it was followed, `attempt` (which returns 0 or
 * fills in err) fails no more. A case whose error has a hint must say how it is followed. */
__attribute__((unused)) static void case_check_hint(const struct test_case *c,
						    int (*attempt)(struct err *err))
{
	CLEANUP(err_release) struct err err = { 0 };

	if (!strstr(c->expected, "\nhint: ")) {
		assert_null(c->followed);
		return;
	}
	if (!c->followed)
		fail_msg("after the error, sections must show its hint followed");
	case_follow(c);
	if (attempt(&err) < 0)
		fail_msg("the hint leads to: %s", case_printed(&err));
}

/* Runs `test` once for each file of `pattern`, which becomes its state. Fails if there are fewer
 * than `least`. Returns what cmocka returns. */
__attribute__((unused)) static int case_run_all(const char *group, const char *pattern,
						size_t least, void (*test)(void **state))
{
	struct CMUnitTest *tests;
	glob_t g = { 0 };
	int r;

	if (glob(pattern, 0, NULL, &g) != 0 || g.gl_pathc < least) {
		printf("Bail out! %zu of at least %zu cases in %s: run from the repository's top\n",
		       (size_t)g.gl_pathc, least, pattern);
		return 1;
	}
	tests = xcalloc(g.gl_pathc, sizeof(*tests));
	for (size_t i = 0; i < g.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){ strrchr(g.gl_pathv[i], '/') + 1, test,
						scratch_setup, scratch_teardown, g.gl_pathv[i] };
	r = _cmocka_run_group_tests(group, tests, g.gl_pathc, NULL, NULL);
	free(tests);
	globfree(&g);
	return r;
}
