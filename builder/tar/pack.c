/* SPDX-License-Identifier: MIT */
#include "tar/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>
#include <zstd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "tar/acl.h"
#include "tar/extract.h"
#include "tar/tar-header.h"

/* So many names are shown of what is left out. */
#define LEFT_OUT_SHOWN 5
#define BUFFER_SIZE ((size_t)1 << 20)
#define RECORD_SIZE 10240 /* tar(5): the archive ends at a multiple of it */
/* Of what goes into the store: it is read back at once, and costs the build that writes it. */
#define EXACT_LEVEL (-1)
#define EXACT_WORKERS 2
#define XATTR_MAX ((size_t)64 << 10)

struct pack_entry {
	char *path; /* owned; "." is the root */
	struct stat st;
	size_t first; /* index of the first entry of the same file: itself unless a hard link */
};

struct pack {
	int root;
	const char *const *skip;
	int64_t epoch;
	struct pack_entry *entry;
	size_t count;
	size_t allocated;
	struct strv left_out; /* names of device nodes, fifos, sockets */

	ZSTD_CCtx *exact; /* as the tree is, compressed by this; NULL: normalised */
	char *compressed; /* exact: BUFFER_SIZE */

	int out;
	struct digest *digest; /* NULL: nobody asks for it */
	char *buffer;
	size_t fill;
	uint64_t size;
};

static void pack_release(struct pack *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->entry[i].path);
	free(p->entry);
	free(p->buffer);
	free(p->compressed);
	(void)ZSTD_freeCCtx(p->exact);
	strv_release(&p->left_out);
	digest_free(p->digest);
}

static void add_entry(struct pack *p, const char *path, const struct stat *st)
{
	GROW(p->entry, p->count, p->allocated);
	p->entry[p->count++] = (struct pack_entry){ .path = xstrdup(path), .st = *st };
}

static bool is_skipped(const struct pack *p, const char *path)
{
	size_t length = strcspn(path, "/");

	for (size_t i = 0; p->skip && p->skip[i]; i++)
		if (strlen(p->skip[i]) == length && memcmp(p->skip[i], path, length) == 0)
			return true;
	return false;
}

static int collect(const struct walk_entry *e, void *data, struct err *err)
{
	struct pack *p = data;
	mode_t type = e->st->st_mode & S_IFMT;

	(void)err;
	if (is_skipped(p, e->path))
		return 0;
	if (type == S_IFREG || type == S_IFDIR || type == S_IFLNK)
		add_entry(p, e->path, e->st);
	else
		strv_add(&p->left_out, e->path);
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct pack_entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

struct link {
	dev_t device;
	ino_t inode;
	size_t index;
};

static int by_file(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Of the names of one file the first in the order of the archive gets the content. */
static void find_links(struct pack *p)
{
	cleanup_free struct link *link = xcalloc(p->count + 1, sizeof(*link));
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++) {
		const struct stat *st = &p->entry[i].st;

		p->entry[i].first = i;
		if (!S_ISDIR(st->st_mode) && st->st_nlink > 1)
			link[count++] = (struct link){ st->st_dev, st->st_ino, i };
	}
	qsort(link, count, sizeof(*link), by_file);
	for (size_t i = 1; i < count; i++)
		if (link[i].device == link[i - 1].device && link[i].inode == link[i - 1].inode)
			p->entry[link[i].index].first = p->entry[link[i - 1].index].first;
}

static int write_out(struct pack *p, const char *data, size_t size, struct err *err)
{
	int r;

	if (p->digest)
		digest_update(p->digest, data, size);
	r = write_all(p->out, data, size);
	return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot write the archive of the tree") : 0;
}

static int compress(struct pack *p, ZSTD_EndDirective end, struct err *err)
{
	ZSTD_inBuffer in = { p->buffer, p->fill, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { p->compressed, BUFFER_SIZE, 0 };
		int r;

		left = ZSTD_compressStream2(p->exact, &out, &in, end);
		if (ZSTD_isError(left))
			return err_set(err, ERR_BUILD,
				       "cannot compress the archive of the tree: %s",
				       ZSTD_getErrorName(left));
		r = write_out(p, p->compressed, out.pos, err);
		if (r < 0)
			return r;
	} while (in.pos < in.size || (end == ZSTD_e_end && left > 0));
	return 0;
}

static int flush(struct pack *p, struct err *err)
{
	int r = p->exact ? compress(p, ZSTD_e_continue, err)
			 : write_out(p, p->buffer, p->fill, err);

	if (r < 0)
		return r;
	p->size += p->fill;
	p->fill = 0;
	return 0;
}

/* data NULL: zeroes. */
static int put(struct pack *p, const void *data, size_t size, struct err *err)
{
	while (size > 0) {
		size_t part = BUFFER_SIZE - p->fill;

		if (part == 0) {
			int r = flush(p, err);

			if (r < 0)
				return r;
			continue;
		}
		part = part < size ? part : size;
		if (data) {
			memcpy(p->buffer + p->fill, data, part);
			data = (const char *)data + part;
		} else {
			memset(p->buffer + p->fill, 0, part);
		}
		p->fill += part;
		size -= part;
	}
	return 0;
}

static int pad(struct pack *p, size_t to, struct err *err)
{
	size_t over = (size_t)((p->size + p->fill) % to);

	return over > 0 ? put(p, NULL, to - over, err) : 0;
}

static int put_content(struct pack *p, const struct pack_entry *e, int fd, struct err *err)
{
	uint64_t left = (uint64_t)e->st.st_size;

	while (left > 0) {
		size_t room = BUFFER_SIZE - p->fill;
		ssize_t n;

		if (room == 0) {
			int r = flush(p, err);

			if (r < 0)
				return r;
			continue;
		}
		n = read(fd, p->buffer + p->fill, room < left ? room : (size_t)left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot read '/%s'", e->path);
		if (n == 0)
			return err_set(err, ERR_BUILD, "'/%s' shrank while it was archived",
				       e->path);
		p->fill += (size_t)n;
		left -= (uint64_t)n;
	}
	return pad(p, TAR_BLOCK, err);
}

static bool is_kept(const char *name)
{
	return streq(name, "security.capability") || streq(name, ACL_XATTR_ACCESS) ||
	       streq(name, ACL_XATTR_DEFAULT) || starts_with(name, "user.");
}

static int add_xattr(int fd, const char *name, struct tar_header *h)
{
	cleanup_free char *value = xmalloc(XATTR_MAX);
	ssize_t size = fgetxattr(fd, name, value, XATTR_MAX);
	CLEANUP(text_release) struct text acl = { 0 };
	cleanup_free char *key = NULL;

	if (size < 0)
		return -errno;
	if (starts_with(name, "system.")) {
		if (acl_to_text(value, (size_t)size, &acl) < 0)
			return -EINVAL;
		key = xstrdup(streq(name, ACL_XATTR_ACCESS) ? "SCHILY.acl.access"
							    : "SCHILY.acl.default");
		tar_header_add(h, key, acl.data, acl.length);
	} else {
		key = xasprintf("SCHILY.xattr.%s", name);
		tar_header_add(h, key, value, (size_t)size);
	}
	return 0;
}

static int add_xattrs(int fd, struct tar_header *h)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	cleanup_free char *list = NULL;
	ssize_t size = flistxattr(fd, NULL, 0);

	if (size < 0)
		return errno == ENOTSUP ? 0 : -errno;
	if (size == 0)
		return 0;
	list = xmalloc((size_t)size);
	size = flistxattr(fd, list, (size_t)size);
	if (size < 0)
		return -errno;
	for (const char *name = list; name < list + size; name += strlen(name) + 1)
		if (is_kept(name))
			strv_add(&names, name);
	strv_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		int r = add_xattr(fd, names.item[i], h);

		if (r < 0)
			return r;
	}
	return 0;
}

/* "./usr/bin/" for a directory, "./usr/bin/ls" for the rest. */
static char *archive_name(const struct pack_entry *e)
{
	const char *slash = S_ISDIR(e->st.st_mode) ? "/" : "";

	return streq(e->path, ".") ? xstrdup("./") : xasprintf("./%s%s", e->path, slash);
}

/* The record comes first when the header is read, so the field behind it may be rough. */
static void add_exact_time(const struct timespec *t, struct tar_header *h)
{
	cleanup_free char *text =
		xasprintf("%s%lld.%09ld", t->tv_sec < 0 ? "-" : "",
			  (long long)(t->tv_sec < 0 ? -t->tv_sec : t->tv_sec), t->tv_nsec);

	tar_header_add(h, "mtime", text, strlen(text));
	h->mtime = t->tv_sec > 0 ? t->tv_sec : 0;
}

static int fill_header(struct pack *p, const struct pack_entry *e, int fd, struct tar_header *h,
		       struct err *err)
{
	int64_t mtime = e->st.st_mtim.tv_sec;
	bool is_directory = S_ISDIR(e->st.st_mode);
	int r = fd >= 0 ? add_xattrs(fd, h) : 0;

	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot read the attributes of '/%s'",
				 e->path);
	h->type = is_directory ? TAR_DIRECTORY : TAR_FILE;
	h->mode = e->st.st_mode & 07777;
	h->uid = e->st.st_uid;
	h->gid = e->st.st_gid;
	h->size = S_ISREG(e->st.st_mode) ? (uint64_t)e->st.st_size : 0;
	if (p->exact)
		add_exact_time(&e->st.st_mtim, h);
	else
		h->mtime = is_directory || mtime > p->epoch ? p->epoch : mtime > 0 ? mtime : 0;
	return 0;
}

static int fill_target(struct pack *p, const struct pack_entry *e, struct tar_header *h,
		       struct err *err)
{
	const struct pack_entry *first = &p->entry[e->first];

	if (first != e) {
		h->type = TAR_HARDLINK;
		h->target = archive_name(first);
		h->size = 0;
	} else if (S_ISLNK(e->st.st_mode)) {
		char target[PATH_MAX];
		ssize_t n = readlinkat(p->root, e->path, target, sizeof(target));

		if (n < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot read link '/%s'", e->path);
		h->type = TAR_SYMLINK;
		h->mode = 0777;
		h->target = xstrndup(target, (size_t)n);
	}
	return 0;
}

static int put_entry(struct pack *p, const struct pack_entry *e, struct err *err)
{
	CLEANUP(tar_header_release) struct tar_header h = { 0 };
	CLEANUP(text_release) struct text blocks = { 0 };
	bool has_body = !S_ISLNK(e->st.st_mode) && &p->entry[e->first] == e;
	cleanup_fd int fd =
		has_body ? openat(p->root, e->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
			 : -1;
	int r;

	if (has_body && fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '/%s'", e->path);
	h.name = archive_name(e);
	r = fill_header(p, e, fd, &h, err);
	if (r < 0)
		return r;
	r = fill_target(p, e, &h, err);
	if (r < 0)
		return r;
	tar_header_format(&h, &blocks);
	r = put(p, blocks.data, blocks.length, err);
	if (r < 0)
		return r;
	return h.size > 0 ? put_content(p, e, fd, err) : 0;
}

static int collect_all(struct pack *p, struct err *err)
{
	struct stat st;
	int r;

	if (fstat(p->root, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot look at the tree");
	add_entry(p, ".", &st);
	r = walk_tree(p->root, collect, p, err);
	if (r < 0)
		return r;
	qsort(p->entry + 1, p->count - 1, sizeof(*p->entry), by_path);
	find_links(p);
	return 0;
}

static int write_archive(struct pack *p, struct err *err)
{
	int r;

	for (size_t i = 0; i < p->count; i++) {
		r = put_entry(p, &p->entry[i], err);
		if (r < 0)
			return r;
	}
	r = put(p, NULL, (size_t)2 * TAR_BLOCK, err);
	if (r < 0)
		return r;
	r = pad(p, RECORD_SIZE, err);
	if (r < 0)
		return r;
	return flush(p, err);
}

/* Programs make them anew when they run, so this is seldom a loss; but somebody may miss one. */
static void report_left_out(const struct strv *name)
{
	CLEANUP(text_release) struct text names = { 0 };

	if (name->count == 0)
		return;
	for (size_t i = 0; i < name->count && i < LEFT_OUT_SHOWN; i++) {
		text_add(&names, i > 0 ? ", '/" : "'/");
		text_add_escaped(&names, name->item[i]);
		text_add(&names, "'");
	}
	if (name->count > LEFT_OUT_SHOWN)
		text_printf(&names, " and %zu more", name->count - LEFT_OUT_SHOWN);
	log_note("left out of the archive, which has no device nodes, fifos or sockets: %s",
		 names.data);
}

int pack_tree(int root_fd, const char *const *skip, int64_t epoch, int out_fd,
	      char ret_sha256[DIGEST_HEX], uint64_t *ret_size, struct err *err)
{
	CLEANUP(pack_release)
	struct pack p = {
		.root = root_fd,
		.skip = skip,
		.epoch = epoch,
		.out = out_fd,
		.digest = digest_new(),
		.buffer = xmalloc(BUFFER_SIZE),
	};
	int r = collect_all(&p, err);

	if (r < 0)
		return r;
	r = write_archive(&p, err);
	if (r < 0)
		return r;
	report_left_out(&p.left_out);
	digest_final(p.digest, ret_sha256);
	*ret_size = p.size;
	return 0;
}

/* What extract.h refuses would be missed only when the archive is read. */
static int refuse_unfit(const struct pack *p, struct err *err)
{
	if (p->left_out.count > 0)
		return err_set(err, ERR_BUILD, "the tree has '/%s', a device node, fifo or socket",
			       p->left_out.item[0]);
	for (size_t i = 0; i < p->count; i++)
		if (S_ISREG(p->entry[i].st.st_mode) &&
		    (uint64_t)p->entry[i].st.st_size > EXTRACT_FILE_MAX)
			return err_set(err, ERR_BUILD,
				       "the tree has '/%s', a file of more than 4 GiB",
				       p->entry[i].path);
	return 0;
}

static int write_exact(struct pack *p, struct err *err)
{
	int r = collect_all(p, err);

	if (r < 0)
		return r;
	r = refuse_unfit(p, err);
	if (r < 0)
		return r;
	r = write_archive(p, err);
	return r < 0 ? r : compress(p, ZSTD_e_end, err);
}

int pack_exact(int root_fd, const char *const *skip, int out_fd, struct err *err)
{
	CLEANUP(pack_release)
	struct pack p = {
		.root = root_fd,
		.skip = skip,
		.exact = ZSTD_createCCtx(),
		.compressed = xmalloc(BUFFER_SIZE),
		.out = out_fd,
		.buffer = xmalloc(BUFFER_SIZE),
	};

	if (!p.exact)
		return err_set(err, ERR_BUILD, "libzstd has no memory");
	(void)ZSTD_CCtx_setParameter(p.exact, ZSTD_c_compressionLevel, EXACT_LEVEL);
	/* A libzstd without threads refuses this, and does it all in this one. */
	(void)ZSTD_CCtx_setParameter(p.exact, ZSTD_c_nbWorkers, EXACT_WORKERS);
	return write_exact(&p, err);
}

/* ---- some paths of a tree ------------------------------------------------------------------- */

struct pack_below {
	struct pack *pack;
	const char *directory;
};

static int collect_below(const struct walk_entry *e, void *data, struct err *err)
{
	const struct pack_below *b = data;
	cleanup_free char *path = xasprintf("%s/%s", b->directory, e->path);
	struct walk_entry whole = *e;

	whole.path = path;
	return collect(&whole, b->pack, err);
}

static int collect_path(struct pack *p, const char *path, struct err *err)
{
	struct pack_below below = { p, path };
	cleanup_fd int fd = -1;
	struct stat st;

	if (fstatat(p->root, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot look at '/%s'", path);
	add_entry(p, path, &st);
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(p->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '/%s'", path);
	return walk_tree(fd, collect_below, &below, err);
}

int pack_paths(int root_fd, const struct strv *path, int64_t epoch, int out_fd, struct err *err)
{
	CLEANUP(pack_release)
	struct pack p = {
		.root = root_fd,
		.epoch = epoch,
		.out = out_fd,
		.buffer = xmalloc(BUFFER_SIZE),
	};

	int r;

	for (size_t i = 0; i < path->count; i++) {
		r = collect_path(&p, path->item[i], err);
		if (r < 0)
			return r;
	}
	r = refuse_unfit(&p, err);
	if (r < 0)
		return r;
	if (p.count > 0)
		qsort(p.entry, p.count, sizeof(*p.entry), by_path);
	find_links(&p);
	return write_archive(&p, err);
}
