/* SPDX-License-Identifier: MIT */
#include "lab/capture/capture-parts.h"

#include <inttypes.h>

static void add_address(struct text *ret, uint32_t address)
{
	text_printf(ret, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
		    address & 255);
}

/* " WORD ADDRESS", unless it is 0. */
static void add_known(struct text *ret, const char *word, uint32_t address)
{
	if (address == 0)
		return;
	text_printf(ret, " %s ", word);
	add_address(ret, address);
}

static const char *dhcp_type(enum capture_dhcp_type type)
{
	switch (type) {
	case CAPTURE_DHCP_DISCOVER:
		return "who gives an address?";
	case CAPTURE_DHCP_OFFER:
		return "offer";
	case CAPTURE_DHCP_REQUEST:
		return "request";
	case CAPTURE_DHCP_DECLINE:
		return "declined, as it is in use:";
	case CAPTURE_DHCP_ACK:
		return "granted";
	case CAPTURE_DHCP_NAK:
		return "refused";
	case CAPTURE_DHCP_RELEASE:
		return "given back";
	case CAPTURE_DHCP_INFORM:
		return "asks for options only";
	}
	return "message";
}

static const char *asker_name(enum capture_asker asker)
{
	switch (asker) {
	case CAPTURE_ASKER_FIRMWARE:
		return "firmware";
	case CAPTURE_ASKER_INITRAMFS:
		return "initramfs";
	case CAPTURE_ASKER_SYSTEM:
		return "system";
	case CAPTURE_ASKER_OTHER:
		break;
	}
	return NULL;
}

static void describe_dhcp(const struct capture_dhcp *d, struct text *ret)
{
	const char *asker = asker_name(d->asker);

	text_add(ret, "DHCP");
	if (asker)
		text_printf(ret, " (%s)", asker);
	else if (d->vendor_class[0])
		text_printf(ret, " ('%s')", d->vendor_class);
	text_printf(ret, ": %s", dhcp_type(d->type));
	if (d->address) {
		text_add(ret, " ");
		add_address(ret, d->address);
	}
	add_known(ret, "by", d->server);
	if (d->type == CAPTURE_DHCP_OFFER || d->type == CAPTURE_DHCP_ACK) {
		add_known(ret, "next-server", d->next_server);
		if (d->file[0])
			text_printf(ret, " file '%s'", d->file);
		if (d->lease)
			text_printf(ret, " for %" PRIu32 " s", d->lease);
	}
	if (d->message[0])
		text_printf(ret, ": %s", d->message);
}

static const char *tftp_code(unsigned code)
{
	static const char *const word[] = {
		NULL,
		"file not found",
		"access violation",
		"disk full",
		"illegal operation",
		"unknown transfer",
		"file exists already",
		"no such user",
		"options refused",
	};

	return code < ARRAY_SIZE(word) ? word[code] : NULL;
}

static void describe_tftp_error(const struct capture_tftp *t, struct text *ret)
{
	const char *code = tftp_code(t->code);

	if (t->by_client && t->bytes == 0 && t->has_size) {
		text_printf(ret, "only the size was asked for, %" PRIu64 " bytes", t->size);
		return;
	}
	if (t->by_client)
		text_printf(ret, "the client stopped after %" PRIu64 " bytes: ", t->bytes);
	/* Code 0 has no meaning of its own; the other codes say what the message says. */
	if (code)
		text_add(ret, code);
	else if (t->message[0])
		text_add(ret, t->message);
	else
		text_printf(ret, "error %u", t->code);
}

static void describe_tftp(const struct capture_event *e, struct text *ret)
{
	char buffer[16];

	text_printf(ret, "TFTP: %s: ", e->tftp.file);
	if (e->kind == CAPTURE_TFTP_ASKED)
		text_add(ret, "asked for");
	else if (e->kind == CAPTURE_TFTP_DONE)
		text_printf(ret, "%s in %.1f s", human_size(e->tftp.bytes, buffer),
			    e->seconds - e->tftp.began);
	else
		describe_tftp_error(&e->tftp, ret);
}

static void add_port(struct text *ret, uint16_t port, bool udp)
{
	if (port == TFTP_PORT)
		text_add(ret, "TFTP");
	else if (port == PORTMAP_PORT)
		text_add(ret, "portmapper");
	else if (port == NFS_PORT)
		text_add(ret, "NFS");
	else
		text_add(ret, "mountd");
	text_printf(ret, " (port %u/%s)", port, udp ? "udp" : "tcp");
}

static const char *program_name(uint32_t program)
{
	switch (program) {
	case CAPTURE_RPC_PORTMAP:
		return "portmapper";
	case CAPTURE_RPC_NFS:
		return "NFS";
	case CAPTURE_RPC_MOUNT:
		return "mountd";
	default:
		return "program";
	}
}

static void describe_rpc(const struct capture_event *e, struct text *ret)
{
	const struct capture_rpc *r = &e->rpc;

	text_add(ret, program_name(r->program));
	if (r->program == CAPTURE_RPC_PORTMAP && r->asked)
		text_printf(ret, ": where is %s version %" PRIu32 "/%s?", program_name(r->asked),
			    r->asked_version, r->asked_udp ? "udp" : "tcp");
	else if (r->path[0])
		text_printf(ret, ": %s '%s'", r->procedure == 1 ? "mount" : "unmount", r->path);
	else
		text_printf(ret, ": version %" PRIu32 ", procedure %" PRIu32, r->version,
			    r->procedure);
	if (e->kind == CAPTURE_RPC_CALL)
		return;
	if (r->found)
		text_printf(ret, ": port %u", r->found);
	else
		text_printf(ret, ": %s", r->why ? r->why : "ok");
	if (r->status == CAPTURE_RPC_PROG_MISMATCH)
		text_printf(ret, ", only %" PRIu32 " to %" PRIu32, r->lowest, r->highest);
}

static void describe_silence(const struct capture_event *e, struct text *ret)
{
	const struct capture_silence *s = &e->silence;

	if (s->what == CAPTURE_SILENT_ARP) {
		text_add(ret, "ARP: asked for ");
		add_address(ret, e->server);
		text_add(ret, ", nobody answers");
		return;
	}
	if (s->what == CAPTURE_SILENT_DHCP) {
		text_add(ret, "DHCP: nobody offers an address");
		return;
	}
	add_port(ret, s->port, s->what != CAPTURE_SILENT_TCP);
	text_add(ret, ": no answer from ");
	add_address(ret, e->server);
}

void capture_describe(const struct capture_event *e, struct text *ret)
{
	switch (e->kind) {
	case CAPTURE_DHCP:
		describe_dhcp(&e->dhcp, ret);
		break;
	case CAPTURE_TFTP_ASKED:
	case CAPTURE_TFTP_DONE:
	case CAPTURE_TFTP_ERROR:
		describe_tftp(e, ret);
		break;
	case CAPTURE_CONNECT:
	case CAPTURE_REFUSED:
		add_port(ret, e->port.number, e->port.udp);
		text_add(ret, e->kind == CAPTURE_CONNECT ? ": connecting to " : ": ");
		if (e->kind == CAPTURE_REFUSED)
			text_printf(ret, "%s by ", e->port.why);
		add_address(ret, e->server);
		break;
	case CAPTURE_RPC_CALL:
	case CAPTURE_RPC_REPLY:
		describe_rpc(e, ret);
		break;
	case CAPTURE_SILENCE:
		describe_silence(e, ret);
		break;
	}
}
