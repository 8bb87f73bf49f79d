/* SPDX-License-Identifier: MIT */
/* The form of signed texts and of signatures, as they are shown to gpgv. */
#include "archive/armour.h"
#include "fuzz.h"

static size_t count(const char *data, size_t size, const char *word)
{
	size_t n = 0;

	for (const char *p = data; (p = memmem(p, (size_t)(data + size - p), word, strlen(word)));
	     p++)
		n++;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(text_release) struct text text = fuzz_text(data, size);
	CLEANUP(err_release) struct err signature = { 0 };
	CLEANUP(err_release) struct err whole = { 0 };
	/* Not the text, which has a NUL behind it. */
	cleanup_free char *bytes = xmalloc(size + 1);

	memcpy(bytes, data, size);
	if (armour_check_signed("x", bytes, size, &whole) == 0) {
		assert(!memchr(bytes, '\0', size));
		assert(count(bytes, size, "\n" ARMOUR_SIGNATURE) == 1);
		assert(count(bytes, size, "\n" ARMOUR_SIGNATURE_END) == 1);
		assert(count(bytes, size, "\n" ARMOUR_SIGNED) == 0);
	}
	(void)armour_check_signature("x", &text, &signature);
	return 0;
}
