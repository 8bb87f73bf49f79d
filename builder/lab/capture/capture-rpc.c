/* SPDX-License-Identifier: MIT */
/*
 * ONC RPC (RFC 5531), the portmapper of version 2 (RFC 1833, section 3), mount version 3 (RFC 1813,
 * appendix I), which are what klibc's nfsmount speaks. Over TCP, calls and answers of this size
 * begin where a segment begins. A segment from the middle of a longer one looks like neither a call
 * nor an answer, and is ignored.
 */
#include "lab/capture/capture-parts.h"

#define LAST_FRAGMENT 0x80000000
#define AUTH_SIZE_MAX 400 /* RFC 5531, section 8.2 */
#define PROTOCOL_UDP 17

enum { CALL = 0, REPLY = 1 };
enum { PORTMAP_GETPORT = 3, MOUNT_MNT = 1, MOUNT_UMNT = 3 };

/* Takes a number off the front. */
static bool take32(struct span *s, uint32_t *ret)
{
	if (s->size < 4)
		return false;
	*ret = get32(s->data);
	*s = span_from(*s, 4);
	return true;
}

/* Takes `opaque<max>` off the front, with its padding to a multiple of four bytes. */
static bool take_opaque(struct span *s, size_t max, struct span *ret)
{
	uint32_t size;

	if (!take32(s, &size) || size > max || size > s->size)
		return false;
	*ret = (struct span){ s->data, size };
	*s = span_from(*s, (size + 3u) & ~3u);
	return true;
}

static bool take_auth(struct span *s)
{
	uint32_t flavour;
	struct span body;

	return take32(s, &flavour) && take_opaque(s, AUTH_SIZE_MAX, &body);
}

static struct rpc_call *find_call(struct capture *capture, uint32_t transaction, uint32_t client,
				  uint16_t port, uint32_t server, uint16_t service)
{
	TABLE_EACH(&capture->calls, c)
	if (c->client_port != 0 && c->transaction == transaction && c->client == client &&
	    c->client_port == port && c->server == server && c->rpc.port == service)
		return c;
	return NULL;
}

static bool is_wanted(struct capture *capture, const struct packet *p,
		      const struct capture_rpc *rpc)
{
	switch (rpc->program) {
	case CAPTURE_RPC_PORTMAP:
	case CAPTURE_RPC_MOUNT:
		return true;
	case CAPTURE_RPC_NFS:
		return !p->udp && capture_first_call(capture, p);
	default:
		return false;
	}
}

static void read_arguments(struct capture_rpc *rpc, struct span s)
{
	uint32_t protocol = 0;
	struct span path;

	if (rpc->program == CAPTURE_RPC_PORTMAP && rpc->version == 2 &&
	    rpc->procedure == PORTMAP_GETPORT) {
		if (take32(&s, &rpc->asked) && take32(&s, &rpc->asked_version) &&
		    take32(&s, &protocol))
			rpc->asked_udp = protocol == PROTOCOL_UDP;
	}
	if (rpc->program == CAPTURE_RPC_MOUNT &&
	    (rpc->procedure == MOUNT_MNT || rpc->procedure == MOUNT_UMNT)) {
		/* Where the capture was cut off, the rest of the path is missing. */
		if (s.size >= 4 && get32(s.data) > s.size - 4)
			capture_copy(rpc->path, s.data + 4, s.size - 4);
		else if (take_opaque(&s, UINT16_MAX, &path))
			capture_copy(rpc->path, path.data, path.size);
	}
}

static void call(struct capture *capture, const struct packet *p, uint32_t transaction,
		 struct span s)
{
	struct capture_event e = capture_event_of(p, CAPTURE_RPC_CALL, true);
	struct capture_rpc *rpc = &e.rpc;
	uint32_t rpc_version;
	struct rpc_call *c;

	if (!take32(&s, &rpc_version) || rpc_version != 2 || !take32(&s, &rpc->program) ||
	    !take32(&s, &rpc->version) || !take32(&s, &rpc->procedure) || p->from_port == 0)
		return;
	rpc->udp = p->udp;
	rpc->port = p->to_port;
	c = find_call(capture, transaction, p->from, p->from_port, p->to, p->to_port);
	if (!c) {
		if (!is_wanted(capture, p, rpc))
			return;
		if (take_auth(&s) && take_auth(&s)) /* credentials and verifier */
			read_arguments(rpc, s);
		capture_add_service(capture, p->to, p->to_port);
		c = TABLE_ADD(&capture->calls);
		*c = (struct rpc_call){ .transaction = transaction,
					.client = p->from,
					.client_port = p->from_port,
					.server = p->to,
					.rpc = *rpc };
		capture_emit(capture, &e);
	}
	if (p->udp)
		capture_asked(
			capture, &e,
			(struct capture_silence){ .what = CAPTURE_SILENT_RPC, .port = p->to_port });
}

static const char *mount_words(uint32_t status)
{
	switch (status) { /* mountstat3 */
	case 1:
		return "not the owner";
	case 2:
		return "no such directory";
	case 5:
		return "input/output error";
	case 13:
		return "permission denied";
	case 20:
		return "not a directory";
	case 22:
		return "invalid argument";
	case 63:
		return "path too long";
	case 10004:
		return "not supported";
	case 10006:
		return "the server failed";
	default:
		return "unknown error";
	}
}

/* The server has run the procedure. */
static void read_results(struct capture *capture, const struct packet *p, struct capture_rpc *rpc,
			 struct span s)
{
	uint32_t number;

	if (rpc->program == CAPTURE_RPC_PORTMAP && rpc->asked != 0 && take32(&s, &number)) {
		rpc->found = number <= UINT16_MAX ? (uint16_t)number : 0;
		capture_add_service(capture, p->from, rpc->found);
		if (rpc->found == 0) {
			rpc->status = CAPTURE_RPC_NOT_REGISTERED;
			rpc->why = "not registered";
		}
	}
	if (rpc->program == CAPTURE_RPC_MOUNT && rpc->procedure == MOUNT_MNT &&
	    take32(&s, &number) && number != 0) {
		rpc->status = CAPTURE_RPC_MOUNT_REFUSED;
		rpc->code = number;
		rpc->why = mount_words(number);
	}
}

static void fail(struct capture_rpc *rpc, enum capture_rpc_status status, const char *why)
{
	rpc->status = status;
	rpc->why = why;
}

static void read_accepted(struct capture *capture, const struct packet *p, struct capture_rpc *rpc,
			  struct span s)
{
	uint32_t status;

	if (!take_auth(&s) || !take32(&s, &status))
		return;
	switch (status) { /* accept_stat */
	case 0:
		read_results(capture, p, rpc, s);
		break;
	case 1:
		fail(rpc, CAPTURE_RPC_PROG_UNAVAIL, "program not served there");
		break;
	case 2:
		fail(rpc, CAPTURE_RPC_PROG_MISMATCH, "version not served");
		if (take32(&s, &rpc->lowest))
			(void)take32(&s, &rpc->highest);
		break;
	case 3:
		fail(rpc, CAPTURE_RPC_PROC_UNAVAIL, "procedure not served");
		break;
	case 4:
		fail(rpc, CAPTURE_RPC_FAILED, "arguments not understood");
		break;
	default:
		fail(rpc, CAPTURE_RPC_FAILED, "the server failed");
		break;
	}
}

static void read_denied(struct capture_rpc *rpc, struct span s)
{
	uint32_t status;

	fail(rpc, CAPTURE_RPC_FAILED, "denied");
	if (take32(&s, &status)) /* reject_stat */
		rpc->why = status == 0 ? "version of RPC not served" : "credentials refused";
}

static void reply(struct capture *capture, const struct packet *p, uint32_t transaction,
		  struct span s)
{
	struct capture_event e = capture_event_of(p, CAPTURE_RPC_REPLY, false);
	struct rpc_call *c =
		find_call(capture, transaction, p->to, p->to_port, p->from, p->from_port);
	uint32_t denied;

	if (!c || !take32(&s, &denied))
		return;
	e.rpc = c->rpc;
	c->client_port = 0;
	if (denied)
		read_denied(&e.rpc, s);
	else
		read_accepted(capture, p, &e.rpc, s);
	capture_answered(
		capture, p->to_mac, p->from,
		(struct capture_silence){ .what = CAPTURE_SILENT_RPC, .port = p->from_port });
	capture_emit(capture, &e);
}

void capture_rpc(struct capture *capture, const struct packet *p)
{
	struct span s = p->payload;
	uint32_t mark, transaction, type;

	if (!p->udp) {
		if (!take32(&s, &mark) || !(mark & LAST_FRAGMENT))
			return;
		mark &= ~LAST_FRAGMENT;
		if (s.size > mark)
			s.size = mark;
	}
	if (!take32(&s, &transaction) || !take32(&s, &type))
		return;
	if (type == CALL)
		call(capture, p, transaction, s);
	else if (type == REPLY)
		reply(capture, p, transaction, s);
}
