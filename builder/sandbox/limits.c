/* SPDX-License-Identifier: MIT */
#include "sandbox/limits.h"

void message_put_limits(struct message *m, const struct sandbox_limits *limits)
{
	message_put_u64(m, limits->memory);
	message_put_u64(m, limits->processes);
	message_put_u64(m, limits->files);
	message_put_u64(m, limits->silence);
	message_put_u64(m, limits->timeout);
}

void message_get_limits(struct message *m, struct sandbox_limits *ret)
{
	ret->memory = message_get_u64(m);
	ret->processes = message_get_u64(m);
	ret->files = message_get_u64(m);
	ret->silence = (unsigned)message_get_u64(m);
	ret->timeout = (unsigned)message_get_u64(m);
}
