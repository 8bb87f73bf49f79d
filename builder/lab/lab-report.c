/* SPDX-License-Identifier: MIT */
#include "lab/lab-report.h"

#include <stdio.h>

#include "base/json.h"
#include "base/memory.h"

void lab_print_phase(const struct client *c, const char *phase, double seconds, bool json)
{
	double at = lab_now() - c->began;

	if (json)
		json_print(json_pack("{s:s, s:i, s:s, s:f, s:f}", "event", "phase", "client",
				     (int)c->number, "phase", phase, "seconds", seconds, "at", at));
	else
		printf("client %u  %-14s %6.1f s  (at %.1f s)\n", c->number, phase, seconds, at);
	(void)fflush(stdout);
}

void lab_print_output(const struct client *c, const char *line, bool json)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add_escaped(&t, line);
	if (json)
		json_print(json_pack("{s:s, s:i, s:o}", "event", "output", "client", (int)c->number,
				     "line", json_text(line)));
	else
		printf("client %u  | %s\n", c->number, t.data);
}

static void print_change(const char *path, bool json)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add_escaped(&t, path);
	if (json)
		json_print(json_pack("{s:s, s:o}", "event", "changed", "path", json_text(path)));
	else
		printf("changed on the server: %s\n", t.data);
}

void lab_print_changes(const char *paths, bool json)
{
	CLEANUP(strv_release) struct strv lines = { 0 };

	strv_split(&lines, paths, "\n");
	for (size_t i = 0; i < lines.count; i++)
		print_change(lines.item[i], json);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void lab_print_totals(const struct client *client, unsigned count, bool shared, bool json)
{
	uint64_t all = 0, tftp = 0, nfs = 0;
	char all_text[16], tftp_text[16], nfs_text[16];

	for (unsigned i = 0; i < count; i++) {
		const struct capture_totals *t = capture_totals(client[i].capture);
		uint64_t nfs_bytes = t->nfs_bytes_to_client + t->nfs_bytes_to_server;

		all = shared ? larger(all, t->bytes) : all + t->bytes;
		tftp = shared ? larger(tftp, t->tftp_bytes) : tftp + t->tftp_bytes;
		nfs = shared ? larger(nfs, nfs_bytes) : nfs + nfs_bytes;
	}
	if (json)
		json_print(json_pack("{s:s, s:I, s:I, s:I}", "event", "wire", "bytes",
				     (json_int_t)all, "tftp", (json_int_t)tftp, "nfs",
				     (json_int_t)nfs));
	else
		printf("on the wire: %s in all, %s by TFTP, %s by NFS\n", human_size(all, all_text),
		       human_size(tftp, tftp_text), human_size(nfs, nfs_text));
}
