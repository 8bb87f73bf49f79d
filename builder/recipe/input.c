/* SPDX-License-Identifier: MIT */
#include "recipe/input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "recipe/debconf.h"
#include "recipe/format.h"

/* Of an authorized_keys file of an overlay; a larger one is an error. */
#define OVERLAY_KEYS_MAX ((size_t)1024 * 1024)

#define FILE_URL "file://"

static const struct input_rule {
	const char *key, *noun;
	uint64_t most;
} rules[] = {
	[INPUT_SCRIPT] = { "scripts", "script", INPUT_SCRIPT_MAX },
	[INPUT_FILE] = { "files", "file", INPUT_FILE_MAX },
	[INPUT_DEB] = { "debs", "package file", INPUT_DEB_MAX },
	[INPUT_KEYRING] = { "keyring", "keyring", INPUT_KEYRING_MAX },
};

char *input_path(const struct position *at, const char *given)
{
	const char *slash = at->file ? strrchr(at->file, '/') : NULL;

	if (*given == '/' || !slash)
		return xstrdup(given);
	return xasprintf("%.*s%s", (int)(slash - at->file + 1), at->file, given);
}

/* in_recipe: the hint where the recipe, and not --set, names the path. A file that is out of reach
 * has a hint already. */
static int hint_path(const struct position *at, const char *in_recipe, struct err *err)
{
	if (!at->file || err_has_lines(at->file))
		return err_hint(err, "%s", in_recipe);
	return err_hint(err, "paths in --set are relative to the directory in which the command "
			     "is given");
}

static int open_regular(const struct reach *reach, const struct position *at, const char *noun,
			const char *path, uint64_t most, int *ret_fd, struct err *err)
{
	cleanup_fd int fd = -1;
	struct stat st;
	int r = reach_open(reach, at, REACH_FILE, noun, path, &fd, err);

	if (r == -EINVAL)
		return r;
	if (r < 0)
		return hint_path(at, "paths are relative to the recipe that names them", err);
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size > most)
		return position_error(at, err, "%s '%s' is larger than %llu bytes", noun, path,
				      (unsigned long long)most);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int check_start(enum input_kind kind, const struct recipe_file *f, const char *start,
		       struct err *err)
{
	static const char public_block[] = "-----BEGIN PGP PUBLIC KEY BLOCK";

	if (kind == INPUT_SCRIPT && !starts_with(start, "#!")) {
		position_error(&f->at, err, "script '%s' does not begin with '#!'", f->path);
		return err_hint(err, "say in its first line what runs it: #!/bin/sh");
	}
	if (kind == INPUT_DEB && !starts_with(start, "!<arch>\n"))
		return position_error(&f->at, err, "'%s' is not a Debian package", f->path);
	if (kind != INPUT_KEYRING)
		return 0;
	if (strstr(start, "PRIVATE KEY"))
		return position_error(&f->at, err, "keyring '%s' holds a private key", f->path);
	/* Binary OpenPGP packets have the high bit set (RFC 9580, section 4.2). */
	if (!strstr(start, public_block) && !((unsigned char)*start & 0x80)) {
		position_error(&f->at, err, "keyring '%s' holds no OpenPGP key", f->path);
		return err_hint(err, "'gpg --export --armor KEY' writes one");
	}
	return 0;
}

int input_file(const struct reach *reach, enum input_kind kind, struct recipe_file *f,
	       struct err *err)
{
	cleanup_fd int fd = -1;
	char start[4096] = "";
	int r;

	r = open_regular(reach, &f->at, rules[kind].noun, f->path, rules[kind].most, &fd, err);
	if (r < 0)
		return r;
	if (read_all(fd, start, sizeof(start) - 1) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return position_error(&f->at, err, "cannot read %s '%s'", rules[kind].noun,
				      f->path);
	r = check_start(kind, f, start, err);
	if (r < 0)
		return r;
	return digest_fd(fd, f->digest, err);
}

/* The path of a URL as libcurl opens it, up to what stands for a moment. */
static char *path_of_url(const char *url)
{
	CLEANUP(text_release) struct text path = { 0 };

	text_add(&path, "");
	for (const char *p = url + strlen(FILE_URL); *p && !starts_with(p, "/{"); p++) {
		const int high = *p == '%' ? hex_digit(p[1]) : -1;
		const int low = high >= 0 ? hex_digit(p[2]) : -1;
		const char byte = low >= 0 ? (char)(high * 16 + low) : *p;

		text_append(&path, &byte, 1);
		p += low >= 0 ? 2 : 0;
	}
	return text_take(&path);
}

int input_archive(const struct reach *reach, const struct position *at, const char *url,
		  struct err *err)
{
	CLEANUP(err_release) struct err why = { 0 };
	cleanup_fd int fd = -1;
	cleanup_free char *path = NULL;

	if (!starts_with(url, FILE_URL "/"))
		return 0;
	path = path_of_url(url);
	/* libcurl takes '..' away with the name before it, whereas a link may lead elsewhere. */
	if (strstr(path, "/../") || ends_with(path, "/..")) {
		position_error(at, err, "archive '%s' has '..' in its path", url);
		return err_hint(err, "name the directory itself");
	}
	if (reach_open(reach, at, REACH_FOLDER, "archive", path, &fd, &why) == -EXDEV)
		return err_move(err, &why);
	return 0;
}

static int add_key(const struct position *at, const struct position *here, const char *line,
		   struct recipe_list *keys, struct err *err)
{
	if (strstr(line, "PRIVATE KEY")) {
		position_error(at, err, "'%s' is a private key", here->file);
		return err_hint(err,
				"name the public half, which ends in .pub: whoever can boot the "
				"image could read the private one");
	}
	if (!format_is_key_line(line)) {
		position_error(here, err, "this is not a public SSH key");
		return err_hint(err, "a line is a type such as ssh-ed25519, base64 and a comment");
	}
	if (!recipe_list_has(keys, line))
		recipe_list_add(keys, line, at);
	return 0;
}

static int add_answer(const struct position *at, const struct position *here, const char *line,
		      struct recipe_list *answers, struct err *err)
{
	const char *hint = NULL;

	if (!debconf_is_answer(line, &hint)) {
		position_error(here, err, "this is not an answer for debconf");
		return err_hint(err, "%s", hint);
	}
	if (debconf_is_password(line)) {
		cleanup_free char *question = debconf_question(line);

		position_error(here, err,
			       "the image would know the password '%s', and so would all "
			       "who can boot it",
			       question);
		err_hide_line(err);
		return err_hint(err, "leave it out: let a script, or the system when it boots, set "
				     "a password");
	}
	debconf_add(answers, line, at);
	return 0;
}

static const struct input_lines_rule {
	const char *noun; /* of the file */
	const char *line; /* of a line in it */
	/* at: the recipe's line that names the file; here: the line of the file. */
	int (*add)(const struct position *at, const struct position *here, const char *line,
		   struct recipe_list *list, struct err *err);
} lines_rules[] = {
	[INPUT_KEYS] = { "public key file", "key line", add_key },
	[INPUT_ANSWERS] = { "file of answers", "line", add_answer },
};

static int add_line(const struct input_lines_rule *rule, const struct position *at,
		    const struct position *here, const char *line, struct recipe_list *list,
		    struct err *err)
{
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	for (const char *p = line; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return position_error(here, err, "this %s holds a control character",
					      rule->line);
	return rule->add(at, here, line, list, err);
}

/* The recipe may have named any file that it can read. What is in that is not shown where it is not
 * of the expected form. */
static int hide_line(struct err *err, const char *path)
{
	if (err->file && streq(err->file, path))
		err_hide_line(err);
	return err_value(err);
}

int input_line(enum input_lines kind, const struct position *at, const char *line,
	       struct recipe_list *list, struct err *err)
{
	return add_line(&lines_rules[kind], at, at, line, list, err);
}

int input_lines(const struct reach *reach, enum input_lines kind, const struct position *at,
		const char *given, struct recipe_list *list, struct err *err)
{
	const struct input_lines_rule *rule = &lines_rules[kind];
	cleanup_free char *path = input_path(at, given);
	cleanup_fd int fd = -1;
	size_t before = list->count;
	struct position here = { .file = path, .column = 1 };
	ssize_t size;
	int r = open_regular(reach, at, rule->noun, path, INPUT_LINES_MAX, &fd, err);

	if (r < 0)
		return r;
	cleanup_free char *data = xcalloc(1, INPUT_LINES_MAX + 1);
	size = read_all(fd, data, INPUT_LINES_MAX);
	if (size < 0)
		return position_error(at, err, "cannot read %s '%s'", rule->noun, path);
	for (char *line = data, *end; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		here.line++;
		r = add_line(rule, at, &here, line, list, err);
		if (r < 0)
			return hide_line(err, path);
	}
	if (list->count == before && !here.line)
		return position_error(at, err, "%s '%s' is empty", rule->noun, path);
	return 0;
}

struct overlay_walk {
	const struct position *at;
	const char *path;
	struct digest *digest;
	uint64_t bytes;
	size_t entries;
	bool has_keys;
};

/* Hashes a field: its length, then its bytes, so that no two entries can look alike. */
static void add_field(struct digest *d, const char *value)
{
	cleanup_free char *field = xasprintf("%zu:%s,", strlen(value), value);

	digest_update(d, field, strlen(field));
}

static int refuse_entry(const struct overlay_walk *w, const struct walk_entry *e, const char *why,
			struct err *err)
{
	return position_error(w->at, err, "overlay '%s': '%s' %s", w->path, e->path, why);
}

static int add_link(struct overlay_walk *w, const struct walk_entry *e, struct err *err)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(e->dirfd, e->name, target, sizeof(target) - 1);

	if (size < 0)
		return refuse_entry(w, e, "cannot be read", err);
	target[size] = '\0';
	add_field(w->digest, "link");
	add_field(w->digest, e->path);
	add_field(w->digest, target);
	return 0;
}

static int look_for_keys(struct overlay_walk *w, const struct walk_entry *e, int fd,
			 struct err *err)
{
	CLEANUP(text_release) struct text keys = { 0 };

	if (lseek(fd, 0, SEEK_SET) < 0 || read_fd(fd, e->path, OVERLAY_KEYS_MAX, &keys, err) < 0)
		return err_wrap(err, "overlay '%s', file '%s'", w->path, e->path);
	if (format_has_key_line(keys.data))
		w->has_keys = true;
	return 0;
}

static int add_file(struct overlay_walk *w, const struct walk_entry *e, struct err *err)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	cleanup_fd int fd = openat(e->dirfd, e->name, flags);
	char content[DIGEST_HEX];
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return refuse_entry(w, e, "cannot be read", err);
	w->bytes += (uint64_t)st.st_size;
	if (w->bytes > INPUT_OVERLAY_MAX)
		return refuse_entry(w, e, "makes it larger than 2 GiB", err);
	r = digest_fd(fd, content, err);
	if (r < 0)
		return err_wrap(err, "overlay '%s', file '%s'", w->path, e->path);
	add_field(w->digest, st.st_mode & S_IXUSR ? "program" : "file");
	add_field(w->digest, e->path);
	add_field(w->digest, content);
	return streq(e->path, "root/.ssh/authorized_keys") ? look_for_keys(w, e, fd, err) : 0;
}

static int add_entry(const struct walk_entry *e, void *data, struct err *err)
{
	struct overlay_walk *w = data;

	if (++w->entries > INPUT_OVERLAY_ENTRIES_MAX)
		return refuse_entry(w, e, "makes it more than 100000 entries", err);
	if (S_ISREG(e->st->st_mode))
		return add_file(w, e, err);
	if (S_ISLNK(e->st->st_mode))
		return add_link(w, e, err);
	if (S_ISDIR(e->st->st_mode)) {
		add_field(w->digest, "directory");
		add_field(w->digest, e->path);
		return 0;
	}
	refuse_entry(w, e, "is neither a file, a directory nor a symbolic link", err);
	return err_hint(err,
			"device nodes, fifos and sockets belong into /dev and /run, which are made "
			"at boot");
}

int input_open_overlay(const struct reach *reach, const struct position *at, const char *path,
		       int *ret_fd, struct err *err)
{
	int r = reach_open(reach, at, REACH_FOLDER, "overlay", path, ret_fd, err);

	if (r < 0)
		return hint_path(
			at, "give the path of a folder, relative to the recipe that names it", err);
	return 0;
}

int input_overlay(const struct reach *reach, const struct position *at, const char *path,
		  char ret_digest[DIGEST_HEX], bool *has_keys, struct err *err)
{
	CLEANUP(digest_cleanup) struct digest *digest = digest_new();
	struct overlay_walk w = { .at = at, .path = path, .digest = digest };
	cleanup_fd int fd = -1;
	int r = input_open_overlay(reach, at, path, &fd, err);

	if (r < 0)
		return r;
	r = walk_tree(fd, add_entry, &w, err);
	if (r < 0)
		return r;
	digest_final(digest, ret_digest);
	*has_keys = *has_keys || w.has_keys;
	return 0;
}
