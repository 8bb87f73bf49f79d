/* SPDX-License-Identifier: MIT */
/* The members of a tar or a cpio, plain or compressed: a root file system that somebody gave us, and
 * where its files come from. */
#include "fuzz.h"
#include "publish/file-origins.h"
#include "publish/file-owners.h"
#include "tar/members.h"

static void find_origins(const uint8_t *data, size_t size)
{
	static const struct packages none;
	static const struct file_log log;
	CLEANUP(file_origins_release) struct file_origins origins = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = fuzz_fd(data, size);

	if (file_origins_read(fd, &none, &log, &origins, &err) == 0)
		(void)file_origins_text(&origins, FILE_ORIGINS_STATUS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_fd int fd = fuzz_fd(data, size);
	CLEANUP(file_owners_release) struct file_owners owners = { 0 };
	CLEANUP(members_release) struct members members = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	const struct member_reader reader = {
		.wants = file_owners_wants,
		.take = file_owners_take,
		.data = &owners,
		.limit = FILE_OWNERS_TEXT_MAX,
	};

	if (members_read(fd, &reader, &members, &err) < 0)
		return 0;
	find_origins(data, size);
	file_owners_resolve(&owners, &members);
	for (size_t i = 0; i < members.count; i++) {
		const char *path = members.item[i].path;
		cleanup_free char *first = members_resolve(&members, path, false);
		cleanup_free char *last = members_resolve(&members, path, true);
		size_t owner;

		assert((!first || *first != '/') && (!last || *last != '/'));
		assert(members_find(&members, path));
		assert(members_from(&members, path) <= i);
		(void)file_owners_find(&owners, path, &owner);
	}
	return 0;
}
