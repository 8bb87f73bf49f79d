/* SPDX-License-Identifier: MIT */
#include "tar/extract-place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/memory.h"
#include "base/text.h"

#define PARENT_MODE 0755

char *place_clean(const char *name)
{
	CLEANUP(text_release) struct text t = { 0 };

	if (name[0] == '/' || name[0] == '\0')
		return NULL;
	for (const char *p = name; *p != '\0';) {
		size_t length = strcspn(p, "/");

		if (length == 2 && p[0] == '.' && p[1] == '.')
			return NULL;
		if (length > 0 && !(length == 1 && p[0] == '.')) {
			if (t.length > 0)
				text_add(&t, "/");
			text_append(&t, p, length);
		}
		p += length;
		p += *p == '/';
	}
	if (t.length == 0)
		text_add(&t, ".");
	return text_take(&t);
}

int place_open(const struct place *p, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	long fd = syscall(SYS_openat2, p->root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

char *place_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
}

const char *place_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Opens a directory, making what is missing on the way. */
static int open_making(const struct place *p, const char *path)
{
	int fd = place_open(p, path);

	if (fd != -ENOENT || streq(path, "."))
		return fd;
	cleanup_free char *above = place_directory(path);
	cleanup_fd int parent = open_making(p, above);
	if (parent < 0)
		return parent;
	if (mkdirat(parent, place_name(path), PARENT_MODE) < 0 && errno != EEXIST)
		return -errno;
	return place_open(p, path);
}

void place_forget(struct place *p)
{
	free(p->above);
	p->above = NULL;
	if (p->parent >= 0)
		(void)close(p->parent);
	p->parent = -1;
}

int place_enter(struct place *p, const char *path)
{
	cleanup_free char *above = place_directory(path);
	int fd;

	if (p->above && streq(above, p->above))
		return 0;
	place_forget(p);
	fd = open_making(p, above);
	if (fd < 0)
		return fd;
	p->parent = fd;
	p->above = take_ptr(above);
	return 0;
}
