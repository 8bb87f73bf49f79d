/* SPDX-License-Identifier: MIT */
#include "publish/purl.h"

#include <ctype.h>
#include <string.h>

#include "archive/url.h"
#include "base/memory.h"
#include "base/text.h"

/* By the specification these characters stand for themselves in all parts, the colon too. */
static void add_encoded(struct text *t, const char *s, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x80 && isalnum(c)) || strchr(".-_~:", c))
			text_printf(t, "%c", c);
		else
			text_printf(t, "%%%02X", c);
	}
}

static bool is_debian(const struct package *p)
{
	return streq(p->repository, "") || streq(p->repository, "security");
}

/* "https://user@host:8080/x" -> "host" */
static void add_namespace(struct text *t, const struct package *p, const char *url)
{
	const char *host = strstr(url, "://");

	if (is_debian(p)) {
		text_add(t, "debian");
	} else if (host) {
		host += strlen("://");
		add_encoded(t, host, strcspn(host, ":/"));
	} else {
		text_add(t, "local");
	}
}

char *purl_of(const struct package *p, const char *distro)
{
	cleanup_free char *url = url_public(p->repository);
	CLEANUP(text_release) struct text t = { 0 };

	text_add(&t, "pkg:deb/");
	add_namespace(&t, p, url);
	text_add(&t, "/");
	add_encoded(&t, p->name, strlen(p->name));
	text_add(&t, "@");
	add_encoded(&t, p->version, strlen(p->version));
	/* Qualifiers are sorted by name. */
	text_printf(&t, "?arch=%s", p->architecture);
	if (streq(p->repository, "local"))
		text_printf(&t, "&checksum=sha256:%s", p->sha256);
	text_add(&t, "&distro=");
	add_encoded(&t, distro, strlen(distro));
	if (!is_debian(p) && strstr(url, "://")) {
		text_add(&t, "&repository_url=");
		add_encoded(&t, url, strlen(url));
	}
	return text_take(&t);
}
