/* SPDX-License-Identifier: MIT */
/* Frames: Ethernet II (RFC 894), ARP (RFC 826), IPv4 (RFC 791), UDP (RFC 768), TCP, ICMP. */
#include "lab/capture/capture-parse.h"

#define ETHERNET_HEADER 14
#define TYPE_IPV4 0x0800
#define TYPE_ARP 0x0806
#define ARP_SIZE 28
#define ARP_REQUEST 1
#define IP_MORE_FRAGMENTS 0x2000
#define IP_FRAGMENT_OFFSET 0x1fff

enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

struct capture_event capture_event_of(const struct packet *p, enum capture_kind kind,
				      bool from_client)
{
	struct capture_event e = {
		.kind = kind,
		.client = from_client ? p->from : p->to,
		.server = from_client ? p->to : p->from,
	};

	memcpy(e.mac, from_client ? p->from_mac : p->to_mac, sizeof(e.mac));
	return e;
}

static bool malformed(struct capture *w)
{
	w->totals.malformed++;
	return false;
}

static void arp(struct capture *w, struct span s)
{
	static const uint8_t ipv4_on_ethernet[] = { 0, 1, 8, 0, 6, 4 };
	const struct capture_silence silence = { .what = CAPTURE_SILENT_ARP };
	struct capture_event e = { .kind = CAPTURE_SILENCE };
	uint32_t sender;

	if (s.size < ARP_SIZE || memcmp(s.data, ipv4_on_ethernet, sizeof(ipv4_on_ethernet)) != 0) {
		malformed(w);
		return;
	}
	sender = get32(s.data + 14);
	if (get16(s.data + 6) != ARP_REQUEST) {
		capture_answered(w, s.data + 18, sender, silence);
		return;
	}
	memcpy(e.mac, s.data + 8, sizeof(e.mac));
	e.client = sender;
	e.server = get32(s.data + 24);
	/* Whether an address is free, and announcements (RFC 5227): nobody should answer. */
	if (sender != 0 && sender != e.server)
		capture_asked(w, &e, silence);
}

/* Points p->payload behind the header of UDP; s is what IP carried, size its length on the wire. */
static bool open_udp(struct capture *w, struct packet *p, struct span s, size_t size)
{
	size_t length;

	if (s.size < 8)
		return malformed(w);
	p->from_port = get16(s.data);
	p->to_port = get16(s.data + 2);
	length = get16(s.data + 4);
	if (length < 8 || length > size)
		return malformed(w);
	p->udp = true;
	p->size = length - 8;
	p->payload = span_from(s, 8);
	if (p->payload.size > p->size)
		p->payload.size = p->size;
	return true;
}

static bool open_tcp(struct capture *w, struct packet *p, struct span s, size_t size)
{
	size_t header;

	if (s.size < 20)
		return malformed(w);
	p->from_port = get16(s.data);
	p->to_port = get16(s.data + 2);
	header = (size_t)(s.data[12] >> 4) * 4;
	if (header < 20 || header > size)
		return malformed(w);
	p->flags = s.data[13];
	p->size = size - header;
	p->payload = span_from(s, header);
	return true;
}

static void udp(struct capture *w, const struct packet *p)
{
	if (p->from_port == DHCP_SERVER_PORT || p->to_port == DHCP_SERVER_PORT) {
		capture_dhcp(w, p);
		return;
	}
	capture_tftp(w, p);
	capture_rpc(w, p);
}

static void tcp(struct capture *w, const struct packet *p)
{
	if (p->from_port == NFS_PORT)
		w->totals.nfs_bytes_to_client += p->size;
	else if (p->to_port == NFS_PORT)
		w->totals.nfs_bytes_to_server += p->size;
	capture_tcp(w, p);
	if (p->size)
		capture_rpc(w, p);
}

/* s and size: the packet of IP, with what Ethernet padded it with. */
static void ip(struct capture *w, struct packet *p, struct span s, size_t size)
{
	size_t header, total;

	if (s.size < 20 || s.data[0] >> 4 != 4) {
		malformed(w);
		return;
	}
	header = (size_t)(s.data[0] & 15) * 4;
	total = get16(s.data + 2);
	if (header < 20 || total < header || total > size) {
		malformed(w);
		return;
	}
	if (get16(s.data + 6) & (IP_MORE_FRAGMENTS | IP_FRAGMENT_OFFSET)) {
		w->totals.fragments++;
		return;
	}
	if (s.size > total)
		s.size = total;
	p->from = get32(s.data + 12);
	p->to = get32(s.data + 16);
	const uint8_t protocol = s.data[9];
	s = span_from(s, header);
	size = total - header;
	if (protocol == PROTOCOL_UDP && open_udp(w, p, s, size))
		udp(w, p);
	if (protocol == PROTOCOL_TCP && open_tcp(w, p, s, size))
		tcp(w, p);
	if (protocol == PROTOCOL_ICMP) {
		p->payload = s;
		p->size = size;
		capture_icmp(w, p);
	}
}

void capture_frame(struct capture *w, struct span frame, size_t size)
{
	struct packet p = { 0 };
	struct span content = span_from(frame, ETHERNET_HEADER);

	if (frame.size < ETHERNET_HEADER) {
		malformed(w);
		return;
	}
	p.to_mac = frame.data;
	p.from_mac = frame.data + 6;
	switch (get16(frame.data + 12)) {
	case TYPE_ARP:
		arp(w, content);
		break;
	case TYPE_IPV4:
		ip(w, &p, content, size - ETHERNET_HEADER);
		break;
	default:
		break;
	}
}
