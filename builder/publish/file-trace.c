/* SPDX-License-Identifier: MIT */
#include "publish/file-trace.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#include "base/memory.h"

#define INFO "var/lib/dpkg/info/"
#define NAMED_MAX 3 /* packages; a name that more scripts have says nothing */

static bool is_script(const char *path)
{
	static const char *const pattern[] = { INFO "*.preinst", INFO "*.postinst",
					       INFO "*.config" };

	for (size_t i = 0; i < ARRAY_SIZE(pattern); i++)
		if (fnmatch(pattern[i], path, FNM_PATHNAME) == 0)
			return true;
	return false;
}

bool file_trace_wants(const struct member *m)
{
	return is_script(m->path);
}

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("._-", c));
}

/* Whether the text has the name as a whole, not as a part of a longer one. */
static bool mentions(const char *text, const char *name)
{
	for (const char *p = text; (p = strstr(p, name)); p++)
		if (!is_of_name(p[strlen(name)]) &&
		    (*name == '/' || p == text || !is_of_name(p[-1])))
			return true;
	return false;
}

/* "var/lib/dpkg/info/libc6:amd64.postinst" -> "libc6" */
static char *package_of_script(const char *path)
{
	const char *name = path + strlen(INFO);
	const char *end = strchr(name, ':');

	return xstrndup(name, (size_t)((end ? end : strrchr(name, '.')) - name));
}

/* The packages whose scripts have the name: "bind9, bind9-host". NULL: none, or too many. */
static char *scripts_with(const struct file_origins *o, const char *name)
{
	CLEANUP(strv_release) struct strv package = { 0 };

	for (size_t i = 0; i < o->text_count; i++) {
		const struct kept_text *text = &o->text[i];

		if (is_script(text->path) && mentions(text->text, name))
			strv_add_take(&package, package_of_script(text->path));
	}
	strv_sort(&package);
	strv_unique(&package);
	return package.count > 0 && package.count <= NAMED_MAX ? strv_join(&package, ", ") : NULL;
}

/* The one package that brought the directory; NULL: several, or none. */
static const char *owner_of(const struct file_owners *owners, const char *directory)
{
	size_t first;

	return file_owners_find(owners, directory, &first) == 1
		       ? owners->package.item[owners->item[first].package]
		       : NULL;
}

char *file_trace(const struct file_origins *o, const struct file_owners *owners, const char *path)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *whole = xasprintf("/%s", path);
	cleanup_free char *directory = xstrndup(path, slash ? (size_t)(slash - path) : 0);
	cleanup_free char *package = scripts_with(o, whole);
	const char *owner = owner_of(owners, directory);

	if (!package && owner)
		return xasprintf("in a directory of %s", owner);
	if (!package && slash)
		package = scripts_with(o, slash + 1);
	return package ? xasprintf("named by a script of %s", package) : NULL;
}
