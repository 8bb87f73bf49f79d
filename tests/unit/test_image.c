/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/memory.h"
#include "base/text.h"
#include "lab/image.h"

/* As the manifest of a built image, with nothing that the lab does not read. */
#define SETTINGS                                                                                   \
	"\"settings\": {\"hostname\": \"rescue\", \"init\": \"systemd\", "                         \
	"\"default-locale\": \"de_DE.UTF-8\", \"autologin\": [\"tty1\", \"ttyS0\"], "              \
	"\"nfs-path\": \"/srv/pxe/x\"}"
#define SERVER                                                                                     \
	"\"server\": {\"address\": \"192.168.1.1\", \"netmask\": \"255.255.255.0\", "              \
	"\"interface\": \"eth0\", \"tftp-root\": \"/srv/pxe/tftp\"}"
#define MENU                                                                                       \
	"\"menu\": {\"entries\": [{\"kind\": \"local\", \"label\": \"disk\", \"title\": "          \
	"\"Disk\"}, {\"kind\": \"memtest\", \"label\": \"mt\", \"title\": \"Memory\"}, "           \
	"{\"kind\": \"rescue\", \"label\": \"r\", \"title\": \"Rescue\", \"append\": \"ro\"}]}"
#define NAMES "\"recipe\": \"x\", \"version\": \"v1\", \"kernel\": \"6.1\""
#define WHOLE "{\"format\": 1, " NAMES ", " SETTINGS ", " SERVER ", " MENU

static void reads_a_manifest(void **state)
{
	CLEANUP(image_release) struct image i = IMAGE_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = -1;

	(void)state;
	scratch_file("manifest.json", WHOLE ", \"firmware\": [\"bios\", \"uefi\"]}");
	assert_int_equal(image_open(scratch_path, &i, &err), 0);
	assert_string_equal(i.recipe, "x");
	assert_string_equal(i.version, "v1");
	assert_string_equal(i.kernel, "6.1");
	assert_string_equal(i.hostname, "rescue");
	assert_string_equal(i.init, "systemd");
	assert_string_equal(i.locale, "de_DE.UTF-8");
	assert_string_equal(i.nfs_path, "/srv/pxe/x");
	assert_string_equal(i.address, "192.168.1.1");
	assert_string_equal(i.tftp_root, "/srv/pxe/tftp");
	assert_true(i.tty1 && i.uefi);
	assert_int_equal(i.entry_count, 3);
	assert_int_equal(i.entry[0].kind, ENTRY_LOCAL);
	assert_string_equal(i.entry[0].append, "");
	assert_int_equal(i.entry[1].kind, ENTRY_MEMTEST);
	assert_int_equal(i.entry[2].kind, ENTRY_RESCUE);
	assert_string_equal(i.entry[2].append, "ro");
	assert_int_equal(image_open_file(&i, "manifest.json", &fd, &err), 0);
	assert_true(fd >= 0);
}

/* A file server of the lab's own has no entries that start it, and logs nobody in. */
static void needs_no_menu(void **state)
{
	CLEANUP(image_release) struct image i = IMAGE_INIT;
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	scratch_file("manifest.json",
		     "{\"format\": 1, " NAMES ", \"settings\": {\"hostname\": \"x\", "
		     "\"init\": \"sysvinit\", \"nfs-path\": \"/x\", "
		     "\"autologin\": [\"ttyS0\"]}, " SERVER "}");
	assert_int_equal(image_open(scratch_path, &i, &err), 0);
	assert_int_equal(i.entry_count, 0);
	assert_false(i.tty1 || i.uefi);
	assert_null(i.locale);
}

static void assert_refused(const char *what)
{
	CLEANUP(image_release) struct image i = IMAGE_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *words = xasprintf("is not what this netrescue writes: %s", what);

	assert_true(image_open(scratch_path, &i, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, words));
	assert_string_equal(err.hint, "build the image again");
	assert_int_equal(i.fd, -1);
}

static void refuses_others(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"format\": 2, " NAMES ", " SETTINGS ", " SERVER "}",
		"{\"format\": \"1\", " NAMES ", " SETTINGS ", " SERVER "}",
		"{\"format\": 1, \"recipe\": \"x\", " SETTINGS ", " SERVER "}",
		"{\"format\": 1, " NAMES ", " SERVER "}",
		"{\"format\": 1, " NAMES ", " SETTINGS "}",
		"{\"format\": 1, " NAMES ", " SETTINGS ", \"server\": []}",
		"{\"format\": 1, " NAMES ", " SETTINGS ", " SERVER
		", \"menu\": {\"entries\": [{\"kind\": \"other\", \"label\": \"a\", "
		"\"title\": \"b\"}]}}",
		"{\"format\": 1, " NAMES ", " SETTINGS ", " SERVER
		", \"menu\": {\"entries\": [{\"kind\": \"rescue\", \"title\": \"b\"}]}}",
		"{\"format\": 1, " NAMES ", " SETTINGS ", " SERVER
		", \"menu\": {\"entries\": [\"rescue\"]}}",
		"[]",
	};

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(bad); n++) {
		scratch_file("manifest.json", bad[n]);
		assert_refused("");
	}
}

/* Values become paths, arguments, words of command lines: whoever forges them gets no further. */
static void refuses_what_no_build_writes(void **state)
{
	static const struct {
		const char *from, *to, *what;
	} forged[] = {
		{ "\"recipe\": \"x\"", "\"recipe\": \"../x\"", "recipe" },
		{ "\"recipe\": \"x\"", "\"recipe\": \"latest\"", "recipe" },
		{ "\"version\": \"v1\"", "\"version\": \"../..\"", "version" },
		{ "\"version\": \"v1\"", "\"version\": \"..\"", "version" },
		{ "\"version\": \"v1\"", "\"version\": \"\"", "version" },
		{ "\"version\": \"v1\"", "\"version\": \"v\\u001b[2J\"", "version" },
		{ "\"version\": \"v1\"", "\"version\": \"v\\u202e1\"", "version" },
		{ "\"kernel\": \"6.1\"", "\"kernel\": \"6.1 init=/x\"", "kernel" },
		{ "\"hostname\": \"rescue\"", "\"hostname\": \"r'; reboot; '\"",
		  "settings.hostname" },
		{ "\"init\": \"systemd\"", "\"init\": \"runit\"", "settings.init" },
		{ "\"de_DE.UTF-8\"", "\"de'$(reboot)'\"", "settings.default-locale" },
		{ "\"/srv/pxe/x\"", "\"/srv/pxe/x' -delete -o -name 'x\"", "settings.nfs-path" },
		{ "\"/srv/pxe/x\"", "\"/srv/../etc\"", "settings.nfs-path" },
		{ "\"192.168.1.1\"", "\"192.168.1.1/24 init=/bin/sh\"", "server.address" },
		{ "\"255.255.255.0\"", "\"24\"", "server.netmask" },
		{ "\"eth0\"", "\"eth0 init=/x\"", "server.interface" },
		{ "\"/srv/pxe/tftp\"", "\"/srv/pxe/tftp lab.root=/\"", "server.tftp-root" },
		{ "\"r\", \"title\"", "\"r\\n\", \"title\"", "menu" },
		{ "\"Rescue\"", "\"Res\\u009bcue\"", "menu" },
		{ "\"append\": \"ro\"", "\"append\": \"ro'; reboot; '\"", "menu" },
		{ "\"append\": \"ro\"", "\"append\": \"ro\\u0007\"", "menu" },
		{ "\"kernel\": ", "\"rootfs\": {\"tar-size\": -1}, \"kernel\": ",
		  "rootfs.tar-size" },
		{ "\"kernel\": ", "\"rootfs\": {\"tar-size\": 9000000000000000000}, \"kernel\": ",
		  "rootfs.tar-size" },
	};

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(forged); n++) {
		static const char whole[] = WHOLE "}";
		const char *place = strstr(whole, forged[n].from);
		cleanup_free char *manifest = NULL;

		assert_non_null(place);
		manifest = xasprintf("%.*s%s%s", (int)(place - whole), whole, forged[n].to,
				     place + strlen(forged[n].from));
		scratch_file("manifest.json", manifest);
		assert_refused(forged[n].what);
	}
}

static void refuses_endless_menus(void **state)
{
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	text_add(&t,
		 "{\"format\": 1, " NAMES ", " SETTINGS ", " SERVER ", \"menu\": {\"entries\": [");
	for (int i = 0; i <= 1000; i++)
		text_printf(&t, "%s{\"kind\": \"local\", \"label\": \"x\", \"title\": \"x\"}",
			    i > 0 ? "," : "");
	text_add(&t, "]}}");
	scratch_file("manifest.json", t.data);
	assert_refused("menu");
}

static void assert_no_image(const char *path, const char *message)
{
	CLEANUP(image_release) struct image i = IMAGE_INIT;
	CLEANUP(err_release) struct err err = { 0 };

	assert_true(image_open(path, &i, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, message));
}

static void says_what_is_no_image(void **state)
{
	CLEANUP(image_release) struct image i = IMAGE_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *file = xasprintf("%s/manifest.json", scratch_path);
	int fd = -1;

	(void)state;
	assert_no_image(scratch_path, "is not an image: No such file");
	assert_no_image(file, "is not an image: No such file");
	scratch_file("manifest.json", "{\"format\": 1");
	assert_no_image(file, "is not an image: Not a directory");
	assert_no_image(scratch_path, "manifest.json' is not JSON: line 1: ");
	scratch_file("manifest.json", "{\"format\": 1, \"format\": 1}");
	assert_no_image(scratch_path, "duplicate");

	scratch_file("manifest.json", WHOLE "}");
	assert_int_equal(image_open(scratch_path, &i, &err), 0);
	assert_false(i.uefi);
	assert_true(image_open_file(&i, "rootfs.tar.zst", &fd, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, "rootfs.tar.zst'"));
}

/* Nothing of a file that a link leads to is read, let alone shown in a message. */
static void follows_no_link(void **state)
{
	CLEANUP(image_release) struct image i = IMAGE_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = -1;

	(void)state;
	scratch_file("secret", "password\n");
	assert_int_equal(symlinkat("secret", scratch_fd, "manifest.json"), 0);
	assert_true(image_open(scratch_path, &i, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_null(strstr(err.message, "password"));
	assert_non_null(strstr(err.message, "cannot open 'manifest.json': "));

	assert_int_equal(unlinkat(scratch_fd, "manifest.json", 0), 0);
	scratch_file("manifest.json", WHOLE "}");
	assert_int_equal(image_open(scratch_path, &i, &err), 0);
	assert_int_equal(symlinkat("secret", scratch_fd, "rootfs.tar.zst"), 0);
	assert_true(image_open_file(&i, "rootfs.tar.zst", &fd, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(reads_a_manifest),	     TEST(needs_no_menu),
		TEST(refuses_others),	     TEST(refuses_what_no_build_writes),
		TEST(refuses_endless_menus), TEST(says_what_is_no_image),
		TEST(follows_no_link),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
