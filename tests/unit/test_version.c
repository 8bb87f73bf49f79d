/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/memory.h"
#include "deb/version.h"

/* Each is older than the next. */
static const char *const rising[] = {
	"0~~",	    "0~",	  "0",	      "0a",	   "0a1",
	"0+",	    "0.1~rc1",	  "0.1",      "0.1-0.1",   "0.1-1~bpo12+1",
	"0.1-1",    "0.1-1+b1",	  "0.1-1+b2", "0.1-1+b10", "0.1-1+deb12u1",
	"0.1-1.1",  "0.1+dfsg-1", "0.9",      "0.10",	   "1.2.3-4",
	"1.2.3-10", "1.10",	  "20240101", "1:0.1",	   "2:0",
	"10:0",
};

static const char *const equal[][2] = {
	{ "1.0", "1.0" },   { "0:1.0", "1.0" },	   { "1.0", "1.0-0" },
	{ "01.00", "1.0" }, { "1.0-01", "1.0-1" },
};

static void orders(void **state)
{
	size_t count = ARRAY_SIZE(rising);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(version_compare(rising[i], rising[i]), 0);
		for (size_t k = i + 1; k < count; k++) {
			if (version_compare(rising[i], rising[k]) >= 0 ||
			    version_compare(rising[k], rising[i]) <= 0)
				fail_msg("%s should be older than %s", rising[i], rising[k]);
		}
	}
}

static void knows_equals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(equal); i++)
		if (version_compare(equal[i][0], equal[i][1]) != 0)
			fail_msg("%s should equal %s", equal[i][0], equal[i][1]);
}

static void validates(void **state)
{
	char name[140];

	(void)state;
	assert_true(version_is_valid("1:2.3~rc1+dfsg-4.1"));
	assert_false(version_is_valid(""));
	assert_false(version_is_valid("v1"));
	assert_false(version_is_valid("1 2"));
	assert_false(version_is_valid("1/2"));
	assert_false(version_is_valid("1\n2"));
	assert_true(package_name_is_valid("g++-14"));
	assert_true(package_name_is_valid("0ad"));
	assert_true(package_name_is_valid("libstdc++6"));
	assert_false(package_name_is_valid("a"));
	assert_false(package_name_is_valid(""));
	assert_false(package_name_is_valid("-rf"));
	assert_false(package_name_is_valid("../x"));
	assert_false(package_name_is_valid("a b"));
	assert_false(package_name_is_valid("Upper"));
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_false(package_name_is_valid(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders),
		cmocka_unit_test(knows_equals),
		cmocka_unit_test(validates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
