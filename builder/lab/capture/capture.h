/* SPDX-License-Identifier: MIT */
/*
 * What crossed the wire of a machine that boots from the network, out of the capture that QEMU
 * writes while it runs:
 *
 *	-object filter-dump,id=d,netdev=n,file=X.pcap,maxlen=512
 *
 *	CLEANUP(capture_cleanup) struct capture *capture = capture_new("X.pcap");
 *	while (...)
 *		r = capture_poll(capture, on_event, data, err);
 *
 * on_event() is called for every step of the boot (an address offered, a file asked for, an export
 * refused), in the order of the packets, so that the caller knows which phase the machine is in and
 * what it said last before it hung. capture_describe() puts a step into words; capture_unfinished()
 * is for a progress display, capture_totals() for the figures.
 *
 * The capture is whatever a guest sent: every length is checked, every text is bounded. Texts are
 * NUL-terminated and may hold any other byte: escape them (text_add_escaped) before a person sees
 * them. A packet that makes no sense is counted and skipped.
 *
 * Read are Ethernet, ARP, IPv4, UDP, TCP and ICMP. Of fragments only the bytes are counted. One
 * capture may hold several clients; each event says whose it is. QEMU's multicast sockets give a
 * machine its own packets back: there, what it sent counts twice.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

#define CAPTURE_NAME_MAX 256 /* bytes of any text in an event, with its NUL; longer ones are cut */

enum capture_kind {
	CAPTURE_DHCP,	    /* one DHCP message: .dhcp */
	CAPTURE_TFTP_ASKED, /* a file is asked for (repetitions left out): .tftp */
	CAPTURE_TFTP_DONE,  /* its last block was sent: .tftp with bytes, began */
	CAPTURE_TFTP_ERROR, /* one side gave up: .tftp with code, message, by_client */
	CAPTURE_CONNECT,    /* TCP connection begun to a service of NFS: .port */
	CAPTURE_REFUSED,    /* such a service, or TFTP, is not there: .port */
	CAPTURE_RPC_CALL,   /* call of portmapper, mountd; of NFS the first of a connection: .rpc */
	CAPTURE_RPC_REPLY,  /* the answer to such a call: .rpc */
	CAPTURE_SILENCE,    /* asked CAPTURE_PATIENCE times without any answer: .silence */
};

/* RFC 2131, RFC 2132, RFC 4578. */
enum capture_dhcp_type { /* option 53 */
			 CAPTURE_DHCP_DISCOVER = 1,
			 CAPTURE_DHCP_OFFER = 2,
			 CAPTURE_DHCP_REQUEST = 3,
			 CAPTURE_DHCP_DECLINE = 4,
			 CAPTURE_DHCP_ACK = 5,
			 CAPTURE_DHCP_NAK = 6,
			 CAPTURE_DHCP_RELEASE = 7,
			 CAPTURE_DHCP_INFORM = 8,
};

/* Which stage of the boot asked, as its vendor class tells. */
enum capture_asker {
	CAPTURE_ASKER_OTHER,
	CAPTURE_ASKER_FIRMWARE,	 /* "PXEClient...": the card's ROM, iPXE, OVMF */
	CAPTURE_ASKER_INITRAMFS, /* "Linux ipconfig": klibc */
	CAPTURE_ASKER_SYSTEM,	 /* "dhcpcd-..." */
};

struct capture_dhcp {
	enum capture_dhcp_type type;
	/* Of the asker, in answers too. */
	enum capture_asker asker;
	char vendor_class[CAPTURE_NAME_MAX]; /* option 60, or "" */
	int architecture; /* option 93: 0 BIOS, 7 and 9 UEFI x86-64, ...; -1: none */
	/* Of the message. */
	uint32_t address;	     /* yiaddr; in a request the one asked for (option 50); or 0 */
	uint32_t server;	     /* option 54, or 0 */
	uint32_t next_server;	     /* siaddr, or 0 */
	uint32_t lease;		     /* seconds (option 51), or 0 */
	char file[CAPTURE_NAME_MAX]; /* option 67, else the field of BOOTP, or "" */
	char message[CAPTURE_NAME_MAX]; /* option 56: why not, or "" */
};

/* RFC 1350, RFC 2347, RFC 2348, RFC 2349. */
struct capture_tftp {
	char file[CAPTURE_NAME_MAX];
	uint32_t block_size_asked; /* 0: not asked */
	uint32_t block_size;	   /* granted, or 512 */
	bool answered;		   /* anything came back */
	bool has_size;
	uint64_t size;	/* as the server told (tsize), if has_size */
	uint64_t bytes; /* so far, each block once */
	double began;	/* time of the request; the event's or .last minus this is the duration */
	double last;	/* time of its last packet */
	/* CAPTURE_TFTP_ERROR: the client gave up. Without bytes: it only wanted the size. */
	bool by_client;
	unsigned code; /* CAPTURE_TFTP_ERROR: 0 see message, 1 not found, 2 access violation, ... */
	char message[CAPTURE_NAME_MAX]; /* CAPTURE_TFTP_ERROR: the sender's words, or "" */
};

/* RFC 793, RFC 792. */
struct capture_port {
	bool udp;
	uint16_t number; /* 69, 111, 2049, or what the portmapper has said */
	/* CAPTURE_REFUSED: "connection refused" (TCP reset), "port unreachable", ... (ICMP). */
	const char *why;
};

/* RFC 5531 (ONC RPC), RFC 1833 (portmapper, rpcbind), RFC 1813 (mount version 3, NFS version 3). */
#define CAPTURE_RPC_PORTMAP 100000
#define CAPTURE_RPC_NFS 100003
#define CAPTURE_RPC_MOUNT 100005

enum capture_rpc_status {
	CAPTURE_RPC_OK,
	CAPTURE_RPC_NOT_REGISTERED, /* the portmapper knows no such program: .asked */
	CAPTURE_RPC_MOUNT_REFUSED,  /* mountd's own status: .code, .why */
	CAPTURE_RPC_PROG_UNAVAIL,   /* the program is not behind this port */
	/* Not in this version but in .lowest to .highest (a server of version 4 only). */
	CAPTURE_RPC_PROG_MISMATCH,
	CAPTURE_RPC_PROC_UNAVAIL,
	CAPTURE_RPC_FAILED, /* anything else: .why */
};

struct capture_rpc {
	bool udp;
	uint16_t port;			/* the server's */
	uint32_t program, version;	/* that is called */
	uint32_t procedure;		/* portmapper: 3 where is ...; mount: 1 MNT, 3 UMNT */
	uint32_t asked, asked_version;	/* portmapper, procedure 3: where is this program? */
	bool asked_udp;			/* over UDP? */
	char path[CAPTURE_NAME_MAX];	/* mount: the directory */
	enum capture_rpc_status status; /* CAPTURE_RPC_REPLY only, as all below */
	uint16_t found;			/* portmapper, procedure 3: there */
	uint32_t code;			/* mountstat3 */
	uint32_t lowest, highest;	/* versions that the server has */
	const char *why;		/* in words: "permission denied"; NULL if status is OK */
};

#define CAPTURE_PATIENCE 3

enum capture_silent {
	CAPTURE_SILENT_DHCP, /* nobody offers an address */
	CAPTURE_SILENT_ARP,  /* nobody has the address .server */
	CAPTURE_SILENT_TFTP, /* .port of .server does not react to a read request */
	CAPTURE_SILENT_TCP,  /* nor to the begin of a connection */
	CAPTURE_SILENT_RPC,  /* nor to a call by UDP */
};

struct capture_silence {
	enum capture_silent what;
	uint16_t port;
};

struct capture_event {
	enum capture_kind kind;
	double seconds;		 /* since the first packet of the capture */
	uint8_t mac[6];		 /* the client's */
	uint32_t client, server; /* IPv4 addresses, host byte order; 0: not known (yet) */
	union {
		struct capture_dhcp dhcp;
		struct capture_tftp tftp;
		struct capture_port port;
		struct capture_rpc rpc;
		struct capture_silence silence;
	};
};

struct capture_totals {
	uint64_t packets, bytes;      /* all frames, as long as they were on the wire */
	uint64_t tftp_bytes;	      /* content of files, repetitions included */
	uint64_t nfs_bytes_to_client; /* what TCP carried from port 2049 ... */
	uint64_t nfs_bytes_to_server; /* ... and to it, repetitions included */
	uint64_t fragments;	      /* not looked into */
	uint64_t malformed;	      /* packets whose lengths do not fit */
	double seconds;		      /* time of the last packet */
};

struct capture;

/* The file need not exist yet. */
struct capture *capture_new(const char *path);
void capture_free(struct capture *w);
DEFINE_CLEANUP_PTR(capture)

typedef void (*capture_fn)(const struct capture_event *e, void *data);

/* Reads what is new, calls fn (may be NULL) for each event. No file, an empty one, half a record at
 * its end: 0, and the rest another time. Fails when the file is no capture of Ethernet or cannot be
 * read; all later calls fail then, too. */
int capture_poll(struct capture *w, capture_fn fn, void *data, struct err *err);

/* As of the last capture_poll(). */
const struct capture_totals *capture_totals(const struct capture *w);

/* TFTP transfers that have neither ended nor failed, the one that moved last first: NULL behind the
 * last. A client that was reset leaves its own behind, see .last. Valid until the next
 * capture_poll(). ret_mac (may be NULL) gets the client's. */
const struct capture_tftp *capture_unfinished(const struct capture *w, size_t index,
					      uint8_t ret_mac[6]);

/* One line, without a newline: "TFTP: pxelinux.cfg/default: file not found". Not escaped. */
void capture_describe(const struct capture_event *e, struct text *ret);
