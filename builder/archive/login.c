/* SPDX-License-Identifier: MIT */
#include "archive/login.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"

#define FILE_MAX ((size_t)1024 * 1024)

static struct login *add_login(struct logins *l, const char *machine, const char *scope,
			       const char *file, unsigned line)
{
	cleanup_free char *url =
		xasprintf("%s%s", strstr(machine, "://") ? "" : "https://", machine);
	struct login *login;

	GROW(l->item, l->count, l->allocated);
	login = &l->item[l->count++];
	*login = (struct login){
		.scope = scope ? xstrdup(scope) : NULL,
		.machine = url_split(url),
		.user = xstrdup(""),
		.password = xstrdup(""),
		.file = xstrdup(file),
		.line = line,
	};
	return login;
}

static void set(char **field, const char *value)
{
	free(*field);
	*field = xstrdup(value);
}

/* Words, whatever blanks and newlines stand between them; unknown ones mean nothing. */
static void parse(struct logins *l, char *text, const char *path, const char *scope)
{
	struct login *login = NULL;
	const char *key = "";
	unsigned number = 0;

	for (char *line = text, *end; line; line = end) {
		char *save = NULL;

		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		number++;
		if (*line == '#')
			continue;
		for (const char *word = strtok_r(line, " \t\r", &save); word;
		     word = strtok_r(NULL, " \t\r", &save)) {
			if (streq(key, "machine"))
				login = add_login(l, word, scope, path, number);
			else if (login && streq(key, "login"))
				set(&login->user, word);
			else if (login && streq(key, "password"))
				set(&login->password, word);
			else {
				key = word;
				continue;
			}
			key = "";
		}
	}
}

static void warn_if_open(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (st.st_mode & S_IROTH))
		log_warning("'%s' holds passwords, and everybody can read it: chmod o-r '%s'", path,
			    path);
}

int logins_read_fd(struct logins *l, int fd, const char *path, const char *scope, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	size_t before = l->count;
	int r = read_fd(fd, path, FILE_MAX, &text, err);

	if (r < 0) {
		err->class = err->class == ERR_INTERRUPTED ? err->class : ERR_USAGE;
		return r;
	}
	parse(l, text.data, path, scope);
	explicit_bzero(text.data, text.length);
	if (l->count > before)
		warn_if_open(fd, path);
	return 0;
}

int logins_read(struct logins *l, const char *path, const char *scope, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = open_file(AT_FDCWD, path, 0, ERR_USAGE, &fd, err);

	return r < 0 ? r : logins_read_fd(l, fd, path, scope, err);
}

static void read_apt_file(struct logins *l, const char *path)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (logins_read(l, path, NULL, &err) == 0 || err.errnum == ENOENT)
		return;
	log_debug("%s", err.message);
	strv_add(&l->unreadable, path);
}

void logins_read_apt(struct logins *l, const char *file, const char *directory)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	int r;

	if (file)
		read_apt_file(l, file);
	r = directory ? list_names(AT_FDCWD, directory, &names) : 0;
	if (r < 0 && r != -ENOENT)
		strv_add(&l->unreadable, directory);
	for (size_t i = 0; i < names.count; i++) {
		cleanup_free char *path = xasprintf(
			"%s%s%s", directory, ends_with(directory, "/") ? "" : "/", names.item[i]);

		if (*names.item[i] != '.' && ends_with(path, ".conf"))
			read_apt_file(l, path);
	}
}

static bool fits(const struct login *login, const char *url, const struct url *parts)
{
	const struct url *machine = &login->machine;

	return (!login->scope || url_is_below(url, login->scope)) &&
	       strcasecmp(machine->host, parts->host) == 0 &&
	       (!*machine->port || streq(machine->port, parts->port)) &&
	       starts_with(parts->path, machine->path);
}

/* The first entry for this URL, by this scheme or (NULL) any. */
static const struct login *find(const struct logins *l, const char *url, const struct url *parts,
				const char *scheme)
{
	for (size_t i = 0; i < l->count; i++)
		if ((!scheme || streq(l->item[i].machine.scheme, scheme)) &&
		    fits(&l->item[i], url, parts))
			return &l->item[i];
	return NULL;
}

const struct login *logins_find(const struct logins *l, const char *url)
{
	CLEANUP(url_release) struct url parts = url_split(url);

	return find(l, url, &parts, parts.scheme);
}

char *logins_hint(const struct logins *l, const char *url, bool third_party)
{
	CLEANUP(url_release) struct url parts = url_split(url);
	const struct login *used = find(l, url, &parts, parts.scheme);
	const struct login *other = find(l, url, &parts, NULL);
	cleanup_free char *machine =
		xasprintf("%s%s%s%s", streq(parts.scheme, "https") ? "" : "http://", parts.host,
			  *parts.port ? ":" : "", parts.port);
	cleanup_free char *unreadable = NULL;

	if (used)
		return xasprintf("correct the name and password for it in '%s', line %u",
				 used->file, used->line);
	if (other)
		return xasprintf("'%s', line %u, has one for this host, but for %s only: write "
				 "'machine %s' there",
				 other->file, other->line, other->machine.scheme, machine);
	unreadable = l->unreadable.count > 0
			     ? xasprintf("; this user cannot read '%s'", l->unreadable.item[0])
			     : xstrdup("");
	return xasprintf("write 'machine %s login NAME password PASSWORD' into %s "
			 "(apt_auth.conf(5))%s",
			 machine,
			 third_party ? "a file that only you can read, and name that file by "
				       "`auth` beside the repository's `url`; or into a file "
				       "/etc/apt/auth.conf.d/NAME.conf"
				     : "a file /etc/apt/auth.conf.d/NAME.conf",
			 unreadable);
}

void logins_release(struct logins *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct login *login = &l->item[i];

		explicit_bzero(login->password, strlen(login->password));
		free(login->scope);
		url_release(&login->machine);
		free(login->user);
		free(login->password);
		free(login->file);
	}
	free(l->item);
	strv_release(&l->unreadable);
	*l = (struct logins){ 0 };
}
