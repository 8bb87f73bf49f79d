/* SPDX-License-Identifier: MIT */
/* What a machine sends and gets, as QEMU captures it. The file grows while it is read. */
#include "fuzz.h"
#include "lab/capture/capture.h"

static void on_event(const struct capture_event *e, void *data)
{
	CLEANUP(text_release) struct text words = { 0 };

	capture_describe(e, &words);
	assert(words.length > 0);
	*(size_t *)data += 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	CLEANUP(capture_cleanup) struct capture *capture = NULL;
	CLEANUP(err_release) struct err first = { 0 };
	CLEANUP(err_release) struct err second = { 0 };
	cleanup_free char *path = fuzz_path("x.pcap");
	size_t events = 0;

	capture = capture_new(path);
	fuzz_file("x.pcap", data, size / 2);
	(void)capture_poll(capture, on_event, &events, &first);
	fuzz_file("x.pcap", data, size);
	(void)capture_poll(capture, on_event, &events, &second);
	(void)capture_unfinished(capture, mac);
	assert(capture_totals(capture)->packets > 0 || events == 0);
	return 0;
}
