/* SPDX-License-Identifier: MIT */
/*
 * The inside of capture.h, which its files share. From the top down: capture.c reads the file and
 * cuts it into frames; capture-frame.c takes frames apart and hands what UDP, TCP and ICMP carried
 * to one function for each protocol (capture-dhcp.c, capture-tftp.c, capture-rpc.c, capture-tcp.c);
 * these make events (capture-event.c) and keep count of questions without an answer
 * (capture-silence.c).
 *
 * What a protocol must remember is in tables of a fixed size, in which a new entry takes the place
 * of the oldest: a guest cannot make us use more memory.
 */
#pragma once

#include <string.h>

#include "base/memory.h"
#include "lab/capture/capture.h"

/* Bytes of a packet that are in the capture. QEMU cuts long packets off, so there may have been
 * more on the wire: struct packet says how many. */
struct span {
	const uint8_t *data;
	size_t size;
};

/* Numbers in network byte order. The caller has checked that their bytes are there. */
static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* The bytes from `at` on; none if there are not so many. */
static inline struct span span_from(struct span s, size_t at)
{
	const size_t left_out = at < s.size ? at : s.size;

	return (struct span){ s.data + left_out, s.size - left_out };
}

/* One packet of IP and what its UDP, TCP or ICMP carried. */
struct packet {
	const uint8_t *from_mac, *to_mac;
	uint32_t from, to;
	uint16_t from_port, to_port;
	bool udp;
	uint8_t flags;	     /* of TCP */
	struct span payload; /* as captured */
	size_t size;	     /* of the payload, on the wire */
};

#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define DHCP_SERVER_PORT 67
#define TFTP_PORT 69
#define PORTMAP_PORT 111
#define NFS_PORT 2049
#define KLIBC_MOUNT_PORT 627 /* where klibc's nfsmount looks when the portmapper knows no mountd */

/* Who sent a DHCP request with this transaction number (xid). The answers carry the number, too. */
struct dhcp_asker {
	uint8_t mac[6];
	uint32_t transaction;
	enum capture_asker kind;
	char vendor_class[CAPTURE_NAME_MAX];
	int architecture;
};

struct tftp_transfer {
	struct capture_tftp tftp;
	uint8_t mac[6];
	uint32_t client, server;
	uint16_t client_port; /* 0: the entry is free */
	uint16_t server_port; /* 0 before the server's first packet */
	uint64_t block;	      /* the last one that came in order */
	bool ended;
};

/* A TCP connection to a service of NFS. */
struct tcp_connection {
	uint32_t client, server;
	uint16_t client_port;
	uint16_t service; /* the server's port; 0: the entry is free */
	bool answered;
	bool has_called; /* NFS */
};

/* A call of ONC RPC that was not answered yet. */
struct rpc_call {
	uint32_t transaction;
	uint32_t client, server;
	uint16_t client_port; /* 0: the entry is free */
	struct capture_rpc rpc;
};

/* A port at which the portmapper said that a program is. */
struct rpc_service {
	uint32_t server;
	uint16_t port; /* 0: the entry is free */
};

/* A question that nobody has answered yet. */
struct unanswered {
	struct capture_silence silence; /* what it will be called */
	uint8_t mac[6];
	uint32_t server;
	unsigned count; /* how often it was asked; 0: the entry is free */
};

#define TABLE(type, length)                                                                        \
	struct {                                                                                   \
		struct type item[length];                                                          \
		size_t next;                                                                       \
	}
#define TABLE_EACH(t, p)                                                                           \
	for (__typeof__(&(t)->item[0]) p = (t)->item; p < (t)->item + ARRAY_SIZE((t)->item); p++)
/* A zeroed entry, in the place of the oldest. */
#define TABLE_ADD(t)                                                                               \
	({                                                                                         \
		__typeof__(&(t)->item[0]) added_ = &(t)->item[(t)->next];                          \
		(t)->next = ((t)->next + 1) % ARRAY_SIZE((t)->item);                               \
		memset(added_, 0, sizeof(*added_));                                                \
		added_;                                                                            \
	})

struct capture {
	char *path;
	int fd;
	bool has_header, is_swapped, is_nanoseconds, is_broken;
	uint8_t *buffer;
	size_t filled;

	bool has_packet;
	int64_t first; /* time of the first packet, nanoseconds */
	struct capture_totals totals;
	capture_fn fn; /* of the capture_poll() that runs */
	void *data;

	TABLE(dhcp_asker, 32) askers;
	TABLE(tftp_transfer, 64) transfers;
	TABLE(tcp_connection, 32) connections;
	TABLE(rpc_call, 64) calls;
	TABLE(rpc_service, 16) services;
	TABLE(unanswered, 32) questions;
};

/* ---- capture-event.c ------------------------------------------------------------------------ */

/* An event of the machine that sent the packet or, if not from_client, of the one that got it. */
struct capture_event capture_event_of(const struct packet *p, enum capture_kind kind,
				      bool from_client);
/* Hands *e to the caller's function, after filling in the time. */
void capture_emit(struct capture *capture, struct capture_event *e);
/* Copies up to `size` bytes as a string, which ends at the first NUL. */
void capture_copy(char to[CAPTURE_NAME_MAX], const void *from, size_t size);

/* ---- capture-silence.c ---------------------------------------------------------------------- */

/* A client asks, perhaps again; *e says which client and which server. When it asks for the
 * CAPTURE_ATTEMPTS-th time without an answer, CAPTURE_SILENCE is emitted. */
void capture_asked(struct capture *capture, const struct capture_event *e,
		   struct capture_silence silence);
/* The server has answered the client of that address. */
void capture_answered(struct capture *capture, const uint8_t mac[6], uint32_t server,
		      struct capture_silence silence);

/* ---- one file for each protocol ------------------------------------------------------------- */

void capture_dhcp(struct capture *capture, const struct packet *p);
void capture_tftp(struct capture *capture, const struct packet *p);
void capture_rpc(struct capture *capture, const struct packet *p);
void capture_tcp(struct capture *capture, const struct packet *p);

/* capture-tcp.c, too: an ICMP message, from its type on. */
void capture_icmp(struct capture *capture, const struct packet *p);
/* capture-tcp.c, too: from now on, connections to this port are watched. */
void capture_add_service(struct capture *capture, uint32_t server, uint16_t port);
/* capture-tcp.c, too: whether this packet has the first call of its connection. If the beginning of
 * the connection was not captured, no packet of it has. */
bool capture_first_call(struct capture *capture, const struct packet *p);

/* ---- capture-frame.c ------------------------------------------------------------------------ */

/* Takes one frame apart; `size` is its length on the wire. */
void capture_frame(struct capture *capture, struct span frame, size_t size);
