/* SPDX-License-Identifier: MIT */
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "tar/members-parts.h"

#define NEWC "070701"
#define NEWC_CRC "070702"
#define PIECE ((size_t)1 << 20)

struct bytes {
	const char *data;
	size_t size;
};

static bool is_cpio(struct bytes b)
{
	return b.size > strlen(NEWC) && (memcmp(b.data, NEWC, strlen(NEWC)) == 0 ||
					 memcmp(b.data, NEWC_CRC, strlen(NEWC_CRC)) == 0);
}

static void skip(struct bytes *b, size_t size)
{
	b->data += size;
	b->size -= size;
}

/* libarchive reads to the trailer; what it has used up by then is the archive's length. */
static int read_cpio(struct member_walk *w, struct bytes *b, struct err *err)
{
	CLEANUP(archive_read_cleanup) struct archive *a = archive_read_new();
	la_int64_t used;
	int r;

	(void)archive_read_support_format_cpio(a);
	if (archive_read_open_memory(a, b->data, b->size) != ARCHIVE_OK)
		return member_archive_error(a, err);
	w->archive = a;
	r = member_walk_read(w, err);
	if (r < 0)
		return r;
	used = archive_filter_bytes(a, 0);
	if (used <= 0 || (uint64_t)used > b->size)
		return err_set(err, ERR_BUILD, "a cpio archive of the initrd has no end");
	skip(b, (size_t)used);
	return 0;
}

static int unpack(struct bytes b, struct text *ret, struct err *err)
{
	CLEANUP(archive_read_cleanup) struct archive *a = archive_read_new();
	cleanup_free char *piece = xmalloc(PIECE);
	struct archive_entry *e;
	la_ssize_t n;

	member_archive_filters(a);
	(void)archive_read_support_format_raw(a);
	if (archive_read_open_memory(a, b.data, b.size) != ARCHIVE_OK ||
	    archive_read_next_header(a, &e) != ARCHIVE_OK)
		return member_archive_error(a, err);
	while ((n = archive_read_data(a, piece, PIECE)) > 0) {
		if ((size_t)n > MEMBERS_INITRD_MAX - ret->length)
			return err_set(err, ERR_BUILD, "the initrd unpacks to more than %zu MiB",
				       MEMBERS_INITRD_MAX >> 20);
		text_append(ret, piece, (size_t)n);
	}
	return n < 0 ? member_archive_error(a, err) : 0;
}

/* is_packed: these bytes came out of the compressed part. There is no other one inside, so all of
 * them must be cpio archives. */
static int read_parts(struct member_walk *w, struct bytes b, bool is_packed, struct err *err)
{
	CLEANUP(text_release) struct text unpacked = { 0 };
	int r;

	while (b.size > 0) {
		if (*b.data == '\0') {
			skip(&b, 1);
		} else if (is_cpio(b)) {
			r = read_cpio(w, &b, err);
			if (r < 0)
				return r;
		} else if (is_packed) {
			return err_set(err, ERR_BUILD,
				       "the initrd holds something that is no cpio archive");
		} else {
			r = unpack(b, &unpacked, err);
			if (r < 0)
				return r;
			return read_parts(w, (struct bytes){ unpacked.data, unpacked.length }, true,
					  err);
		}
	}
	return 0;
}

int members_read_initrd(int fd, const struct member_reader *reader, struct members *ret,
			struct err *err)
{
	CLEANUP(member_walk_release) struct member_walk w = { .reader = reader };
	struct stat st;
	void *map;
	int r;

	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot look at the initrd");
	if (st.st_size == 0 || (uint64_t)st.st_size > MEMBERS_INITRD_MAX)
		return err_set(err, ERR_BUILD, "the initrd has %ju bytes, which cannot be one",
			       (uintmax_t)st.st_size);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return err_errno(err, ERR_BUILD, errno, "cannot read the initrd");
	r = read_parts(&w, (struct bytes){ map, (size_t)st.st_size }, false, err);
	(void)munmap(map, (size_t)st.st_size);
	return r < 0 ? r : member_walk_finish(&w, ret, err);
}
