/* SPDX-License-Identifier: MIT */
/* Any file of a tree, which is asked whether it is a private key: the first line is its name and a
 * first byte its mode. */
#include "fuzz.h"
#include "base/private-key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const mode_t modes[] = { 0600, 0644, 0400, 0640 };
	const mode_t mode = size ? modes[data[0] % ARRAY_SIZE(modes)] : 0600;
	const uint8_t *end = size ? memchr(data + 1, '\n', size - 1) : NULL;

	if (!end)
		return 0;
	cleanup_free char *name = fuzz_string(data + 1, (size_t)(end - data) - 1);
	/* In memory of its own, so that reading beyond its end is seen. */
	CLEANUP(text_release)
	struct text content = fuzz_text(end + 1, size - (size_t)(end - data) - 1);

	if (content.length <= PRIVATE_KEY_LOOK)
		(void)private_key_kind(name, mode, content.data, content.length);
	return 0;
}
