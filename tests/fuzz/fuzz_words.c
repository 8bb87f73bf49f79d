/* SPDX-License-Identifier: MIT */
/* Small texts that a recipe or an option gives: answers for debconf, pins, moments, addresses, numbers,
 * sizes, durations. */
#include "base/quantity.h"
#include "fuzz.h"
#include "lab/firmware.h"
#include "recipe/debconf.h"
#include "recipe/format.h"
#include "recipe/pin.h"
#include "rootfs/module-name.h"

static void parse_answer(const char *line)
{
	const char *hint = NULL;

	if (!debconf_is_answer(line, &hint))
		return;
	cleanup_free char *owner = debconf_owner(line);
	cleanup_free char *question = debconf_question(line);

	assert(*owner && *question && debconf_value(line));
	(void)debconf_is_password(line);
}

static void parse_pin(const char *text)
{
	static const char *const release[PIN_KEYS] = { "stable", "trixie", "Debian", "Debian",
						       "main" };
	CLEANUP(pin_release) struct pin pin = { 0 };
	CLEANUP(pin_package_release) struct pin_package package = { 0 };
	const char *hint = NULL;

	pin_package_parse(text, &package);
	if (!pin_parse(text, &pin, &hint))
		return;
	(void)pin_fits_release(&pin, release, "mirror.example");
	(void)pin_fits_version(&pin, "2.41-12");
}

static void parse_numbers(const char *text)
{
	uint64_t u64, bytes;
	unsigned seconds;
	int number;

	(void)parse_int(text, &number);
	if (parse_u64(text, &u64) == 0)
		assert(text[strspn(text, "0123456789")] == '\0');
	if (parse_size(text, &bytes) == 0)
		assert(bytes > 0);
	if (parse_duration(text, &seconds) == 0)
		assert(seconds > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = fuzz_string(data, size);
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(strv_release) struct strv modules = { 0 };
	cleanup_free char *module = module_name(text);
	enum client_firmware firmware;
	int64_t moment;
	uint32_t address;

	parse_answer(text);
	parse_pin(text);
	module_name_add(&modules, text);
	assert(module && !strchr(module, '-'));
	(void)format_parse_moment(text, &moment);
	(void)format_parse_address(text, &address);
	(void)firmware_parse(text, &firmware, &err);
	parse_numbers(text);
	return 0;
}
