/* SPDX-License-Identifier: MIT */
/*
 * How messages (protocol.h) travel between sandbox-guestfs on the host and sandbox-namespace in the
 * appliance. Their serial port carries bytes but no descriptors, so everything is sent in frames: a
 * message in one frame, and the content that belongs to a descriptor as a row of data frames.
 *
 *	host to appliance	FRAME_MESSAGE, a request; for MESSAGE_PUT then its tar, as any
 *				number of FRAME_DATA and a FRAME_END
 *	appliance to host	for MESSAGE_ARCHIVE and SNAPSHOT the archive, for MESSAGE_READ
 *				the content of the file, as any number of FRAME_DATA, or FRAME_HOLE
 *				where it is sparse, and a FRAME_END; FRAME_MESSAGE for output, notes
 *				and warnings, at any time, and for the reply, the last frame
 *
 * There is one request at a time. Its reply may come before the whole tar has been sent; the
 * appliance then skips the tar's remaining frames. Both ends are of one build and one kind of
 * machine, so integers are in host order; the host checks every length, since whatever runs in the
 * appliance may have taken it over.
 */
#pragma once

#include <stdint.h>

#define FRAME_MAGIC 0x6e726631U
#define FRAME_DATA_MAX ((uint32_t)256 << 10)

enum frame_type {
	FRAME_MESSAGE = 1, /* struct frame_message, then the message's body */
	FRAME_DATA,
	FRAME_HOLE, /* uint64_t: how many bytes of zero */
	FRAME_END,
};

struct frame {
	uint32_t magic;
	uint32_t type;
	uint32_t request; /* to which it belongs; they are counted from 1 */
	uint32_t length;  /* of what follows, in bytes */
};

struct frame_message {
	uint32_t type;
	uint32_t with_fd; /* 1: a descriptor belongs to the message */
};
