/* SPDX-License-Identifier: MIT */
/*
 * TFTP: RFC 1350; options RFC 2347, block size RFC 2348, size RFC 2349. Transfers are told apart by
 * the client's address and port. A server answers from a new port, QEMU's own server from 69.
 */
#include "lab/capture/capture-parts.h"

#include <strings.h>

#include "base/text.h"

enum { READ_REQUEST = 1, DATA = 3, ERROR = 5, OPTIONS = 6 };

#define BLOCK_SIZE_DEFAULT 512

static const struct capture_silence silence = { .what = CAPTURE_SILENT_TFTP, .port = TFTP_PORT };

/* Takes the next string off the front of s; NULL if none ends there. */
static const char *next_string(struct span *s)
{
	const uint8_t *end = s->size ? memchr(s->data, '\0', s->size) : NULL;
	const char *string = (const char *)s->data;

	if (!end)
		return NULL;
	*s = span_from(*s, (size_t)(end - s->data) + 1);
	return string;
}

/* Options are pairs of strings. Those whose values are not numbers are ignored. */
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

static void emit(struct capture *capture, const struct tftp_transfer *t, enum capture_kind kind)
{
	struct capture_event e = { .kind = kind, .client = t->client, .server = t->server };

	memcpy(e.mac, t->mac, sizeof(e.mac));
	e.tftp = t->tftp;
	capture_emit(capture, &e);
}

/* A free entry, else one that has ended, else the one that has been silent for longest. */
static struct tftp_transfer *new_transfer(struct capture *capture)
{
	struct tftp_transfer *oldest = &capture->transfers.item[0];

	TABLE_EACH(&capture->transfers, t)
	{
		if (t->client_port == 0)
			return t;
		if (t->ended != oldest->ended ? t->ended : t->tftp.last < oldest->tftp.last)
			oldest = t;
	}
	return oldest;
}

static struct tftp_transfer *find_transfer(struct capture *capture, uint32_t client, uint16_t port)
{
	TABLE_EACH(&capture->transfers, t)
	if (t->client_port != 0 && t->client == client && t->client_port == port)
		return t;
	return NULL;
}

static void request(struct capture *capture, const struct packet *p)
{
	struct span s = span_from(p->payload, 2);
	const char *file = next_string(&s);
	struct tftp_transfer *t = find_transfer(capture, p->from, p->from_port);
	struct capture_event e = capture_event_of(p, CAPTURE_SILENCE, true);
	char name[CAPTURE_NAME_MAX];
	bool again;

	if (!file || !next_string(&s) || p->from_port == 0) { /* behind the name: the mode */
		capture->totals.malformed++;
		return;
	}
	capture_copy(name, file, strlen(file));
	again = t && !t->ended && t->tftp.bytes == 0 && streq(t->tftp.file, name);
	if (!t)
		t = new_transfer(capture);
	*t = (struct tftp_transfer){
		.client = p->from,
		.server = p->to,
		.client_port = p->from_port,
		.tftp = { .block_size = BLOCK_SIZE_DEFAULT,
			  .began = again ? t->tftp.began : capture->totals.seconds,
			  .last = capture->totals.seconds },
	};
	memcpy(t->mac, p->from_mac, sizeof(t->mac));
	memcpy(t->tftp.file, name, sizeof(name));
	read_options(s, &t->tftp.block_size_asked, NULL);
	if (!again)
		emit(capture, t, CAPTURE_TFTP_ASKED);
	capture_asked(capture, &e, silence);
}

static void data(struct capture *capture, struct tftp_transfer *t, const struct packet *p)
{
	const size_t length = p->size - 4;

	if (length > t->tftp.block_size) {
		capture->totals.malformed++;
		return;
	}
	capture->totals.tftp_bytes += length;
	/* After block 65535 comes block 0. A block that came before is a repetition. */
	if (t->ended || get16(p->payload.data + 2) != (uint16_t)(t->block + 1))
		return;
	t->block++;
	t->tftp.bytes += length;
	if (length < t->tftp.block_size) {
		t->ended = true;
		emit(capture, t, CAPTURE_TFTP_DONE);
	}
}

static void error(struct capture *capture, struct tftp_transfer *t, const struct packet *p,
		  bool by_client)
{
	struct span message = span_from(p->payload, 4);

	if (t->ended)
		return;
	t->ended = true;
	t->tftp.by_client = by_client;
	t->tftp.code = get16(p->payload.data + 2);
	capture_copy(t->tftp.message, message.data, message.size);
	emit(capture, t, CAPTURE_TFTP_ERROR);
}

static void from_server(struct capture *capture, struct tftp_transfer *t, const struct packet *p)
{
	t->server_port = p->from_port;
	t->tftp.answered = true;
	capture_answered(capture, t->mac, t->server, silence);
	switch (get16(p->payload.data)) {
	case DATA:
		data(capture, t, p);
		break;
	case ERROR:
		error(capture, t, p, false);
		break;
	case OPTIONS:
		read_options(span_from(p->payload, 2), &t->tftp.block_size, &t->tftp);
		break;
	default:
		break;
	}
}

void capture_tftp(struct capture *capture, const struct packet *p)
{
	struct tftp_transfer *t;

	if (p->payload.size < 4)
		return;
	if (p->to_port == TFTP_PORT && get16(p->payload.data) == READ_REQUEST) {
		request(capture, p);
		return;
	}
	t = find_transfer(capture, p->to, p->to_port);
	if (t && p->from == t->server && (t->server_port == 0 || t->server_port == p->from_port)) {
		t->tftp.last = capture->totals.seconds;
		from_server(capture, t, p);
		return;
	}
	t = find_transfer(capture, p->from, p->from_port);
	if (t && p->to == t->server && t->server_port == p->to_port) {
		t->tftp.last = capture->totals.seconds;
		if (get16(p->payload.data) == ERROR)
			error(capture, t, p, true);
	}
}

const struct capture_tftp *capture_unfinished(const struct capture *capture, const uint8_t mac[6])
{
	const struct tftp_transfer *latest = NULL;

	TABLE_EACH(&capture->transfers, t)
	{
		if (t->client_port == 0 || t->ended || memcmp(t->mac, mac, sizeof(t->mac)) != 0)
			continue;
		if (!latest || t->tftp.last > latest->tftp.last)
			latest = t;
	}
	return latest ? &latest->tftp : NULL;
}
