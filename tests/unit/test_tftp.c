/* SPDX-License-Identifier: MIT */
/* The loaders of the TFTP tree come out of boot packages, byte for byte. */
#include "unit.h"

#include "base/child.h"
#include "base/io.h"
#include "base/memory.h"
#include "publish/result.h"
#include "recipe/recipe-list.h"
#include "deb/deb.h"

struct fixture {
	struct store *store;
	struct recipe recipe;
	struct lock lock;
};

static void run(const char *script)
{
	CLEANUP(err_release) struct err err = { 0 };
	const char *const argv[] = { "sh", "-euc", script, "sh", scratch_path, NULL };

	if (child_run(&(struct child_options){ .argv = argv }, 0, NULL, &err) < 0)
		fail_msg("%s", err.message);
}

/* SCRATCH/NAME becomes NAME.deb, the store's and the lock's. */
static void add_package(struct fixture *f, const char *name)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(store_put_release) struct store_put put = { .fd = -1 };
	cleanup_free char *file = xasprintf("%s.deb", name);
	cleanup_free char *script = xasprintf(
		"cd \"$1\"; mkdir -p '%s/DEBIAN'\n"
		"printf 'Package: %s\\nVersion: 1\\nArchitecture: amd64\\n"
		"Maintainer: N <n@example.org>\\nDescription: x\\n' >'%s/DEBIAN/control'\n"
		"dpkg-deb --root-owner-group -Zxz -b '%s' '%s' >/dev/null",
		name, name, name, name, file);
	cleanup_fd int fd = -1;
	struct package *p = packages_add(&f->lock.packages);
	struct stat st;

	recipe_list_add(&f->recipe.boot_packages, name, &(struct position){ 0 });
	run(script);
	fd = openat(scratch_fd, file, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*p = (struct package){ .name = xstrdup(name),
			       .version = xstrdup("1"),
			       .architecture = xstrdup("amd64"),
			       .suite = xstrdup("trixie"),
			       .component = xstrdup("main"),
			       .path = xstrdup(file),
			       .repository = xstrdup(""),
			       .size = (uint64_t)st.st_size,
			       .role = ROLE_BOOT };
	assert_int_equal(store_put_begin(f->store, &put, &err), 0);
	assert_int_equal(copy_fd(fd, put.fd, NULL, &err), 0);
	assert_int_equal(store_put_commit(&put, NULL, p->sha256, &err), 0);
}

static void add_entry(struct recipe *r, enum menu_kind kind, const char *label)
{
	r->menu.entry = xreallocarray(r->menu.entry, r->menu.entry_count + 1,
				      sizeof(struct recipe_menu_entry));
	r->menu.entry[r->menu.entry_count++] = (struct recipe_menu_entry){ .kind = kind,
									   .label = xstrdup(label),
									   .title = xstrdup(label),
									   .append = xstrdup("") };
}

static void fill(struct fixture *f, const char *loaders, bool uefi)
{
	static const char *const efi[] = { "shim-signed", "shim-helpers-amd64-signed",
					   "grub-efi-amd64-signed" };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *store = xasprintf("%s/store", scratch_path);

	memset(f, 0, sizeof(*f));
	assert_int_equal(store_open(store, &f->store, &err), 0);
	f->recipe.name = xstrdup("demo");
	f->recipe.menu.title = xstrdup("Demo");
	f->recipe.menu.default_entry = xstrdup("rescue");
	f->recipe.nfs.path = xstrdup("/srv/pxe/demo");
	f->recipe.nfs.overlay_size = xstrdup("50%");
	add_entry(&f->recipe, MENU_MEMTEST, "memtest");
	add_entry(&f->recipe, MENU_RESCUE, "rescue");
	f->lock.recipe_name = xstrdup("demo");
	f->lock.suite = xstrdup("trixie");
	f->lock.architecture = xstrdup("amd64");
	f->lock.bytes_epoch = BYTES_EPOCH;
	memset(f->lock.digest, 'b', DIGEST_HEX - 1);
	memset(f->lock.recipe_digest, 'c', DIGEST_HEX - 1);
	run("cd \"$1\"; mkdir -p pxelinux/usr/lib/PXELINUX memtest86+/boot zstd"
	    " syslinux-common/usr/lib/syslinux/modules/bios\n"
	    "printf 'core\\0' >pxelinux/usr/lib/PXELINUX/pxelinux.0\n"
	    "echo memtest x64 >memtest86+/boot/memtest86+x64.bin\n"
	    "echo memtest efi >memtest86+/boot/memtest86+x64.efi\n"
	    "mkdir -p shim-signed/usr/lib/shim shim-helpers-amd64-signed/usr/lib/shim"
	    " grub-efi-amd64-signed/usr/lib/grub/x86_64-efi-signed\n"
	    "echo shim >shim-signed/usr/lib/shim/shimx64.efi.signed\n"
	    "echo mok >shim-helpers-amd64-signed/usr/lib/shim/mmx64.efi.signed\n"
	    "cd grub-efi-amd64-signed/usr/lib/grub/x86_64-efi-signed\n"
	    "echo net >grubnetx64.efi.signed; echo disk >grubx64.efi.signed\n");
	run(loaders);
	add_package(f, "memtest86+");
	for (size_t i = 0; uefi && i < 3; i++)
		add_package(f, efi[i]);
	add_package(f, "pxelinux");
	add_package(f, "syslinux-common");
	add_package(f, "zstd");
	packages_sort(&f->lock.packages);
}

static void fixture_release(struct fixture *f)
{
	recipe_release(&f->recipe);
	lock_release(&f->lock);
	store_free(f->store);
}

static int build(struct fixture *f, struct result *res, struct err *err)
{
	cleanup_free char *out = xasprintf("%s/out", scratch_path);

	assert_int_equal(result_begin(f->store, &f->recipe, &f->lock, NULL, out, res, err), 0);
	return result_add_tftp(res, err);
}

static void assert_content(struct result *res, const char *path, const char *data, size_t size)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };

	if (read_file(res->dir_fd, path, 1 << 20, &t, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(t.length, size);
	assert_memory_equal(t.data, data, size);
}

static const char all_modules[] =
	"cd \"$1/syslinux-common/usr/lib/syslinux/modules/bios\"\n"
	"for name in ldlinux libutil menu libcom32; do echo $name >$name.c32; done\n";

static void loaders_are_copied(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	CLEANUP(result_release) struct result res = RESULT_INIT;

	(void)state;
	fill(&f, all_modules, true);
	if (build(&f, &res, &err) < 0)
		fail_msg("%s", err.message);
	assert_content(&res, "tftp/pxelinux.0", "core\0", 5);
	assert_content(&res, "tftp/ldlinux.c32", "ldlinux\n", 8);
	assert_content(&res, "tftp/libutil.c32", "libutil\n", 8);
	assert_content(&res, "tftp/libcom32.c32", "libcom32\n", 9);
	assert_content(&res, "tftp/menu.c32", "menu\n", 5);
	assert_content(&res, "tftp/kernel/memtest86/memtest86", "memtest x64\n", 12);
	assert_content(&res, "tftp/kernel/memtest86/memtest86.efi", "memtest efi\n", 12);
	assert_content(&res, "tftp/efi64/shimx64.efi", "shim\n", 5);
	assert_content(&res, "tftp/efi64/mmx64.efi", "mok\n", 4);
	assert_content(&res, "tftp/efi64/grubx64.efi", "net\n", 4);
}

static void without_shim_there_is_bios_alone(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	CLEANUP(result_release) struct result res = RESULT_INIT;

	(void)state;
	fill(&f, all_modules, false);
	assert_int_equal(build(&f, &res, &err), 0);
	assert_content(&res, "tftp/kernel/memtest86/memtest86", "memtest x64\n", 12);
	assert_int_equal(faccessat(res.dir_fd, "tftp/kernel/memtest86/memtest86.efi", F_OK, 0), -1);
	assert_int_equal(faccessat(res.dir_fd, "tftp/efi64", F_OK, 0), -1);
}

static void a_package_without_the_loader_is_named(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	CLEANUP(result_release) struct result res = RESULT_INIT;

	(void)state;
	fill(&f,
	     "cd \"$1/syslinux-common/usr/lib/syslinux/modules/bios\"\n"
	     "for name in ldlinux menu libcom32; do echo $name >$name.c32; done\n",
	     false);
	assert_true(build(&f, &res, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	assert_non_null(strstr(err.message, "bios/libutil.c32"));
	assert_non_null(strstr(err.message, "'syslinux-common'"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(loaders_are_copied, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(without_shim_there_is_bios_alone, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(a_package_without_the_loader_is_named,
						scratch_setup, scratch_teardown),
	};

	/* The store's plain forms are made by this program, executed again. */
	if (argc == 3 && strcmp(argv[1], "deb-worker") == 0)
		return deb_worker(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
