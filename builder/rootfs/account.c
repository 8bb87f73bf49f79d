/* SPDX-License-Identifier: MIT */
#include "rootfs/account.h"

#include <string.h>

#include "base/memory.h"

/* Reads the line at *p, which moves on to the next. False at the end. */
static bool next_line(const char **p, char **ret_name, uint64_t *ret_number, bool *ret_has_number)
{
	const size_t length = strcspn(*p, "\n");
	cleanup_free char *line = xstrndup(*p, length);
	char *password = strchr(line, ':');
	char *number = password ? strchr(password + 1, ':') : NULL;

	if (!**p)
		return false;
	*p += length + ((*p)[length] == '\n');
	if (number)
		number[1 + strcspn(number + 1, ":")] = '\0';
	*ret_name = xstrndup(line, strcspn(line, ":"));
	*ret_has_number = number && parse_u64(number + 1, ret_number) == 0;
	return true;
}

bool account_number(const char *text, const char *name, uint32_t *ret)
{
	const char *p = text;
	bool has_number = false, found = false;
	uint64_t number = 0;
	char *next;

	if (parse_u64(name, &number) == 0) {
		*ret = (uint32_t)number;
		return number <= ACCOUNT_NUMBER_MAX;
	}
	while (!found && next_line(&p, &next, &number, &has_number)) {
		found = streq(next, name);
		free(next);
	}
	if (!found || !has_number || number > ACCOUNT_NUMBER_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

char *account_name(const char *text, uint32_t wanted)
{
	const char *p = text;
	bool has_number = false;
	uint64_t number = 0;
	char *name;

	while (next_line(&p, &name, &number, &has_number)) {
		if (has_number && number == wanted)
			return name;
		free(name);
	}
	return NULL;
}

void account_names(const char *text, struct strv *ret)
{
	const char *p = text;
	bool has_number;
	uint64_t number;
	char *name;

	while (next_line(&p, &name, &number, &has_number))
		strv_add_take(ret, name);
}
