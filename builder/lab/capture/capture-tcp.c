/* SPDX-License-Identifier: MIT */
/*
 * Which services of a server are there and which are not: TCP connections that begin or are refused
 * (RFC 793), and packets of which ICMP says that they cannot be delivered (RFC 792).
 */
#include "lab/capture/capture-parts.h"

#define ICMP_UNREACHABLE 3

static bool is_service(const struct capture *capture, uint32_t server, uint16_t port)
{
	if (port == TFTP_PORT || port == PORTMAP_PORT || port == NFS_PORT ||
	    port == KLIBC_MOUNT_PORT)
		return true;
	TABLE_EACH(&capture->services, s)
	if (s->port == port && s->server == server)
		return port != 0;
	return false;
}

void capture_add_service(struct capture *capture, uint32_t server, uint16_t port)
{
	if (port == 0 || is_service(capture, server, port))
		return;
	struct rpc_service *s = TABLE_ADD(&capture->services);

	s->server = server;
	s->port = port;
}

static struct tcp_connection *find_connection(struct capture *capture, uint32_t client,
					      uint16_t port, uint32_t server, uint16_t service)
{
	TABLE_EACH(&capture->connections, c)
	if (c->service != 0 && c->client == client && c->client_port == port &&
	    c->server == server && c->service == service)
		return c;
	return NULL;
}

bool capture_first_call(struct capture *capture, const struct packet *p)
{
	struct tcp_connection *c =
		find_connection(capture, p->from, p->from_port, p->to, p->to_port);

	if (!c || c->has_called)
		return false;
	c->has_called = true;
	return true;
}

static void begin(struct capture *capture, const struct packet *p)
{
	struct capture_event e = capture_event_of(p, CAPTURE_CONNECT, true);
	struct tcp_connection *c =
		find_connection(capture, p->from, p->from_port, p->to, p->to_port);

	if (c && c->answered) /* a new connection from a port that was used before */
		c->service = 0;
	if (!c || c->answered) {
		c = TABLE_ADD(&capture->connections);
		c->client = p->from;
		c->client_port = p->from_port;
		c->server = p->to;
		c->service = p->to_port;
		e.port.number = p->to_port;
		capture_emit(capture, &e);
	}
	capture_asked(capture, &e,
		      (struct capture_silence){ .what = CAPTURE_SILENT_TCP, .port = p->to_port });
}

/* The server's first packet. A reset later on is an ordinary end of a connection. */
static void answer(struct capture *capture, struct tcp_connection *c, const struct packet *p)
{
	struct capture_event e = capture_event_of(p, CAPTURE_REFUSED, false);

	capture_answered(
		capture, p->to_mac, p->from,
		(struct capture_silence){ .what = CAPTURE_SILENT_TCP, .port = p->from_port });
	c->answered = true;
	if (p->flags & TCP_RST) {
		e.port.number = p->from_port;
		e.port.why = "connection refused";
		capture_emit(capture, &e);
	}
}

void capture_tcp(struct capture *capture, const struct packet *p)
{
	struct tcp_connection *c;

	if ((p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && is_service(capture, p->to, p->to_port)) {
		begin(capture, p);
		return;
	}
	c = find_connection(capture, p->to, p->to_port, p->from, p->from_port);
	if (c && !c->answered)
		answer(capture, c, p);
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
		return NULL; /* 4 is about the size of packets, 5 about source routes */
	}
}

void capture_icmp(struct capture *capture, const struct packet *p)
{
	struct capture_event e = capture_event_of(p, CAPTURE_REFUSED, false);
	struct span s = span_from(p->payload, 8); /* the packet that was not delivered */
	size_t header;

	if (p->payload.size < 8 || p->payload.data[0] != ICMP_UNREACHABLE)
		return;
	header = s.size ? (size_t)(s.data[0] & 15) * 4 : 0;
	if (header < 20 || s.size < header + 4) {
		capture->totals.malformed++;
		return;
	}
	e.client = get32(s.data + 12);
	e.server = get32(s.data + 16);
	e.port.udp = s.data[9] == 17;
	e.port.number = get16(s.data + header + 2);
	e.port.why = unreachable(p->payload.data[1]);
	if (!e.port.why || !is_service(capture, e.server, e.port.number))
		return;
	capture_answered(capture, e.mac, e.server,
			 (struct capture_silence){ .what = e.port.udp
								   ? e.port.number == TFTP_PORT
									     ? CAPTURE_SILENT_TFTP
									     : CAPTURE_SILENT_RPC
								   : CAPTURE_SILENT_TCP,
						   .port = e.port.number });
	capture_emit(capture, &e);
}
