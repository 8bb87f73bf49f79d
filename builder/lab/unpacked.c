/* SPDX-License-Identifier: MIT */
#include "lab/unpacked.h"

#include <errno.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/libarchive.h"
#include "tar/extract.h"

#define BLOCK ((size_t)1 << 20)

static int is_damaged(struct archive *a, const char *name, struct err *err)
{
	return err_set(err, ERR_USAGE, "cannot unpack '%s': %s", name, archive_error_string(a));
}

/* libarchive's blocks have some 100 kB. */
static int count(struct archive *a, uint64_t most, const char *name, struct err *err)
{
	uint64_t size = 0;

	for (;;) {
		const void *block;
		size_t length;
		int64_t at;
		int r = archive_read_data_block(a, &block, &length, &at);

		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return is_damaged(a, name, err);
		size += length;
		if (size > most)
			return err_set(err, ERR_USAGE,
				       "'%s' holds more than the %ju bytes that manifest.json says",
				       name, (uintmax_t)most);
		r = interrupt_check(err);
		if (r < 0)
			return r;
	}
}

int unpacked_check(int fd, uint64_t most, const char *name, struct err *err)
{
	CLEANUP(archive_read_cleanup) struct archive *a = archive_read_new();
	struct archive_entry *e;
	int r;

	if (extract_filters(a) < 0 || archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_open_fd(a, fd, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(a, &e) != ARCHIVE_OK)
		return is_damaged(a, name, err);
	r = count(a, most, name, err);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s'", name);
	return 0;
}
