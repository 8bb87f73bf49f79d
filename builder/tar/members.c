/* SPDX-License-Identifier: MIT */
#include "tar/members.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/interrupt.h"
#include "base/memory.h"
#include "tar/members-parts.h"
#include "tar/acl.h"
#include "tar/capability.h"

#define READ_SIZE ((size_t)1 << 18)
#define HEX "0123456789abcdef"

static void member_release(struct member *m)
{
	free(m->path);
	free(m->target);
	free(m->first);
	free(m->xattrs);
}

void members_release(struct members *m)
{
	for (size_t i = 0; i < m->count; i++)
		member_release(&m->item[i]);
	free(m->item);
	*m = (struct members){ 0 };
}

void member_walk_release(struct member_walk *w)
{
	members_release(&w->members);
}

void member_archive_filters(struct archive *a)
{
	(void)archive_read_support_filter_gzip(a);
	(void)archive_read_support_filter_xz(a);
	(void)archive_read_support_filter_lz4(a);
	(void)archive_read_support_filter_zstd(a);
}

int member_archive_error(struct archive *a, struct err *err)
{
	const char *why = archive_error_string(a);

	return err_set(err, ERR_BUILD, "damaged archive: %s", why ? why : "no reason given");
}

/* "./usr/bin/" -> "usr/bin" */
static char *clean_path(const char *name)
{
	size_t length;

	while (*name == '/' || (name[0] == '.' && (name[1] == '/' || name[1] == '\0')))
		name++;
	length = strlen(name);
	while (length > 0 && name[length - 1] == '/')
		length--;
	return xstrndup(name, length);
}

static void add_acl(struct archive_entry *e, int type, const char *name, struct strv *lines)
{
	CLEANUP(text_release) struct text bytes = { 0 };
	CLEANUP(text_release) struct text t = { 0 };

	if (acl_from_entry(e, type, &bytes) < 0 ||
	    (bytes.length > 0 && acl_to_text(bytes.data, bytes.length, &t) < 0))
		strv_addf(lines, "%s=(malformed)", name);
	else if (t.length > 0)
		strv_addf(lines, "%s=%s", name, t.data);
}

/* Bytes of names and values. */
static size_t size_of_xattrs(struct archive_entry *e)
{
	const char *name;
	const void *value;
	size_t size, sum = 0;

	(void)archive_entry_xattr_reset(e);
	while (archive_entry_xattr_next(e, &name, &value, &size) == ARCHIVE_OK)
		sum += strlen(name) + size;
	return sum;
}

static char *read_xattrs(struct archive_entry *e)
{
	CLEANUP(strv_release) struct strv lines = { 0 };
	const char *name;
	const void *value;
	size_t size;

	(void)archive_entry_xattr_reset(e);
	while (archive_entry_xattr_next(e, &name, &value, &size) == ARCHIVE_OK) {
		CLEANUP(text_release) struct text t = { 0 };
		const unsigned char *byte = value;

		text_printf(&t, "%s=", name);
		if (!streq(name, CAPABILITY_XATTR) || !capability_to_text(value, size, &t))
			for (size_t i = 0; i < size; i++)
				text_printf(&t, "%c%c", HEX[byte[i] >> 4], HEX[byte[i] & 15]);
		strv_add_take(&lines, text_take(&t));
	}
	add_acl(e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "acl.access", &lines);
	add_acl(e, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "acl.default", &lines);
	strv_sort(&lines);
	strv_unique(&lines); /* pax archives may say it twice, LIBARCHIVE.xattr and SCHILY.xattr */
	return lines.count > 0 ? strv_join(&lines, "\n") : NULL;
}

static void read_header(struct archive_entry *e, const char *name, struct member *m)
{
	const char *first = archive_entry_hardlink(e);
	const char *target = archive_entry_symlink(e);

	m->path = clean_path(name);
	m->type = archive_entry_filetype(e);
	m->mode = archive_entry_perm(e) & 07777;
	m->uid = (uint64_t)archive_entry_uid(e);
	m->gid = (uint64_t)archive_entry_gid(e);
	m->mtime = archive_entry_mtime(e);
	m->device = m->type == S_IFCHR || m->type == S_IFBLK ? archive_entry_rdev(e) : 0;
	m->first = first ? clean_path(first) : NULL;
	m->target = target && !first ? xstrdup(target) : NULL;
	m->xattrs = read_xattrs(e);
}

static size_t length_of(const char *name)
{
	return name ? strlen(name) : 0;
}

/* Before anything of the header is kept: what is long here costs memory once for each entry. */
static int count_names(struct member_walk *w, struct archive_entry *e, const char *name,
		       struct err *err)
{
	const size_t length[] = { strlen(name), length_of(archive_entry_hardlink(e)),
				  length_of(archive_entry_symlink(e)) };
	size_t xattrs = size_of_xattrs(e);

	for (size_t i = 0; i < ARRAY_SIZE(length); i++) {
		if (length[i] > MEMBERS_NAME_MAX)
			return err_set(err, ERR_BUILD,
				       "'%.60s…': a path of %zu bytes, where Linux has at most %zu",
				       name, length[i], MEMBERS_NAME_MAX);
		w->names += length[i];
	}
	if (xattrs > MEMBERS_XATTRS_MAX)
		return err_set(err, ERR_BUILD,
			       "'%s' has %zu bytes of extended attributes, more than %zu", name,
			       xattrs, MEMBERS_XATTRS_MAX);
	w->names += xattrs;
	if (w->names > MEMBERS_NAMES_MAX)
		return err_set(err, ERR_BUILD,
			       "the archive's names have more than %zu MiB together",
			       MEMBERS_NAMES_MAX >> 20);
	return interrupt_check(err);
}

static int count_bytes(struct member_walk *w, const struct member *m, size_t size, struct err *err)
{
	if (size > MEMBERS_BYTES_MAX - w->bytes)
		return err_set(err, ERR_BUILD, "'%s': the archive holds more than %ju GiB", m->path,
			       (uintmax_t)(MEMBERS_BYTES_MAX >> 30));
	w->bytes += size;
	return interrupt_check(err);
}

/* Whether the reader wants the content is decided by the announced size, so no more may come. */
static int read_content(struct member_walk *w, struct member *m, uint64_t announced,
			struct err *err)
{
	const struct member_reader *reader = w->reader;
	bool wanted = reader && reader->wants && announced <= reader->limit &&
		      reader->wants(m, reader->data);
	CLEANUP(digest_cleanup) struct digest *digest = digest_new();
	CLEANUP(text_release) struct text content = { 0 };
	la_ssize_t n;

	while ((n = archive_read_data(w->archive, w->buffer, READ_SIZE)) > 0) {
		int r;

		digest_update(digest, w->buffer, (size_t)n);
		if (reader && reader->piece)
			reader->piece(m, w->buffer, (size_t)n, reader->data);
		if (wanted)
			text_append(&content, w->buffer, (size_t)n);
		m->size += (uint64_t)n;
		r = count_bytes(w, m, (size_t)n, err);
		if (r < 0)
			return r;
	}
	if (n < 0)
		return member_archive_error(w->archive, err);
	if (m->size != announced)
		return err_set(err, ERR_BUILD, "'%s' is cut short", m->path);
	digest_final(digest, m->sha256);
	if (reader && reader->piece)
		reader->piece(m, NULL, 0, reader->data);
	if (!wanted)
		return 0;
	text_append(&content, "", 0);
	return reader->take(m, &content, reader->data, err);
}

static int read_entry(struct member_walk *w, struct archive_entry *e, struct err *err)
{
	const char *name = archive_entry_pathname(e);
	la_int64_t size = archive_entry_size(e);
	struct member *m;
	int r;

	if (!name)
		return err_set(err, ERR_BUILD, "damaged archive: an entry without a name");
	if (w->members.count == MEMBERS_MAX)
		return err_set(err, ERR_BUILD, "the archive has more than %zu entries",
			       MEMBERS_MAX);
	r = count_names(w, e, name, err);
	if (r < 0)
		return r;
	GROW(w->members.item, w->members.count, w->members.allocated);
	m = &w->members.item[w->members.count];
	*m = (struct member){ .place = w->members.count };
	w->members.count++;
	read_header(e, name, m);
	if (m->first ? size <= 0 : m->type != S_IFREG)
		return 0;
	return read_content(w, m, size > 0 ? (uint64_t)size : 0, err);
}

int member_walk_read(struct member_walk *w, struct err *err)
{
	cleanup_free char *buffer = xmalloc(READ_SIZE);
	struct archive_entry *e;
	int r;

	w->buffer = buffer;
	while ((r = archive_read_next_header(w->archive, &e)) != ARCHIVE_EOF) {
		/* For a name that is not UTF-8 there is only a warning, and it is handed out as it
		 * is. */
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return member_archive_error(w->archive, err);
		r = read_entry(w, e, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

size_t members_from(const struct members *m, const char *path)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(m->item[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct member *members_find(const struct members *m, const char *path)
{
	const struct member *found = NULL;

	for (size_t i = members_from(m, path); i < m->count && streq(m->item[i].path, path); i++)
		found = &m->item[i];
	return found;
}

static void copy_content(struct member *to, const struct member *from)
{
	to->size = from->size;
	memcpy(to->sha256, from->sha256, sizeof(to->sha256));
}

/* tar(5) has the content with the first name of a file, cpio(5)'s newc with the last. */
static int join_links(struct members *m, struct err *err)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < m->count; i++) {
			struct member *link = &m->item[i];
			size_t k = link->first ? members_from(m, link->first) : m->count;
			struct member *file = k < m->count ? &m->item[k] : NULL;

			if (!link->first)
				continue;
			if (!file || file->first || !streq(file->path, link->first))
				return err_set(err, ERR_BUILD,
					       "'%s' is a hard link to '%s', which is no file",
					       link->path, link->first);
			link->type = file->type;
			if (pass == 0 && link->size > 0)
				copy_content(file, link);
			else if (pass == 1)
				copy_content(link, file);
		}
	return 0;
}

int member_walk_finish(struct member_walk *w, struct members *ret, struct err *err)
{
	struct members *m = &w->members;
	int r;

	if (m->count > 0)
		qsort(m->item, m->count, sizeof(*m->item), compare);
	r = join_links(m, err);
	if (r < 0)
		return r;
	*ret = TAKE(*m);
	return 0;
}

static struct archive *new_archive(void)
{
	struct archive *a = archive_read_new();

	member_archive_filters(a);
	(void)archive_read_support_format_tar(a);
	(void)archive_read_support_format_cpio(a);
	return a;
}

int members_read(int fd, const struct member_reader *reader, struct members *ret, struct err *err)
{
	CLEANUP(archive_read_cleanup) struct archive *a = new_archive();
	CLEANUP(member_walk_release) struct member_walk w = { .archive = a, .reader = reader };
	int r;

	if (archive_read_open_fd(a, fd, READ_SIZE) != ARCHIVE_OK)
		return member_archive_error(a, err);
	r = member_walk_read(&w, err);
	return r < 0 ? r : member_walk_finish(&w, ret, err);
}

struct source_reading {
	const struct member_source *source;
	struct err failure;
};

static void source_reading_release(struct source_reading *s)
{
	err_release(&s->failure);
}

static la_ssize_t read_source(struct archive *a, void *data, const void **ret)
{
	struct source_reading *s = data;
	ssize_t n = s->source->next(s->source->data, ret, &s->failure);

	if (n >= 0)
		return n;
	archive_set_error(a, EIO, "%s", "its source has failed");
	return ARCHIVE_FATAL;
}

int members_read_source(const struct member_source *source, const struct member_reader *reader,
			struct members *ret, struct err *err)
{
	CLEANUP(source_reading_release) struct source_reading s = { .source = source };
	CLEANUP(archive_read_cleanup) struct archive *a = new_archive();
	CLEANUP(member_walk_release) struct member_walk w = { .archive = a, .reader = reader };
	CLEANUP(err_release) struct err damaged = { 0 };
	int r;

	if (archive_read_open(a, &s, NULL, read_source, NULL) != ARCHIVE_OK)
		r = member_archive_error(a, &damaged);
	else
		r = member_walk_read(&w, &damaged);
	if (s.failure.class != ERR_NONE)
		return err_move(err, &s.failure);
	if (r < 0)
		return err_move(err, &damaged);
	return member_walk_finish(&w, ret, err);
}
