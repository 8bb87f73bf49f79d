/* SPDX-License-Identifier: MIT */
#include "lab/image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/memory.h"
#include "recipe/format.h"

#define MANIFEST_MAX (64 << 20)
#define MANIFEST_FORMAT 1
#define ENTRIES_MAX 1000
#define TEXT_MAX 2000
/* Of the tree. The largest images have some gigabytes; the server may write as much on its disk. */
#define TREE_MAX (16LL << 30)

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* ---- what values may be ---------------------------------------------------------------------- */

/*
 * The manifest may be written by anybody. Its values become paths, arguments of QEMU, words of a
 * kernel's command line and of shell scripts, so none is taken that a recipe could not have given.
 */

static bool is_printable(const char *s)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add_escaped(&t, s);
	return *s && strlen(s) <= TEXT_MAX && streq(t.data, s);
}

/* As a recipe's value of that format; NULL is none. */
static bool is_of(const struct format *f, const char *s)
{
	const char *hint = NULL;

	return s && is_printable(s) && f->is(s, &hint);
}

/* One part of a path: a version, the release of a kernel. */
static bool is_part(const char *s)
{
	return s && is_printable(s) && *s != '.' && !strpbrk(s, "/ '\"\\$`,");
}

/* The kernel's words, which the checks inside have between single quotes. */
static bool is_words(const char *s)
{
	return !*s || (is_printable(s) && !strpbrk(s, "'\"\\$`"));
}

/* ---- what the manifest says ------------------------------------------------------------------ */

static int take_entry(struct image *i, size_t n, const json_t *o)
{
	static const char *const kinds[] = { "local", "memtest", "rescue" };
	struct image_entry *e = &i->entry[n];
	const char *kind = text_of(o, "kind"), *append = text_of(o, "append");

	*e = (struct image_entry){
		.label = text_of(o, "label"),
		.title = text_of(o, "title"),
		.append = append ? append : "",
	};
	if (!kind || !is_of(&format_label, e->label) || !is_of(&format_title, e->title) ||
	    !is_words(e->append))
		return -EINVAL;
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (!streq(kind, kinds[k]))
			continue;
		e->kind = (enum image_entry_kind)k;
		return 0;
	}
	return -EINVAL;
}

static int take_menu(struct image *i, const json_t *menu)
{
	const json_t *entries = json_object_get(menu, "entries");
	int r = 0;

	if (json_array_size(entries) > ENTRIES_MAX)
		return -EINVAL;
	i->entry_count = json_array_size(entries);
	i->entry = xcalloc(i->entry_count + 1, sizeof(*i->entry));
	for (size_t n = 0; r == 0 && n < i->entry_count; n++)
		r = take_entry(i, n, json_array_get(entries, n));
	return r;
}

static bool has_word(const json_t *array, const char *word)
{
	size_t n;
	json_t *item;

	json_array_foreach(array, n, item) if (json_is_string(item) &&
					       streq(json_string_value(item), word)) return true;
	return false;
}

/* *ret_what: the first value that is not there, or that no build can have written; NULL: none. */
static const char *find_bad(const struct image *i)
{
	const struct {
		const char *what;
		bool is_good;
	} value[] = {
		{ "recipe", is_of(&format_name, i->recipe) },
		{ "version", is_part(i->version) },
		{ "kernel", !i->kernel || is_part(i->kernel) },
		{ "rootfs.tar-size", i->tree_size >= 0 && i->tree_size <= TREE_MAX },
		{ "settings.hostname", is_of(&format_hostname, i->hostname) },
		{ "settings.init",
		  i->init && (streq(i->init, "systemd") || streq(i->init, "sysvinit")) },
		{ "settings.default-locale",
		  !i->locale || is_of(&format_default_locale, i->locale) },
		{ "settings.nfs-path", is_of(&format_server_path, i->nfs_path) },
		{ "server.address", is_of(&format_address, i->address) },
		{ "server.netmask", is_of(&format_address, i->netmask) },
		{ "server.interface", is_of(&format_interface, i->interface) },
		{ "server.tftp-root", is_of(&format_server_path, i->tftp_root) },
	};

	for (size_t n = 0; n < ARRAY_SIZE(value); n++)
		if (!value[n].is_good)
			return value[n].what;
	return NULL;
}

static int take_manifest(struct image *i, struct err *err)
{
	const json_t *m = i->manifest, *settings = json_object_get(m, "settings"),
		     *server = json_object_get(m, "server"), *menu = json_object_get(m, "menu");
	const char *bad = menu && take_menu(i, menu) < 0 ? "menu" : NULL;

	i->recipe = text_of(m, "recipe");
	i->version = text_of(m, "version");
	i->kernel = text_of(m, "kernel");
	i->tree_size =
		json_integer_value(json_object_get(json_object_get(m, "rootfs"), "tar-size"));
	i->hostname = text_of(settings, "hostname");
	i->init = text_of(settings, "init");
	i->locale = text_of(settings, "default-locale");
	i->nfs_path = text_of(settings, "nfs-path");
	i->tty1 = has_word(json_object_get(settings, "autologin"), "tty1");
	i->address = text_of(server, "address");
	i->netmask = text_of(server, "netmask");
	i->interface = text_of(server, "interface");
	i->tftp_root = text_of(server, "tftp-root");
	i->uefi = has_word(json_object_get(m, "firmware"), "uefi");
	if (json_integer_value(json_object_get(m, "format")) != MANIFEST_FORMAT)
		bad = "format";
	if (!bad)
		bad = find_bad(i);
	if (bad) {
		err_set(err, ERR_USAGE, "'%s/manifest.json' is not what this netrescue writes: %s",
			i->path, bad);
		return err_hint(err, "build the image again");
	}
	return 0;
}

int image_open_file(const struct image *i, const char *path, int *ret_fd, struct err *err)
{
	int r = open_file(i->fd, path, O_NOFOLLOW, ERR_USAGE, ret_fd, err);

	return r < 0 ? err_wrap(err, "'%s'", i->path) : 0;
}

static int read_manifest(struct image *i, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	json_error_t at;
	cleanup_fd int fd = -1;
	int r = image_open_file(i, "manifest.json", &fd, err);

	if (r < 0)
		return r;
	r = read_fd(fd, "manifest.json", MANIFEST_MAX, &t, err);
	if (r < 0)
		return r;
	i->manifest = json_loadb(t.data, t.length, JSON_REJECT_DUPLICATES, &at);
	if (!i->manifest)
		return err_set(err, ERR_USAGE, "'%s/manifest.json' is not JSON: line %d: %s",
			       i->path, at.line, at.text);
	return take_manifest(i, err);
}

int image_open(const char *path, struct image *ret, struct err *err)
{
	CLEANUP(image_release) struct image i = IMAGE_INIT;
	int r;

	i.path = xstrdup(path);
	i.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (i.fd < 0 || faccessat(i.fd, "manifest.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		err_errno(err, ERR_USAGE, errno, "'%s' is not an image", path);
		return err_hint(err, "name the directory that `netrescue build` printed, or "
				     "out/RECIPE/latest");
	}
	r = read_manifest(&i, err);
	if (r < 0)
		return r;
	*ret = TAKE_LEAVING(i, IMAGE_INIT);
	return 0;
}

void image_release(struct image *i)
{
	json_decref(i->manifest);
	free(i->path);
	free(i->entry);
	if (i->fd >= 0)
		(void)close(i->fd);
	*i = (struct image)IMAGE_INIT;
}

int image_open_dir(const struct image *i, const char *name, int *ret_fd, struct err *err)
{
	int fd = openat(i->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot open the directory '%s/%s'",
				 i->path, name);
	*ret_fd = fd;
	return 0;
}
