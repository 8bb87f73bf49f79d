/* SPDX-License-Identifier: MIT */
/*
 * Inside of capture.h: what its files share. capture.c reads the file, capture-frame.c takes frames
 * apart and hands what UDP and TCP carried to one function for each protocol; these keep what they
 * must remember in tables of fixed size, where the new replaces the oldest, and call
 * capture_emit().
 */
#pragma once

#include <string.h>

#include "lab/capture/capture.h"

/* Bytes that were captured; at most this many were, see struct packet for how many there were. */
struct span {
	const uint8_t *data;
	size_t size;
};

/* The caller has checked that they are there. Network byte order. */
static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* The bytes from `at` on, none if there are not so many. */
static inline struct span span_from(struct span s, size_t at)
{
	const size_t left_out = at < s.size ? at : s.size;

	return (struct span){ s.data + left_out, s.size - left_out };
}

/* What one packet of UDP or TCP carried. */
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
#define DHCP_CLIENT_PORT 68
#define TFTP_PORT 69
#define PORTMAP_PORT 111
#define NFS_PORT 2049
#define KLIBC_MOUNT_PORT 627 /* where klibc's nfsmount looks when the portmapper knows nothing */

/* Who asked, so that answers can be told apart by it. By transaction (xid). */
struct asker {
	uint8_t mac[6];
	uint32_t transaction;
	enum capture_asker kind;
	char vendor_class[CAPTURE_NAME_MAX];
	int architecture;
};

struct transfer {
	struct capture_tftp tftp;
	uint8_t mac[6];
	uint32_t client, server;
	uint16_t port;	/* the client's; 0: free */
	uint16_t other; /* the server's, 0 before its first packet */
	uint64_t block; /* the last one that came in order */
	bool ended;
};

/* A TCP connection to a service of NFS. */
struct connection {
	uint32_t client, server;
	uint16_t port, service; /* service 0: free */
	bool answered;
	bool has_called; /* NFS */
};

struct call {
	uint32_t transaction;
	uint32_t client, server;
	uint16_t port; /* the client's; 0: free */
	struct capture_rpc rpc;
};

/* Where the portmapper said that something is. */
struct service {
	uint32_t server;
	uint16_t port; /* 0: free */
};

struct waiting {
	struct capture_silence silence;
	uint8_t mac[6];
	uint32_t client, server;
	unsigned count; /* 0: free */
};

/* A table whose oldest entry goes when there is no other room. */
#define TABLE(type, length)                                                                        \
	struct {                                                                                   \
		struct type item[length];                                                          \
		size_t next;                                                                       \
	}
#define TABLE_LENGTH(t) (sizeof((t)->item) / sizeof((t)->item[0]))
#define TABLE_EACH(t, p)                                                                           \
	for (__typeof__(&(t)->item[0]) p = (t)->item; p < (t)->item + TABLE_LENGTH(t); p++)
/* A zeroed entry. */
#define TABLE_ADD(t)                                                                               \
	({                                                                                         \
		__typeof__(&(t)->item[0]) added_ = &(t)->item[(t)->next];                          \
		(t)->next = ((t)->next + 1) % TABLE_LENGTH(t);                                     \
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
	capture_fn fn; /* of the running capture_poll() */
	void *data;

	TABLE(asker, 32) askers;
	TABLE(transfer, 64) transfers;
	TABLE(connection, 32) connections;
	TABLE(call, 64) calls;
	TABLE(service, 16) services;
	TABLE(waiting, 32) waitings;
};

/* Hands *e out; the time is filled in. */
void capture_emit(struct capture *w, struct capture_event *e);
/* An event whose client sent (or else got) the packet. */
struct capture_event capture_event_of(const struct packet *p, enum capture_kind kind,
				      bool from_client);
/* Up to `size` bytes as a string, to the first NUL. */
void capture_copy(char to[CAPTURE_NAME_MAX], const void *from, size_t size);

void capture_frame(struct capture *w, struct span frame, size_t size);
void capture_dhcp(struct capture *w, const struct packet *p);
void capture_tftp(struct capture *w, const struct packet *p);
void capture_rpc(struct capture *w, const struct packet *p);

/* capture-tcp.c: connections, what refuses, what is silent. */

void capture_tcp(struct capture *w, const struct packet *p);
/* An ICMP message, from its type on. */
void capture_icmp(struct capture *w, const struct packet *p);
bool capture_is_service(const struct capture *w, uint32_t server, uint16_t port);
void capture_add_service(struct capture *w, uint32_t server, uint16_t port);
/* The first that this connection carries? False too if its begin was not seen. */
bool capture_first_call(struct capture *w, const struct packet *p);
/* `e` has the client and the server. Asked once more; emits at the CAPTURE_PATIENCE-th time. */
void capture_asked(struct capture *w, const struct capture_event *e,
		   struct capture_silence silence);
void capture_answered(struct capture *w, const uint8_t mac[6], uint32_t server,
		      struct capture_silence silence);
