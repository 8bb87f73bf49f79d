/* SPDX-License-Identifier: MIT */
/* DHCP: RFC 2131, options RFC 2132 and RFC 4578. */
#include "lab/capture/capture-parts.h"

#include "base/text.h"

#define OPTIONS_AT 240 /* behind the fields of BOOTP and the magic */
#define MAGIC 0x63825363
#define SERVER_NAME_AT 44
#define SERVER_NAME_SIZE 64
#define FILE_AT 108
#define FILE_SIZE 128

enum {
	OPTION_PAD = 0,
	OPTION_ADDRESS = 50,
	OPTION_LEASE = 51,
	OPTION_OVERLOAD = 52,
	OPTION_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_MESSAGE = 56,
	OPTION_VENDOR_CLASS = 60,
	OPTION_FILE = 67,
	OPTION_ARCHITECTURE = 93,
	OPTION_END = 255,
};
#define OVERLOAD_FILE 1
#define OVERLOAD_SERVER_NAME 2

static const struct capture_silence silence = { .what = CAPTURE_SILENT_DHCP,
						.port = DHCP_SERVER_PORT };

/* Where each option is; data is NULL where there is none. Of two the first counts. */
struct options {
	struct span of[256];
};

/* Where the capture was cut off, the rest of the options is missing. */
static void find_options(struct options *o, struct span s)
{
	size_t at = 0;

	while (at < s.size && s.data[at] != OPTION_END) {
		if (s.data[at] == OPTION_PAD) {
			at++;
			continue;
		}
		if (s.size - at < 2 || s.size - at - 2 < s.data[at + 1])
			return;
		if (!o->of[s.data[at]].data)
			o->of[s.data[at]] = (struct span){ s.data + at + 2, s.data[at + 1] };
		at += 2u + s.data[at + 1];
	}
}

/* The first `size` bytes (1, 2 or 4) of an option as a number; false if it has fewer. */
static bool option_number(const struct options *o, int option, size_t size, uint32_t *ret)
{
	struct span s = o->of[option];

	if (!s.data || s.size < size)
		return false;
	*ret = 0;
	for (size_t i = 0; i < size; i++)
		*ret = *ret << 8 | s.data[i];
	return true;
}

static void option_text(const struct options *o, int option, char to[CAPTURE_NAME_MAX])
{
	capture_copy(to, o->of[option].data, o->of[option].size);
}

static enum capture_asker asker_of(const char *vendor_class)
{
	if (starts_with(vendor_class, "PXEClient"))
		return CAPTURE_ASKER_FIRMWARE;
	if (streq(vendor_class, "Linux ipconfig"))
		return CAPTURE_ASKER_INITRAMFS;
	if (starts_with(vendor_class, "dhcpcd"))
		return CAPTURE_ASKER_SYSTEM;
	return CAPTURE_ASKER_OTHER;
}

static struct dhcp_asker *find_asker(struct capture *capture, const uint8_t *mac,
				     uint32_t transaction)
{
	TABLE_EACH(&capture->askers, a)
	if (a->transaction == transaction && memcmp(a->mac, mac, sizeof(a->mac)) == 0)
		return a;
	return NULL;
}

/* A request says who asks; an answer is for whoever sent the request. */
static void fill_asker(struct capture *capture, const struct capture_event *e, uint32_t transaction,
		       bool is_request, const struct options *o, struct capture_dhcp *d)
{
	struct dhcp_asker *a = find_asker(capture, e->mac, transaction);
	uint32_t number;

	if (is_request) {
		if (!a)
			a = TABLE_ADD(&capture->askers);
		memcpy(a->mac, e->mac, sizeof(a->mac));
		a->transaction = transaction;
		option_text(o, OPTION_VENDOR_CLASS, a->vendor_class);
		a->kind = asker_of(a->vendor_class);
		a->architecture = -1;
		if (option_number(o, OPTION_ARCHITECTURE, 2, &number))
			a->architecture = (int)number;
	}
	d->architecture = a ? a->architecture : -1;
	if (a) {
		d->asker = a->kind;
		memcpy(d->vendor_class, a->vendor_class, sizeof(d->vendor_class));
	}
}

static void fill_message(struct capture_dhcp *d, const uint8_t *m, bool is_request,
			 const struct options *o, uint32_t overload)
{
	uint32_t address = get32(m + 16);

	if (is_request && !option_number(o, OPTION_ADDRESS, 4, &address))
		address = get32(m + 12); /* ciaddr: the address that it has already */
	d->address = address;
	d->next_server = get32(m + 20);
	(void)option_number(o, OPTION_SERVER, 4, &d->server);
	(void)option_number(o, OPTION_LEASE, 4, &d->lease);
	option_text(o, OPTION_MESSAGE, d->message);
	if (o->of[OPTION_FILE].data)
		option_text(o, OPTION_FILE, d->file);
	else if (!(overload & OVERLOAD_FILE))
		capture_copy(d->file, m + FILE_AT, FILE_SIZE);
}

void capture_dhcp(struct capture *capture, const struct packet *p)
{
	const uint8_t *m = p->payload.data;
	const bool is_request = p->to_port == DHCP_SERVER_PORT;
	struct capture_event e = capture_event_of(p, CAPTURE_DHCP, is_request);
	struct options o = { 0 };
	uint32_t type, overload = 0;

	if (p->payload.size < OPTIONS_AT || get32(m + OPTIONS_AT - 4) != MAGIC) {
		capture->totals.malformed++;
		return;
	}
	find_options(&o, span_from(p->payload, OPTIONS_AT));
	(void)option_number(&o, OPTION_OVERLOAD, 1, &overload);
	if (overload & OVERLOAD_FILE)
		find_options(&o, (struct span){ m + FILE_AT, FILE_SIZE });
	if (overload & OVERLOAD_SERVER_NAME)
		find_options(&o, (struct span){ m + SERVER_NAME_AT, SERVER_NAME_SIZE });
	if (!option_number(&o, OPTION_TYPE, 1, &type) || type < CAPTURE_DHCP_DISCOVER ||
	    type > CAPTURE_DHCP_INFORM)
		return;
	e.dhcp.type = (enum capture_dhcp_type)type;
	memcpy(e.mac, m + 28, sizeof(e.mac)); /* the packet may be a broadcast */
	fill_asker(capture, &e, get32(m + 4), is_request, &o, &e.dhcp);
	fill_message(&e.dhcp, m, is_request, &o, overload);
	if (is_request) {
		e.client = get32(m + 12);
		e.server = e.dhcp.server;
	} else {
		e.client = e.dhcp.address;
	}
	capture_emit(capture, &e);
	if (type == CAPTURE_DHCP_DISCOVER)
		capture_asked(capture, &e, silence);
	else if (!is_request)
		capture_answered(capture, e.mac, 0, silence);
}
