/* SPDX-License-Identifier: MIT */
/*
 * Prints what a capture file holds: one line for each event of lab/capture/capture.h, with its time, in the
 * words of capture_describe(). The last line has the totals.
 *
 *	capture FILE
 */
#include <inttypes.h>
#include <stdio.h>

#include "lab/capture/capture.h"
#include "base/err-report.h"

static void print(const struct capture_event *e, void *data)
{
	CLEANUP(text_release) struct text words = { 0 }, escaped = { 0 };

	(void)data;
	capture_describe(e, &words);
	text_add_escaped(&escaped, words.data);
	printf("%.3f %02x:%02x:%02x:%02x:%02x:%02x %s\n", e->seconds, e->mac[0], e->mac[1],
	       e->mac[2], e->mac[3], e->mac[4], e->mac[5], escaped.data);
}

int main(int argc, char **argv)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (argc != 2) {
		(void)fputs("usage: capture FILE\n", stderr);
		return 2;
	}
	CLEANUP(capture_cleanup) struct capture *capture = capture_new(argv[1]);

	if (capture_poll(capture, print, NULL, &err) < 0) {
		err_print(&err, stderr);
		return err_exit_code(&err);
	}
	const struct capture_totals *t = capture_totals(capture);

	printf("totals: %" PRIu64 " packets, %" PRIu64 " bytes, TFTP %" PRIu64 ", NFS %" PRIu64
	       " in and %" PRIu64 " out, %" PRIu64 " fragments, %" PRIu64 " malformed\n",
	       t->packets, t->bytes, t->tftp_bytes, t->nfs_bytes_to_client, t->nfs_bytes_to_server,
	       t->fragments, t->malformed);
	return 0;
}
