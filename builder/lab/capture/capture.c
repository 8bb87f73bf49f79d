/* SPDX-License-Identifier: MIT */
/*
 * Reads the file. Its format is libpcap's first one: a header of 24 bytes, then for each frame 16
 * bytes and the frame, in the byte order of the machine that wrote it (draft-ietf-opsawg-pcap).
 */
#include "lab/capture/capture-parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"

#define FILE_HEADER 24
#define RECORD_HEADER 16
#define MAGIC_MICROSECONDS 0xa1b2c3d4
#define MAGIC_NANOSECONDS 0xa1b23c4d
#define LINK_ETHERNET 1
#define FRAME_MAX (256u << 10) /* libpcap's own limit */
#define BUFFER_SIZE (2 * FRAME_MAX)

struct capture *capture_new(const char *path)
{
	struct capture *capture = xcalloc(1, sizeof(*capture));

	capture->path = xstrdup(path);
	capture->fd = -1;
	capture->buffer = xmalloc(BUFFER_SIZE);
	return capture;
}

void capture_free(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->fd >= 0)
		(void)close(capture->fd);
	free(capture->buffer);
	free(capture->path);
	free(capture);
}

uint64_t capture_file_size(const struct capture *capture)
{
	struct stat st;

	return stat(capture->path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

const struct capture_totals *capture_totals(const struct capture *capture)
{
	return &capture->totals;
}

static uint32_t host32(const struct capture *capture, const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return capture->is_swapped ? __builtin_bswap32(value) : value;
}

static int read_header(struct capture *capture, struct err *err)
{
	uint32_t magic = host32(capture, capture->buffer), link;

	if (magic == __builtin_bswap32(MAGIC_MICROSECONDS) ||
	    magic == __builtin_bswap32(MAGIC_NANOSECONDS)) {
		capture->is_swapped = true;
		magic = __builtin_bswap32(magic);
	}
	if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS)
		return err_set(err, ERR_BOOT, "'%s' is not a capture: it begins with %08x",
			       capture->path, magic);
	link = host32(capture, capture->buffer + 20) &
	       0xffff; /* the upper half is about checksums */
	if (link != LINK_ETHERNET)
		return err_set(err, ERR_BOOT, "'%s' is a capture of link type %u, not of Ethernet",
			       capture->path, link);
	capture->is_nanoseconds = magic == MAGIC_NANOSECONDS;
	capture->has_header = true;
	return 0;
}

static void count_packet(struct capture *capture, const uint8_t *record, uint32_t size)
{
	const int64_t unit = capture->is_nanoseconds ? 1 : 1000;
	const int64_t now = (int64_t)host32(capture, record) * 1000000000 +
			    (int64_t)host32(capture, record + 4) * unit;

	if (!capture->has_packet)
		capture->first = now;
	capture->has_packet = true;
	capture->totals.seconds = (double)(now - capture->first) / 1e9;
	capture->totals.packets++;
	capture->totals.bytes += size;
}

/* Takes the complete records out of the buffer. */
static int read_records(struct capture *capture, struct err *err)
{
	size_t at = 0;
	int r;

	if (!capture->has_header) {
		if (capture->filled < FILE_HEADER)
			return 0;
		r = read_header(capture, err);
		if (r < 0)
			return r;
		at = FILE_HEADER;
	}
	while (capture->filled - at >= RECORD_HEADER) {
		const uint8_t *record = capture->buffer + at;
		uint32_t captured = host32(capture, record + 8),
			 size = host32(capture, record + 12);

		if (captured > FRAME_MAX || captured > size)
			return err_set(err, ERR_BOOT,
				       "'%s' is damaged: a frame of %u bytes, %u of them captured",
				       capture->path, size, captured);
		if (capture->filled - at - RECORD_HEADER < captured)
			break;
		count_packet(capture, record, size);
		capture_frame(capture, (struct span){ record + RECORD_HEADER, captured }, size);
		at += RECORD_HEADER + captured;
	}
	memmove(capture->buffer, capture->buffer + at, capture->filled - at);
	capture->filled -= at;
	return 0;
}

/* Reads what is there now. What is written meanwhile is for the next time: a machine can write
 * faster than we read. */
static int poll_file(struct capture *capture, struct err *err)
{
	struct stat st;
	uint64_t got = 0;
	int r;

	if (capture->fd < 0)
		capture->fd = open(capture->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (capture->fd < 0 && errno == ENOENT)
		return 0;
	if (capture->fd < 0)
		return err_errno(err, ERR_BOOT, errno, "cannot open '%s'", capture->path);
	if (fstat(capture->fd, &st) < 0)
		return err_errno(err, ERR_BOOT, errno, "cannot read '%s'", capture->path);
	while (got < (uint64_t)st.st_size) {
		ssize_t n = read_all(capture->fd, capture->buffer + capture->filled,
				     BUFFER_SIZE - capture->filled);

		if (n < 0)
			return err_errno(err, ERR_BOOT, (int)-n, "cannot read '%s'", capture->path);
		if (n == 0)
			return 0;
		got += (uint64_t)n;
		capture->filled += (size_t)n;
		r = read_records(capture, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int capture_poll(struct capture *capture, capture_fn fn, void *data, struct err *err)
{
	int r;

	if (capture->is_broken)
		return err_set(err, ERR_BOOT,
			       "'%s' is not read any further, because reading it failed before",
			       capture->path);
	capture->fn = fn;
	capture->data = data;
	r = poll_file(capture, err);
	capture->is_broken = r < 0;
	capture->fn = NULL;
	capture->data = NULL;
	return r;
}
