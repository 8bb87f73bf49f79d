/* SPDX-License-Identifier: MIT */
#include "deb/version.h"

#include <string.h>

#define VERSION_MAX 255
#define PACKAGE_NAME_MAX 128

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Where a character that is not a digit comes in the order: '~' before the end, the end before
 * letters, letters before everything else. */
static int rank(const char *s, const char *end)
{
	if (s == end || is_digit(*s))
		return 0;
	if (*s == '~')
		return -1;
	if (is_alpha(*s))
		return (unsigned char)*s;
	return (unsigned char)*s + 256;
}

static int compare_digits(const char **a, const char *a_end, const char **b, const char *b_end)
{
	int first = 0;

	while (*a < a_end && **a == '0')
		(*a)++;
	while (*b < b_end && **b == '0')
		(*b)++;
	while (*a < a_end && is_digit(**a) && *b < b_end && is_digit(**b)) {
		if (first == 0)
			first = **a - **b;
		(*a)++;
		(*b)++;
	}
	if (*a < a_end && is_digit(**a))
		return 1;
	if (*b < b_end && is_digit(**b))
		return -1;
	return first;
}

static int compare_part(const char *a, const char *a_end, const char *b, const char *b_end)
{
	while (a < a_end || b < b_end) {
		while ((a < a_end && !is_digit(*a)) || (b < b_end && !is_digit(*b))) {
			int difference = rank(a, a_end) - rank(b, b_end);

			if (difference != 0)
				return difference;
			a++;
			b++;
		}
		int difference = compare_digits(&a, a_end, &b, b_end);

		if (difference != 0)
			return difference;
	}
	return 0;
}

struct parts {
	const char *epoch, *epoch_end;
	const char *upstream, *upstream_end;
	const char *revision, *revision_end;
};

static struct parts split(const char *version)
{
	const char *end = version + strlen(version);
	const char *colon = strchr(version, ':');
	const char *upstream = colon ? colon + 1 : version;
	const char *dash = strrchr(upstream, '-');

	return (struct parts){
		.epoch = version,
		.epoch_end = colon ? colon : version,
		.upstream = upstream,
		.upstream_end = dash ? dash : end,
		.revision = dash ? dash + 1 : end,
		.revision_end = end,
	};
}

int version_compare(const char *a, const char *b)
{
	struct parts x = split(a), y = split(b);
	int r = compare_part(x.epoch, x.epoch_end, y.epoch, y.epoch_end);

	if (r == 0)
		r = compare_part(x.upstream, x.upstream_end, y.upstream, y.upstream_end);
	if (r == 0)
		r = compare_part(x.revision, x.revision_end, y.revision, y.revision_end);
	return r;
}

bool version_is_valid(const char *version)
{
	size_t length = strlen(version);

	if (length == 0 || length > VERSION_MAX || !is_digit(version[0]))
		return false;
	for (const char *c = version; *c; c++)
		if (!is_digit(*c) && !is_alpha(*c) && !strchr(".+-~:", *c))
			return false;
	return true;
}

bool package_name_is_valid(const char *name)
{
	size_t length = strlen(name);

	if (length < 2 || length > PACKAGE_NAME_MAX)
		return false;
	for (const char *c = name; *c; c++)
		if (!is_digit(*c) && !(*c >= 'a' && *c <= 'z') && (c == name || !strchr("+-.", *c)))
			return false;
	return true;
}
