/* SPDX-License-Identifier: MIT */
/*
 * Who is there and who is not: connections begun and refused (RFC 793), what ICMP says cannot be
 * delivered (RFC 792), questions without an answer.
 */
#include "lab/capture/capture-parse.h"

#define ICMP_UNREACHABLE 3

void capture_add_service(struct capture *w, uint32_t server, uint16_t port)
{
	if (port == 0 || capture_is_service(w, server, port))
		return;
	struct service *s = TABLE_ADD(&w->services);

	s->server = server;
	s->port = port;
}

bool capture_is_service(const struct capture *w, uint32_t server, uint16_t port)
{
	if (port == TFTP_PORT || port == PORTMAP_PORT || port == NFS_PORT ||
	    port == KLIBC_MOUNT_PORT)
		return true;
	TABLE_EACH(&w->services, s)
	if (s->port == port && s->server == server)
		return port != 0;
	return false;
}

static bool is_silence_of(const struct waiting *waiting, const uint8_t mac[6], uint32_t server,
			  struct capture_silence silence)
{
	return waiting->count != 0 && waiting->server == server &&
	       waiting->silence.what == silence.what && waiting->silence.port == silence.port &&
	       memcmp(waiting->mac, mac, sizeof(waiting->mac)) == 0;
}

void capture_asked(struct capture *w, const struct capture_event *e, struct capture_silence silence)
{
	struct capture_event silent = *e;
	struct waiting *found = NULL;

	TABLE_EACH(&w->waitings, waiting)
	if (is_silence_of(waiting, e->mac, e->server, silence))
		found = waiting;
	if (!found) {
		found = TABLE_ADD(&w->waitings);
		found->silence = silence;
		found->server = e->server;
		memcpy(found->mac, e->mac, sizeof(found->mac));
	}
	if (found->count < CAPTURE_PATIENCE && ++found->count == CAPTURE_PATIENCE) {
		silent.kind = CAPTURE_SILENCE;
		silent.silence = silence;
		capture_emit(w, &silent);
	}
}

void capture_answered(struct capture *w, const uint8_t mac[6], uint32_t server,
		      struct capture_silence silence)
{
	TABLE_EACH(&w->waitings, waiting)
	if (is_silence_of(waiting, mac, server, silence))
		waiting->count = 0;
}

static struct connection *find_connection(struct capture *w, uint32_t client, uint16_t port,
					  uint32_t server, uint16_t service)
{
	TABLE_EACH(&w->connections, c)
	if (c->service != 0 && c->client == client && c->port == port && c->server == server &&
	    c->service == service)
		return c;
	return NULL;
}

bool capture_first_call(struct capture *w, const struct packet *p)
{
	struct connection *c = find_connection(w, p->from, p->from_port, p->to, p->to_port);

	if (!c || c->has_called)
		return false;
	c->has_called = true;
	return true;
}

static void begin(struct capture *w, const struct packet *p)
{
	struct capture_event e = capture_event_of(p, CAPTURE_CONNECT, true);
	struct connection *c = find_connection(w, p->from, p->from_port, p->to, p->to_port);

	if (c && c->answered) /* the same port again, for a new connection */
		c->service = 0;
	if (!c || c->answered) {
		c = TABLE_ADD(&w->connections);
		c->client = p->from;
		c->port = p->from_port;
		c->server = p->to;
		c->service = p->to_port;
		e.port.number = p->to_port;
		capture_emit(w, &e);
	}
	capture_asked(w, &e,
		      (struct capture_silence){ .what = CAPTURE_SILENT_TCP, .port = p->to_port });
}

/* The first packet of the server. A reset later on is an ordinary way to end. */
static void answer(struct capture *w, struct connection *c, const struct packet *p)
{
	struct capture_event e = capture_event_of(p, CAPTURE_REFUSED, false);

	capture_answered(
		w, p->to_mac, p->from,
		(struct capture_silence){ .what = CAPTURE_SILENT_TCP, .port = p->from_port });
	c->answered = true;
	if (p->flags & TCP_RST) {
		e.port.number = p->from_port;
		e.port.why = "connection refused";
		capture_emit(w, &e);
	}
}

void capture_tcp(struct capture *w, const struct packet *p)
{
	struct connection *c;

	if ((p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	    capture_is_service(w, p->to, p->to_port)) {
		begin(w, p);
		return;
	}
	c = find_connection(w, p->to, p->to_port, p->from, p->from_port);
	if (c && !c->answered)
		answer(w, c, p);
}

static const char *unreachable(uint8_t code)
{
	switch (code) {
	case 0:
	case 6:
	case 11:
		return "network unreachable";
	case 1:
	case 7:
	case 12:
		return "host unreachable";
	case 2:
		return "protocol unreachable";
	case 3:
		return "port unreachable";
	case 9:
	case 10:
	case 13:
		return "forbidden by a packet filter";
	default:
		return NULL; /* 4: a hint about sizes; 5: source routes */
	}
}

void capture_icmp(struct capture *w, const struct packet *p)
{
	struct capture_event e = capture_event_of(p, CAPTURE_REFUSED, false);
	struct span s = span_from(p->payload, 8); /* the packet that was not delivered */
	size_t header;

	if (p->payload.size < 8 || p->payload.data[0] != ICMP_UNREACHABLE)
		return;
	header = s.size ? (size_t)(s.data[0] & 15) * 4 : 0;
	if (header < 20 || s.size < header + 4) {
		w->totals.malformed++;
		return;
	}
	e.client = get32(s.data + 12);
	e.server = get32(s.data + 16);
	e.port.udp = s.data[9] == 17;
	e.port.number = get16(s.data + header + 2);
	e.port.why = unreachable(p->payload.data[1]);
	if (!e.port.why || !capture_is_service(w, e.server, e.port.number))
		return;
	capture_answered(w, e.mac, e.server,
			 (struct capture_silence){ .what = e.port.udp
								   ? e.port.number == TFTP_PORT
									     ? CAPTURE_SILENT_TFTP
									     : CAPTURE_SILENT_RPC
								   : CAPTURE_SILENT_TCP,
						   .port = e.port.number });
	capture_emit(w, &e);
}
