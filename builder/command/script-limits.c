/* SPDX-License-Identifier: MIT */
#include "command/script-limits.h"

#include <stdlib.h>

#include "base/quantity.h"
#include "base/text.h"

/* Less than a shell and dpkg need together; it must be a slip. */
#define MEMORY_MIN (16ULL << 20)

static int read_memory(const char *text, uint64_t *ret, struct err *err)
{
	if (!text)
		return 0;
	if (parse_size(text, ret) == 0 && *ret >= MEMORY_MIN)
		return 0;
	err_set(err, ERR_USAGE, "option --memory: '%s' is not a size of at least 16M", text);
	return err_hint(err, "such as 512M or 4G");
}

static int read_timeout(const char *text, unsigned *ret, struct err *err)
{
	if (!text || parse_duration(text, ret) == 0)
		return 0;
	err_set(err, ERR_USAGE, "option --script-timeout: '%s' is not a time", text);
	return err_hint(err, "such as 90s, 10m or 1h30m");
}

static int read_number(const char *variable, uint64_t *ret, struct err *err)
{
	const char *text = getenv(variable);

	if (!text || (parse_u64(text, ret) == 0 && *ret > 0))
		return 0;
	return err_set(err, ERR_USAGE, "%s: '%s' is not a number", variable, text);
}

static int read_silence(const char *variable, unsigned *ret, struct err *err)
{
	const char *text = getenv(variable);

	if (!text || parse_duration(text, ret) == 0)
		return 0;
	err_set(err, ERR_USAGE, "%s: '%s' is not a time", variable, text);
	return err_hint(err, "such as 90s, 10m or 1h30m");
}

int script_limits(const char *memory, const char *timeout, struct sandbox_limits *ret,
		  struct err *err)
{
	struct sandbox_limits limits = { 0 };
	int r = read_memory(memory, &limits.memory, err);

	if (r < 0)
		return r;
	r = read_timeout(timeout, &limits.timeout, err);
	if (r < 0)
		return r;
	r = read_number("NETRESCUE_SANDBOX_PROCESSES", &limits.processes, err);
	if (r < 0)
		return r;
	r = read_number("NETRESCUE_SANDBOX_FILES", &limits.files, err);
	if (r < 0)
		return r;
	r = read_silence("NETRESCUE_SANDBOX_SILENCE", &limits.silence, err);
	if (r < 0)
		return r;
	*ret = limits;
	return 0;
}
