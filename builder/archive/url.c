/* SPDX-License-Identifier: MIT */
#include "archive/url.h"

#include <curl/curl.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static char *part_of(CURLU *u, CURLUPart part, unsigned flags)
{
	char *value = NULL;
	char *copy = NULL;

	if (u && curl_url_get(u, part, &value, flags) == CURLUE_OK)
		copy = xstrdup(value);
	curl_free(value);
	return copy ? copy : xstrdup("");
}

static struct url split(const char *url, unsigned port_flags)
{
	CURLU *u = curl_url();
	bool good = u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
	struct url parts = {
		.scheme = part_of(good ? u : NULL, CURLUPART_SCHEME, 0),
		.host = part_of(good ? u : NULL, CURLUPART_HOST, 0),
		.port = part_of(good ? u : NULL, CURLUPART_PORT, port_flags),
		.path = part_of(good ? u : NULL, CURLUPART_PATH, 0),
	};

	curl_url_cleanup(u);
	return parts;
}

struct url url_split(const char *url)
{
	return split(url, 0);
}

char *url_file(const char *url)
{
	CLEANUP(url_release) struct url parts = url_split(url);
	CURLU *u = streq(parts.scheme, "file") ? curl_url() : NULL;
	char *path = NULL;

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		path = part_of(u, CURLUPART_PATH, CURLU_URLDECODE);
	curl_url_cleanup(u);
	return path;
}

void url_release(struct url *u)
{
	free(u->scheme);
	free(u->host);
	free(u->port);
	free(u->path);
}

char *url_origin(const char *url)
{
	CLEANUP(url_release) struct url u = split(url, CURLU_DEFAULT_PORT);

	return xasprintf("%s://%s:%s", u.scheme, u.host, u.port);
}

char *url_public(const char *url)
{
	const char *host = strstr(url, "://");
	const char *at;

	if (!host)
		return xstrdup(url);
	host += 3;
	at = memrchr(host, '@', strcspn(host, "/?#"));
	return at ? xasprintf("%.*s%s", (int)(host - url), url, at + 1) : xstrdup(url);
}

char *url_encode(const char *path)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add(&t, "");
	for (const char *c = path; *c; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || strchr("%?#\\", *c))
			text_printf(&t, "%%%02X", (unsigned)(unsigned char)*c);
		else
			text_append(&t, c, 1);
	return text_take(&t);
}

bool url_is_below(const char *url, const char *base)
{
	return starts_with(url, base) && url[strlen(base)] == '/';
}
