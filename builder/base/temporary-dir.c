/* SPDX-License-Identifier: MIT */
#include "base/temporary-dir.h"

#include <errno.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/owner.h"
#include "base/text.h"

int temporary_dir(const char *above, const char *prefix, char **ret_path, struct err *err)
{
	const char *given = getenv("TMPDIR");
	cleanup_free char *path = NULL;
	bool chosen;
	int r;

	if (!above)
		above = given && *given ? given : "/tmp";
	chosen = given && streq(above, given);
	r = owner_check_place(above, chosen ? "which TMPDIR names" : "for temporary files",
			      OWNER_RANDOM_NAMES, err);
	if (r < 0)
		return r;
	path = xasprintf("%s/%sXXXXXX", above, prefix);
	if (!mkdtemp(path)) {
		err_errno(err, ERR_BUILD, errno, "cannot make '%s'", path);
		return err_hint(err, "set TMPDIR to a directory that can be written");
	}
	*ret_path = take_ptr(path);
	return 0;
}
