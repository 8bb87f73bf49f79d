/* SPDX-License-Identifier: MIT */
/* What insserv writes in the order of a directory, in an order of its own. */
#include "unit.h"

#include "base/memory.h"
#include "rootfs/insserv.h"
#include "seed.h"

static void check(const char *depend, const char *expected)
{
	cleanup_free char *sorted = insserv_sorted(depend);

	seed("lists", depend, strlen(depend));
	assert_non_null(sorted);
	assert_string_equal(sorted, expected);
}

static const char boot[] = "TARGETS = 3proxy hwclock.sh mountall.sh udev\n"
			   "INTERACTIVE = checkroot.sh udev\n"
			   "mountall.sh: hwclock.sh udev\n"
			   "udev: hwclock.sh\n";

static void one_order_for_all(void **state)
{
	(void)state;
	check("TARGETS = hwclock.sh 3proxy udev mountall.sh\n"
	      "INTERACTIVE = udev checkroot.sh\n"
	      "udev: hwclock.sh\n"
	      "mountall.sh: udev hwclock.sh\n",
	      boot);
	check("TARGETS = udev mountall.sh 3proxy hwclock.sh\n"
	      "INTERACTIVE = checkroot.sh udev\n"
	      "mountall.sh: hwclock.sh udev\n"
	      "udev: hwclock.sh\n",
	      boot);
	check(boot, boot);
}

/* startpar marks as interactive only what it knows as a target already. */
static void assignments_stay_first(void **state)
{
	(void)state;
	check("TARGETS = a Z\nINTERACTIVE =\nA: Z\n", "TARGETS = Z a\nINTERACTIVE =\nA: Z\n");
}

static void of_nothing(void **state)
{
	(void)state;
	check("TARGETS =\nINTERACTIVE =\n", "TARGETS =\nINTERACTIVE =\n");
	check("", "");
}

static void not_of_insserv(void **state)
{
	cleanup_free char *sorted = insserv_sorted("TARGETS = b a\n# made by hand\n");

	(void)state;
	assert_null(sorted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_order_for_all),
		cmocka_unit_test(assignments_stay_first),
		cmocka_unit_test(of_nothing),
		cmocka_unit_test(not_of_insserv),
	};

	return cmocka_run_group_tests_name("insserv", tests, NULL, NULL);
}
