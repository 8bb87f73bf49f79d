/* SPDX-License-Identifier: MIT */
/*
 * Looks into the machine. Memory and ports are read by the monitor for humans, since QMP itself has
 * no command for ports and gives memory only by way of a file. The form of the answers that are
 * read here has not changed since QEMU 0.9.
 */
#include "lab/qmp.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

int qmp_screenshot(struct qmp *q, const char *path, struct err *err)
{
	json_t *arguments = json_pack("{s:s, s:s}", "filename", path, "format", "png");
	int r;

	if (!arguments)
		return err_set(err, ERR_BOOT,
			       "cannot save a screenshot: the name of its file is not UTF-8");
	r = qmp_execute(q, "screendump", arguments, NULL, err);
	return r < 0 ? err_wrap(err, "saving a screenshot as '%s'", path) : 0;
}

/* Types a line at the monitor for humans; the caller frees what that prints. */
static int monitor(struct qmp *q, const char *line, char **ret, struct err *err)
{
	json_t *answer = NULL;
	int r = qmp_execute(q, "human-monitor-command", json_pack("{s:s}", "command-line", line),
			    &answer, err);

	if (r < 0) {
		(void)err_wrap(err, "'%s'", line);
		return r;
	}
	*ret = xstrdup(json_is_string(answer) ? json_string_value(answer) : "");
	json_decref(answer);
	return 0;
}

/* Reads the next "0xNN" behind *p and moves *p behind it. */
static bool next_byte(const char **p, uint8_t *ret)
{
	const char *hex = strstr(*p, " 0x");
	unsigned long value;
	char *end;

	if (!hex)
		return false;
	value = strtoul(hex + 1, &end, 16);
	if (value > UINT8_MAX || end < hex + 4)
		return false;
	*ret = (uint8_t)value;
	*p = end;
	return true;
}

/* Runs a command that prints exactly `size` bytes. */
static int monitor_bytes(struct qmp *q, const char *line, size_t size, uint8_t *ret,
			 struct err *err)
{
	cleanup_free char *answer = NULL;
	cleanup_free uint8_t *bytes = xmalloc(size);
	uint8_t more;
	int r = monitor(q, line, &answer, err);
	const char *p = answer;
	size_t got = 0;

	if (r < 0)
		return r;
	while (got < size && next_byte(&p, &bytes[got]))
		got++;
	if (got < size || next_byte(&p, &more))
		return err_set(err, ERR_BOOT, "QEMU's monitor answers '%s' with: %.200s", line,
			       answer);
	memcpy(ret, bytes, size);
	return 0;
}

int qmp_memory(struct qmp *q, uint64_t address, size_t size, void *ret, struct err *err)
{
	cleanup_free char *line = xasprintf("xp /%zuxb 0x%" PRIx64, size, address);

	return monitor_bytes(q, line, size, ret, err);
}

int qmp_port_read(struct qmp *q, uint16_t port, int index, uint8_t *ret, struct err *err)
{
	cleanup_free char *line = index < 0 ? xasprintf("i /xb 0x%x", port)
					    : xasprintf("i /xb 0x%x.0x%x", port, (unsigned)index);

	return monitor_bytes(q, line, 1, ret, err);
}

int qmp_port_write(struct qmp *q, uint16_t port, uint8_t value, struct err *err)
{
	cleanup_free char *line = xasprintf("o /b 0x%x 0x%x", port, value);
	cleanup_free char *answer = NULL;
	int r = monitor(q, line, &answer, err);

	if (r < 0)
		return r;
	if (*answer)
		return err_set(err, ERR_BOOT, "QEMU's monitor answers '%s' with: %.200s", line,
			       answer);
	return 0;
}
