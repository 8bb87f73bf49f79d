/* SPDX-License-Identifier: MIT */
#include "verify/vary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "verify/vary-parts.h"

#define UMASK 077

/* Variables that tools read and that must not reach the image. */
static const char *const tool_variable[] = {
	"SOURCE_DATE_EPOCH=1", "ZSTD_CLEVEL=1",	   "ZSTD_NBTHREADS=1",
	"XZ_OPT=-0",	       "GZIP=-1",	   "TAR_OPTIONS=--mtime=@1",
	"POSIXLY_CORRECT=1",   "DEBCONF_DEBUG=.*", "DPKG_MAINTSCRIPT_DEBUG=1",
	"USER=somebody",       "LOGNAME=somebody", "SHELL=/bin/false",
	"TERM=dumb",	       "COLUMNS=20",	   "LANGUAGE=tr:de",
};

/* How the programs that the builder needs are found. */
static const char *const kept_variable[] = { "PATH=", "NETRESCUE", "LIBGUESTFS_", "SUPERMIN_" };

extern char **environ;

static void vary_release(struct vary *e)
{
	strv_release(&e->read);
	strv_release(&e->write);
	strv_release(&e->env);
	variations_release(&e->variations);
}

/* ---- what needs no right -------------------------------------------------------------------- */

static bool is_kept(const char *variable)
{
	for (size_t i = 0; i < sizeof(kept_variable) / sizeof(*kept_variable); i++)
		if (starts_with(variable, kept_variable[i]))
			return true;
	return false;
}

static const char *get(const struct vary *e, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < e->env.count; i++)
		if (starts_with(e->env.item[i], name) && e->env.item[i][length] == '=')
			return e->env.item[i] + length + 1;
	return "not set";
}

static void set(struct vary *e, const char *name, const char *value)
{
	cleanup_free char *old = xasprintf("%s=%s", name, get(e, name));

	(void)strv_remove(&e->env, old);
	strv_addf(&e->env, "%s=%s", name, value);
}

static void look_environment(const struct vary *e, struct text *ret)
{
	text_printf(ret, "%zu variables, ZSTD_CLEVEL %s, SOURCE_DATE_EPOCH %s", e->env.count,
		    get(e, "ZSTD_CLEVEL"), get(e, "SOURCE_DATE_EPOCH"));
}

static int change_environment(struct vary *e, struct text *why_not)
{
	(void)why_not;
	for (size_t i = e->env.count; i-- > 0;) {
		cleanup_free char *variable = xstrdup(e->env.item[i]);

		if (!is_kept(variable))
			(void)strv_remove(&e->env, variable);
	}
	for (size_t i = 0; i < sizeof(tool_variable) / sizeof(*tool_variable); i++)
		strv_add(&e->env, tool_variable[i]);
	return 0;
}

static void look_zone(const struct vary *e, struct text *ret)
{
	text_add(ret, get(e, "TZ"));
}

static int change_zone(struct vary *e, struct text *why_not)
{
	(void)why_not;
	set(e, "TZ",
	    streq(get(e, "TZ"), "Pacific/Kiritimati") ? "America/Caracas" : "Pacific/Kiritimati");
	return 0;
}

static void look_language(const struct vary *e, struct text *ret)
{
	text_printf(ret, "LANG %s, LC_ALL %s", get(e, "LANG"), get(e, "LC_ALL"));
}

static int change_language(struct vary *e, struct text *why_not)
{
	const char *locale = streq(get(e, "LC_ALL"), "tr_TR.UTF-8") ? "de_DE" : "tr_TR.UTF-8";

	(void)why_not;
	set(e, "LANG", locale);
	set(e, "LC_ALL", locale);
	return 0;
}

static void look_home(const struct vary *e, struct text *ret)
{
	text_add(ret, get(e, "HOME"));
}

static int change_home(struct vary *e, struct text *why_not)
{
	(void)why_not;
	set(e, "HOME", e->home);
	set(e, "TMPDIR", e->home);
	return 0;
}

static void look_umask(const struct vary *e, struct text *ret)
{
	mode_t mask = umask(0);

	(void)e;
	(void)umask(mask);
	text_printf(ret, "%03o", (unsigned)mask);
}

static int change_umask(struct vary *e, struct text *why_not)
{
	(void)e;
	(void)why_not;
	(void)umask(UMASK);
	return 0;
}

static void look_directory(const struct vary *e, struct text *ret)
{
	char path[PATH_MAX];

	(void)e;
	text_add(ret, getcwd(path, sizeof(path)) ? path : "?");
}

static int change_directory(struct vary *e, struct text *why_not)
{
	(void)why_not;
	return chdir(e->directory) < 0 ? -errno : 0;
}

static const struct trial process[] = {
	{ "environment", look_environment, change_environment },
	{ "time zone", look_zone, change_zone },
	{ "language", look_language, change_language },
	{ "home directory", look_home, change_home },
	{ "umask", look_umask, change_umask },
	{ "working directory", look_directory, change_directory },
	{ NULL, NULL, NULL },
};

/* ---- all of it ------------------------------------------------------------------------------ */

static void try_one(struct vary *e, const struct trial *t, const char *before)
{
	CLEANUP(text_release) struct text after = { 0 };
	CLEANUP(text_release) struct text why_not = { 0 };
	int r = t->change(e, &why_not);

	if (r < 0)
		text_printf(&why_not, "%s here", strerror(-r));
	t->look(e, &after);
	if (r == 0)
		variations_add(&e->variations, t->name, before, after.data);
	else
		variations_add_not(&e->variations, t->name, "%s", why_not.data);
}

/* All are looked at before the first is changed: one may hide another. */
static void try_all(struct vary *e)
{
	static const struct trial *const table[] = { vary_machine, vary_user, process };
	CLEANUP(strv_release) struct strv before = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		for (const struct trial *t = table[i]; t->name; t++) {
			struct text seen = { 0 };

			t->look(e, &seen);
			text_add(&seen, "");
			strv_add_take(&before, text_take(&seen));
		}
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		for (const struct trial *t = table[i]; t->name; t++)
			try_one(e, t, before.item[n++]);
}

static int parse(const char *const *argument, struct vary *e, struct err *err)
{
	const struct {
		const char *name;
		const char **one;
		struct strv *many;
	} setting[] = {
		{ "report=", &e->report, NULL },       { "scratch=", &e->scratch, NULL },
		{ "directory=", &e->directory, NULL }, { "home=", &e->home, NULL },
		{ "read=", NULL, &e->read },	       { "write=", NULL, &e->write },
	};

	for (; *argument && **argument != '/'; argument++) {
		bool known = false;

		for (size_t i = 0; i < sizeof(setting) / sizeof(*setting); i++) {
			const char *value = *argument + strlen(setting[i].name);

			if (!starts_with(*argument, setting[i].name))
				continue;
			known = true;
			if (setting[i].one)
				*setting[i].one = value;
			else
				strv_add(setting[i].many, value);
		}
		if (!known)
			return err_set(err, ERR_USAGE, "unknown setting '%s'", *argument);
	}
	e->command = argument;
	if (!*argument || !e->report || !e->scratch || !e->directory || !e->home)
		return err_set(err, ERR_USAGE, "no command, or a setting is missing");
	return 0;
}

int vary_run(const char *const *argument, struct err *err)
{
	CLEANUP(vary_release) struct vary e = { 0 };
	cleanup_fd int report = -1;
	cleanup_free char *text = NULL;
	sigset_t none;
	int r = parse(argument, &e, err);

	if (r < 0)
		return r;
	/* Now, while we still may. */
	report = open(e.report, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (report < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot write '%s'", e.report);
	for (char **v = environ; *v; v++)
		strv_add(&e.env, *v);
	try_all(&e);
	text = variations_text(&e.variations);
	r = write_all(report, text, strlen(text));
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write '%s'", e.report);
	/* After the change of user, which clears it. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(e.command[0], (char **)(uintptr_t)e.command, e.env.item);
	return err_errno(err, ERR_BUILD, errno, "cannot start '%s'", e.command[0]);
}
