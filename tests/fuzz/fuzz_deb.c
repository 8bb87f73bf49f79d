/* SPDX-License-Identifier: MIT */
/* A .deb: its control file, its plain form, and that form once more. What was judged to be a package
 * is one afterwards, too. */
#include <unistd.h>

#include "base/io.h"
#include "deb/control.h"
#include "deb/deb-rewrite.h"
#include "fuzz.h"

/* A bomb is a bomb whatever its size: what this many bytes unpack to is found as well. */
#define INSTALLED_SIZE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_fd int original = fuzz_fd(data, size);
	cleanup_fd int plain = fuzz_fd(NULL, 0);
	cleanup_fd int again = fuzz_fd(NULL, 0);
	CLEANUP(text_release) struct text control = { 0 };
	CLEANUP(text_release) struct text of_rewrite = { 0 };
	CLEANUP(text_release) struct text of_plain = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err own = { 0 };

	(void)control_read(original, &control, &own);
	if (deb_rewrite(original, plain, INSTALLED_SIZE, &of_rewrite, &err) < 0)
		return 0;
	assert(streq(control.data, of_rewrite.data));
	assert(deb_rewrite(plain, again, INSTALLED_SIZE, &of_plain, &err) == 0);
	assert(streq(of_rewrite.data, of_plain.data));
	return 0;
}
