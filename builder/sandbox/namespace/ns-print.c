/* SPDX-License-Identifier: MIT */
/* What is to be seen at a path, in the tree without what is mounted in it. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "sandbox/namespace/ns-record.h"

#define BUFFER_SIZE ((size_t)1 << 18)
#define SCRIPT_LINE_MAX 256 /* as much as the kernel reads (BINPRM_BUF_SIZE) */
#define XATTR_MAX ((size_t)64 << 10)

/* Where the recording has directories, the tree may have links, which are not followed. */
static int open_plainly(const struct ns_printer *p, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				    O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, p->tree, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int add_file(struct ns_printer *p, int fd, struct digest *d)
{
	cleanup_free char *buffer = xmalloc(BUFFER_SIZE);

	for (;;) {
		ssize_t n = read(fd, buffer, BUFFER_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if ((uint64_t)n > p->bytes_left)
			return -EFBIG;
		p->bytes_left -= (uint64_t)n;
		digest_update(d, buffer, (size_t)n);
	}
}

/* Names alone: what each is shows when somebody looks at it, and d_type is the same then. */
static int add_names(int fd, struct digest *d)
{
	CLEANUP(strv_release) struct strv name = { 0 };
	int r = list_names(fd, ".", &name);

	if (r < 0)
		return r;
	for (size_t i = 0; i < name.count; i++) {
		struct stat st;
		char type;

		if (fstatat(fd, name.item[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		/* readdir(3) tells the types. */
		type = (char)('A' + ((st.st_mode & S_IFMT) >> 12));
		digest_update(d, &type, 1);
		digest_update(d, name.item[i], strlen(name.item[i]) + 1);
	}
	return 0;
}

static int read_content(struct ns_printer *p, int fd, struct ns_print *print)
{
	CLEANUP(digest_cleanup) struct digest *d = digest_new();
	int r = print->kind == 'f' ? add_file(p, fd, d) : add_names(fd, d);

	if (r == 0)
		digest_final(d, print->content);
	return r;
}

static int add_attribute(int fd, const char *name, struct digest *d)
{
	cleanup_free char *value = xmalloc(XATTR_MAX);
	ssize_t size = fgetxattr(fd, name, value, XATTR_MAX);

	if (size < 0)
		return -errno;
	digest_update(d, name, strlen(name) + 1);
	digest_update(d, &size, sizeof(size));
	digest_update(d, value, (size_t)size);
	return 0;
}

/* Those of security modules (security.selinux) are the machine's. */
static bool is_of_tree(const char *name)
{
	return streq(name, "security.capability") || starts_with(name, "system.posix_acl_") ||
	       starts_with(name, "user.");
}

static int read_attributes(int fd, struct ns_print *print)
{
	cleanup_free char *list = xmalloc(XATTR_MAX);
	ssize_t size = flistxattr(fd, list, XATTR_MAX);
	CLEANUP(strv_release) struct strv name = { 0 };
	CLEANUP(digest_cleanup) struct digest *d = NULL;

	if (size <= 0)
		return size == 0 || errno == ENOTSUP ? 0 : -errno;
	for (const char *n = list; n < list + size; n += strlen(n) + 1)
		if (is_of_tree(n))
			strv_add(&name, n);
	if (name.count == 0)
		return 0;
	strv_sort(&name);
	d = digest_new();
	for (size_t i = 0; i < name.count; i++) {
		int r = add_attribute(fd, name.item[i], d);

		if (r < 0)
			return r;
	}
	digest_final(d, print->xattrs);
	return 0;
}

char print_kind(mode_t mode)
{
	return mode == 0       ? '-'
	       : S_ISREG(mode) ? 'f'
	       : S_ISDIR(mode) ? 'd'
	       : S_ISLNK(mode) ? 'l'
			       : 'o';
}

/* Times after the epoch are of this build, and become the epoch in the end. */
static void take_status(const struct ns_printer *p, const struct stat *st, struct ns_print *print)
{
	const bool late = st->st_mtim.tv_sec >= p->epoch;

	print->kind = print_kind(st->st_mode);
	print->mode = st->st_mode & 07777;
	print->uid = st->st_uid;
	print->gid = st->st_gid;
	print->links = st->st_nlink;
	print->size = (uint64_t)st->st_size;
	print->seconds = late ? p->epoch : st->st_mtim.tv_sec;
	print->nanoseconds = late ? 0 : st->st_mtim.tv_nsec;
	print->changed = st->st_ctim;
}

static int read_target(const struct ns_printer *p, const char *path, struct ns_print *print)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(p->tree, path, target, sizeof(target));

	if (n < 0 || n == sizeof(target))
		return n < 0 ? -errno : -ENAMETOOLONG;
	print->target = xstrndup(target, (size_t)n);
	return 0;
}

static int read_inside(struct ns_printer *p, const char *path, enum look look,
		       struct ns_print *print)
{
	cleanup_fd int fd = -1;
	int r;

	if (look == LOOK_WAY)
		return 0;
	fd = open_plainly(p, path, print->kind == 'd' ? O_DIRECTORY : 0);
	if (fd < 0)
		return fd;
	r = read_attributes(fd, print);
	return r < 0 || look < LOOK_CONTENT ? r : read_content(p, fd, print);
}

int print_take(struct ns_printer *p, const char *path, enum look look, struct ns_print *ret)
{
	CLEANUP(print_release) struct ns_print print = { .kind = '-' };
	struct stat st;
	int r = 0;

	if (fstatat(p->tree, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			return -errno;
	} else {
		take_status(p, &st, &print);
		if (print.kind == 'l')
			r = read_target(p, path, &print);
		else if (print.kind != 'o')
			r = read_inside(p, path, look, &print);
	}
	if (r == 0)
		*ret = TAKE(print);
	return r;
}

bool print_is_empty(const struct ns_printer *p, const char *directory)
{
	CLEANUP(strv_release) struct strv name = { 0 };
	cleanup_fd int fd = open_plainly(p, directory, O_DIRECTORY);

	return fd >= 0 && list_names(fd, ".", &name) == 0 && name.count == 0;
}

/* ---- how a program is run ------------------------------------------------------------------- */

/* execve(2): "#!", blanks, a path up to a blank or the end of the line. */
static bool script_interpreter(const char *begin, char ret[PATH_MAX])
{
	const char *p = begin + 2 + strspn(begin + 2, " \t");
	size_t length = strcspn(p, " \t\n");

	if (length == 0)
		return false;
	memcpy(ret, p, length);
	ret[length] = '\0';
	return true;
}

/* elf(5): the segment PT_INTERP names it. */
static bool elf_interpreter(int fd, const Elf64_Ehdr *head, char ret[PATH_MAX])
{
	const bool wide = head->e_ident[EI_CLASS] == ELFCLASS64;
	const Elf32_Ehdr *narrow = (const void *)head;
	uint64_t at = wide ? head->e_phoff : narrow->e_phoff;
	unsigned count = wide ? head->e_phnum : narrow->e_phnum;
	const size_t size = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	for (; count > 0; count--, at += size) {
		Elf64_Phdr h;
		const Elf32_Phdr *n = (const void *)&h;
		uint64_t offset, length;

		if (pread(fd, &h, size, (off_t)at) != (ssize_t)size)
			return false;
		if (h.p_type != PT_INTERP)
			continue;
		offset = wide ? h.p_offset : n->p_offset;
		length = wide ? h.p_filesz : n->p_filesz;
		if (length < 2 || length >= PATH_MAX ||
		    pread(fd, ret, length, (off_t)offset) != (ssize_t)length)
			return false;
		ret[length - 1] = '\0';
		return *ret != '\0';
	}
	return false;
}

bool print_interpreter(const struct ns_printer *p, const char *path, char ret[PATH_MAX])
{
	cleanup_fd int fd = open_plainly(p, path, 0);
	union {
		char text[SCRIPT_LINE_MAX + 1];
		Elf64_Ehdr elf;
	} begin = { .text = "" };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    pread(fd, begin.text, SCRIPT_LINE_MAX, 0) <= 2)
		return false;
	if (memcmp(begin.text, "#!", 2) == 0)
		return script_interpreter(begin.text, ret);
	return memcmp(begin.text, ELFMAG, SELFMAG) == 0 && elf_interpreter(fd, &begin.elf, ret);
}

/* ---- as text -------------------------------------------------------------------------------- */

char *print_format(const struct ns_print *print, enum look look)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_printf(&t, "%c", print->kind);
	if (print->kind == '-')
		return text_take(&t);
	if (print->kind == 'l')
		text_printf(&t, " %s", print->target);
	else
		text_printf(&t, " %o", (unsigned)print->mode);
	text_printf(&t, " %u %u", (unsigned)print->uid, (unsigned)print->gid);
	if (look < LOOK_STATUS)
		return text_take(&t);
	text_printf(&t, " %lld.%09ld", (long long)print->seconds, print->nanoseconds);
	if (print->kind == 'f')
		text_printf(&t, " %llu %llu", (unsigned long long)print->links,
			    (unsigned long long)print->size);
	if (print->kind == 'f' || print->kind == 'd')
		text_printf(&t, " %s", *print->xattrs ? print->xattrs : "-");
	if (look >= LOOK_CONTENT && (print->kind == 'f' || print->kind == 'd'))
		text_printf(&t, " %s", print->content);
	return text_take(&t);
}

void print_release(struct ns_print *print)
{
	free(print->target);
	*print = (struct ns_print){ 0 };
}
