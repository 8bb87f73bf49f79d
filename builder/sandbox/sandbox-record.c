/* SPDX-License-Identifier: MIT */
/* The main program's side of recordings (recording.h). */
#include <string.h>

#include "base/memory.h"
#include "sandbox/sandbox-exchange.h"

bool sandbox_can_record(const struct sandbox *sb)
{
	return streq(sb->kind, "namespace");
}

void sandbox_record_release(struct sandbox_record *record)
{
	text_release(&record->bytes);
	free(record->why);
	*record = (struct sandbox_record){ 0 };
}

int sandbox_recorded(struct sandbox *sb, int out_fd, struct sandbox_record *ret, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_RECORDED };
	CLEANUP(message_release) struct message reply = { 0 };
	CLEANUP(sandbox_record_release) struct sandbox_record record = { 0 };
	const char *data;
	size_t size;
	int r;

	message_put_fd(&m, out_fd);
	r = sandbox_exchange(sb, &m, &reply, NULL, 0, err);
	if (r < 0)
		return r;
	record.why = message_get_text(&reply);
	record.calls = message_get_u64(&reply);
	record.paths = message_get_u64(&reply);
	data = message_get_bytes(&reply, &size);
	text_append(&record.bytes, data, size);
	r = message_end(&reply, err);
	if (r < 0)
		return r;
	if (!*record.why)
		free(take_ptr(record.why));
	*ret = TAKE(record);
	return 0;
}

int sandbox_matches(struct sandbox *sb, const char *bytes, size_t size, char **ret_different,
		    struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_MATCH };
	CLEANUP(message_release) struct message reply = { 0 };
	cleanup_free char *different = NULL;
	int r;

	message_put_bytes(&m, bytes, size);
	r = sandbox_exchange(sb, &m, &reply, NULL, 0, err);
	if (r < 0)
		return r;
	different = message_get_text(&reply);
	r = message_end(&reply, err);
	if (r < 0)
		return r;
	*ret_different = *different ? take_ptr(different) : NULL;
	return 0;
}

int sandbox_replay(struct sandbox *sb, const char *bytes, size_t size, int tar_fd, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_REPLAY };
	CLEANUP(message_release) struct message reply = { 0 };
	int r;

	message_put_bytes(&m, bytes, size);
	message_put_fd(&m, tar_fd);
	r = sandbox_exchange(sb, &m, &reply, NULL, 0, err);
	return r < 0 ? r : message_end(&reply, err);
}
