/* SPDX-License-Identifier: MIT */
#include "publish/result-built.h"

#include <errno.h>
#include <fcntl.h>

#include "base/io.h"
#include "base/text.h"

#define FACT "result" /* result-built.h */
#define SUMS "SHA256SUMS"

static int sums_digest(int dir_fd, char ret[DIGEST_HEX], struct err *err)
{
	cleanup_fd int fd = -1;
	int r = open_file(dir_fd, SUMS, O_NOFOLLOW, ERR_BUILD, &fd, err);

	return r < 0 ? r : digest_fd(fd, ret, err);
}

int result_note_built(struct store *s, const char lock_digest[DIGEST_HEX], int dir_fd,
		      struct err *err)
{
	char sums[DIGEST_HEX];
	int r = sums_digest(dir_fd, sums, err);

	return r < 0 ? r : store_fact_set(s, FACT, lock_digest, sums, err);
}

int result_was_built(struct store *s, const char lock_digest[DIGEST_HEX], int dir_fd, bool *ret,
		     struct err *err)
{
	CLEANUP(err_release) struct err own = { 0 };
	cleanup_free char *known = NULL;
	char sums[DIGEST_HEX] = "";
	int r = store_fact_get(s, FACT, lock_digest, &known, err);

	if (r < 0)
		return r;
	if (known && sums_digest(dir_fd, sums, &own) < 0 && own.errnum != ENOENT)
		return err_move(err, &own);
	*ret = known && streq(known, sums);
	return 0;
}
