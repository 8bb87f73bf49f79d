/* SPDX-License-Identifier: MIT */
#include "recipe/format.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

#define MOMENT "%Y%m%dT%H%M%SZ" /* strftime(3) and strptime(3) */

/* timegm() takes a 30th of February for the 2nd of March: what it means must be what is written. */
bool format_parse_moment(const char *value, int64_t *ret)
{
	struct tm tm = { 0 }, meant = { 0 };
	const char *end = strptime(value, MOMENT, &tm);
	char text[32] = "";
	time_t seconds;

	if (!end || *end)
		return false;
	seconds = timegm(&tm);
	if (!gmtime_r(&seconds, &meant) || strftime(text, sizeof(text), MOMENT, &meant) == 0 ||
	    !streq(text, value))
		return false;
	*ret = (int64_t)seconds;
	return true;
}

static bool is_moment(const char *s, const char **hint)
{
	int64_t seconds;

	(void)hint;
	return format_parse_moment(s, &seconds);
}
const struct format format_moment = {
	.is = is_moment,
	.noun = "a moment",
	.rule = "the date and the time in UTC, such as 20260801T000000Z",
};
