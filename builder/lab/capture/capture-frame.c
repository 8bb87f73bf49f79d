/* SPDX-License-Identifier: MIT */
/*
 * Takes frames apart: Ethernet II (RFC 894), ARP (RFC 826), IPv4 (RFC 791), and the headers of UDP
 * (RFC 768) and TCP (RFC 793).
 */
#include "lab/capture/capture-parts.h"

#define ETHERNET_HEADER 14
#define TYPE_IPV4 0x0800
#define TYPE_ARP 0x0806
#define ARP_SIZE 28
#define ARP_REQUEST 1
#define IP_MORE_FRAGMENTS 0x2000
#define IP_FRAGMENT_OFFSET 0x1fff

enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

static bool malformed(struct capture *capture)
{
	capture->totals.malformed++;
	return false;
}

static void arp(struct capture *capture, struct span s)
{
	static const uint8_t ipv4_on_ethernet[] = { 0, 1, 8, 0, 6, 4 };
	const struct capture_silence silence = { .what = CAPTURE_SILENT_ARP };
	struct capture_event e = { .kind = CAPTURE_SILENCE };
	uint32_t sender;

	if (s.size < ARP_SIZE || memcmp(s.data, ipv4_on_ethernet, sizeof(ipv4_on_ethernet)) != 0) {
		malformed(capture);
		return;
	}
	sender = get32(s.data + 14);
	if (get16(s.data + 6) != ARP_REQUEST) {
		capture_answered(capture, s.data + 18, sender, silence);
		return;
	}
	memcpy(e.mac, s.data + 8, sizeof(e.mac));
	e.client = sender;
	e.server = get32(s.data + 24);
	/* Nobody should answer a probe for a free address or an announcement (RFC 5227). */
	if (sender != 0 && sender != e.server)
		capture_asked(capture, &e, silence);
}

/* Points p->payload behind UDP's header; s is what IP carried, size its length on the wire. */
static bool open_udp(struct capture *capture, struct packet *p, struct span s, size_t size)
{
	size_t length;

	if (s.size < 8)
		return malformed(capture);
	p->from_port = get16(s.data);
	p->to_port = get16(s.data + 2);
	length = get16(s.data + 4);
	if (length < 8 || length > size)
		return malformed(capture);
	p->udp = true;
	p->size = length - 8;
	p->payload = span_from(s, 8);
	if (p->payload.size > p->size)
		p->payload.size = p->size;
	return true;
}

static bool open_tcp(struct capture *capture, struct packet *p, struct span s, size_t size)
{
	size_t header;

	if (s.size < 20)
		return malformed(capture);
	p->from_port = get16(s.data);
	p->to_port = get16(s.data + 2);
	header = (size_t)(s.data[12] >> 4) * 4;
	if (header < 20 || header > size)
		return malformed(capture);
	p->flags = s.data[13];
	p->size = size - header;
	p->payload = span_from(s, header);
	return true;
}

static void udp(struct capture *capture, const struct packet *p)
{
	if (p->from_port == DHCP_SERVER_PORT || p->to_port == DHCP_SERVER_PORT) {
		capture_dhcp(capture, p);
		return;
	}
	capture_tftp(capture, p);
	capture_rpc(capture, p);
}

static void tcp(struct capture *capture, const struct packet *p)
{
	if (p->from_port == NFS_PORT)
		capture->totals.nfs_bytes_to_client += p->size;
	else if (p->to_port == NFS_PORT)
		capture->totals.nfs_bytes_to_server += p->size;
	capture_tcp(capture, p);
	if (p->size)
		capture_rpc(capture, p);
}

/* s and size: IP's packet, with the padding that Ethernet may have put behind it. */
static void ip(struct capture *capture, struct packet *p, struct span s, size_t size)
{
	size_t header, total;

	if (s.size < 20 || s.data[0] >> 4 != 4) {
		malformed(capture);
		return;
	}
	header = (size_t)(s.data[0] & 15) * 4;
	total = get16(s.data + 2);
	if (header < 20 || total < header || total > size) {
		malformed(capture);
		return;
	}
	if (get16(s.data + 6) & (IP_MORE_FRAGMENTS | IP_FRAGMENT_OFFSET)) {
		capture->totals.fragments++;
		return;
	}
	if (s.size > total)
		s.size = total;
	p->from = get32(s.data + 12);
	p->to = get32(s.data + 16);
	const uint8_t protocol = s.data[9];
	s = span_from(s, header);
	size = total - header;
	if (protocol == PROTOCOL_UDP && open_udp(capture, p, s, size))
		udp(capture, p);
	if (protocol == PROTOCOL_TCP && open_tcp(capture, p, s, size))
		tcp(capture, p);
	if (protocol == PROTOCOL_ICMP) {
		p->payload = s;
		p->size = size;
		capture_icmp(capture, p);
	}
}

void capture_frame(struct capture *capture, struct span frame, size_t size)
{
	struct packet p = { 0 };
	struct span content = span_from(frame, ETHERNET_HEADER);

	if (frame.size < ETHERNET_HEADER) {
		malformed(capture);
		return;
	}
	p.to_mac = frame.data;
	p.from_mac = frame.data + 6;
	switch (get16(frame.data + 12)) {
	case TYPE_ARP:
		arp(capture, content);
		break;
	case TYPE_IPV4:
		ip(capture, &p, content, size - ETHERNET_HEADER);
		break;
	default:
		break;
	}
}
