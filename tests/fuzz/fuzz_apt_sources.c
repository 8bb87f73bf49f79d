/* SPDX-License-Identifier: MIT */
/* This machine's apt sources, in both forms, and the list of a mirror+file: entry. */
#include "archive/apt-source.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(fuzz_pieces_release) struct fuzz_pieces pieces = fuzz_cut(data, size);
	CLEANUP(apt_sources_release) struct apt_sources sources = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	fuzz_file("etc/apt/sources.list", pieces.item[0].data, pieces.item[0].length);
	fuzz_file("etc/apt/sources.list.d/x.sources", pieces.item[1].data, pieces.item[1].length);
	fuzz_file("etc/apt/mirrors.list", pieces.item[2].data, pieces.item[2].length);
	assert(apt_sources_read(fuzz_directory(), &sources, &err) == 0);
	for (size_t i = 0; i < sources.count; i++)
		assert(apt_source_url_is_known(sources.item[i].url));
	return 0;
}
