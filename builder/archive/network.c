/* SPDX-License-Identifier: MIT */
#include "archive/network.h"

#include <string.h>
#include <strings.h>

#include "archive/apt-config.h"
#include "archive/url.h"
#include "base/io.h"
#include "base/memory.h"
#include "recipe/reach.h"

/* More would be more certificates than anybody trusts. */
#define CA_MAX ((size_t)4 << 20)

static struct authority *add_authority(struct network *n, const char *scope, const char *host,
				       const char *file)
{
	GROW(n->authority, n->authority_count, n->authority_allocated);
	n->authority[n->authority_count++] = (struct authority){
		.scope = scope ? xstrdup(scope) : NULL,
		.host = xstrdup(host),
		.file = xstrdup(file),
	};
	return &n->authority[n->authority_count - 1];
}

static int read_login(struct network *n, const struct recipe *recipe,
		      const struct recipe_file *file, const char *scope, struct err *err)
{
	CLEANUP(err_release) struct err own = { 0 };
	cleanup_fd int fd = -1;
	int r = reach_open(recipe->reach, &file->at, REACH_FILE, "login file", file->path, &fd,
			   err);

	if (r < 0)
		return r;
	r = logins_read_fd(&n->logins, fd, file->path, scope, &own);
	if (r < 0 && own.class == ERR_INTERRUPTED)
		return err_move(err, &own);
	return r < 0 ? position_error(&file->at, err, "%s", own.message) : 0;
}

/* Read now, as later it could be another file. */
static int read_ca(struct network *n, const struct recipe *recipe, const struct recipe_file *file,
		   const char *scope, struct err *err)
{
	CLEANUP(err_release) struct err own = { 0 };
	struct authority *authority;
	cleanup_fd int fd = -1;
	int r = reach_open(recipe->reach, &file->at, REACH_FILE, "file of certificates", file->path,
			   &fd, err);

	if (r < 0)
		return r;
	authority = add_authority(n, scope, "", file->path);
	r = read_fd(fd, file->path, CA_MAX, &authority->content, &own);
	return r < 0 ? position_error(&file->at, err, "%s", own.message) : 0;
}

static int read_repository(struct network *n, const struct recipe *recipe,
			   const struct recipe_repository *repository, struct err *err)
{
	size_t length = strlen(repository->url);
	cleanup_free char *scope = NULL;
	int r = 0;

	while (length > 0 && repository->url[length - 1] == '/')
		length--;
	scope = xstrndup(repository->url, length);
	if (repository->auth.path)
		r = read_login(n, recipe, &repository->auth, scope, err);
	if (r == 0 && repository->ca.path)
		r = read_ca(n, recipe, &repository->ca, scope, err);
	return r;
}

/* What apt says of one host goes before what it says of all. */
static int read_apt(struct network *n, struct err *err)
{
	CLEANUP(apt_config_release) struct apt_config apt = { 0 };
	int r = apt_config_read(&apt, err);

	if (r < 0)
		return r;
	for (int general = 0; general < 2; general++)
		for (size_t i = 0; i < apt.authorities.count; i += 2)
			if ((*apt.authorities.item[i] == '\0') == general)
				(void)add_authority(n, NULL, apt.authorities.item[i],
						    apt.authorities.item[i + 1]);
	logins_read_apt(&n->logins, apt.login_file, apt.login_directory);
	n->proxy = take_ptr(apt.proxy);
	n->timeout = apt.timeout;
	return 0;
}

int network_read(const struct recipe *recipe, bool with_apt, struct network *ret, struct err *err)
{
	CLEANUP(network_release) struct network n = { 0 };
	int r = 0;

	for (size_t i = 0; i < recipe->repository_count; i++) {
		r = read_repository(&n, recipe, &recipe->repository[i], err);
		if (r < 0)
			return r;
	}
	r = with_apt ? read_apt(&n, err) : 0;
	if (r < 0)
		return r;
	*ret = TAKE(n);
	return 0;
}

const struct authority *network_authority(const struct network *n, const char *url)
{
	CLEANUP(url_release) struct url parts = url_split(url);

	for (size_t i = 0; i < n->authority_count; i++) {
		const struct authority *a = &n->authority[i];

		if (a->scope && !url_is_below(url, a->scope))
			continue;
		if (!*a->host || strcasecmp(a->host, parts.host) == 0)
			return a;
	}
	return NULL;
}

void network_release(struct network *n)
{
	for (size_t i = 0; i < n->authority_count; i++) {
		free(n->authority[i].scope);
		free(n->authority[i].host);
		free(n->authority[i].file);
		text_release(&n->authority[i].content);
	}
	free(n->authority);
	free(n->proxy);
	logins_release(&n->logins);
	*n = (struct network){ 0 };
}
