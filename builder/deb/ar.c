/* SPDX-License-Identifier: MIT */
#include "deb/ar.h"

#include <string.h>

#include "base/text.h"

#define MAGIC "!<arch>\n"
#define FIRST_MEMBER "debian-binary"
#define NAME_LENGTH 16
#define TIME_LENGTH 12
#define LATEST UINT64_C(253402300799) /* 9999-12-31T23:59:59Z */

int ar_time(const char *name, const char *head, size_t size, int64_t *ret, struct err *err)
{
	const char *member = head + strlen(MAGIC);
	char digits[TIME_LENGTH + 1];
	uint64_t time;

	if (size < AR_HEAD || memcmp(head, MAGIC, strlen(MAGIC)) != 0 ||
	    memcmp(member, FIRST_MEMBER, strlen(FIRST_MEMBER)) != 0)
		return err_set(err, ERR_TRUST, "%s does not begin as a .deb does", name);
	memcpy(digits, member + NAME_LENGTH, TIME_LENGTH);
	digits[TIME_LENGTH] = '\0';
	digits[strcspn(digits, " ")] = '\0';
	if (parse_u64(digits, &time) < 0 || time == 0 || time > LATEST)
		return err_set(err, ERR_TRUST, "%s has no time stamp", name);
	*ret = (int64_t)time;
	return 0;
}
