/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/progress.h"
#include "diff/diff-parts.h"
#include "publish/result-damage.h"
#include "base/json.h"

#define MANIFEST "manifest.json"
#define MANIFEST_MAX ((size_t)64 << 20)
#define MANIFEST_FORMAT 1

static int no_result(const char *path, int dir_fd, struct err *err)
{
	struct stat st;

	err_set(err, ERR_USAGE, "'%s' is no result of netrescue: it has no " MANIFEST, path);
	if (fstatat(dir_fd, "latest/" MANIFEST, &st, 0) == 0)
		return err_hint(err, "did you mean '%s/latest'?", path);
	return err_hint(err, "a result is OUT/RECIPE/VERSION or OUT/RECIPE/latest");
}

static int parse_manifest(const char *path, const struct text *text, json_t **ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *j = NULL;
	json_error_t why;

	j = json_loadb(text->data, text->length, JSON_REJECT_DUPLICATES, &why);
	if (!j)
		return err_set(err, ERR_TRUST, "%s/" MANIFEST ":%d: %s", path, why.line, why.text);
	if (json_integer_value(json_object_get(j, "format")) != MANIFEST_FORMAT ||
	    !json_is_string(json_object_get(j, "recipe")))
		return err_set(err, ERR_USAGE,
			       "%s/" MANIFEST " has a format that is not known here", path);
	*ret = take_ptr(j);
	return 0;
}

/* Of a result that does not agree with itself we would say what is not true. */
static int check_damage(struct diff_input *in, struct err *err)
{
	progress_start("check", 0, PROGRESS_STEPS);
	progress_detail("%s", in->path);
	int r = result_refuse_damaged(in->dir_fd, in->path, "copy or build it again", &in->files,
				      err);
	if (r < 0)
		return r;
	progress_end(in->path);
	return 0;
}

static int read_lock_of(struct diff_input *in, struct err *err)
{
	const char *recipe = json_string_value(json_object_get(in->manifest, "recipe"));
	cleanup_free char *path = xasprintf("%s/%s.lock", in->path, recipe);

	return lock_read(path, &in->lock, err);
}

static int open_result(struct diff_input *in, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct stat st;
	int r;

	if (fstatat(in->dir_fd, MANIFEST, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return no_result(in->path, in->dir_fd, err);
	r = check_damage(in, err);
	if (r < 0)
		return r;
	r = read_file_nofollow(in->dir_fd, MANIFEST, MANIFEST_MAX, &text, err);
	if (r < 0)
		return r;
	r = parse_manifest(in->path, &text, &in->manifest, err);
	if (r < 0)
		return r;
	return read_lock_of(in, err);
}

/* A lock begins with its format; a file that begins with anything else is none. */
static int open_lock(struct diff_input *in, int fd, struct err *err)
{
	static const char first[] = "Format: ";
	char head[sizeof(first)] = "";
	ssize_t n = read_all(fd, head, sizeof(first) - 1);

	if (n < 0)
		return err_errno(err, ERR_USAGE, (int)-n, "cannot read '%s'", in->path);
	if (n > 0 && !streq(head, first)) {
		err_set(err, ERR_USAGE, "'%s' is neither a result of netrescue nor a lock",
			in->path);
		return err_hint(err, "compare two results (OUT/RECIPE/VERSION) or two locks");
	}
	return lock_read(in->path, &in->lock, err);
}

int diff_input_open(const char *path, struct diff_input *ret, struct err *err)
{
	CLEANUP(diff_input_release) struct diff_input in = DIFF_INPUT_INIT;
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	in.path = path;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot open '%s'", path);
	if (S_ISDIR(st.st_mode)) {
		in.dir_fd = take_fd(&fd);
		r = open_result(&in, err);
	} else {
		r = open_lock(&in, fd, err);
	}
	if (r < 0)
		return r;
	*ret = TAKE_LEAVING(in, DIFF_INPUT_INIT);
	return 0;
}

void diff_input_release(struct diff_input *in)
{
	if (in->dir_fd >= 0)
		(void)close(in->dir_fd);
	json_decref(in->manifest);
	result_files_release(&in->files);
	lock_release(&in->lock);
	*in = (struct diff_input)DIFF_INPUT_INIT;
}
