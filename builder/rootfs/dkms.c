/* SPDX-License-Identifier: MIT */
#include "rootfs/dkms.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "rootfs/settings.h"

#define LOG_LINES 15

/* A line for each source that has no module for the kernel $1, fields by tabs: directory, package,
 * make.log, whether the kernel's headers are there, and how its dkms.conf excludes kernels. "-" is
 * nothing. */
static const char find_unbuilt[] =
	"for conf in /usr/src/*/dkms.conf; do\n"
	"	[ -e \"$conf\" ] || continue\n"
	"	source=${conf%/dkms.conf} built=no log=- headers=no\n"
	"	for tree in /var/lib/dkms/*/*; do\n"
	"		[ \"$(readlink -f \"$tree/source\")\" = \"$source\" ] || continue\n"
	"		for module in \"$tree/$1\"/*/module/*.ko*; do\n"
	"			[ ! -e \"$module\" ] || built=yes\n"
	"		done\n"
	"		[ ! -e \"$tree/build/make.log\" ] || log=$tree/build/make.log\n"
	"	done\n"
	"	[ $built = no ] || continue\n"
	"	[ ! -e \"/lib/modules/$1/build/Makefile\" ] || headers=yes\n"
	"	package=$(dpkg -S \"$conf\" | sed 's/[:,].*//')\n"
	"	exclusive=$(grep '^ *BUILD_EXCLUSIVE_' \"$conf\" | tr '\\t\\n' '  ')\n"
	"	printf '%s\\t%s\\t%s\\t%s\\t%s\\n' \"$source\" \"${package:--}\" \"$log\" $headers"
	" \"${exclusive:--}\"\n"
	"done\n";

struct unbuilt {
	const char *source;
	const char *package;
	const char *log;
	const char *headers;
	const char *exclusive;
};

static bool is_there(const char *field)
{
	return !streq(field, "-");
}

/* The lines of find_unbuilt, each to be split by split_line(). */
static int list_unbuilt(struct rootfs *rootfs, const char *release, struct strv *ret,
			struct err *err)
{
	const char *const argv[] = { "sh", "-c", find_unbuilt, "sh", release, NULL };

	return settings_lines(rootfs, argv, ret, NULL, err);
}

/* False if the line does not have all fields. ret points into field. */
static bool split_line(const char *line, struct strv *field, struct unbuilt *ret)
{
	strv_split(field, line, "\t");
	if (field->count != 5)
		return false;
	*ret = (struct unbuilt){ field->item[0], field->item[1], field->item[2], field->item[3],
				 field->item[4] };
	return true;
}

/* The end of a make.log, or NULL. */
static char *end_of_log(struct rootfs *rootfs, const char *path)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text log = { 0 };
	bool exists;
	size_t lines = 0, i;

	if (!is_there(path) || settings_read(rootfs, path, &exists, &log, &ignored) < 0 ||
	    log.length == 0)
		return NULL;
	for (i = log.length - 1; i > 0; i--)
		if (log.data[i - 1] == '\n' && ++lines == LOG_LINES)
			break;
	return xasprintf("%s ends:\n%s", path, log.data + i);
}

/* ---- what is wrong with one ---- */

/* "linux-headers-amd64" for the recipe's "linux-image-amd64": Debian's way. */
static char *headers_hint(const struct rootfs *rootfs)
{
	static const char image[] = "linux-image-";
	const char *kernel = rootfs->recipe->kernel;

	if (starts_with(kernel, image))
		return xasprintf("add 'linux-headers-%s' to packages", kernel + strlen(image));
	return xasprintf("add the package with the headers of kernel %s to packages, which has "
			 "/lib/modules/%s/build",
			 rootfs->kernel, rootfs->kernel);
}

/* Why there is no module, and what to do. *ret_hint may be NULL. */
static char *explain(struct rootfs *rootfs, const struct unbuilt *u, char **ret_hint)
{
	cleanup_free char *log = end_of_log(rootfs, u->log);

	*ret_hint = NULL;
	if (log)
		return xstrdup(log);
	if (streq(u->headers, "no")) {
		*ret_hint = headers_hint(rootfs);
		return xstrdup("dkms needs the kernel's headers, which are not in the image");
	}
	if (is_there(u->exclusive)) {
		*ret_hint = xasprintf("leave the package '%s' out, add it to exclude, or take "
				      "another kernel",
				      u->package);
		return xasprintf("its dkms.conf excludes this kernel: %s", u->exclusive);
	}
	return xstrdup("the package's own script did not have it built");
}

static int refuse(const struct rootfs *rootfs, const struct unbuilt *u, const char *why,
		  const char *hint, struct err *err)
{
	const struct recipe_name *named =
		recipe_list_find_package(&rootfs->recipe->packages, u->package);
	cleanup_free char *what = xasprintf("the package '%s' (%s) has no module for kernel %s: %s",
					    u->package, u->source, rootfs->kernel, why);

	if (named)
		position_error(&named->at, err, "%s", what);
	else
		err_set(err, ERR_BUILD, "%s", what);
	return hint ? err_hint(err, "%s", hint) : err_value(err);
}

static int judge(struct rootfs *rootfs, const struct unbuilt *u, const char *release,
		 struct err *err)
{
	cleanup_free char *hint = NULL;
	cleanup_free char *why = explain(rootfs, u, &hint);
	const struct package *p = packages_find(&rootfs->lock->packages, u->package, ROLE_IMAGE);
	const bool named = p && !p->automatic;
	const bool excluded =
		streq(u->headers, "yes") && is_there(u->exclusive) && !is_there(u->log);

	if (streq(release, rootfs->kernel) && (named || !excluded))
		return refuse(rootfs, u, why, hint, err);
	log_warning("the package '%s' has no module for kernel %s: %s", u->package, release, why);
	return 0;
}

static int check_kernel(struct rootfs *rootfs, const char *release, struct err *err)
{
	CLEANUP(strv_release) struct strv line = { 0 };
	int r = list_unbuilt(rootfs, release, &line, err);

	for (size_t i = 0; r == 0 && i < line.count; i++) {
		CLEANUP(strv_release) struct strv field = { 0 };
		struct unbuilt u;

		if (split_line(line.item[i], &field, &u))
			r = judge(rootfs, &u, release, err);
	}
	return r;
}

static bool is_in_use(const struct rootfs *rootfs)
{
	return rootfs->kernel && packages_find(&rootfs->lock->packages, "dkms", ROLE_IMAGE);
}

int dkms_check(struct rootfs *rootfs, struct err *err)
{
	for (size_t i = 0; is_in_use(rootfs) && i < rootfs->kernels.count; i++) {
		const char *release = rootfs->kernels.item[i].release;
		int r = check_kernel(rootfs, release, err);

		if (r < 0)
			return r;
		r = sandbox_call(rootfs->sandbox, err, "/usr/sbin/depmod", release, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

int dkms_explain(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };

	if (!is_in_use(rootfs) || list_unbuilt(rootfs, rootfs->kernel, &line, &ignored) < 0)
		return err_value(err);
	for (size_t i = 0; i < line.count; i++) {
		CLEANUP(strv_release) struct strv field = { 0 };
		struct unbuilt u;
		cleanup_free char *log = NULL;

		if (!split_line(line.item[i], &field, &u))
			continue;
		log = end_of_log(rootfs, u.log);
		if (log)
			return err_hint(err, "%s", log);
	}
	return err_value(err);
}
