/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/io.h"
#include "base/memory.h"
#include "verify/difference-parts.h"

#define TEXT_MAX ((size_t)1 << 20)
#define DIFF_MAX ((size_t)32 << 20)
#define LINES_SHOWN 40
#define BYTES_SHOWN 16
#define FIRST_FD 10

/* Valid in the locale's encoding (UTF-8, main.c), and no control characters but those of plain
 * text. */
static bool is_text(const struct text *t)
{
	if (t->length > TEXT_MAX || memchr(t->data, '\0', t->length))
		return false;
	for (size_t i = 0; i < t->length; i++)
		if ((unsigned char)t->data[i] < ' ' && !strchr("\t\n\r\f\033", t->data[i]))
			return false;
	return mbstowcs(NULL, t->data, 0) != (size_t)-1;
}

/* The first lines of diff's output. */
static int take_diff(int fd, char **ret, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	size_t lines = 0, length = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read what diff wrote");
	t.data = xmalloc(DIFF_MAX);
	ssize_t n = read_all(fd, t.data, DIFF_MAX - 1);
	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n, "cannot read what diff wrote");
	t.length = (size_t)n;
	t.data[t.length] = '\0';
	while (length < t.length && lines < LINES_SHOWN)
		lines += t.data[length++] == '\n';
	*ret = xasprintf("%.*s%s", (int)length, t.data, length < t.length ? "…\n" : "");
	return 0;
}

/* 1 means that diff(1), which every Debian has, is not there or could not compare them. */
static int unified_diff(const struct text content[2], char **ret, struct err *err)
{
	CLEANUP(child_release) struct child child = CHILD_INIT;
	CLEANUP(err_release) struct err absent = { 0 };
	cleanup_fd int a = -1, b = -1, out = -1;
	int status = 0;
	int r = memory_fd(content[0].data, content[0].length, &a, err);

	if (r < 0)
		return r;
	r = memory_fd(content[1].data, content[1].length, &b, err);
	if (r < 0)
		return r;
	r = memory_fd("", 0, &out, err);
	if (r < 0)
		return r;
	const struct child_options options = {
		.argv = (const char *const[]){ "diff", "-u", "--label", "original", "--label",
					       "rebuilt", "/dev/fd/10", "/dev/fd/11", NULL },
		.fd = { { FIRST_FD, a }, { FIRST_FD + 1, b }, { STDOUT_FILENO, out } },
		.fd_count = 3,
	};
	if (child_start(&child, &options, &absent) < 0)
		return absent.errnum == ENOENT ? 1 : err_move(err, &absent);
	r = child_wait(&child, &status, err);
	if (r < 0)
		return r;
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return 1;
	return take_diff(out, ret, err);
}

static void add_bytes(struct text *t, const char *side, const struct text *content, size_t from)
{
	size_t n = content->length > from ? content->length - from : 0;

	text_printf(t, "%-9s %zu bytes:", side, content->length);
	for (size_t i = from; i < from + (n < BYTES_SHOWN ? n : BYTES_SHOWN); i++)
		text_printf(t, " %02x", (unsigned char)content->data[i]);
	text_add(t, n > 0 ? "\n" : " ends here\n");
}

static char *offsets(const struct text content[2])
{
	const struct text *a = &content[0], *b = &content[1];
	size_t shorter = a->length < b->length ? a->length : b->length;
	size_t first = shorter, count = 0;
	struct text t = { 0 };

	for (size_t i = 0; i < shorter; i++) {
		if (a->data[i] == b->data[i])
			continue;
		first = count == 0 ? i : first;
		count++;
	}
	text_printf(&t, "first difference at byte %zu (0x%zx); %zu of %zu bytes differ\n", first,
		    first, count, shorter);
	add_bytes(&t, "original", a, first);
	add_bytes(&t, "rebuilt", b, first);
	return text_take(&t);
}

int content_diff(const struct comparison *c, struct difference *d, const struct text content[2],
		 struct err *err)
{
	const char *cause = likely_cause_of_content(c->variations, content);
	cleanup_free char *attributes = NULL, *lines = NULL;
	int r = 1;

	if (is_text(&content[0]) && is_text(&content[1]))
		r = unified_diff(content, &lines, err);
	if (r < 0)
		return r;
	if (r > 0)
		lines = offsets(content);
	attributes = take_ptr(d->detail);
	d->detail = xasprintf("%s%s", attributes, lines);
	if (cause) {
		free(d->cause);
		d->cause = xstrdup(cause);
	}
	return 0;
}
