/* SPDX-License-Identifier: MIT */
/*
 * What a machine that boots from the network sent and received, read from the capture that QEMU
 * writes while the machine runs:
 *
 *	-object filter-dump,id=d,netdev=n,file=X.pcap,maxlen=512
 *
 *	CLEANUP(capture_cleanup) struct capture *capture = capture_new("X.pcap");
 *	while (...)
 *		r = capture_poll(capture, on_event, data, err);
 *
 * on_event() is called for every step of the boot (an address is offered, a file is asked for, an
 * export is refused), in the order of the packets. So the caller knows which phase the machine is
 * in, and what it did last before it hung. capture_describe() puts an event into words,
 * capture_unfinished() tells how far a file has come, capture_totals() has the sums.
 *
 * A guest can send whatever it likes, so every length is checked and every text is bounded. Texts
 * are NUL-terminated and may hold any other byte: escape them (text_add_escaped) before a person
 * sees them. A packet that makes no sense is counted and skipped.
 *
 * Ethernet, ARP, IPv4, UDP, TCP and ICMP are read. Fragments of IP packets are counted, not put
 * together. A capture may hold the packets of several clients; each event says whose it is.
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
	CAPTURE_TFTP_ASKED, /* a file is asked for; repeated requests are left out: .tftp */
	CAPTURE_TFTP_DONE,  /* the last block of a file was sent: .tftp with bytes, began */
	CAPTURE_TFTP_ERROR, /* one side gave up: .tftp with code, message, by_client */
	CAPTURE_CONNECT,    /* a TCP connection to a service of NFS begins: .port */
	CAPTURE_REFUSED,    /* nothing listens at the port of such a service or of TFTP: .port */
	CAPTURE_RPC_CALL,   /* of portmapper or mountd; of NFS the first of a connection: .rpc */
	CAPTURE_RPC_REPLY,  /* the answer to such a call: .rpc */
	CAPTURE_SILENCE,    /* asked CAPTURE_ATTEMPTS times without any answer: .silence */
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
	/* About the machine that asked; also in answers to it. */
	enum capture_asker asker;
	char vendor_class[CAPTURE_NAME_MAX]; /* option 60, or "" */
	int architecture; /* option 93: 0 BIOS, 7 and 9 UEFI x86-64, ...; -1: none */
	/* From the message. */
	uint32_t address;		/* yiaddr; in a request the wanted one (option 50); or 0 */
	uint32_t server;		/* option 54, or 0 */
	uint32_t next_server;		/* siaddr, or 0 */
	uint32_t lease;			/* seconds (option 51), or 0 */
	char file[CAPTURE_NAME_MAX];	/* option 67, else BOOTP's field, or "" */
	char message[CAPTURE_NAME_MAX]; /* option 56: the reason of a refusal, or "" */
};

/* RFC 1350, RFC 2347, RFC 2348, RFC 2349. */
struct capture_tftp {
	char file[CAPTURE_NAME_MAX];
	uint32_t block_size_asked; /* 0: not asked */
	uint32_t block_size;	   /* granted, or 512 */
	bool answered;		   /* the server has sent anything */
	bool has_size;
	uint64_t size;	/* as the server said (tsize), if has_size */
	uint64_t bytes; /* received so far, without repetitions */
	double began;	/* time of the request */
	double last;	/* time of its last packet */
	/* CAPTURE_TFTP_ERROR: the client gave up. If .bytes is 0 it wanted only the size. */
	bool by_client;
	unsigned code; /* CAPTURE_TFTP_ERROR: 0 see message, 1 not found, 2 access violation, ... */
	char message[CAPTURE_NAME_MAX]; /* CAPTURE_TFTP_ERROR: the sender's words, or "" */
};

/* A port of a server. RFC 793, RFC 792. */
struct capture_port {
	bool udp;
	uint16_t number; /* 69, 111, 2049, or one that the portmapper named */
	/* CAPTURE_REFUSED: "connection refused" (a TCP reset), "port unreachable", ... (ICMP). */
	const char *why;
};

/* RFC 5531 (ONC RPC), RFC 1833 (portmapper, rpcbind), RFC 1813 (mount version 3, NFS version 3). */
#define CAPTURE_RPC_PORTMAP 100000
#define CAPTURE_RPC_NFS 100003
#define CAPTURE_RPC_MOUNT 100005

enum capture_rpc_status {
	CAPTURE_RPC_OK,
	CAPTURE_RPC_NOT_REGISTERED, /* the portmapper does not know the program .asked */
	CAPTURE_RPC_MOUNT_REFUSED,  /* mountd's own status: .code, .why */
	CAPTURE_RPC_PROG_UNAVAIL,   /* there is no such program at this port */
	/* The server has the program in the versions .lowest to .highest only. */
	CAPTURE_RPC_PROG_MISMATCH,
	CAPTURE_RPC_PROC_UNAVAIL,
	CAPTURE_RPC_FAILED, /* anything else: .why */
};

struct capture_rpc {
	bool udp;
	uint16_t port;			/* the server's */
	uint32_t program, version;	/* which are called */
	uint32_t procedure;		/* portmapper: 3 GETPORT; mount: 1 MNT, 3 UMNT */
	uint32_t asked, asked_version;	/* GETPORT: the program whose port is asked for */
	bool asked_udp;			/* GETPORT: its port for UDP, not for TCP */
	char path[CAPTURE_NAME_MAX];	/* mount: the directory */
	enum capture_rpc_status status; /* this and all below: CAPTURE_RPC_REPLY only */
	uint16_t found;			/* GETPORT: the port */
	uint32_t code;			/* mountstat3 */
	uint32_t lowest, highest;	/* versions that the server has */
	const char *why;		/* in words: "permission denied"; NULL if status is OK */
};

/* A question that was asked so often without an answer becomes CAPTURE_SILENCE. */
#define CAPTURE_ATTEMPTS 3

enum capture_silent {
	CAPTURE_SILENT_DHCP, /* nobody offers an address */
	CAPTURE_SILENT_ARP,  /* no machine has the address .server */
	CAPTURE_SILENT_TFTP, /* .server does not answer a read request to .port */
	CAPTURE_SILENT_TCP,  /* .server does not answer when a connection to .port begins */
	CAPTURE_SILENT_RPC,  /* .server does not answer a call by UDP to .port */
};

struct capture_silence {
	enum capture_silent what;
	uint16_t port;
};

struct capture_event {
	enum capture_kind kind;
	double seconds;		 /* since the first packet of the capture */
	uint8_t mac[6];		 /* the client's */
	uint32_t client, server; /* IPv4 addresses, host byte order; 0: not known */
	union {
		struct capture_dhcp dhcp;
		struct capture_tftp tftp;
		struct capture_port port;
		struct capture_rpc rpc;
		struct capture_silence silence;
	};
};

struct capture_totals {
	uint64_t packets, bytes;      /* of all frames, with what was not captured */
	uint64_t tftp_bytes;	      /* content of files, with repetitions */
	uint64_t nfs_bytes_to_client; /* what TCP carried from port 2049, with repetitions */
	uint64_t nfs_bytes_to_server; /* and to it */
	uint64_t fragments;	      /* of IP packets */
	uint64_t malformed;	      /* packets whose lengths do not fit */
	double seconds;		      /* time of the last packet */
};

struct capture;

/* The file need not exist yet. */
struct capture *capture_new(const char *path);
void capture_free(struct capture *capture);
DEFINE_CLEANUP_PTR(capture)

typedef void (*capture_fn)(const struct capture_event *e, void *data);

/* Reads what is new and calls fn (which may be NULL) for each event. It is no error if there is no
 * file yet, or if it ends within a record: the next call goes on there. Fails when the file is not
 * a capture of Ethernet or cannot be read; then all later calls fail, too. */
int capture_poll(struct capture *capture, capture_fn fn, void *data, struct err *err);

/* Bytes of the file at the moment, which the machine makes grow as it likes; 0: there is none. */
uint64_t capture_file_size(const struct capture *capture);

/* As of the last capture_poll(). */
const struct capture_totals *capture_totals(const struct capture *capture);

/* The TFTP transfer of this client that has neither ended nor failed; of several, the one that had
 * the last packet. NULL: there is none. Valid until the next capture_poll(). */
const struct capture_tftp *capture_unfinished(const struct capture *capture, const uint8_t mac[6]);

/* Adds the event in words, on one line without a newline and not escaped:
 * "TFTP: pxelinux.cfg/default: file not found". */
void capture_describe(const struct capture_event *e, struct text *ret);
