/* SPDX-License-Identifier: MIT */
#include "base/netrescue.h"

#include <stddef.h>

#include "base/memory.h"

/* docs/bytes.md has the same table and says what changed. Epochs 1 and 2 came and went while the
 * program called itself 0.1: only a commit of the history tells them apart. */
static const char *const releases[] = {
	[1] = "0.1 as of commit 4165c8a",
	[2] = "0.1 as of commit 59dbc09",
	[3] = "0.1 since commit 2e4d7c7",
	[BYTES_EPOCH] = NETRESCUE_VERSION,
};

const char *bytes_epoch_releases(int epoch)
{
	return epoch > 0 && (size_t)epoch < ARRAY_SIZE(releases) ? releases[epoch] : NULL;
}
