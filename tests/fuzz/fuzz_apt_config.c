/* SPDX-License-Identifier: MIT */
/* What apt-config prints: settings, and the places of files. */
#include "archive/apt-config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	CLEANUP(apt_config_release) struct apt_config config = { 0 };

	apt_config_parse(pieces.item[0].data, pieces.item[1].data, &config);
	assert(config.authorities.count % 2 == 0);
	return 0;
}
