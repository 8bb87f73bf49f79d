/* SPDX-License-Identifier: MIT */
#include "archive/apt-config.h"

#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/log.h"
#include "base/memory.h"

#define OUTPUT_MAX ((size_t)64 * 1024)
#define TIMEOUT_MAX 86400
#define HTTPS "Acquire::https::"
#define AUTHORITY "CAInfo"

/* What apt-config prints; nothing if there is no answer. */
static int ask(const char *const *argv, struct text *ret, struct err *err)
{
	const char *path = getenv("PATH"), *config = getenv("APT_CONFIG");
	CLEANUP(strv_release) struct strv env = { 0 };
	CLEANUP(text_release) struct text output = { 0 };
	CLEANUP(err_release) struct err own = { 0 };
	int r;

	strv_addf(&env, "PATH=%s", path ? path : "/usr/bin:/bin");
	strv_add(&env, "LC_ALL=C.UTF-8");
	if (config)
		strv_addf(&env, "APT_CONFIG=%s", config);
	const struct child_options options = {
		.argv = argv,
		.env = (const char *const *)env.item,
	};
	r = child_run(&options, OUTPUT_MAX, &output, &own);
	if (r < 0 && own.class == ERR_INTERRUPTED)
		return err_move(err, &own);
	if (r < 0)
		log_debug("apt's configuration is not known: %s", own.message);
	else
		*ret = TAKE(output);
	text_add(ret, "");
	return 0;
}

/* In seconds; 0 if the value is not a number, or more than a day. */
static long timeout_of(const char *value)
{
	uint64_t seconds;

	return parse_u64(value, &seconds) == 0 && seconds <= TIMEOUT_MAX ? (long)seconds : 0;
}

static char *proxy_of(const char *value)
{
	return streq(value, "DIRECT") || streq(value, "false") ? xstrdup("") : xstrdup(value);
}

static void replace(char **text, char *by)
{
	free(*text);
	*text = by;
}

/* "Acquire::https::HOST::CAInfo FILE", or without the host. */
static void take_line(struct apt_config *c, const char *line)
{
	const char *blank = strchr(line, ' ');
	cleanup_free char *key = blank ? xstrndup(line, (size_t)(blank - line)) : xstrdup("");
	const char *value = blank ? blank + 1 : "";

	if (*value && streq(key, "Acquire::http::Proxy")) {
		replace(&c->proxy, proxy_of(value));
	} else if (streq(key, "Acquire::http::Timeout")) {
		c->timeout = timeout_of(value);
	} else if (*value && streq(key, HTTPS AUTHORITY)) {
		strv_add(&c->authorities, "");
		strv_add(&c->authorities, value);
	} else if (*value && starts_with(key, HTTPS) && ends_with(key, "::" AUTHORITY)) {
		strv_addf(&c->authorities, "%.*s",
			  (int)(strlen(key) - strlen(HTTPS) - strlen("::" AUTHORITY)),
			  key + strlen(HTTPS));
		strv_add(&c->authorities, value);
	}
}

/* NAME='value', for a shell. */
static void take_place(struct apt_config *c, const char *line)
{
	const char *value = strchr(line, '\'');
	size_t length = value ? strlen(value) : 0;

	if (length < 3 || !ends_with(line, "'") || strstr(line, "'\\''"))
		return;
	if (starts_with(line, "FILE="))
		replace(&c->login_file, xstrndup(value + 1, length - 2));
	else if (starts_with(line, "DIRECTORY="))
		replace(&c->login_directory, xstrndup(value + 1, length - 2));
}

void apt_config_parse(const char *settings, const char *places, struct apt_config *ret)
{
	CLEANUP(strv_release) struct strv setting = { 0 };
	CLEANUP(strv_release) struct strv place = { 0 };

	strv_split(&setting, settings, "\n");
	strv_split(&place, places, "\n");
	for (size_t i = 0; i < setting.count; i++)
		take_line(ret, setting.item[i]);
	for (size_t i = 0; i < place.count; i++)
		take_place(ret, place.item[i]);
}

int apt_config_read(struct apt_config *ret, struct err *err)
{
	static const char *const dump[] = { "apt-config",
					    "dump",
					    "--format",
					    "%f %v%n",
					    "Acquire::http::Proxy",
					    "Acquire::http::Timeout",
					    "Acquire::https",
					    NULL };
	static const char *const places[] = { "apt-config", "shell",
					      "FILE",	    "Dir::Etc::netrc/f",
					      "DIRECTORY",  "Dir::Etc::netrcparts/d",
					      NULL };
	CLEANUP(text_release) struct text settings = { 0 };
	CLEANUP(text_release) struct text paths = { 0 };
	int r = ask(dump, &settings, err);

	if (r == 0)
		r = ask(places, &paths, err);
	if (r < 0)
		return r;
	*ret = (struct apt_config){ 0 };
	apt_config_parse(settings.data, paths.data, ret);
	return 0;
}

void apt_config_release(struct apt_config *c)
{
	free(c->proxy);
	strv_release(&c->authorities);
	free(c->login_file);
	free(c->login_directory);
	*c = (struct apt_config){ 0 };
}
