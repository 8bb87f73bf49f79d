/* SPDX-License-Identifier: MIT */
/* Stanzas of any kind (deb822.h), with comments and without. */
#include "deb/deb822.h"
#include "fuzz.h"

static void read_all_stanzas(const uint8_t *data, size_t size, bool comments)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	struct deb822 reader = {
		.name = "x",
		.data = (const char *)data,
		.size = size,
		.class = ERR_TRUST,
		.comments = comments,
	};

	while (deb822_next(&reader, &stanza, &err) > 0) {
		assert(stanza.count > 0 && stanza.count <= DEB822_FIELDS_MAX);
		for (size_t i = 0; i < stanza.count; i++)
			assert(deb822_find(&stanza, stanza.field[i].name) == &stanza.field[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_all_stanzas(data, size, false);
	read_all_stanzas(data, size, true);
	return 0;
}
