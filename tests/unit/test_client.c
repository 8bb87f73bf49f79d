/* SPDX-License-Identifier: MIT */
/* What a client makes of packets, and how it finds its way in a menu: without a machine. */
#include "qemu.h"

#include "base/log.h"
#include "lab/client-parts.h"

/* ---- packets --------------------------------------------------------------------------------- */

#define MAC                                                                                        \
	{                                                                                          \
		0x52, 0x54, 0, 0x12, 0x34, 0x56                                                    \
	}

static struct capture_event tftp(enum capture_kind kind, const char *file)
{
	struct capture_event e = { .kind = kind, .mac = MAC };

	(void)snprintf(e.tftp.file, sizeof(e.tftp.file), "%s", file);
	return e;
}

static void files_tell_how_far_it_is(void **state)
{
	struct client c = { .mac = MAC };
	struct capture_event e = tftp(CAPTURE_TFTP_ASKED, "kernel/x/v1/vmlinuz");

	(void)state;
	client_event(&e, &c);
	assert_true(c.kernel_asked && !c.kernel_sent && !c.loader_sent);
	e = tftp(CAPTURE_TFTP_DONE, "anything.0");
	client_event(&e, &c);
	assert_true(c.loader_sent && !c.menu_sent);
	e = tftp(CAPTURE_TFTP_DONE, "pxelinux.cfg/default");
	client_event(&e, &c);
	assert_true(c.menu_sent && !c.kernel_sent);
	e = tftp(CAPTURE_TFTP_DONE, "/kernel/x/v1/vmlinuz");
	client_event(&e, &c);
	assert_true(c.kernel_sent && !c.initrd_sent);
	e = tftp(CAPTURE_TFTP_DONE, "kernel/x/v1/initrd.img");
	client_event(&e, &c);
	assert_true(c.initrd_sent);
	assert_int_equal(c.last_problem.length, 0);

	c = (struct client){ .mac = MAC };
	e = tftp(CAPTURE_TFTP_DONE, "grub/grub.cfg");
	client_event(&e, &c);
	assert_true(c.menu_sent && !c.loader_sent);
}

static void addresses_are_told_apart(void **state)
{
	struct client c = { .mac = MAC };
	struct capture_event e = { .kind = CAPTURE_DHCP,
				   .mac = MAC,
				   .dhcp = { .type = CAPTURE_DHCP_DISCOVER,
					     .asker = CAPTURE_ASKER_INITRAMFS } };

	(void)state;
	client_event(&e, &c);
	assert_true(c.initramfs_asked_address && !c.asked_address);
	c.initramfs_asked_address = false;
	e.dhcp.asker = CAPTURE_ASKER_SYSTEM;
	client_event(&e, &c);
	assert_false(c.initramfs_asked_address);
	e.dhcp.asker = CAPTURE_ASKER_OTHER; /* systemd-networkd */
	client_event(&e, &c);
	assert_true(c.initramfs_asked_address && !c.asked_address);
	e.dhcp.asker = CAPTURE_ASKER_FIRMWARE;
	client_event(&e, &c);
	assert_true(c.asked_address && !c.has_address);
	e.dhcp.type = CAPTURE_DHCP_OFFER;
	client_event(&e, &c);
	assert_false(c.has_address);
	e.dhcp.type = CAPTURE_DHCP_ACK;
	client_event(&e, &c);
	assert_true(c.has_address && !c.has_file_name);
	(void)snprintf(e.dhcp.file, sizeof(e.dhcp.file), "pxelinux.0");
	client_event(&e, &c);
	assert_true(c.has_file_name);
	assert_int_equal(c.last_problem.length, 0);
	e.dhcp.type = CAPTURE_DHCP_NAK;
	client_event(&e, &c);
	assert_true(c.last_problem.length > 0);
	text_release(&c.last_problem);
}

/* The hub sends every client's packets to all. */
static void others_do_not_count(void **state)
{
	struct client c = { .mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x57 } };
	struct capture_event e = tftp(CAPTURE_TFTP_DONE, "pxelinux.0");

	(void)state;
	client_event(&e, &c);
	e = tftp(CAPTURE_TFTP_ERROR, "menu.c32");
	client_event(&e, &c);
	assert_false(c.loader_sent);
	assert_int_equal(c.last_problem.length, 0);
}

/* Which files a server need not have: no trouble when it says so. */
static void missing_files(void **state)
{
	static const char *const optional[] = {
		"pxelinux.cfg/01-52-54-00-12-34-56",
		"pxelinux.cfg/C0A801",
		"revocations.efi",
		"shim_certificate.efi",
		"grub/x86_64-efi/command.lst",
		"grub/grub.cfg-01-52-54-00-12-34-56",
		"ldlinux.e64",
	};
	static const char *const needed[] = { "ldlinux.c32", "menu.c32", "kernel/x/v1/vmlinuz",
					      "kernel/x/v1/initrd.img", "efi64/grubx64.efi" };
	struct client c = { .mac = MAC };
	struct capture_event e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++) {
		e = tftp(CAPTURE_TFTP_ERROR, optional[i]);
		client_event(&e, &c);
		assert_int_equal(c.last_problem.length, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		e = tftp(CAPTURE_TFTP_ERROR, needed[i]);
		client_event(&e, &c);
		assert_non_null(c.last_problem.data);
		assert_non_null(strstr(c.last_problem.data, needed[i]));
		text_release(&c.last_problem);
		/* A loader that asks only for a file's size breaks the transfer off. */
		e.tftp.by_client = true;
		client_event(&e, &c);
		assert_int_equal(c.last_problem.length, 0);
	}
}

static void mounts(void **state)
{
	struct client c = { .mac = MAC };
	struct capture_event e = { .kind = CAPTURE_RPC_REPLY,
				   .mac = MAC,
				   .rpc = { .program = CAPTURE_RPC_MOUNT,
					    .procedure = 1,
					    .status = CAPTURE_RPC_FAILED,
					    .path = "/srv/pxe/x/v1",
					    .why = "permission denied" } };

	(void)state;
	client_event(&e, &c);
	client_event(&e, &c);
	assert_true(c.refused == 2 && !c.mounted);
	assert_non_null(strstr(c.last_problem.data, "permission denied"));
	e.rpc.status = CAPTURE_RPC_OK;
	client_event(&e, &c);
	assert_true(c.refused == 2 && c.mounted && !c.reads_root);
	e = (struct capture_event){ .kind = CAPTURE_RPC_CALL,
				    .mac = MAC,
				    .rpc = { .program = CAPTURE_RPC_NFS } };
	client_event(&e, &c);
	assert_true(c.reads_root);
	text_release(&c.last_problem);
}

/* A server of version 4 only: the portmapper knows neither NFS nor mountd. */
static void no_version_3(void **state)
{
	struct client c = { .mac = MAC };
	struct capture_event e = { .kind = CAPTURE_RPC_REPLY,
				   .mac = MAC,
				   .rpc = { .program = CAPTURE_RPC_PORTMAP,
					    .procedure = 3,
					    .status = CAPTURE_RPC_NOT_REGISTERED,
					    .asked = CAPTURE_RPC_MOUNT,
					    .why = "not registered" } };

	(void)state;
	client_event(&e, &c);
	assert_true(c.refused == 1 && c.refusal == CAPTURE_RPC_NOT_REGISTERED && !c.mounted);
	e.rpc.status = CAPTURE_RPC_OK;
	client_event(&e, &c);
	assert_true(c.refused == 1 && !c.mounted);
	text_release(&c.last_problem);
}

/* One look at the phase, with the last words of the console. */
static int root_phase(struct client *c, const char *console, struct err *err)
{
	int r;

	text_add(&c->machine.console.text, console);
	r = step_root(c, err);
	text_release(&c->machine.console.text);
	return r;
}

static void initramfs_of_another_kernel(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	const struct image i = { .kernel = "6.12.1-amd64" };
	const struct client_options o = { .image = &i, .nic = "e1000" };
	struct client c = { .options = &o, .mac = MAC, .machine = MACHINE_INIT };

	(void)state;
	assert_int_equal(root_phase(&c, "Begin: Waiting up to 180 secs for device\n", &err), 0);
	assert_true(root_phase(&c, "Network device did not appear in time\n", &err) < 0);
	assert_non_null(strstr(err.message, "'e1000'"));
	assert_non_null(strstr(err.message, "another kernel than 6.12.1-amd64"));
}

/* The panic is the last thing said; what led to it, many lines before, is the cause. */
static void a_panic_and_its_cause(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	const struct client_options o = { 0 };
	struct client c = { .options = &o, .machine = MACHINE_INIT };

	(void)state;
	assert_true(
		root_phase(&c,
			   "[    2.1] BUG: unable to handle page fault for address: 8\n"
			   "[    2.1] Oops: 0000 [#1] PREEMPT SMP NOPTI\n"
			   "[    2.1] RIP: 0010:one+0x1/0x2\n"
			   "[    2.2] Kernel panic - not syncing: Fatal exception in interrupt\n"
			   "[    2.2] RIP: 0010:two+0x1/0x2\n",
			   &err) < 0);
	assert_string_equal(
		err.message,
		"Kernel panic - not syncing: Fatal exception in interrupt; before that: "
		"BUG: unable to handle page fault for address: 8 / "
		"Oops: 0000 [#1] PREEMPT SMP NOPTI / RIP: 0010:one+0x1/0x2");
	err_release(&err);
	assert_true(root_phase(&c,
			       "[    2.2] Kernel panic - not syncing: VFS\n"
			       "[    2.2] RIP: 0033:0x1\n",
			       &err) < 0);
	assert_string_equal(err.message, "Kernel panic - not syncing: VFS");
}

/* mountd's status decides the words (RFC 1813). */
static void refusals(void **state)
{
	static const struct {
		enum capture_rpc_status status;
		uint32_t code;
		const char *words;
	} row[] = {
		{ CAPTURE_RPC_MOUNT_REFUSED, 13, "not exported to this client" },
		{ CAPTURE_RPC_MOUNT_REFUSED, 2, "no directory of the version" },
		{ CAPTURE_RPC_NOT_REGISTERED, 0, "no NFS version 3" },
		{ CAPTURE_RPC_PROG_MISMATCH, 0, "no NFS version 3" },
	};
	const struct client_options o = { 0 };

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(row); n++) {
		CLEANUP(err_release) struct err err = { 0 };
		struct client c = { .options = &o,
				    .machine = MACHINE_INIT,
				    .refused = 4,
				    .refusal = row[n].status,
				    .refusal_code = row[n].code };

		assert_int_equal(root_phase(&c, "", &err), 0);
		c.refused++;
		assert_true(root_phase(&c, "", &err) < 0);
		assert_non_null(strstr(err.message, row[n].words));
	}
}

/* ---- the menu -------------------------------------------------------------------------------- */

#define OK(value) "{\"return\": " value ", \"id\": @ID@}"
#define KEY(name, down)                                                                            \
	"{\"type\":\"key\",\"data\":{\"down\":" down                                               \
	",\"key\":{\"type\":\"qcode\",\"data\":\"" name "\"}}}"
#define PRESSED(name)                                                                              \
	"< \"events\":[" KEY(name, "true") "," KEY(name, "false") "]}", OK("{}"),                  \
		"< \"i /xb 0x64\"", OK("\"portb[0x0064] = 0x1c\\r\\n\"")

static struct image_entry entries[] = {
	{ ENTRY_LOCAL, "local", "Boot locally", "" },
	{ ENTRY_MEMTEST, "memtest", "Test the memory", "" },
	{ ENTRY_RESCUE, "rescue", "Rescue – with one dash that no menu shows", "ro console=ttyS0" },
	{ ENTRY_RESCUE, "quiet", "Rescue, silent", "ro" },
};

static struct image image = { .init = "systemd",
			      .hostname = "x",
			      .locale = "C.UTF-8",
			      .entry = entries,
			      .entry_count = ARRAY_SIZE(entries) };

/* Shows that menu on the serial line, as GRUB does, and lets the client look at it once. */
static int look_at(enum client_firmware firmware, const struct image_entry *entry, const char *menu,
		   const char *const *part, unsigned *ret_step)
{
	CLEANUP(err_release) struct err err = { 0 };
	const struct client_options o = { .firmware = firmware, .image = &image, .entry = entry };
	struct client c = { .options = &o, .machine = MACHINE_INIT };
	int r;

	text_add(&c.machine.console.text, menu);
	c.machine.qmp = qemu_begin(part);
	r = step_menu(&c, &err);
	*ret_step = c.step;
	qemu_end(c.machine.qmp);
	text_release(&c.machine.console.text);
	return r;
}

#define MENU "Boot locally\nTest the memory\nRescue ? with one dash that no menu shows\n"
#define SILENT "Rescue, silent\n"

static void goes_to_the_entry(void **state)
{
	static const char *const third[] = { QEMU_BEGIN,      PRESSED("home"), PRESSED("down"),
					     PRESSED("down"), PRESSED("ret"),  NULL };
	static const char *const second[] = { QEMU_BEGIN, PRESSED("home"), PRESSED("down"),
					      PRESSED("ret"), NULL };
	static const char *const first[] = { QEMU_BEGIN, PRESSED("home"), PRESSED("ret"), NULL };
	unsigned step;

	(void)state;
	assert_int_equal(look_at(CLIENT_UEFI, &entries[2], MENU SILENT, third, &step), 1);
	/* GRUB hides the memory test there, so all behind it is one line higher. */
	assert_int_equal(look_at(CLIENT_SECUREBOOT, &entries[2],
				 "Boot locally\nRescue ? with one dash that no menu shows\n" SILENT,
				 second, &step),
			 1);
	assert_int_equal(look_at(CLIENT_UEFI, &entries[0], MENU SILENT, first, &step), 1);
}

static void waits_for_all_of_the_menu(void **state)
{
	static const char *const nothing[] = { QEMU_BEGIN, NULL };
	unsigned step = 9;

	(void)state;
	assert_int_equal(look_at(CLIENT_UEFI, &entries[2], "", nothing, &step), 0);
	assert_int_equal(look_at(CLIENT_UEFI, &entries[2], MENU, nothing, &step), 0);
	assert_int_equal(step, 0);
}

/* An entry that says nothing on the serial line is edited first. */
static void edits_silent_entries(void **state)
{
	static const char *const part[] = { QEMU_BEGIN,
					    PRESSED("home"),
					    PRESSED("down"),
					    PRESSED("down"),
					    PRESSED("down"),
					    PRESSED("e"),
					    NULL };
	unsigned step = 0;

	(void)state;
	assert_int_equal(look_at(CLIENT_UEFI, &entries[3], MENU SILENT, part, &step), 0);
	assert_int_equal(step, 1);
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* Only these may be shut in when QEMU itself is the network: for the root they need the host. */
static void boots_that_need_no_root(void **state)
{
	(void)state;
	assert_true(client_ends_before_root("firmware"));
	assert_true(client_ends_before_root("menu"));
	assert_true(client_ends_before_root("initramfs"));
	assert_false(client_ends_before_root("NFS root"));
	assert_false(client_ends_before_root("login"));
	assert_false(client_ends_before_root("end"));
}

/* A machine that sends for ever: its capture ends, once, and the boot goes on. */
static void ends_a_capture_at_its_limit(void **state)
{
	static const char *const part[] = {
		QEMU_BEGIN, "< \"object-del\",\"id\":2,\"arguments\":{\"id\":\"capture\"}",
		OK("{}"), NULL
	};
	cleanup_free char *path = xasprintf("%s/client1.pcap", scratch_path);
	CLEANUP(err_release) struct err err = { 0 };
	struct client c = { .number = 1, .machine = MACHINE_INIT };

	(void)state;
	log_set_level(LOG_QUIET);
	c.capture = capture_new(path);
	c.machine.qmp = qemu_begin(part);
	assert_int_equal(client_limit_capture(&c, &err), 0);
	scratch_file("client1.pcap", "");
	assert_int_equal(truncate(path, (off_t)1 << 30), 0);
	assert_int_equal(client_limit_capture(&c, &err), 0);
	assert_false(c.capture_ended);
	assert_int_equal(truncate(path, ((off_t)1 << 30) + 1), 0);
	assert_int_equal(client_limit_capture(&c, &err), 0);
	assert_true(c.capture_ended);
	assert_int_equal(client_limit_capture(&c, &err), 0);
	capture_free(c.capture);
	qemu_end(c.machine.qmp);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_tell_how_far_it_is),
		cmocka_unit_test(addresses_are_told_apart),
		cmocka_unit_test(others_do_not_count),
		cmocka_unit_test(missing_files),
		cmocka_unit_test(mounts),
		cmocka_unit_test(no_version_3),
		cmocka_unit_test(initramfs_of_another_kernel),
		cmocka_unit_test(a_panic_and_its_cause),
		cmocka_unit_test(refusals),
		cmocka_unit_test(goes_to_the_entry),
		cmocka_unit_test(waits_for_all_of_the_menu),
		cmocka_unit_test(edits_silent_entries),
		cmocka_unit_test(boots_that_need_no_root),
		cmocka_unit_test_setup_teardown(ends_a_capture_at_its_limit, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
