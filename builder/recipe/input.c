// SPDX-License-Identifier: MIT
#include "recipe/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "recipe/format.h"
#include "recipe/value.h"

static const struct input_rule {
	const char *key, *noun;
	uint64_t most;
} rules[] = {
	[INPUT_SCRIPT] = { "scripts", "script", INPUT_SCRIPT_MAX },
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

/* O_NONBLOCK, so that a fifo cannot hold us up before it is refused. */
static int open_regular(const struct position *at, const char *noun, const char *path,
			uint64_t most, int *ret_fd, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		const char *why = strerrordesc_np(errno);

		position_error(at, err, "cannot read %s '%s': %s", noun, path, why);
		return err_hint(err, "paths are seen from the recipe that names them");
	}
	if (!S_ISREG(st.st_mode))
		return position_error(at, err, "%s '%s' is not a regular file", noun, path);
	if ((uint64_t)st.st_size > most)
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
	/* binary OpenPGP packets have the high bit set (RFC 9580, 4.2) */
	if (!strstr(start, public_block) && !((unsigned char)*start & 0x80)) {
		position_error(&f->at, err, "keyring '%s' holds no OpenPGP key", f->path);
		return err_hint(err, "'gpg --export --armor KEY' writes one");
	}
	return 0;
}

int input_file(enum input_kind kind, struct recipe_file *f, struct err *err)
{
	cleanup_fd int fd = -1;
	char start[4096] = "";
	int r;

	r = open_regular(&f->at, rules[kind].noun, f->path, rules[kind].most, &fd, err);
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

static int add_key_line(const struct position *at, const char *path, unsigned number,
			const char *line, struct recipe_list *keys, struct err *err)
{
	const struct position here = { .file = path, .line = number, .column = 1 };

	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	if (strstr(line, "PRIVATE KEY")) {
		position_error(at, err, "'%s' is a private key", path);
		return err_hint(err,
				"name the public half, which ends in .pub: whoever can boot the "
				"image could read the private one");
	}
	for (const char *p = line; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return position_error(&here, err, "a control character in a key line");
	if (!format_is_key_line(line)) {
		position_error(&here, err, "not a public SSH key");
		return err_hint(err, "a line is a type such as ssh-ed25519, base64 and a comment");
	}
	if (!recipe_list_has(keys, line))
		recipe_list_add(keys, line, at);
	return 0;
}

int input_keys(const struct position *at, const char *given, struct recipe_list *keys,
	       struct err *err)
{
	cleanup_free char *path = input_path(at, given);
	cleanup_fd int fd = -1;
	size_t before = keys->count;
	unsigned number = 0;
	ssize_t size;
	int r = open_regular(at, "public key file", path, INPUT_KEYS_MAX, &fd, err);

	if (r < 0)
		return r;
	cleanup_free char *data = xcalloc(1, INPUT_KEYS_MAX + 1);
	size = read_all(fd, data, INPUT_KEYS_MAX);
	if (size < 0)
		return position_error(at, err, "cannot read public key file '%s'", path);
	for (char *line = data, *end; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		r = add_key_line(at, path, ++number, line, keys, err);
		if (r < 0)
			return r;
	}
	if (keys->count == before && !number)
		return position_error(at, err, "public key file '%s' is empty", path);
	return 0;
}
