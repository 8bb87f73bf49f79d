/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdarg.h>

#include "base/memory.h"
#include "base/text.h"
#include "lab/capture/capture.h"
#include "seed.h"

/* ---- captures, byte by byte ------------------------------------------------------------------ */

static const uint8_t client_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static const uint8_t server_mac[6] = { 2, 0, 0, 0, 0, 1 };
#define CLIENT 0xc0a801c8 /* 192.168.1.200 */
#define SERVER 0xc0a80101 /* 192.168.1.1 */

static void put(struct text *t, unsigned size, uint64_t value)
{
	while (size-- > 0)
		text_append(t, &(uint8_t){ (uint8_t)(value >> (8 * size)) }, 1);
}

static void put_zeros(struct text *t, size_t count)
{
	while (count-- > 0)
		put(t, 1, 0);
}

/* The capture that is being written; big-endian microseconds unless a test says otherwise. */
struct recording {
	struct text file;
	uint32_t milliseconds;
	uint32_t limit; /* maxlen of filter-dump */
	bool little_endian;
	bool from_server; /* the direction of the next packets */
};

static void put_host(struct recording *c, uint32_t value)
{
	put(&c->file, 4, c->little_endian ? __builtin_bswap32(value) : value);
}

static void begin_as(struct recording *c, uint32_t magic, uint32_t link)
{
	put_host(c, magic);
	put_host(c, c->little_endian ? 4u << 16 | 2 : 2u << 16 | 4);
	put_zeros(&c->file, 8);
	put_host(c, 65535);
	put_host(c, link);
}

static struct recording begin(void)
{
	struct recording c = { .limit = 512 };

	begin_as(&c, 0xa1b2c3d4, 1);
	return c;
}

static void recording_release(struct recording *c)
{
	text_release(&c->file);
}

/* A frame; each comes 10 ms after the last. */
static void add_frame(struct recording *c, const struct text *frame)
{
	uint32_t captured = frame->length < c->limit ? (uint32_t)frame->length : c->limit;

	put_host(c, 1000000000 + c->milliseconds / 1000);
	put_host(c, c->milliseconds % 1000 * 1000);
	put_host(c, captured);
	put_host(c, (uint32_t)frame->length);
	text_append(&c->file, frame->data, captured);
	c->milliseconds += 10;
}

static void put_ethernet(const struct recording *c, struct text *frame, unsigned type)
{
	text_append(frame, c->from_server ? client_mac : server_mac, 6);
	text_append(frame, c->from_server ? server_mac : client_mac, 6);
	put(frame, 2, type);
}

static void add_ip_flags(struct recording *c, unsigned protocol, const struct text *content,
			 unsigned fragment)
{
	CLEANUP(text_release) struct text frame = { 0 };

	put_ethernet(c, &frame, 0x0800);
	put(&frame, 2, 0x4500);
	put(&frame, 2, 20 + content->length);
	put(&frame, 2, 0);
	put(&frame, 2, fragment);
	put(&frame, 1, 64);
	put(&frame, 1, protocol);
	put(&frame, 2, 0);
	put(&frame, 4, c->from_server ? SERVER : CLIENT);
	put(&frame, 4, c->from_server ? CLIENT : SERVER);
	text_append(&frame, content->data, content->length);
	while (frame.length < 60) /* as Ethernet pads it */
		put(&frame, 1, 0xee);
	add_frame(c, &frame);
}

static void add_ip(struct recording *c, unsigned protocol, const struct text *content)
{
	add_ip_flags(c, protocol, content, 0);
}

static void add_udp(struct recording *c, unsigned from, unsigned to, const struct text *content)
{
	CLEANUP(text_release) struct text datagram = { 0 };

	put(&datagram, 2, from);
	put(&datagram, 2, to);
	put(&datagram, 2, 8 + content->length);
	put(&datagram, 2, 0);
	text_append(&datagram, content->data, content->length);
	add_ip(c, 17, &datagram);
}

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

static void add_tcp(struct recording *c, unsigned from, unsigned to, unsigned flags,
		    const struct text *content)
{
	CLEANUP(text_release) struct text segment = { 0 };

	put(&segment, 2, from);
	put(&segment, 2, to);
	put(&segment, 8, 0);
	put(&segment, 1, 0x60); /* one word of options */
	put(&segment, 1, flags);
	put_zeros(&segment, 6);
	put(&segment, 4, 0x01010101);
	if (content)
		text_append(&segment, content->data, content->length);
	add_ip(c, 6, &segment);
}

/* From the client if `from` is no port of a service. `bytes` holds NULs. */
static void add_tftp(struct recording *c, unsigned from, unsigned to, const void *bytes,
		     size_t size)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_append(&t, bytes, size);
	add_udp(c, from, to, &t);
}
#define ADD_TFTP(c, from, to, literal) add_tftp(c, from, to, literal, sizeof(literal) - 1)

static void add_block(struct recording *c, unsigned from, unsigned to, unsigned block, size_t size)
{
	CLEANUP(text_release) struct text t = { 0 };

	put(&t, 2, 3);
	put(&t, 2, block);
	put_zeros(&t, size);
	c->from_server = true;
	add_udp(c, from, to, &t);
	c->from_server = false;
}

/* ---- what is read out of them ---------------------------------------------------------------- */

struct seen {
	struct text words; /* one line for each event */
	struct capture_event last;
	size_t count;
};

static void seen_release(struct seen *s)
{
	text_release(&s->words);
}

static void see(const struct capture_event *e, void *data)
{
	struct seen *s = data;

	capture_describe(e, &s->words);
	text_add(&s->words, "\n");
	s->last = *e;
	s->count++;
}

static void append_file(const char *name, const void *data, size_t size)
{
	int fd = openat(scratch_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	assert_int_equal(close(fd), 0);
}

static struct capture *new_capture(const char *name)
{
	cleanup_free char *path = xasprintf("%s/%s", scratch_path, name);

	return capture_new(path);
}

static void poll_well(struct capture *capture, struct seen *s)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (capture_poll(capture, see, s, &err) < 0)
		fail_msg("%s", err.message);
}

/* The capture, read at once. */
static struct capture *read_recording(const struct recording *c, struct seen *s)
{
	struct capture *capture = new_capture("at-once");

	(void)unlinkat(scratch_fd, "at-once", 0);
	append_file("at-once", c->file.data, c->file.length);
	poll_well(capture, s);
	return capture;
}

static void read_all_of(const struct recording *c, struct seen *s)
{
	capture_free(read_recording(c, s));
}

static void expect(const struct recording *c, const char *words)
{
	CLEANUP(seen_release) struct seen s = { 0 };
	CLEANUP(capture_cleanup) struct capture *capture = read_recording(c, &s);

	seed("capture", c->file.data, c->file.length);
	assert_string_equal(s.words.data ? s.words.data : "", words);
	assert_int_equal(capture_totals(capture)->malformed, 0);
}

/* ---- DHCP ------------------------------------------------------------------------------------ */

static void put_dhcp(struct text *t, unsigned op, uint32_t transaction, uint32_t yours,
		     uint32_t next_server, const char *file)
{
	put(t, 1, op);
	put(t, 3, 0x010600);
	put(t, 4, transaction);
	put_zeros(t, 8);
	put(t, 4, yours);
	put(t, 4, next_server);
	put_zeros(t, 4);
	text_append(t, client_mac, 6);
	put_zeros(t, 10 + 64);
	text_add(t, file);
	put_zeros(t, 128 - strlen(file));
	put(t, 4, 0x63825363);
}

static void put_option(struct text *t, unsigned option, const void *data, size_t size)
{
	put(t, 1, option);
	put(t, 1, size);
	text_append(t, data, size);
}

static void add_discover(struct recording *c, const char *vendor_class)
{
	CLEANUP(text_release) struct text t = { 0 };

	put_dhcp(&t, 1, 0x1234, 0, 0, "");
	put_option(&t, 53, "\1", 1);
	put(&t, 1, 0); /* pad */
	put_option(&t, 60, vendor_class, strlen(vendor_class));
	put_option(&t, 93, "\0\7", 2);
	put(&t, 1, 255);
	add_udp(c, 68, 67, &t);
}

static void add_dhcp_answer(struct recording *c, unsigned type, const char *file,
			    const char *option)
{
	CLEANUP(text_release) struct text t = { 0 };

	put_dhcp(&t, 2, 0x1234, CLIENT, SERVER, file);
	put_option(&t, 53, &(uint8_t){ (uint8_t)type }, 1);
	put_option(&t, 54, "\xc0\xa8\1\1", 4);
	put_option(&t, 51, "\0\0\2\x58", 4);
	if (option)
		put_option(&t, 67, option, strlen(option));
	put(&t, 1, 255);
	c->from_server = true;
	add_udp(c, 67, 68, &t);
	c->from_server = false;
}

static void dhcp(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(seen_release) struct seen s = { 0 };

	(void)state;
	add_discover(&c, "PXEClient:Arch:00007:UNDI:003000");
	add_dhcp_answer(&c, 2, "pxelinux.0", NULL);
	add_dhcp_answer(&c, 5, "field", "efi64/shimx64.efi");
	read_all_of(&c, &s);

	assert_string_equal(
		s.words.data,
		"DHCP (firmware): who gives an address?\n"
		"DHCP (firmware): offer 192.168.1.200 by 192.168.1.1 next-server 192.168.1.1 "
		"file 'pxelinux.0' for 600 s\n"
		"DHCP (firmware): granted 192.168.1.200 by 192.168.1.1 next-server 192.168.1.1 "
		"file 'efi64/shimx64.efi' for 600 s\n");
	assert_int_equal(s.last.kind, CAPTURE_DHCP);
	assert_int_equal(s.last.dhcp.architecture, 7);
	assert_string_equal(s.last.dhcp.vendor_class, "PXEClient:Arch:00007:UNDI:003000");
	assert_memory_equal(s.last.mac, client_mac, 6);
	assert_int_equal(s.last.client, CLIENT);
	assert_int_equal(s.last.server, SERVER);
	assert_true(s.last.seconds > 0.0199 && s.last.seconds < 0.0201);
}

static void dhcp_request_and_refusal(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(text_release) struct text request = { 0 }, nak = { 0 };

	(void)state;
	put_dhcp(&request, 1, 7, 0, 0, "");
	put_option(&request, 53, "\3", 1);
	put_option(&request, 50, "\xc0\xa8\1\xc9", 4);
	put_option(&request, 60, "Linux ipconfig", 14);
	put(&request, 1, 255);
	add_udp(&c, 68, 67, &request);
	put_dhcp(&nak, 2, 7, 0, 0, "");
	put_option(&nak, 53, "\6", 1);
	put_option(&nak, 56, "wrong network", 13);
	put(&nak, 1, 255);
	c.from_server = true;
	add_udp(&c, 67, 68, &nak);
	expect(&c, "DHCP (initramfs): request 192.168.1.201\n"
		   "DHCP (initramfs): refused: wrong network\n");
}

static void dhcp_overload_and_other_class(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	add_discover(&c, "dhcpcd-10.1.0:Linux-6.12");
	add_discover(&c, "android");
	/* The field of the file holds options. */
	put_dhcp(&t, 2, 0x1234, CLIENT, 0, "\66\4\x0a\1\1\1\x43\1x\xff");
	put_option(&t, 52, "\1", 1);
	put_option(&t, 53, "\2", 1);
	put(&t, 1, 255);
	c.from_server = true;
	add_udp(&c, 67, 68, &t);
	expect(&c, "DHCP (system): who gives an address?\n"
		   "DHCP ('android'): who gives an address?\n"
		   "DHCP ('android'): offer 192.168.1.200 by 10.1.1.1 file 'x'\n");
}

static void dhcp_silence(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();

	(void)state;
	for (int i = 0; i < 2; i++) {
		add_discover(&c, "");
		add_discover(&c, "");
		add_dhcp_answer(&c, 2, "", NULL);
	}
	for (int i = 0; i < 4; i++)
		add_discover(&c, "");
#define WHO "DHCP: who gives an address?\n"
#define OFFER "DHCP: offer 192.168.1.200 by 192.168.1.1 next-server 192.168.1.1 for 600 s\n"
	expect(&c, WHO WHO OFFER WHO WHO OFFER WHO WHO WHO "DHCP: nobody offers an address\n" WHO);
}

/* Options whose length leads out of the packet end the list; no type, no message. */
static void dhcp_cut_short(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(text_release) struct text t = { 0 }, short_one = { 0 };

	(void)state;
	put_dhcp(&t, 2, 1, CLIENT, SERVER, "");
	put_option(&t, 53, "\2", 1);
	put(&t, 2, 60 << 8 | 200);
	put(&t, 1, 'x');
	add_udp(&c, 67, 68, &t);
	expect(&c, "DHCP: offer 192.168.1.200 next-server 192.168.1.1\n");

	CLEANUP(seen_release) struct seen s = { 0 };
	put_dhcp(&short_one, 2, 1, CLIENT, SERVER, "");
	short_one.length -= 1; /* of the magic */
	add_udp(&c, 67, 68, &short_one);
	CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);
	assert_int_equal(s.count, 1);
	assert_int_equal(capture_totals(capture)->malformed, 1);
}

/* ---- TFTP ------------------------------------------------------------------------------------ */

static void tftp_transfer(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(seen_release) struct seen s = { 0 };

	(void)state;
	ADD_TFTP(&c, 2070, 69, "\0\1k/vmlinuz\0octet\0TSIZE\0000\0blksize\0001408\0");
	c.from_server = true;
	ADD_TFTP(&c, 3000, 2070, "\0\6tsize\0003000\0blksize\0001408\0");
	add_block(&c, 3000, 2070, 1, 1408);
	add_block(&c, 3000, 2070, 1, 1408); /* again */
	add_block(&c, 3000, 2070, 2, 1408);
	CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);

	assert_string_equal(s.words.data, "TFTP: k/vmlinuz: asked for\n");
	assert_int_equal(s.last.tftp.block_size_asked, 1408);
	const struct capture_tftp *t = capture_unfinished(capture, client_mac);
	assert_non_null(t);
	assert_string_equal(t->file, "k/vmlinuz");
	assert_int_equal(t->block_size, 1408);
	assert_int_equal(t->bytes, 2816);
	assert_true(t->has_size && t->size == 3000);
	assert_null(capture_unfinished(capture, server_mac));

	struct recording more = { .limit = 512, .milliseconds = c.milliseconds };
	add_block(&more, 3000, 2070, 3, 184);
	add_block(&more, 3000, 2070, 3, 184); /* its acknowledgement was lost */
	append_file("at-once", more.file.data, more.file.length);
	recording_release(&more);
	poll_well(capture, &s);
	assert_string_equal(s.words.data, "TFTP: k/vmlinuz: asked for\n"
					  "TFTP: k/vmlinuz: 3.0 kB in 0.1 s\n");
	assert_int_equal(s.last.tftp.bytes, 3000);
	assert_int_equal(capture_totals(capture)->tftp_bytes, 3000 + 1408 + 184);
	assert_null(capture_unfinished(capture, client_mac));
}

/* 40 MB in blocks of 512: the numbers begin anew. */
static void tftp_numbers_wrap(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(seen_release) struct seen s = { 0 };

	(void)state;
	ADD_TFTP(&c, 2070, 69, "\0\1initrd.img\0octet\0");
	c.limit = 60;
	for (unsigned block = 1; block <= 70000; block++)
		add_block(&c, 69, 2070, block & 0xffff, block < 70000 ? 512 : 0);
	CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.last.kind, CAPTURE_TFTP_DONE);
	assert_int_equal(s.last.tftp.bytes, 69999 * 512);
	assert_int_equal(capture_totals(capture)->packets, 70001);
	assert_int_equal(capture_totals(capture)->bytes, 69999u * 558 + 60 + 61);
}

static void tftp_errors(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();

	(void)state;
	ADD_TFTP(&c, 2071, 69, "\0\1pxelinux.cfg/default\0octet\0");
	c.from_server = true;
	ADD_TFTP(&c, 3001, 2071, "\0\5\0\1File not found\0");
	ADD_TFTP(&c, 3001, 2071, "\0\5\0\1File not found\0"); /* once is enough */
	c.from_server = false;
	ADD_TFTP(&c, 2072, 69, "\0\1secret\0octet\0");
	c.from_server = true;
	ADD_TFTP(&c, 3002, 2072, "\0\5\0\0Permission denied");
	c.from_server = false;
	/* Only how large it is. */
	ADD_TFTP(&c, 2073, 69, "\0\1shimx64.efi\0octet\0tsize\0000\0");
	c.from_server = true;
	ADD_TFTP(&c, 3003, 2073, "\0\6tsize\000900000\0");
	c.from_server = false;
	ADD_TFTP(&c, 2073, 3003, "\0\5\0\0stop\0");
	/* Somebody else's packet is not the server's. */
	ADD_TFTP(&c, 2074, 69, "\0\1half\0octet\0");
	add_block(&c, 3004, 2074, 1, 512);
	c.from_server = true;
	ADD_TFTP(&c, 3999, 2074, "\0\5\0\1wrong port\0");
	c.from_server = false;
	ADD_TFTP(&c, 2074, 3004, "\0\5\0\3\0");
	expect(&c, "TFTP: pxelinux.cfg/default: asked for\n"
		   "TFTP: pxelinux.cfg/default: file not found\n"
		   "TFTP: secret: asked for\n"
		   "TFTP: secret: Permission denied\n"
		   "TFTP: shimx64.efi: asked for\n"
		   "TFTP: shimx64.efi: only the size was asked for, 900000 bytes\n"
		   "TFTP: half: asked for\n"
		   "TFTP: half: the client stopped after 512 bytes: disk full\n");
}

static void tftp_silence(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();

	(void)state;
	for (int i = 0; i < 4; i++)
		ADD_TFTP(&c, 2075, 69, "\0\1pxelinux.0\0octet\0");
	add_block(&c, 3004, 2075, 1, 0);
	ADD_TFTP(&c, 2075, 69, "\0\1pxelinux.0\0octet\0"); /* the port again, a new transfer */
	expect(&c, "TFTP: pxelinux.0: asked for\n"
		   "TFTP (port 69/udp): no answer from 192.168.1.1\n"
		   "TFTP: pxelinux.0: 0 B in 0.0 s\n"
		   "TFTP: pxelinux.0: asked for\n");
}

/* A client that was reset over and over leaves its transfers; the table holds the last ones. */
static void tftp_many_unfinished(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(seen_release) struct seen s = { 0 };

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		cleanup_free char *name = xasprintf("file-%u", i);
		CLEANUP(text_release) struct text t = { 0 };

		put(&t, 2, 1);
		text_append(&t, name, strlen(name) + 1);
		text_append(&t, "octet", 6);
		add_udp(&c, 5000 + i, 69, &t);
	}
	CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);
	assert_string_equal(capture_unfinished(capture, client_mac)->file, "file-199");
}

/* A name of 400 bytes is cut, one without end is none, bytes of control stay as they are. */
static void tftp_names(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(seen_release) struct seen s = { 0 };

	(void)state;
	ADD_TFTP(&c, 2076, 69, "\0\1without end");
	put(&t, 3, 1 << 8 | 0x1b);
	for (int i = 0; i < 400; i++)
		text_add(&t, "x");
	text_append(&t, "\0octet", 7);
	add_udp(&c, 2077, 69, &t);
	CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);
	assert_int_equal(s.count, 1);
	assert_int_equal(strlen(s.last.tftp.file), CAPTURE_NAME_MAX - 1);
	assert_int_equal(s.last.tftp.file[0], 0x1b);
	assert_int_equal(capture_totals(capture)->malformed, 1);
}

/* ---- RPC ------------------------------------------------------------------------------------- */

static void put_call(struct text *t, uint32_t transaction, uint32_t program, uint32_t version,
		     uint32_t procedure)
{
	put(t, 4, transaction);
	put(t, 4, 0);
	put(t, 4, 2);
	put(t, 4, program);
	put(t, 4, version);
	put(t, 4, procedure);
	put(t, 4, 1); /* AUTH_SYS */
	put(t, 4, 24);
	put_zeros(t, 24);
	put_zeros(t, 8);
}

/* Accepted, with what follows. */
static void put_reply(struct text *t, uint32_t transaction, uint32_t status)
{
	put(t, 4, transaction);
	put(t, 4, 1);
	put_zeros(t, 12);
	put(t, 4, status);
}

static void put_string(struct text *t, const char *string)
{
	put(t, 4, strlen(string));
	text_add(t, string);
	while (t->length % 4)
		put(t, 1, 0);
}

/* A record of RPC over TCP. Takes what is in t. */
static void add_record(struct recording *c, unsigned from, unsigned to, struct text *t)
{
	CLEANUP(text_release) struct text record = { 0 };

	put(&record, 4, 0x80000000 | t->length);
	text_append(&record, t->data, t->length);
	add_tcp(c, from, to, ACK, &record);
	text_release(t);
}

static void add_datagram(struct recording *c, unsigned from, unsigned to, struct text *t)
{
	add_udp(c, from, to, t);
	text_release(t);
}

static void connect_to(struct recording *c, unsigned from, unsigned to)
{
	c->from_server = false;
	add_tcp(c, from, to, SYN, NULL);
	c->from_server = true;
	add_tcp(c, to, from, SYN | ACK, NULL);
	c->from_server = false;
}

static void put_getport(struct text *t, uint32_t transaction, uint32_t program, bool udp)
{
	put_call(t, transaction, 100000, 2, 3);
	put(t, 4, program);
	put(t, 4, 3);
	put(t, 4, udp ? 17 : 6);
	put(t, 4, 0);
}

static void mount_by_tcp(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	connect_to(&c, 700, 111);
	put_getport(&t, 1, 100005, false);
	add_record(&c, 700, 111, &t);
	c.from_server = true;
	put_reply(&t, 1, 0);
	put(&t, 4, 20048);
	add_record(&c, 111, 700, &t);
	connect_to(&c, 701, 20048); /* a service since the portmapper has said so */
	put_call(&t, 2, 100005, 3, 1);
	put_string(&t, "/srv/pxe/rescue64/V");
	add_record(&c, 701, 20048, &t);
	c.from_server = true;
	put_reply(&t, 2, 0);
	put(&t, 4, 13);
	add_record(&c, 20048, 701, &t);
	put_reply(&t, 2, 0); /* to nothing that was asked */
	add_record(&c, 20048, 701, &t);
	connect_to(&c, 702, 9999); /* nobody's business */
	expect(&c, "portmapper (port 111/tcp): connecting to 192.168.1.1\n"
		   "portmapper: where is mountd version 3/tcp?\n"
		   "portmapper: where is mountd version 3/tcp?: port 20048\n"
		   "mountd (port 20048/tcp): connecting to 192.168.1.1\n"
		   "mountd: mount '/srv/pxe/rescue64/V'\n"
		   "mountd: mount '/srv/pxe/rescue64/V': permission denied\n");
}

static void mount_by_udp(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	put_getport(&t, 1, 100005, true);
	add_datagram(&c, 700, 111, &t);
	put_getport(&t, 1, 100005, true);
	add_datagram(&c, 700, 111, &t);
	put_getport(&t, 1, 100005, true);
	add_datagram(&c, 700, 111, &t);
	c.from_server = true;
	put_reply(&t, 1, 0);
	put(&t, 4, 0);
	add_datagram(&c, 111, 700, &t);
	c.from_server = false;
	put_call(&t, 3, 100005, 3, 1);
	put_string(&t, "/a");
	add_datagram(&c, 701, 627, &t);
	c.from_server = true;
	put_reply(&t, 3, 0);
	put(&t, 4, 0);
	add_datagram(&c, 627, 701, &t);
	expect(&c, "portmapper: where is mountd version 3/udp?\n"
		   "portmapper (port 111/udp): no answer from 192.168.1.1\n"
		   "portmapper: where is mountd version 3/udp?: not registered\n"
		   "mountd: mount '/a'\n"
		   "mountd: mount '/a': ok\n");
}

static void nfs_versions_and_totals(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(seen_release) struct seen s = { 0 };

	(void)state;
	connect_to(&c, 800, 2049);
	put_call(&t, 9, 100003, 3, 0);
	add_record(&c, 800, 2049, &t); /* 4 + 64 bytes */
	put_call(&t, 10, 100003, 3, 1);
	add_record(&c, 800, 2049, &t);
	c.from_server = true;
	put_reply(&t, 9, 2);
	put(&t, 4, 4);
	put(&t, 4, 4);
	add_record(&c, 2049, 800, &t); /* 4 + 32 */
	put_zeros(&t, 1400);	       /* the middle of something large */
	add_tcp(&c, 2049, 800, ACK, &t);
	CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);

	assert_string_equal(s.words.data,
			    "NFS (port 2049/tcp): connecting to 192.168.1.1\n"
			    "NFS: version 3, procedure 0\n"
			    "NFS: version 3, procedure 0: version not served, only 4 to 4\n");
	assert_int_equal(s.last.rpc.status, CAPTURE_RPC_PROG_MISMATCH);
	assert_int_equal(capture_totals(capture)->nfs_bytes_to_server, 2 * 68);
	assert_int_equal(capture_totals(capture)->nfs_bytes_to_client, 36 + 1400);
}

static void rpc_refusals(void **state)
{
	static const struct {
		uint32_t denied, status;
		const char *words;
	} row[] = {
		{ 0, 1, "program not served there" },  { 0, 3, "procedure not served" },
		{ 0, 4, "arguments not understood" },  { 0, 5, "the server failed" },
		{ 1, 0, "version of RPC not served" }, { 1, 1, "credentials refused" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(recording_release) struct recording c = begin();
		CLEANUP(text_release) struct text t = { 0 };
		cleanup_free char *words =
			xasprintf("mountd: mount '/a'\nmountd: mount '/a': %s\n", row[i].words);

		put_call(&t, 5, 100005, 3, 1);
		put_string(&t, "/a");
		add_datagram(&c, 700, 20048, &t);
		c.from_server = true;
		put(&t, 4, 5);
		put(&t, 4, 1);
		put(&t, 4, row[i].denied);
		put_zeros(&t, row[i].denied ? 0 : 8);
		put(&t, 4, row[i].status);
		add_datagram(&c, 20048, 700, &t);
		expect(&c, words);
	}
}

/* The path's length is a lie, or its end was not captured. */
static void mount_path_cut(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	put_call(&t, 5, 100005, 3, 1);
	put(&t, 4, 0xfffffffd);
	text_add(&t, "/cut");
	add_datagram(&c, 700, 20048, &t);
	put(&t, 4, 6); /* credentials longer than the packet */
	put(&t, 4, 0);
	put(&t, 4, 2);
	put(&t, 4, 100005);
	put(&t, 4, 3);
	put(&t, 4, 1);
	put(&t, 4, 1);
	put(&t, 4, 300);
	add_datagram(&c, 700, 20048, &t);
	expect(&c, "mountd: mount '/cut'\nmountd: version 3, procedure 1\n");
}

/* ---- who is not there ------------------------------------------------------------------------ */

static void tcp_refused_and_silent(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();

	(void)state;
	add_tcp(&c, 700, 111, SYN, NULL);
	c.from_server = true;
	add_tcp(&c, 111, 700, RST | ACK, NULL);
	connect_to(&c, 700, 111); /* the port again */
	c.from_server = true;
	add_tcp(&c, 111, 700, RST, NULL); /* how it ended */
	c.from_server = false;
	for (int i = 0; i < 4; i++)
		add_tcp(&c, 701, 2049, SYN, NULL);
	expect(&c, "portmapper (port 111/tcp): connecting to 192.168.1.1\n"
		   "portmapper (port 111/tcp): connection refused by 192.168.1.1\n"
		   "portmapper (port 111/tcp): connecting to 192.168.1.1\n"
		   "NFS (port 2049/tcp): connecting to 192.168.1.1\n"
		   "NFS (port 2049/tcp): no answer from 192.168.1.1\n");
}

static void put_unreachable(struct text *t, unsigned code, unsigned header, unsigned port)
{
	put(t, 2, 3 << 8 | code);
	put_zeros(t, 6);
	put(t, 1, 0x40 | header);
	put_zeros(t, 8);
	put(t, 1, 17);
	put_zeros(t, 2);
	put(t, 4, CLIENT);
	put(t, 4, SERVER);
	put(t, 2, 700);
	put(t, 2, port);
	put_zeros(t, 4);
}

static void icmp(void **state)
{
	static const struct {
		unsigned code, header, port;
		const char *words;
	} row[] = {
		{ 3, 5, 69, "TFTP (port 69/udp): port unreachable by 192.168.1.1\n" },
		{ 13, 5, 2049,
		  "NFS (port 2049/udp): forbidden by a packet filter by 192.168.1.1\n" },
		{ 1, 5, 111, "portmapper (port 111/udp): host unreachable by 192.168.1.1\n" },
		{ 4, 5, 111, "" },
		{ 3, 5, 53, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(recording_release) struct recording c = begin();
		CLEANUP(text_release) struct text t = { 0 };

		put_unreachable(&t, row[i].code, row[i].header, row[i].port);
		c.from_server = true;
		add_ip(&c, 1, &t);
		expect(&c, row[i].words);
	}
	/* The inner header says that it is longer than all there is, or shorter than it can be. */
	for (unsigned header = 0; header <= 15; header += 15) {
		CLEANUP(recording_release) struct recording c = begin();
		CLEANUP(text_release) struct text t = { 0 };
		CLEANUP(seen_release) struct seen s = { 0 };

		put_unreachable(&t, 3, header, 69);
		add_ip(&c, 1, &t);
		CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);
		assert_int_equal(s.count, 0);
		assert_int_equal(capture_totals(capture)->malformed, 1);
	}
}

static void add_arp(struct recording *c, unsigned operation, uint32_t sender, uint32_t target)
{
	CLEANUP(text_release) struct text frame = { 0 };

	put_ethernet(c, &frame, 0x0806);
	put(&frame, 6, 0x000108000604);
	put(&frame, 2, operation);
	text_append(&frame, c->from_server ? server_mac : client_mac, 6);
	put(&frame, 4, sender);
	put_zeros(&frame, 6);
	put(&frame, 4, target);
	add_frame(c, &frame);
}

static void arp(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();

	(void)state;
	for (int i = 0; i < 2; i++)
		add_arp(&c, 1, CLIENT, SERVER);
	c.from_server = true;
	add_arp(&c, 2, SERVER, CLIENT);
	c.from_server = false;
	for (int i = 0; i < 5; i++) {
		add_arp(&c, 1, 0, CLIENT); /* is it free? */
		add_arp(&c, 1, CLIENT, CLIENT);
	}
	expect(&c, "");
	for (int i = 0; i < 5; i++)
		add_arp(&c, 1, CLIENT, SERVER);
	expect(&c, "ARP: asked for 192.168.1.1, nobody answers\n");
}

/* ---- the file -------------------------------------------------------------------------------- */

/* A bit of everything. */
static void add_some(struct recording *c)
{
	CLEANUP(text_release) struct text t = { 0 };

	add_discover(c, "PXEClient:Arch:00000:UNDI:002001");
	add_dhcp_answer(c, 5, "pxelinux.0", NULL);
	add_arp(c, 1, CLIENT, SERVER);
	ADD_TFTP(c, 2070, 69, "\0\1pxelinux.0\0octet\0");
	add_block(c, 3000, 2070, 1, 100);
	put_unreachable(&t, 3, 5, 111);
	c->from_server = true;
	add_ip(c, 1, &t);
	text_release(&t);
	c->from_server = false;
	put_getport(&t, 1, 100003, false);
	add_tcp(c, 700, 111, SYN, NULL);
	add_record(c, 700, 111, &t);
}

#define SOME_WORDS                                                                                 \
	"DHCP (firmware): who gives an address?\n"                                                 \
	"DHCP (firmware): granted 192.168.1.200 by 192.168.1.1 next-server 192.168.1.1 "           \
	"file 'pxelinux.0' for 600 s\n"                                                            \
	"TFTP: pxelinux.0: asked for\n"                                                            \
	"TFTP: pxelinux.0: 100 B in 0.0 s\n"                                                       \
	"portmapper (port 111/udp): port unreachable by 192.168.1.1\n"                             \
	"portmapper (port 111/tcp): connecting to 192.168.1.1\n"                                   \
	"portmapper: where is NFS version 3/tcp?\n"

static void read_byte_by_byte(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(seen_release) struct seen s = { 0 };
	CLEANUP(capture_cleanup) struct capture *capture = new_capture("growing");

	(void)state;
	add_some(&c);
	poll_well(capture, &s); /* not there yet */
	append_file("growing", "", 0);
	for (size_t i = 0; i < c.file.length; i++) {
		poll_well(capture, &s);
		append_file("growing", c.file.data + i, 1);
	}
	poll_well(capture, &s);
	poll_well(capture, &s);
	assert_string_equal(s.words.data, SOME_WORDS);
	assert_int_equal(capture_totals(capture)->packets, 8);
}

struct flood {
	const struct recording *c;
	unsigned events;
};

/* Each event makes the machine send it all once more. */
static void flood(const struct capture_event *e, void *data)
{
	struct flood *f = data;

	(void)e;
	f->events++;
	assert_true(f->events < 1000);
	append_file("flood", f->c->file.data + 24, f->c->file.length - 24);
}

/* A machine that sends faster than we read has to wait for the next time, not we for its end. */
static void read_while_it_grows(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(capture_cleanup) struct capture *capture = new_capture("flood");
	CLEANUP(err_release) struct err err = { 0 };
	struct flood f = { .c = &c };

	(void)state;
	add_some(&c);
	assert_int_equal(capture_file_size(capture), 0);
	append_file("flood", c.file.data, c.file.length);
	assert_int_equal(capture_file_size(capture), c.file.length);
	assert_int_equal(capture_poll(capture, flood, &f, &err), 0);
	assert_true(f.events > 0);
}

static void read_in_two_parts(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();

	(void)state;
	add_some(&c);
	for (size_t split = 0; split <= c.file.length; split++) {
		CLEANUP(seen_release) struct seen s = { 0 };
		CLEANUP(capture_cleanup) struct capture *capture = new_capture("two");

		append_file("two", c.file.data, split);
		poll_well(capture, &s);
		append_file("two", c.file.data + split, c.file.length - split);
		poll_well(capture, &s);
		assert_string_equal(s.words.data, SOME_WORDS);
		assert_int_equal(unlinkat(scratch_fd, "two", 0), 0);
	}
}

/* However little of each packet was captured: no more is read, and nothing is made up. */
static void read_cut_packets(void **state)
{
	(void)state;
	for (uint32_t limit = 0; limit < 400; limit++) {
		CLEANUP(recording_release) struct recording c = begin();
		CLEANUP(seen_release) struct seen s = { 0 };

		c.limit = limit;
		add_some(&c);
		CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);
		assert_int_equal(capture_totals(capture)->packets, 8);
		assert_true(s.count <= 7);
	}
}

/* Every byte of every packet turned round: the reader goes on to the end. */
static void read_damaged_packets(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();

	(void)state;
	add_some(&c);
	for (size_t at = 24; at < c.file.length;) {
		const uint8_t *size = (const uint8_t *)c.file.data + at + 8;
		size_t end = at + 16 + ((size_t)size[2] << 8 | size[3]);

		for (at += 16; at < end; at++) {
			CLEANUP(seen_release) struct seen s = { 0 };

			c.file.data[at] = (char)~c.file.data[at];
			CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);
			c.file.data[at] = (char)~c.file.data[at];
			assert_int_equal(capture_totals(capture)->packets, 8);
		}
	}
}

static void byte_orders_and_units(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		CLEANUP(recording_release)
		struct recording c = { .limit = 512, .little_endian = i & 1 };
		CLEANUP(seen_release) struct seen s = { 0 };

		begin_as(&c, i & 2 ? 0xa1b23c4d : 0xa1b2c3d4, 1);
		add_some(&c);
		CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);
		assert_string_equal(s.words.data, SOME_WORDS);
		/* 70 ms, or the same number of units a thousand times smaller. */
		double seconds = capture_totals(capture)->seconds * (i & 2 ? 1000 : 1);
		assert_true(seconds > 0.0699 && seconds < 0.0701);
	}
}

static void fails_with(const struct recording *c, const char *message)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(capture_cleanup) struct capture *capture = new_capture("bad");
	CLEANUP(err_release) struct err again = { 0 };

	(void)unlinkat(scratch_fd, "bad", 0);
	append_file("bad", c->file.data, c->file.length);
	assert_true(capture_poll(capture, NULL, NULL, &err) < 0);
	assert_int_equal(err.class, ERR_BOOT);
	assert_non_null(strstr(err.message, message));
	assert_true(capture_poll(capture, NULL, NULL, &again) < 0);
	assert_int_equal(again.class, ERR_BOOT);
}

static void no_capture(void **state)
{
	CLEANUP(recording_release)
	struct recording text = { 0 }, wifi = { 0 }, large = begin(), more = begin();
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	text_add(&text.file, "this is a text of more bytes");
	fails_with(&text, "is not a capture: it begins with");
	begin_as(&wifi, 0xa1b2c3d4, 105);
	fails_with(&wifi, "a capture of link type 105, not of Ethernet");
	put_zeros(&large.file, 8);
	put(&large.file, 4, (256 << 10) + 1);
	put(&large.file, 4, (256 << 10) + 1);
	fails_with(&large, "is damaged: a frame of 262145 bytes, 262145 of them captured");
	put_zeros(&more.file, 8);
	put(&more.file, 4, 100);
	put(&more.file, 4, 99);
	fails_with(&more, "is damaged: a frame of 99 bytes, 100 of them captured");

	CLEANUP(capture_cleanup) struct capture *directory = capture_new(scratch_path);
	assert_true(capture_poll(directory, NULL, NULL, &err) < 0);
	assert_non_null(strstr(err.message, "cannot read"));
}

/* Many times the buffer, with frames as large as they may be. */
static void large_frames(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(text_release) struct text frame = { 0 };
	CLEANUP(seen_release) struct seen s = { 0 };

	(void)state;
	put_ethernet(&c, &frame, 0x86dd); /* IPv6 */
	put_zeros(&frame, (256 << 10) - frame.length);
	c.limit = UINT32_MAX;
	for (int i = 0; i < 7; i++)
		add_frame(&c, &frame);
	add_some(&c);
	CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);
	assert_string_equal(s.words.data, SOME_WORDS);
	assert_int_equal(capture_totals(capture)->packets, 15);
	assert_int_equal(capture_totals(capture)->malformed, 0);
}

static void fragments_and_lies(void **state)
{
	CLEANUP(recording_release) struct recording c = begin();
	CLEANUP(text_release) struct text t = { 0 }, tcp = { 0 };
	CLEANUP(seen_release) struct seen s = { 0 };

	(void)state;
	put(&t, 4, 2070 << 16 | 69);
	put(&t, 2, 1480); /* longer than what IP carried */
	put(&t, 2, 0);
	text_append(&t, "\0\1file\0octet", 13);
	add_ip_flags(&c, 17, &t, 0x2000);
	add_ip_flags(&c, 17, &t, 0x00b9);
	add_ip(&c, 17, &t);
	put(&tcp, 4, 700 << 16 | 111);
	put(&tcp, 8, 0);
	put(&tcp, 2, 0xf0 << 8 | SYN); /* a header of 60 bytes */
	put_zeros(&tcp, 6);
	add_ip(&c, 6, &tcp);
	CLEANUP(capture_cleanup) struct capture *capture = read_recording(&c, &s);
	assert_int_equal(s.count, 0);
	assert_int_equal(capture_totals(capture)->fragments, 2);
	assert_int_equal(capture_totals(capture)->malformed, 2);
	assert_int_equal(capture_totals(capture)->packets, 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dhcp),
		TEST(dhcp_request_and_refusal),
		TEST(dhcp_overload_and_other_class),
		TEST(dhcp_silence),
		TEST(dhcp_cut_short),
		TEST(tftp_transfer),
		TEST(tftp_numbers_wrap),
		TEST(tftp_errors),
		TEST(tftp_silence),
		TEST(tftp_many_unfinished),
		TEST(tftp_names),
		TEST(mount_by_tcp),
		TEST(mount_by_udp),
		TEST(nfs_versions_and_totals),
		TEST(rpc_refusals),
		TEST(mount_path_cut),
		TEST(tcp_refused_and_silent),
		TEST(icmp),
		TEST(arp),
		TEST(read_byte_by_byte),
		TEST(read_in_two_parts),
		TEST(read_while_it_grows),
		TEST(read_cut_packets),
		TEST(read_damaged_packets),
		TEST(byte_orders_and_units),
		TEST(no_capture),
		TEST(large_frames),
		TEST(fragments_and_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
