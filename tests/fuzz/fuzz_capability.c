/* SPDX-License-Identifier: MIT */
/* File capabilities and ACLs in the forms in which archives and trees have them. What is understood
 * is written again as it was. */
#include "fuzz.h"
#include "tar/acl.h"
#include "tar/capability.h"

static void check_text(const char *text)
{
	unsigned char value[CAPABILITY_XATTR_SIZE], again[CAPABILITY_XATTR_SIZE];
	CLEANUP(text_release) struct text written = { 0 };

	if (!capability_parse(text, value) || !capability_to_text(value, sizeof(value), &written))
		return;
	assert(capability_parse(written.data, again));
	assert(memcmp(value, again, sizeof(value)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text_release) struct text acl = { 0 };
	CLEANUP(text_release) struct text capability = { 0 };
	cleanup_free char *text = fuzz_string(data, size);
	unsigned char value[CAPABILITY_XATTR_SIZE];

	(void)acl_to_text(data, size, &acl);
	if (capability_to_text(data, size, &capability)) {
		assert(capability_parse(capability.data, value));
		assert(size == sizeof(value) && memcmp(value, data, size) == 0);
	}
	check_text(text);
	return 0;
}
