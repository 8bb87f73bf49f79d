/* SPDX-License-Identifier: MIT */
/*
 * TFTP: RFC 1350; options RFC 2347, block size RFC 2348, size RFC 2349. A transfer is known by the
 * client's address and port; the server answers from a port of its own (QEMU's from 69).
 */
#include "lab/capture/capture-parse.h"

#include <strings.h>

#include "base/text.h"

enum { READ_REQUEST = 1, DATA = 3, ERROR = 5, OPTIONS = 6 };

#define BLOCK_SIZE_DEFAULT 512

static const struct capture_silence silence = { .what = CAPTURE_SILENT_TFTP, .port = TFTP_PORT };

/* The next string of s, which must end within it; s then begins behind it. */
static const char *next_string(struct span *s)
{
	const uint8_t *end = s->size ? memchr(s->data, '\0', s->size) : NULL;
	const char *string = (const char *)s->data;

	if (!end)
		return NULL;
	*s = span_from(*s, (size_t)(end - s->data) + 1);
	return string;
}

/* Pairs of strings; numbers that are none are left out. */
static void read_options(struct span s, uint32_t *block_size, struct capture_tftp *answer)
{
	const char *name, *value;
	uint64_t number;

	while ((name = next_string(&s)) && (value = next_string(&s))) {
		if (parse_u64(value, &number) < 0)
			continue;
		if (strcasecmp(name, "blksize") == 0 && number >= 1 && number <= UINT16_MAX)
			*block_size = (uint32_t)number;
		if (strcasecmp(name, "tsize") == 0 && answer) {
			answer->has_size = true;
			answer->size = number;
		}
	}
}

static void emit(struct capture *w, const struct transfer *t, enum capture_kind kind)
{
	struct capture_event e = { .kind = kind, .client = t->client, .server = t->server };

	memcpy(e.mac, t->mac, sizeof(e.mac));
	e.tftp = t->tftp;
	capture_emit(w, &e);
}

/* A free one, else the one that has been still for longest. */
static struct transfer *new_transfer(struct capture *w)
{
	struct transfer *oldest = &w->transfers.item[0];

	TABLE_EACH(&w->transfers, t)
	{
		if (t->port == 0)
			return t;
		if (t->ended != oldest->ended ? t->ended : t->tftp.last < oldest->tftp.last)
			oldest = t;
	}
	return oldest;
}

static struct transfer *find_transfer(struct capture *w, uint32_t client, uint16_t port)
{
	TABLE_EACH(&w->transfers, t)
	if (t->port != 0 && t->client == client && t->port == port)
		return t;
	return NULL;
}

static void request(struct capture *w, const struct packet *p)
{
	struct span s = span_from(p->payload, 2);
	const char *file = next_string(&s);
	struct transfer *t = find_transfer(w, p->from, p->from_port);
	struct capture_event e = capture_event_of(p, CAPTURE_SILENCE, true);
	char name[CAPTURE_NAME_MAX];
	bool again;

	if (!file || !next_string(&s) || p->from_port == 0) { /* the mode: octet */
		w->totals.malformed++;
		return;
	}
	capture_copy(name, file, strlen(file));
	again = t && !t->ended && t->tftp.bytes == 0 && streq(t->tftp.file, name);
	if (!t)
		t = new_transfer(w);
	*t = (struct transfer){
		.client = p->from,
		.server = p->to,
		.port = p->from_port,
		.tftp = { .block_size = BLOCK_SIZE_DEFAULT,
			  .began = again ? t->tftp.began : w->totals.seconds,
			  .last = w->totals.seconds },
	};
	memcpy(t->mac, p->from_mac, sizeof(t->mac));
	memcpy(t->tftp.file, name, sizeof(name));
	read_options(s, &t->tftp.block_size_asked, NULL);
	if (!again)
		emit(w, t, CAPTURE_TFTP_ASKED);
	capture_asked(w, &e, silence);
}

static void data(struct capture *w, struct transfer *t, const struct packet *p)
{
	const size_t length = p->size - 4;

	if (length > t->tftp.block_size) {
		w->totals.malformed++;
		return;
	}
	w->totals.tftp_bytes += length;
	/* Numbers begin anew after 65535; what came before is a repetition. */
	if (t->ended || get16(p->payload.data + 2) != (uint16_t)(t->block + 1))
		return;
	t->block++;
	t->tftp.bytes += length;
	if (length < t->tftp.block_size) {
		t->ended = true;
		emit(w, t, CAPTURE_TFTP_DONE);
	}
}

static void error(struct capture *w, struct transfer *t, const struct packet *p, bool by_client)
{
	struct span message = span_from(p->payload, 4);

	if (t->ended)
		return;
	t->ended = true;
	t->tftp.by_client = by_client;
	t->tftp.code = get16(p->payload.data + 2);
	capture_copy(t->tftp.message, message.data, message.size);
	emit(w, t, CAPTURE_TFTP_ERROR);
}

static void from_server(struct capture *w, struct transfer *t, const struct packet *p)
{
	t->other = p->from_port;
	t->tftp.answered = true;
	capture_answered(w, t->mac, t->server, silence);
	switch (get16(p->payload.data)) {
	case DATA:
		data(w, t, p);
		break;
	case ERROR:
		error(w, t, p, false);
		break;
	case OPTIONS:
		read_options(span_from(p->payload, 2), &t->tftp.block_size, &t->tftp);
		break;
	default:
		break;
	}
}

void capture_tftp(struct capture *w, const struct packet *p)
{
	struct transfer *t;

	if (p->payload.size < 4)
		return;
	if (p->to_port == TFTP_PORT && get16(p->payload.data) == READ_REQUEST) {
		request(w, p);
		return;
	}
	t = find_transfer(w, p->to, p->to_port);
	if (t && p->from == t->server && (t->other == 0 || t->other == p->from_port)) {
		t->tftp.last = w->totals.seconds;
		from_server(w, t, p);
		return;
	}
	t = find_transfer(w, p->from, p->from_port);
	if (t && p->to == t->server && t->other == p->to_port) {
		t->tftp.last = w->totals.seconds;
		if (get16(p->payload.data) == ERROR)
			error(w, t, p, true);
	}
}

/* Which of a and b stands further up: the later one, of equals the one of the lower place. */
static bool is_later(const struct transfer *a, const struct transfer *b)
{
	return a->tftp.last > b->tftp.last || (a->tftp.last == b->tftp.last && a < b);
}

const struct capture_tftp *capture_unfinished(const struct capture *w, size_t index,
					      uint8_t ret_mac[6])
{
	TABLE_EACH(&w->transfers, t)
	{
		size_t before = 0;

		if (t->port == 0 || t->ended)
			continue;
		TABLE_EACH(&w->transfers, other)
		before += other->port != 0 && !other->ended && is_later(other, t);
		if (before != index)
			continue;
		if (ret_mac)
			memcpy(ret_mac, t->mac, sizeof(t->mac));
		return &t->tftp;
	}
	return NULL;
}
