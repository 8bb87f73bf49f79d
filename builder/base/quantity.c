/* SPDX-License-Identifier: MIT */
#include "base/quantity.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DURATION_MAX (365ULL * 24 * 3600)
#define DIGITS_MAX 15 /* so that no sum or product below overflows before it is checked */

/* The digits at *s, which is moved behind them. */
static int take_number(const char **s, uint64_t *ret)
{
	uint64_t value = 0;
	size_t digits = 0;

	for (; isdigit((unsigned char)**s); (*s)++, digits++) {
		if (digits == DIGITS_MAX)
			return -EINVAL;
		value = value * 10 + (uint64_t)(**s - '0');
	}
	*ret = value;
	return digits > 0 ? 0 : -EINVAL;
}

int parse_size(const char *s, uint64_t *ret_bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t value;

	if (take_number(&s, &value) < 0 || value == 0)
		return -EINVAL;
	if (*s == '\0') {
		*ret_bytes = value;
		return 0;
	}
	unit = strchr(units, *s);
	if (!unit || s[1] != '\0')
		return -EINVAL;
	for (size_t power = (size_t)(unit - units) + 1; power > 0; power--) {
		if (value > UINT64_MAX / 1024)
			return -EINVAL;
		value *= 1024;
	}
	*ret_bytes = value;
	return 0;
}

static uint64_t unit_seconds(char unit)
{
	return unit == 'h' ? 3600 : unit == 'm' ? 60 : unit == 's' || unit == '\0' ? 1 : 0;
}

int parse_duration(const char *s, unsigned *ret_seconds)
{
	uint64_t sum = 0, before = UINT64_MAX;

	do {
		uint64_t value, unit;

		if (take_number(&s, &value) < 0)
			return -EINVAL;
		unit = unit_seconds(*s);
		if (unit == 0 || unit >= before)
			return -EINVAL;
		before = unit;
		sum += value * unit;
		if (sum > DURATION_MAX)
			return -EINVAL;
		if (*s != '\0')
			s++;
	} while (*s != '\0');
	if (sum == 0)
		return -EINVAL;
	*ret_seconds = (unsigned)sum;
	return 0;
}

const char *human_duration(unsigned seconds, char buffer[32])
{
	unsigned hours = seconds / 3600, minutes = seconds / 60 % 60, rest = seconds % 60;

	if (hours > 0)
		(void)snprintf(buffer, 32, minutes > 0 ? "%u h %u min" : "%u h", hours, minutes);
	else if (minutes > 0)
		(void)snprintf(buffer, 32, rest > 0 ? "%u min %u s" : "%u min", minutes, rest);
	else
		(void)snprintf(buffer, 32, "%u s", rest);
	return buffer;
}
