/* SPDX-License-Identifier: MIT */
/*
 * The sandbox's protocol (protocol.h) over a line that carries bytes only: the serial port between
 * sandbox-guestfs and the appliance. Messages pass as they are; what they bring as descriptors
 * passes as a stream of frames:
 *
 *	host to appliance	FRAME_MESSAGE (a request), then for MESSAGE_PUT its tar as
 *				FRAME_DATA …, FRAME_END
 *	appliance to host	what MESSAGE_ARCHIVE writes, or the file that MESSAGE_READ opened
 *				(with FRAME_HOLE for what is sparse), as FRAME_DATA …, FRAME_END;
 *				FRAME_MESSAGE for output, and last for the reply
 *
 * One request is under way at a time. An answer may come before the whole tar has been sent: the
 * frames of requests that have been answered are passed over. Both ends are of one build and one
 * kind of machine, so integers are in host order; the host trusts no length.
 */
#pragma once

#include <stdint.h>

#define FRAME_MAGIC 0x6e726631U
#define FRAME_DATA_MAX ((uint32_t)256 << 10)

enum frame_type {
	FRAME_MESSAGE = 1, /* struct frame_message, then the message's body */
	FRAME_DATA,
	FRAME_HOLE, /* uint64_t: so many bytes of zero */
	FRAME_END,
};

struct frame {
	uint32_t magic;
	uint32_t type;
	uint32_t request; /* counts from 1 */
	uint32_t length;  /* of what follows */
};

struct frame_message {
	uint32_t type;
	uint32_t with_fd; /* 1: a descriptor belongs to it */
};
