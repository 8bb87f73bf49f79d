/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "rootfs/bootstrap.h"
#include "rootfs/questions.h"

const char *const bootstrap_env[] = {
	"PATH=" BOOTSTRAP_BIN ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	/* Bytecode that an import leaves has its source's time in it, which varies; what a package
	 * compiles on purpose has a hash instead. */
	"PYTHONDONTWRITEBYTECODE=1",
	/* A root that was pivoted to looks like a booted system. These say that no system runs
	 * here, as in every chroot, so that `systemctl daemon-reload` and `udevadm control` of a
	 * package's script do nothing and succeed (systemd: docs/ENVIRONMENT.md). */
	"SYSTEMD_OFFLINE=1",
	"SYSTEMD_IN_CHROOT=1",
	NULL,
};

struct watch {
	uint64_t *steps;
	bool offline; /* a script has looked for the network, for the package at hand */
	char *failed; /* the first that dpkg gave up on: a package, or the path of its .deb */
};

/* What wget, curl and others say where no name can be resolved. */
static bool is_about_network(const char *line)
{
	static const char *const words[] = { "ailure in name resolution", "ould not resolve",
					     "nable to resolve", "ame or service not known",
					     "etwork is unreachable" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

/* Looks for what dpkg says in English: its commands run with LC_ALL=C.UTF-8. */
static void watch_line(const char *line, void *data)
{
	static const char gave_up[] = "dpkg: error processing ";
	struct watch *w = data;

	if (starts_with(line, "Unpacking ") || starts_with(line, "Setting up ")) {
		const char *name = strchr(line, ' ') + 1;

		if (*line == 'S')
			name += strlen("up ");
		progress_detail("%s %.*s", *line == 'S' ? "configuring" : "unpacking",
				(int)strcspn(name, " "), name);
		progress_update(++*w->steps);
		w->offline = w->offline && w->failed;
	} else if (!w->failed && starts_with(line, gave_up)) {
		const char *what = line + strlen(gave_up);

		if (starts_with(what, "package ") || starts_with(what, "archive "))
			what = strchr(what, ' ') + 1;
		w->failed = xstrndup(what, strcspn(what, " "));
	} else if (!w->failed && is_about_network(line)) {
		w->offline = true;
	}
}

static void release_watch(struct watch *w)
{
	free(w->failed);
}

static const char **with_env(const char *const *more)
{
	const char **env;
	size_t n = 0, count = 0;

	while (more && more[count])
		count++;
	env = xcalloc(count + ARRAY_SIZE(bootstrap_env), sizeof(*env));
	for (size_t i = 0; bootstrap_env[i]; i++)
		env[n++] = bootstrap_env[i];
	for (size_t i = 0; i < count; i++)
		env[n++] = more[i];
	return env;
}

/* "hello" of "hello:amd64" and of "/.netrescue/debs/hello_all.deb". */
static char *package_name(const char *failed)
{
	const char *slash = strrchr(failed, '/');
	const char *name = slash ? slash + 1 : failed;

	return xstrndup(name, strcspn(name, slash ? "_" : ":"));
}

static int package_failed(struct rootfs *rootfs, const struct watch *w, struct err *err)
{
	cleanup_free char *name = package_name(w->failed);
	cleanup_free char *help = w->offline ? NULL : questions_help(rootfs, name, w->failed);

	if (w->offline)
		(void)err_hint(err,
			       "its script wanted to download something; scripts never have a "
			       "network, so that an image is the same wherever it is built: leave "
			       "'%s' out, and bring the files by 'overlays' or 'debs'",
			       name);
	else if (help)
		(void)err_hint(err, "%s", help);
	return err_wrap(err, "package '%s'", name);
}

int bootstrap_run(struct rootfs *rootfs, struct sandbox_command *command, size_t count,
		  struct err *err)
{
	CLEANUP(release_watch) struct watch w = { .steps = &rootfs->steps };
	int r;

	for (size_t i = 0; i < count; i++)
		command[i].env = with_env(command[i].env);
	sandbox_on_line(rootfs->sandbox, watch_line, &w);
	r = sandbox_run(rootfs->sandbox, command, count, err);
	sandbox_on_line(rootfs->sandbox, NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		free((void *)(uintptr_t)command[i].env);
		command[i].env = NULL;
	}
	return r < 0 && w.failed ? package_failed(rootfs, &w, err) : r;
}

int bootstrap_dpkg(struct rootfs *rootfs, const char *const *arguments, const struct phase *phase,
		   struct err *err)
{
	return bootstrap_dpkg_beside(rootfs, arguments, phase, NULL, err);
}

int bootstrap_dpkg_beside(struct rootfs *rootfs, const char *const *arguments,
			  const struct phase *phase, const char *const *beside, struct err *err)
{
	CLEANUP(strv_release) struct strv argv = { 0 };
	struct sandbox_command command[2] = { { .argv = NULL }, { .argv = beside } };

	strv_add(&argv, "dpkg");
	/* A build that is cut off starts again from nothing, so files need not be synced. */
	strv_add(&argv, "--force-unsafe-io");
	/* So that what the failed script said comes last. */
	strv_add(&argv, "--abort-after=1");
	for (size_t i = 0; arguments[i]; i++)
		strv_add(&argv, arguments[i]);
	for (size_t i = 0; phase && i < phase->count; i++)
		strv_add_take(&argv, bootstrap_deb_path(phase->item[i]));
	command[0].argv = (const char *const *)argv.item;
	return bootstrap_run(rootfs, command, beside ? 2 : 1, err);
}
