/* SPDX-License-Identifier: MIT */
#include "archive/network.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "archive/apt-config.h"
#include "archive/url.h"
#include "base/memory.h"

static void add_authority(struct network *n, const char *scope, const char *host, const char *file)
{
	GROW(n->authority, n->authority_count, n->authority_allocated);
	n->authority[n->authority_count++] = (struct authority){
		.scope = scope ? xstrdup(scope) : NULL,
		.host = xstrdup(host),
		.file = xstrdup(file),
	};
}

static int read_repository(struct network *n, const struct recipe_repository *repository,
			   struct err *err)
{
	CLEANUP(err_release) struct err own = { 0 };
	size_t length = strlen(repository->url);
	cleanup_free char *scope = NULL;

	while (length > 0 && repository->url[length - 1] == '/')
		length--;
	scope = xstrndup(repository->url, length);
	if (repository->auth.path &&
	    logins_read(&n->logins, repository->auth.path, scope, &own) < 0) {
		if (own.class == ERR_INTERRUPTED)
			return err_move(err, &own);
		return position_error(&repository->auth.at, err, "%s", own.message);
	}
	if (repository->ca.path && access(repository->ca.path, R_OK) < 0)
		return position_error(&repository->ca.at, err, "cannot read '%s': %s",
				      repository->ca.path, strerror(errno));
	if (repository->ca.path)
		add_authority(n, scope, "", repository->ca.path);
	return 0;
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
				add_authority(n, NULL, apt.authorities.item[i],
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
		r = read_repository(&n, &recipe->repository[i], err);
		if (r < 0)
			return r;
	}
	r = with_apt ? read_apt(&n, err) : 0;
	if (r < 0)
		return r;
	*ret = TAKE(n);
	return 0;
}

const char *network_authority(const struct network *n, const char *url)
{
	CLEANUP(url_release) struct url parts = url_split(url);

	for (size_t i = 0; i < n->authority_count; i++) {
		const struct authority *a = &n->authority[i];

		if (a->scope && !url_is_below(url, a->scope))
			continue;
		if (!*a->host || strcasecmp(a->host, parts.host) == 0)
			return a->file;
	}
	return NULL;
}

void network_release(struct network *n)
{
	for (size_t i = 0; i < n->authority_count; i++) {
		free(n->authority[i].scope);
		free(n->authority[i].host);
		free(n->authority[i].file);
	}
	free(n->authority);
	free(n->proxy);
	logins_release(&n->logins);
	*n = (struct network){ 0 };
}
