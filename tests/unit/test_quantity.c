/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>

#include "base/memory.h"
#include "base/quantity.h"

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "1", 1 },	      { "1048576", 1048576 },
		{ "1K", 1024 },	      { "512M", 512ULL << 20 },
		{ "4G", 4ULL << 30 }, { "2T", 2ULL << 40 },
	};
	static const char *const bad[] = { "",
					   "0",
					   "M",
					   "-1",
					   "1.5G",
					   "4 G",
					   "4GB",
					   "4g",
					   "G4",
					   "1k",
					   "0x10",
					   "4Gi\n",
					   "99999999999999999",
					   "999999999999999T" };
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_size(good[i].text, &value), 0);
		assert_true(value == good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_size(bad[i], &value), -EINVAL);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		unsigned seconds;
		const char *said;
	} good[] = {
		{ "1", 1, "1 s" },
		{ "90", 90, "1 min 30 s" },
		{ "45s", 45, "45 s" },
		{ "10m", 600, "10 min" },
		{ "2h", 7200, "2 h" },
		{ "1h30m", 5400, "1 h 30 min" },
		{ "1h5", 3605, "1 h" },
		{ "1m1s", 61, "1 min 1 s" },
		{ "8760h", 31536000, "8760 h" },
	};
	static const char *const bad[] = { "",
					   "0",
					   "0h0m",
					   "m",
					   "-5",
					   "5 m",
					   "1.5h",
					   "30s1m",
					   "1m1m",
					   "1d",
					   "5min",
					   "8761h",
					   "999999999999999h",
					   "1hm" };
	unsigned value;
	char buffer[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_duration(good[i].text, &value), 0);
		assert_int_equal(value, good[i].seconds);
		assert_string_equal(human_duration(value, buffer), good[i].said);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_duration(bad[i], &value), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests_name("quantity", tests, NULL, NULL);
}
