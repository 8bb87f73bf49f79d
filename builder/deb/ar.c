/* SPDX-License-Identifier: MIT */
#include "deb/ar.h"

#include <string.h>

#include "base/text.h"

/* ar(5): a header is name, time, uid, gid, mode, size and an end mark. */
#define MAGIC "!<arch>\n"
#define HEADER 60
#define NAME 16
#define TIME_LENGTH 12
#define END_AT 58
#define END "`\n"
#define CONTENT "2.0\n"			/* of debian-binary, as dpkg-deb writes it */
#define TIME_MAX UINT64_C(253402300799) /* 9999-12-31T23:59:59Z */

_Static_assert(sizeof(MAGIC) - 1 + HEADER + sizeof(CONTENT) - 1 + HEADER == AR_HEAD,
	       "AR_HEAD ends with the second member's header");

/* A name ends with blanks, in GNU's ar with a slash before them. */
static bool has_name(const char *header, const char *name)
{
	const size_t length = strlen(name);
	size_t i = length;

	if (memcmp(header, name, length) != 0)
		return false;
	if (header[i] == '/')
		i++;
	while (i < NAME && header[i] == ' ')
		i++;
	return i == NAME;
}

static bool is_header(const char *header)
{
	return memcmp(header + END_AT, END, strlen(END)) == 0;
}

/* Only that the version is 2.x matters (deb(5)). */
static bool is_head(const char *head, size_t size)
{
	const char *first = head + strlen(MAGIC);
	const char *content = first + HEADER;
	const char *second = content + strlen(CONTENT);

	return size >= AR_HEAD && memcmp(head, MAGIC, strlen(MAGIC)) == 0 && is_header(first) &&
	       has_name(first, "debian-binary") && memcmp(content, CONTENT, 2) == 0 &&
	       is_header(second) && memcmp(second, "control.tar", strlen("control.tar")) == 0;
}

int ar_time(const char *name, const char *head, size_t size, int64_t *ret, struct err *err)
{
	char digits[TIME_LENGTH + 1];
	uint64_t time;

	if (!is_head(head, size))
		return err_set(err, ERR_TRUST, "%s does not begin as a .deb does", name);
	memcpy(digits, head + strlen(MAGIC) + NAME, TIME_LENGTH);
	digits[TIME_LENGTH] = '\0';
	digits[strcspn(digits, " ")] = '\0';
	if (parse_u64(digits, &time) < 0 || time == 0 || time > TIME_MAX)
		return err_set(err, ERR_TRUST, "%s has no time stamp", name);
	*ret = (int64_t)time;
	return 0;
}
