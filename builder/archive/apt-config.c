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

/* Appends the lines that apt-config prints. */
static int ask(const char *const *argv, struct strv *ret, struct err *err)
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
		strv_split(ret, output.data ? output.data : "", "\n");
	return 0;
}

/* Seconds; 0 if it is none of a day or less. */
static long timeout_of(const char *value)
{
	uint64_t seconds;

	return parse_u64(value, &seconds) == 0 && seconds <= TIMEOUT_MAX ? (long)seconds : 0;
}

static char *proxy_of(const char *value)
{
	return streq(value, "DIRECT") || streq(value, "false") ? xstrdup("") : xstrdup(value);
}

/* "Acquire::https::HOST::CAInfo FILE", or without the host. */
static void take_line(struct apt_config *c, const char *line)
{
	const char *blank = strchr(line, ' ');
	cleanup_free char *key = blank ? xstrndup(line, (size_t)(blank - line)) : xstrdup("");
	const char *value = blank ? blank + 1 : "";

	if (*value && streq(key, "Acquire::http::Proxy")) {
		free(c->proxy);
		c->proxy = proxy_of(value);
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
		c->login_file = xstrndup(value + 1, length - 2);
	else if (starts_with(line, "DIRECTORY="))
		c->login_directory = xstrndup(value + 1, length - 2);
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
	CLEANUP(apt_config_release) struct apt_config c = { 0 };
	CLEANUP(strv_release) struct strv values = { 0 };
	CLEANUP(strv_release) struct strv paths = { 0 };
	int r = ask(dump, &values, err);

	if (r < 0)
		return r;
	r = ask(places, &paths, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < values.count; i++)
		take_line(&c, values.item[i]);
	for (size_t i = 0; i < paths.count; i++)
		take_place(&c, paths.item[i]);
	*ret = TAKE(c);
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
