/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "rootfs/bootstrap.h"

#define EARLY_LOCALES SANDBOX_SCRATCH "/locale.gen"
#define EARLY_ALIASES SANDBOX_SCRATCH "/locale.alias"
#define EARLY_LOCALE_GEN SANDBOX_SCRATCH "/locale-gen"
#define EARLY_ROOT SANDBOX_SCRATCH "/locales"

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
 * longer one. $1 is the root below which the package lies: "" or EARLY_ROOT, for which localedef
 * has to be told as well where what locales are made of is. */
#define MAKE_LOCALES                                                                               \
	"for a in $1/etc/locale.alias.dpkg-new $1/etc/locale.alias"                                \
	" $1/usr/share/locale/locale.alias /dev/null; do\n"                                        \
	"[ ! -e $a ] || break\n"                                                                   \
	"done\n"                                                                                   \
	"cp $a " EARLY_ALIASES "\n"                                                                \
	"sed -e 's|^LOCALEGEN=.*|LOCALEGEN=" EARLY_LOCALES "|'"                                    \
	" -e 's|/usr/share/locale/locale.alias|" EARLY_ALIASES "|g'"                               \
	" -e \"s|^LOCALES=/|LOCALES=$1/|\""                                                        \
	" $1/usr/sbin/locale-gen > " EARLY_LOCALE_GEN "\n"                                         \
	"[ -z \"$1\" ] || export I18NPATH=$1/usr/share/i18n/\n"                                    \
	"exec flock " BOOTSTRAP_LOCALE_LOCK " sh " EARLY_LOCALE_GEN " --keep-existing\n"

/* In the tree, or of a package that is only just being unpacked there: $2. */
static const char *const locales_argv[] = { "sh", "-ec", MAKE_LOCALES, "locale-gen", "", NULL };
static const char early_script[] = "dpkg-deb -x \"$2\" \"$1\"\n" MAKE_LOCALES;

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

/* *ret: whether there are locales to make. */
static int write_list(struct rootfs *rootfs, bool *ret, struct err *err)
{
	cleanup_free char *list = locale_list(&rootfs->locale_lines);

	*ret = list != NULL;
	return list ? sandbox_write(rootfs->sandbox, EARLY_LOCALES, list, strlen(list), 0644, err)
		    : 0;
}

static const struct package *find_locales(const struct phase *phase)
{
	for (size_t i = 0; i < phase->count; i++)
		if (streq(phase->item[i]->name, "locales"))
			return phase->item[i];
	return NULL;
}

/* *ret: whether locales can be made of the package alone, without what a hook may have put where
 * locale-gen looks first. */
static int can_be_early(struct rootfs *rootfs, const struct phase *phase, bool *ret,
			struct err *err)
{
	bool exists = false;
	int r;

	*ret = false;
	if (!find_locales(phase))
		return 0;
	r = sandbox_exists(rootfs->sandbox, "/usr/local/share/i18n", &exists, err);
	if (r < 0 || exists)
		return r;
	return write_list(rootfs, ret, err);
}

int bootstrap_unpack(struct rootfs *rootfs, const struct phase *phase, struct err *err)
{
	static const char *const unpack[] = { "--unpack", NULL };
	bool early;
	int r = can_be_early(rootfs, phase, &early, err);

	if (r < 0)
		return err_wrap(err, "preparing locales");
	if (!early)
		return bootstrap_dpkg(rootfs, unpack, phase, err);
	cleanup_free char *deb = bootstrap_deb_path(find_locales(phase));
	const char *const argv[] = {
		"sh", "-ec", early_script, "locale-gen", EARLY_ROOT, deb, NULL
	};
	rootfs->locales_made = true;
	return bootstrap_dpkg_beside(rootfs, unpack, phase, argv, err);
}

int bootstrap_configure(struct rootfs *rootfs, struct err *err)
{
	static const char *const configure_argv[] = {
		"dpkg", "--force-unsafe-io", "--abort-after=1", "--configure", "-a", NULL
	};
	struct sandbox_command command[3] = { { .argv = configure_argv } };
	size_t count = 1;
	bool locales = false;
	int r = rootfs->locales_made ? 0 : write_list(rootfs, &locales, err);

	if (r < 0)
		return err_wrap(err, "preparing locales");
	/* Any kernel counts, whether the recipe boots it or not: depmod was held back for all. */
	if (rootfs->kernels.count)
		command[count++].argv = depmod_argv;
	if (locales)
		command[count++].argv = locales_argv;
	return bootstrap_run(rootfs, command, count, err);
}
