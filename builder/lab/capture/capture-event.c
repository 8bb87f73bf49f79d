/* SPDX-License-Identifier: MIT */
#include "lab/capture/capture-parts.h"

struct capture_event capture_event_of(const struct packet *p, enum capture_kind kind,
				      bool from_client)
{
	struct capture_event e = {
		.kind = kind,
		.client = from_client ? p->from : p->to,
		.server = from_client ? p->to : p->from,
	};

	memcpy(e.mac, from_client ? p->from_mac : p->to_mac, sizeof(e.mac));
	return e;
}

void capture_emit(struct capture *capture, struct capture_event *e)
{
	e->seconds = capture->totals.seconds;
	if (capture->fn)
		capture->fn(e, capture->data);
}

void capture_copy(char to[CAPTURE_NAME_MAX], const void *from, size_t size)
{
	const size_t most = size < CAPTURE_NAME_MAX ? size : CAPTURE_NAME_MAX - 1;
	const size_t length = size > 0 ? strnlen(from, most) : 0;

	if (length > 0)
		memcpy(to, from, length);
	to[length] = '\0';
}
