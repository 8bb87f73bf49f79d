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

static void vary_release(struct vary *v)
{
	strv_release(&v->read);
	strv_release(&v->write);
	strv_release(&v->env);
	variations_release(&v->variations);
}

/* ---- what needs no privileges --------------------------------------------------------------- */

static bool is_kept(const char *variable)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept_variable); i++)
		if (starts_with(variable, kept_variable[i]))
			return true;
	return false;
}

static const char *get(const struct vary *v, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < v->env.count; i++)
		if (starts_with(v->env.item[i], name) && v->env.item[i][length] == '=')
			return v->env.item[i] + length + 1;
	return "not set";
}

static void set(struct vary *v, const char *name, const char *value)
{
	cleanup_free char *old = xasprintf("%s=%s", name, get(v, name));

	(void)strv_remove(&v->env, old);
	strv_addf(&v->env, "%s=%s", name, value);
}

static void look_environment(const struct vary *v, struct text *ret)
{
	text_printf(ret, "%zu variables, ZSTD_CLEVEL %s, SOURCE_DATE_EPOCH %s", v->env.count,
		    get(v, "ZSTD_CLEVEL"), get(v, "SOURCE_DATE_EPOCH"));
}

static int change_environment(struct vary *v, struct text *why_not)
{
	(void)why_not;
	for (size_t i = v->env.count; i-- > 0;) {
		cleanup_free char *variable = xstrdup(v->env.item[i]);

		if (!is_kept(variable))
			(void)strv_remove(&v->env, variable);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tool_variable); i++)
		strv_add(&v->env, tool_variable[i]);
	return 0;
}

static void look_zone(const struct vary *v, struct text *ret)
{
	text_add(ret, get(v, "TZ"));
}

static int change_zone(struct vary *v, struct text *why_not)
{
	(void)why_not;
	set(v, "TZ",
	    streq(get(v, "TZ"), "Pacific/Kiritimati") ? "America/Caracas" : "Pacific/Kiritimati");
	return 0;
}

static void look_language(const struct vary *v, struct text *ret)
{
	text_printf(ret, "LANG %s, LC_ALL %s", get(v, "LANG"), get(v, "LC_ALL"));
}

static int change_language(struct vary *v, struct text *why_not)
{
	const char *locale = streq(get(v, "LC_ALL"), "tr_TR.UTF-8") ? "de_DE" : "tr_TR.UTF-8";

	(void)why_not;
	set(v, "LANG", locale);
	set(v, "LC_ALL", locale);
	return 0;
}

static void look_home(const struct vary *v, struct text *ret)
{
	text_add(ret, get(v, "HOME"));
}

static int change_home(struct vary *v, struct text *why_not)
{
	(void)why_not;
	set(v, "HOME", v->home);
	set(v, "TMPDIR", v->home);
	return 0;
}

static void look_umask(const struct vary *v, struct text *ret)
{
	mode_t mask = umask(0);

	(void)v;
	(void)umask(mask);
	text_printf(ret, "%03o", (unsigned)mask);
}

static int change_umask(struct vary *v, struct text *why_not)
{
	(void)v;
	(void)why_not;
	(void)umask(UMASK);
	return 0;
}

static void look_directory(const struct vary *v, struct text *ret)
{
	char path[PATH_MAX];

	(void)v;
	text_add(ret, getcwd(path, sizeof(path)) ? path : "?");
}

static int change_directory(struct vary *v, struct text *why_not)
{
	(void)why_not;
	return chdir(v->directory) < 0 ? -errno : 0;
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

static void try_one(struct vary *v, const struct trial *t, const char *before)
{
	CLEANUP(text_release) struct text after = { 0 };
	CLEANUP(text_release) struct text why_not = { 0 };
	int r = t->change(v, &why_not);

	if (r < 0)
		text_printf(&why_not, "%s here", strerror(-r));
	t->look(v, &after);
	if (r == 0)
		variations_add(&v->variations, t->name, before, after.data);
	else
		variations_add_not(&v->variations, t->name, "%s", why_not.data);
}

/* All are looked at before the first one is changed: the change of one may hide another. */
static void try_all(struct vary *v)
{
	static const struct trial *const table[] = { vary_machine, vary_user, process };
	CLEANUP(strv_release) struct strv before = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		for (const struct trial *t = table[i]; t->name; t++) {
			struct text seen = { 0 };

			t->look(v, &seen);
			text_add(&seen, "");
			strv_add_take(&before, text_take(&seen));
		}
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		for (const struct trial *t = table[i]; t->name; t++)
			try_one(v, t, before.item[n++]);
}

static int parse(const char *const *argument, struct vary *v, struct err *err)
{
	const struct {
		const char *name;
		const char **one;
		struct strv *many;
	} setting[] = {
		{ "report=", &v->report, NULL },       { "scratch=", &v->scratch, NULL },
		{ "directory=", &v->directory, NULL }, { "home=", &v->home, NULL },
		{ "read=", NULL, &v->read },	       { "write=", NULL, &v->write },
	};

	for (; *argument && **argument != '/'; argument++) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(setting); i++) {
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
	v->command = argument;
	if (!*argument || !v->report || !v->scratch || !v->directory || !v->home)
		return err_set(err, ERR_USAGE, "no command, or a setting is missing");
	return 0;
}

int vary_run(const char *const *argument, struct err *err)
{
	CLEANUP(vary_release) struct vary v = { 0 };
	cleanup_fd int report = -1;
	cleanup_free char *text = NULL;
	sigset_t none;
	int r = parse(argument, &v, err);

	if (r < 0)
		return r;
	/* Opened now, since afterwards we may be a user who may not. */
	report = open(v.report, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (report < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot write '%s'", v.report);
	for (char **variable = environ; *variable; variable++)
		strv_add(&v.env, *variable);
	try_all(&v);
	if (v.broken < 0)
		return err_errno(err, ERR_BUILD, -v.broken, "cannot become root again");
	text = variations_text(&v.variations);
	r = write_all(report, text, strlen(text));
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write '%s'", v.report);
	/* After the change of user, which clears it. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(v.command[0], (char **)(uintptr_t)v.command, v.env.item);
	return err_errno(err, ERR_BUILD, errno, "cannot start '%s'", v.command[0]);
}
