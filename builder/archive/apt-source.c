/* SPDX-License-Identifier: MIT */
#include "archive/apt-source.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "deb/deb822.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"

#define FILE_MAX ((size_t)1024 * 1024)

static const char blanks[] = " \t\n";

/* Whether the URL begins with the prefix and a name follows: at once, or behind these slashes. */
static bool names_after(const char *url, const char *prefix, const char *slashes)
{
	if (!starts_with(url, prefix))
		return false;
	url += strlen(prefix);
	url += strspn(url, slashes);
	return *url && *url != '/';
}

bool apt_source_url_is_known(const char *url)
{
	return names_after(url, "http://", "") || names_after(url, "https://", "") ||
	       names_after(url, "file:/", "/");
}

static void add_source(struct apt_sources *s, const char *url, const char *suite,
		       const struct strv *components, const char *signed_by)
{
	struct apt_source source = { .suite = xstrdup(suite) };
	size_t length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	/* apt accepts file:/srv, too; curl needs two more slashes. */
	if (starts_with(url, "file:/") && !starts_with(url, "file://"))
		source.url = xasprintf("file://%.*s", (int)(length - 5), url + 5);
	else
		source.url = xstrndup(url, length);
	source.signed_by = signed_by ? xstrdup(signed_by) : NULL;
	strv_add_all(&source.components, components);
	GROW(s->item, s->count, s->allocated);
	s->item[s->count++] = source;
}

/* apt-transport-mirror(1): one URL on each line, perhaps with properties after a tab. */
static void add_mirror_file(int root, struct apt_sources *s, const char *path, const char *suite,
			    const struct strv *components, const char *signed_by)
{
	CLEANUP(text_release) struct text list = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	char *save = NULL;

	path += strspn(path, "/");
	if (read_file(root, path, FILE_MAX, &list, &err) < 0) {
		log_warning("apt's mirror list is left out: %s", err.message);
		return;
	}
	for (char *line = strtok_r(list.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, blanks);
		line[strcspn(line, " \t")] = '\0';
		if (apt_source_url_is_known(line))
			add_source(s, line, suite, components, signed_by);
	}
}

static void add_url(int root, struct apt_sources *s, const char *url, const char *suite,
		    const struct strv *components, const char *signed_by)
{
	if (starts_with(url, "mirror+file:"))
		add_mirror_file(root, s, url + strlen("mirror+file:"), suite, components,
				signed_by);
	else if (apt_source_url_is_known(url))
		add_source(s, url, suite, components, signed_by);
	else
		log_debug(
			"apt's source '%s' is left out: its transport is none of http, https, file",
			url);
}

/* Cuts "[ option=value … ]" out of the rest of a line, and says what signed-by is. */
static char *parse_options(char *rest, char **ret_signed_by)
{
	char *end, *save = NULL;

	rest += strspn(rest, blanks);
	if (*rest != '[')
		return rest;
	end = strchr(rest, ']');
	if (!end)
		return NULL;
	*end = '\0';
	for (char *word = strtok_r(rest + 1, blanks, &save); word;
	     word = strtok_r(NULL, blanks, &save))
		if (strncasecmp(word, "signed-by=", 10) == 0) {
			free(*ret_signed_by);
			*ret_signed_by = xstrdup(word + 10);
		}
	return end + 1;
}

/* deb [ options ] URL SUITE COMPONENT… */
static void parse_line(int root, char *line, struct apt_sources *s)
{
	CLEANUP(strv_release) struct strv components = { 0 };
	cleanup_free char *signed_by = NULL;
	const char *url, *suite, *component;
	char *save = NULL;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, blanks);
	if (!starts_with(line, "deb") || !isspace((unsigned char)line[3]))
		return;
	line = parse_options(line + 3, &signed_by);
	url = line ? strtok_r(line, blanks, &save) : NULL;
	if (!url || starts_with(url, "cdrom:")) /* its URL has blanks */
		return;
	suite = strtok_r(NULL, blanks, &save);
	if (!suite)
		return;
	while ((component = strtok_r(NULL, blanks, &save)))
		strv_add(&components, component);
	add_url(root, s, url, suite, &components, signed_by);
}

static void parse_list(int root, const char *path, struct apt_sources *s)
{
	CLEANUP(text_release) struct text list = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	char *save = NULL;

	if (read_file(root, path, FILE_MAX, &list, &err) < 0) {
		log_warning("apt's configuration is left out: %s", err.message);
		return;
	}
	for (char *line = strtok_r(list.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		parse_line(root, line, s);
}

static void parse_stanza(int root, const struct deb822_stanza *stanza, struct apt_sources *s)
{
	CLEANUP(strv_release) struct strv types = { 0 };
	CLEANUP(strv_release) struct strv urls = { 0 };
	CLEANUP(strv_release) struct strv suites = { 0 };
	CLEANUP(strv_release) struct strv components = { 0 };
	const char *enabled = deb822_get(stanza, "Enabled");
	const struct {
		const char *field;
		struct strv *list;
	} lists[] = { { "Types", &types },
		      { "URIs", &urls },
		      { "Suites", &suites },
		      { "Components", &components } };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const char *value = deb822_get(stanza, lists[i].field);

		strv_split(lists[i].list, value ? value : "", blanks);
	}
	/* apt's StringToBool: these words mean no. */
	if (enabled && (strcasecmp(enabled, "no") == 0 || strcasecmp(enabled, "false") == 0 ||
			strcasecmp(enabled, "off") == 0 || strcasecmp(enabled, "without") == 0 ||
			strcasecmp(enabled, "disable") == 0 || streq(enabled, "0")))
		return;
	if (!strv_has(&types, "deb"))
		return;
	for (size_t u = 0; u < urls.count; u++)
		for (size_t i = 0; i < suites.count; i++)
			add_url(root, s, urls.item[u], suites.item[i], &components,
				deb822_get(stanza, "Signed-By"));
}

static void parse_sources(int root, const char *path, struct apt_sources *s)
{
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	CLEANUP(text_release) struct text content = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	struct deb822 reader = { .name = path, .class = ERR_USAGE, .comments = true };
	int r = read_file(root, path, FILE_MAX, &content, &err);

	reader.data = content.data;
	reader.size = content.length;
	while (r >= 0 && (r = deb822_next(&reader, &stanza, &err)) > 0)
		parse_stanza(root, &stanza, s);
	if (r < 0)
		log_warning("the rest of apt's '%s' is left out: %s", path, err.message);
}

int apt_sources_read(const char *root, struct apt_sources *ret, struct err *err)
{
	CLEANUP(apt_sources_release) struct apt_sources s = { 0 };
	CLEANUP(strv_release) struct strv names = { 0 };
	cleanup_fd int fd = -1;
	int r = open_dir(AT_FDCWD, root, &fd, err);

	if (r < 0)
		return err_wrap(err, "reading apt's configuration");
	if (faccessat(fd, "etc/apt/sources.list", F_OK, 0) == 0)
		parse_list(fd, "etc/apt/sources.list", &s);
	(void)list_names(fd, "etc/apt/sources.list.d", &names);
	for (size_t i = 0; i < names.count; i++) {
		cleanup_free char *path = xasprintf("etc/apt/sources.list.d/%s", names.item[i]);

		if (*names.item[i] == '.')
			continue;
		if (ends_with(path, ".list"))
			parse_list(fd, path, &s);
		else if (ends_with(path, ".sources"))
			parse_sources(fd, path, &s);
	}
	*ret = TAKE(s);
	return 0;
}

void apt_sources_release(struct apt_sources *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->item[i].url);
		free(s->item[i].suite);
		free(s->item[i].signed_by);
		strv_release(&s->item[i].components);
	}
	free(s->item);
	*s = (struct apt_sources){ 0 };
}
