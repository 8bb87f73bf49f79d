/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "rootfs/bootstrap.h"

#define EARLY_LOCALES SANDBOX_SCRATCH "/locale.gen"
#define EARLY_ALIASES SANDBOX_SCRATCH "/locale.alias"
#define EARLY_LOCALE_GEN SANDBOX_SCRATCH "/locale-gen"

/* Everything that depmod reads is there as soon as the kernel packages are unpacked, and nobody
 * waits for what it writes before everything is configured: it takes what processor the others
 * leave, of whom dpkg is the last to end. */
static const char *const depmod_argv[] = {
	"nice",
	"sh",
	"-ec",
	"for d in /usr/lib/modules/*/; do\n"
	"	[ ! -e \"$d/modules.order\" ] || /usr/sbin/depmod \"$(basename \"$d\")\"\n"
	"done",
	NULL,
};

/* The image's own locale-gen, made to read its list from another file, since /etc/locale.gen is the
 * business of locales' postinst, and its aliases from where dpkg has put them: up to trixie the
 * alias file is a conffile, which gets its name when locales is configured; after that it is no
 * longer one. */
static const char *const prepare_argv[] = {
	"sh",
	"-ec",
	"for a in /etc/locale.alias.dpkg-new /etc/locale.alias"
	" /usr/share/locale/locale.alias /dev/null; do\n"
	"	[ ! -e $a ] || break\n"
	"done\n"
	"cp $a " EARLY_ALIASES "\n"
	"sed -e 's|^LOCALEGEN=.*|LOCALEGEN=" EARLY_LOCALES "|'"
	" -e 's|/usr/share/locale/locale.alias|" EARLY_ALIASES "|g'"
	" /usr/sbin/locale-gen > " EARLY_LOCALE_GEN,
	NULL,
};
static const char *const early_argv[] = { "flock",	    BOOTSTRAP_LOCALE_LOCK, "sh",
					  EARLY_LOCALE_GEN, "--keep-existing",	   NULL };

/* The lines that locales' postinst will write to /etc/locale.gen for the recipe's locales, in its
 * order: the archive's bytes depend on it. */
static char *locale_list(const struct strv *locale_lines)
{
	CLEANUP(strv_release) struct strv line = { 0 };
	CLEANUP(text_release) struct text list = { 0 };

	strv_add_all(&line, locale_lines);
	strv_sort(&line);
	strv_unique(&line);
	for (size_t i = 0; i < line.count; i++)
		text_printf(&list, "%s\n", line.item[i]);
	return list.length ? text_take(&list) : NULL;
}

/* *ret: whether the early locale-gen is to run. */
static int prepare_locales(struct rootfs *rootfs, bool *ret, struct err *err)
{
	struct sandbox_command prepare = { .argv = prepare_argv };
	cleanup_free char *list = locale_list(&rootfs->locale_lines);
	int r;

	*ret = false;
	if (!list)
		return 0;
	r = sandbox_write(rootfs->sandbox, EARLY_LOCALES, list, strlen(list), 0644, err);
	if (r < 0)
		return r;
	r = bootstrap_run(rootfs, &prepare, 1, err);
	if (r < 0)
		return r;
	*ret = true;
	return 0;
}

int bootstrap_configure(struct rootfs *rootfs, struct err *err)
{
	static const char *const configure_argv[] = {
		"dpkg", "--force-unsafe-io", "--abort-after=1", "--configure", "-a", NULL
	};
	struct sandbox_command command[3] = { { .argv = configure_argv } };
	size_t count = 1;
	bool locales;
	int r = prepare_locales(rootfs, &locales, err);

	if (r < 0)
		return err_wrap(err, "preparing locales");
	/* Any kernel counts, whether the recipe boots it or not: depmod was held back for all. */
	if (rootfs->kernels.count)
		command[count++].argv = depmod_argv;
	if (locales)
		command[count++].argv = early_argv;
	return bootstrap_run(rootfs, command, count, err);
}
