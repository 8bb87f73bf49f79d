/* SPDX-License-Identifier: MIT */
/*
 * The file: the format is libpcap's classic one, a header of 24 bytes and then records of 16 bytes
 * and a frame each, in the byte order of who wrote it (draft-ietf-opsawg-pcap).
 */
#include "lab/capture/capture-parse.h"

#include <errno.h>
#include <fcntl.h>
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
	struct capture *w = xcalloc(1, sizeof(*w));

	w->path = xstrdup(path);
	w->fd = -1;
	w->buffer = xmalloc(BUFFER_SIZE);
	return w;
}

void capture_free(struct capture *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		(void)close(w->fd);
	free(w->buffer);
	free(w->path);
	free(w);
}

const struct capture_totals *capture_totals(const struct capture *w)
{
	return &w->totals;
}

void capture_emit(struct capture *w, struct capture_event *e)
{
	e->seconds = w->totals.seconds;
	if (w->fn)
		w->fn(e, w->data);
}

void capture_copy(char to[CAPTURE_NAME_MAX], const void *from, size_t size)
{
	size_t length =
		size ? strnlen(from, size < CAPTURE_NAME_MAX ? size : CAPTURE_NAME_MAX - 1) : 0;

	if (length)
		memcpy(to, from, length);
	to[length] = '\0';
}

static uint32_t host32(const struct capture *w, const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return w->is_swapped ? __builtin_bswap32(value) : value;
}

static int read_header(struct capture *w, struct err *err)
{
	uint32_t magic = host32(w, w->buffer), link;

	if (magic == __builtin_bswap32(MAGIC_MICROSECONDS) ||
	    magic == __builtin_bswap32(MAGIC_NANOSECONDS)) {
		w->is_swapped = true;
		magic = __builtin_bswap32(magic);
	}
	if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS)
		return err_set(err, ERR_BOOT, "'%s' is not a capture: it begins with %08x", w->path,
			       magic);
	link = host32(w, w->buffer + 20) & 0xffff; /* above it: length of a checksum */
	if (link != LINK_ETHERNET)
		return err_set(err, ERR_BOOT, "'%s' is a capture of link type %u, not of Ethernet",
			       w->path, link);
	w->is_nanoseconds = magic == MAGIC_NANOSECONDS;
	w->has_header = true;
	return 0;
}

static void count_packet(struct capture *w, const uint8_t *record, uint32_t size)
{
	const int64_t unit = w->is_nanoseconds ? 1 : 1000;
	const int64_t now =
		(int64_t)host32(w, record) * 1000000000 + (int64_t)host32(w, record + 4) * unit;

	if (!w->has_packet)
		w->first = now;
	w->has_packet = true;
	w->totals.seconds = (double)(now - w->first) / 1e9;
	w->totals.packets++;
	w->totals.bytes += size;
}

/* Takes the whole records out of the buffer. */
static int read_records(struct capture *w, struct err *err)
{
	size_t at = 0;

	if (!w->has_header) {
		if (w->filled < FILE_HEADER)
			return 0;
		if (read_header(w, err) < 0)
			return -EIO;
		at = FILE_HEADER;
	}
	while (w->filled - at >= RECORD_HEADER) {
		const uint8_t *record = w->buffer + at;
		uint32_t captured = host32(w, record + 8), size = host32(w, record + 12);

		if (captured > FRAME_MAX || captured > size)
			return err_set(err, ERR_BOOT,
				       "'%s' is damaged: a frame of %u bytes, %u of them captured",
				       w->path, size, captured);
		if (w->filled - at - RECORD_HEADER < captured)
			break;
		count_packet(w, record, size);
		capture_frame(w, (struct span){ record + RECORD_HEADER, captured }, size);
		at += RECORD_HEADER + captured;
	}
	memmove(w->buffer, w->buffer + at, w->filled - at);
	w->filled -= at;
	return 0;
}

static int poll_file(struct capture *w, struct err *err)
{
	if (w->fd < 0)
		w->fd = open(w->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (w->fd < 0)
		return errno == ENOENT
			       ? 0
			       : err_errno(err, ERR_BOOT, errno, "cannot open '%s'", w->path);
	for (;;) {
		ssize_t n = read_all(w->fd, w->buffer + w->filled, BUFFER_SIZE - w->filled);

		if (n < 0)
			return err_errno(err, ERR_BOOT, (int)-n, "cannot read '%s'", w->path);
		if (n == 0)
			return 0;
		w->filled += (size_t)n;
		if (read_records(w, err) < 0)
			return -EIO;
	}
}

int capture_poll(struct capture *w, capture_fn fn, void *data, struct err *err)
{
	int r;

	if (w->is_broken)
		return err_set(err, ERR_BOOT, "'%s' could not be read before", w->path);
	w->fn = fn;
	w->data = data;
	r = poll_file(w, err);
	w->is_broken = r < 0;
	w->fn = NULL;
	w->data = NULL;
	return r;
}
