/* SPDX-License-Identifier: MIT */
/* What a client is connected to, as QEMU is told. */
#include "unit.h"

#include "base/memory.h"
#include "lab/lab-parts.h"

static void assert_netdev(enum lab_network network, const char *until, const char *netdev)
{
	const struct image image = { .fd = scratch_fd, .path = scratch_path };
	const struct lab_options o = {
		.image = &image, .network = network, .until = until, .directory = "/a,b"
	};
	CLEANUP(err_release) struct err err = { 0 };
	struct lab l = { .options = &o };

	assert_int_equal(lab_connect(&l, 1, &err), 0);
	assert_string_equal(l.client[0].netdev, netdev);
	strv_release(&l.netdevs);
	free(l.client);
}

/* A hub that only the server of the lab is at, too. */
static void the_lab_has_no_way_out(void **state)
{
	(void)state;
	assert_netdev(LAB_SERVER, NULL,
		      "stream,id=n,server=off,addr.type=unix,addr.path=/a,,b/wire1");
}

/* The root comes from the host, so QEMU lets the client out; but not if it is not to get there. */
static void a_simulation_only_where_it_must(void **state)
{
	cleanup_free char *open =
		xasprintf("user,id=n,restrict=off,tftp=%s/tftp,bootfile=pxelinux.0", scratch_path);
	cleanup_free char *shut =
		xasprintf("user,id=n,restrict=on,tftp=%s/tftp,bootfile=pxelinux.0", scratch_path);

	(void)state;
	assert_int_equal(mkdirat(scratch_fd, "tftp", 0755), 0);
	assert_netdev(LAB_SIMPLE, NULL, open);
	assert_netdev(LAB_SIMPLE, "login", open);
	assert_netdev(LAB_SIMPLE, "menu", shut);
}

static void a_simulation_serves_nothing_of_the_host(void **state)
{
	const struct image image = { .fd = scratch_fd, .path = scratch_path };
	const struct lab_options o = { .image = &image, .network = LAB_SIMPLE };
	CLEANUP(err_release) struct err err = { 0 };
	struct lab l = { .options = &o };

	(void)state;
	assert_int_equal(mkdirat(scratch_fd, "tftp", 0755), 0);
	assert_int_equal(symlinkat("/etc/shadow", scratch_fd, "tftp/x"), 0);
	assert_true(lab_connect(&l, 1, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	strv_release(&l.netdevs);
	free(l.client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_lab_has_no_way_out),
		TEST(a_simulation_only_where_it_must),
		TEST(a_simulation_serves_nothing_of_the_host),
	};

	return cmocka_run_group_tests_name("lab_network", tests, NULL, NULL);
}
