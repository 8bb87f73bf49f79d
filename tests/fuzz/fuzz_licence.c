/* SPDX-License-Identifier: MIT */
/* The copyright file of a package. */
#include "fuzz.h"
#include "publish/licence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *copyright = fuzz_string(data, size);
	CLEANUP(licence_refs_release) struct licence_refs refs = { 0 };
	cleanup_free char *declared = licence_declared(copyright, &refs);

	assert(!declared || *declared);
	licence_refs_sort(&refs);
	for (size_t i = 0; i < refs.count; i++)
		assert(starts_with(refs.item[i].id, "LicenseRef-"));
	return 0;
}
