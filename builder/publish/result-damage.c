/* SPDX-License-Identifier: MIT */
#include "publish/result-damage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/json.h"
#include "base/memory.h"

#define SUMS "SHA256SUMS"
#define NO_SUMS "its " SUMS " is missing or malformed"
#define SUMS_MAX (1 << 20)
#define MANIFEST "manifest.json"
#define MANIFEST_MAX ((size_t)64 << 20)
#define SUM_LENGTH (DIGEST_HEX - 1 + strlen("  ")) /* "DIGEST  PATH" */

/* ---- SHA256SUMS ------------------------------------------------------------------------------ */

/* What a link leads to is no part of the result, and may be anything. */
static const struct result_file *find_regular(const struct result_files *files, const char *path)
{
	for (size_t i = 0; path && i < files->count; i++)
		if (!files->item[i].link && streq(files->item[i].path, path))
			return &files->item[i];
	return NULL;
}

static bool is_listed(const struct strv *lines, const char *path)
{
	for (size_t i = 0; i < lines->count; i++)
		if (streq(lines->item[i] + SUM_LENGTH, path))
			return true;
	return streq(path, SUMS);
}

/* What the files and the lines disagree in; NULL: nothing. The caller frees it. */
static char *compare_sums(const struct result_files *files, const struct strv *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strlen(lines->item[i]) <= SUM_LENGTH)
			return xstrdup(NO_SUMS);
	for (size_t i = 0; i < lines->count; i++) {
		const char *path = lines->item[i] + SUM_LENGTH;
		const struct result_file *f = find_regular(files, path);

		if (!f)
			return xasprintf("%s, which its " SUMS " names, is missing", path);
		if (!starts_with(lines->item[i], f->sha256))
			return xasprintf("%s is not what its " SUMS " says", path);
	}
	for (size_t i = 0; i < files->count; i++)
		if (!files->item[i].link && !is_listed(lines, files->item[i].path))
			return xasprintf("%s is not named in its " SUMS, files->item[i].path);
	return NULL;
}

static int check_sums(int dir_fd, const struct result_files *files, char **ret, struct err *err)
{
	CLEANUP(text_release) struct text sums = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };

	if (find_regular(files, SUMS)) {
		if (read_file_nofollow(dir_fd, SUMS, SUMS_MAX, &sums, err) < 0)
			return err_wrap(err, "reading " SUMS);
		strv_split(&lines, sums.data, "\n");
	}
	*ret = lines.count ? compare_sums(files, &lines) : xstrdup(NO_SUMS);
	return 0;
}

/* ---- manifest.json --------------------------------------------------------------------------- */

static const char *string_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The manifest does not list itself, nor what is made after it. */
static bool is_in_manifest(const char *path)
{
	return !streq(path, SUMS) && !streq(path, MANIFEST);
}

static bool is_as_described(const struct result_file *f, const json_t *described)
{
	json_int_t size = json_integer_value(json_object_get(described, "size"));

	if (f->link)
		return streq(string_of(described, "link"), f->link);
	return !json_object_get(described, "link") && size >= 0 && (uint64_t)size == f->size &&
	       streq(string_of(described, "sha256"), f->sha256);
}

/* Both in the order of paths. */
static const char *find_misdescribed(const struct result_files *files, const json_t *described)
{
	size_t k = 0;

	for (size_t i = 0; i < files->count; i++) {
		const struct result_file *f = &files->item[i];
		const json_t *d = json_array_get(described, k);

		if (!is_in_manifest(f->path))
			continue;
		if (!streq(string_of(d, "path"), f->path) || !is_as_described(f, d))
			return f->path;
		k++;
	}
	if (k < json_array_size(described))
		return string_of(json_array_get(described, k), "path") ?: MANIFEST;
	return NULL;
}

static void check_lock(const struct result_files *files, const json_t *manifest, char **ret)
{
	const char *recipe = string_of(manifest, "recipe");
	cleanup_free char *name = recipe ? xasprintf("%s.lock", recipe) : NULL;
	const struct result_file *lock = find_regular(files, name);

	if (!lock || strchr(name, '/'))
		*ret = xstrdup("the lock of the recipe that its " MANIFEST " names is missing");
	else if (!streq(lock->sha256, string_of(manifest, "lock-sha256")))
		*ret = xasprintf("%s is not the lock that its " MANIFEST " names", name);
}

static int check_manifest(int dir_fd, const struct result_files *files, char **ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *manifest = NULL;
	CLEANUP(text_release) struct text t = { 0 };
	const char *wrong;

	if (!find_regular(files, MANIFEST)) {
		*ret = xstrdup(MANIFEST " is missing");
		return 0;
	}
	if (read_file_nofollow(dir_fd, MANIFEST, MANIFEST_MAX, &t, err) < 0)
		return err_wrap(err, "reading " MANIFEST);
	manifest = json_loadb(t.data, t.length, JSON_REJECT_DUPLICATES, NULL);
	if (!manifest) {
		*ret = xstrdup(MANIFEST " is not JSON");
		return 0;
	}
	wrong = find_misdescribed(files, json_object_get(manifest, "files"));
	if (wrong)
		*ret = xasprintf("%s is not what its " MANIFEST " says", wrong);
	else
		check_lock(files, manifest, ret);
	return 0;
}

int result_damage(int dir_fd, struct result_files *ret_files, char **ret, struct err *err)
{
	CLEANUP(result_files_release) struct result_files files = { 0 };
	cleanup_free char *damage = NULL;
	int r = result_files_read(dir_fd, &files, err);

	if (r == 0)
		r = check_sums(dir_fd, &files, &damage, err);
	if (r == 0 && !damage)
		r = check_manifest(dir_fd, &files, &damage, err);
	if (r < 0)
		return r;
	*ret = take_ptr(damage);
	if (ret_files)
		*ret_files = TAKE(files);
	return 0;
}

int result_refuse_damaged(int dir_fd, const char *name, const char *hint,
			  struct result_files *ret_files, struct err *err)
{
	cleanup_free char *damage = NULL;

	if (result_damage(dir_fd, ret_files, &damage, err) < 0)
		return err_wrap(err, "checking '%s'", name);
	if (!damage)
		return 0;
	err_set(err, ERR_TRUST, "'%s' is damaged: %s", name, damage);
	return err_hint(err, "%s", hint);
}
