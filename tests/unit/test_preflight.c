/* SPDX-License-Identifier: MIT */
/* What is refused before a build begins. */
#include "unit.h"

#include "base/memory.h"
#include "publish/preflight.h"
#include "recipe/recipe-list.h"

struct fixture {
	struct recipe recipe;
	struct lock lock;
};

static const struct {
	const char *name, *version;
} boot_package[] = {
	{ "pxelinux", "6.04" },
	{ "syslinux-common", "6.04" },
	{ "shim-signed", "1.51" },
	{ "shim-helpers-amd64-signed", "16.1" },
	{ "grub-efi-amd64-signed", "2.12" },
	{ "zstd", "1.5.7" },
};

static void add_package(struct fixture *f, const char *name, const char *version,
			enum package_role role)
{
	struct package *p = packages_add(&f->lock.packages);

	*p = (struct package){ .name = xstrdup(name),
			       .version = xstrdup(version),
			       .architecture = xstrdup("amd64"),
			       .suite = xstrdup("trixie"),
			       .component = xstrdup("main"),
			       .path = xstrdup("pool/x.deb"),
			       .repository = xstrdup(""),
			       .role = role };
}

static void add_boot_package(struct fixture *f, const char *name, const char *version)
{
	add_package(f, name, version, ROLE_BOOT);
	recipe_list_add(&f->recipe.boot_packages, name, &(struct position){ 0 });
}

/* A recipe that boots by BIOS and UEFI, and a lock with all that it takes. */
static void fill(struct fixture *f)
{
	*f = (struct fixture){ 0 };
	f->recipe.name = xstrdup("demo");
	f->recipe.kernel = xstrdup("linux-image-amd64");
	f->recipe.initramfs.compress = xstrdup("xz");
	f->recipe.menu.title = xstrdup("Demo");
	f->recipe.menu.entry = xcalloc(1, sizeof(struct recipe_menu_entry));
	f->recipe.menu.entry[0] = (struct recipe_menu_entry){ .kind = MENU_RESCUE,
							      .label = xstrdup("rescue"),
							      .title = xstrdup("Rescue"),
							      .append = xstrdup("") };
	f->recipe.menu.entry_count = 1;
	f->recipe.nfs.path = xstrdup("/srv/pxe/demo");
	f->recipe.nfs.overlay_size = xstrdup("50%");
	memset(f->lock.digest, 'b', DIGEST_HEX - 1);
	for (size_t i = 0; i < ARRAY_SIZE(boot_package); i++)
		add_boot_package(f, boot_package[i].name, boot_package[i].version);
	add_package(f, "initramfs-tools", "0.148", ROLE_IMAGE);
	packages_sort(&f->lock.packages);
}

static void fixture_release(struct fixture *f)
{
	recipe_release(&f->recipe);
	lock_release(&f->lock);
}

static struct package *find(struct fixture *f, const char *name)
{
	for (size_t i = 0; i < f->lock.packages.count; i++)
		if (streq(f->lock.packages.item[i].name, name))
			return &f->lock.packages.item[i];
	fail_msg("no package '%s'", name);
	abort();
}

static void assert_refused(const struct fixture *f, const char *message, const char *hint)
{
	CLEANUP(err_release) struct err err = { 0 };

	assert_true(preflight_check(&f->recipe, &f->lock, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, message));
	if (hint)
		assert_non_null(strstr(err.hint, hint));
}

static void a_whole_lock_passes(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;

	(void)state;
	fill(&f);
	assert_int_equal(preflight_check(&f.recipe, &f.lock, &err), 0);
}

static void missing_boot_packages_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(boot_package); i++) {
		CLEANUP(fixture_release) struct fixture f;

		fill(&f);
		find(&f, boot_package[i].name)->name[0] = '-';
		packages_sort(&f.lock.packages);
		assert_refused(&f, boot_package[i].name, "boot-packages");
	}
}

static void a_menu_without_a_loader_is_refused(void **state)
{
	CLEANUP(fixture_release) struct fixture f;

	(void)state;
	fill(&f);
	recipe_list_release(&f.recipe.boot_packages);
	assert_refused(&f, "no boot loader", "pxelinux");
}

static void loader_and_modules_must_be_of_one_build(void **state)
{
	CLEANUP(fixture_release) struct fixture f;

	(void)state;
	fill(&f);
	find(&f, "pxelinux")->version[0] = '5';
	assert_refused(&f, "not of one build", NULL);
}

static void two_entries_of_one_label_are_refused(void **state)
{
	CLEANUP(fixture_release) struct fixture f;

	(void)state;
	fill(&f);
	f.recipe.menu.entry = xreallocarray(f.recipe.menu.entry, 2, sizeof(*f.recipe.menu.entry));
	f.recipe.menu.entry[1] = (struct recipe_menu_entry){ .kind = MENU_LOCAL,
							     .label = xstrdup("rescue"),
							     .title = xstrdup("Disk"),
							     .append = xstrdup("") };
	f.recipe.menu.entry_count = 2;
	assert_refused(&f, "the same label", NULL);
}

static void initramfs_tools_must_be_there(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;

	(void)state;
	fill(&f);
	find(&f, "initramfs-tools")->role = ROLE_BOOT;
	assert_refused(&f, "initramfs-tools needs the package 'initramfs-tools'", "to packages");
	add_package(&f, "dracut", "112", ROLE_IMAGE);
	packages_sort(&f.lock.packages);
	assert_refused(&f, "'initramfs-tools'", "write 'initramfs: {generator: dracut}'");
	f.recipe.kernel[0] = '\0';
	f.recipe.menu.entry_count = 0;
	assert_int_equal(preflight_check(&f.recipe, &f.lock, &err), 0);
	f.recipe.menu.entry_count = 1; /* for the release */
}

static void all_that_dracut_needs_must_be_there(void **state)
{
	static const char *const needed[] = { "dracut",	  "dracut-network", "nfs-common",
					      "iproute2", "netbase",	    "xz-utils" };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;

	(void)state;
	fill(&f);
	f.recipe.initramfs.generator = INITRAMFS_DRACUT;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		cleanup_free char *message = xasprintf("dracut needs the package '%s'", needed[i]);

		assert_refused(&f, message, needed[i]);
		add_package(&f, needed[i], "1", ROLE_IMAGE);
		packages_sort(&f.lock.packages);
	}
	assert_int_equal(preflight_check(&f.recipe, &f.lock, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_lock_passes),
		cmocka_unit_test(missing_boot_packages_are_named),
		cmocka_unit_test(a_menu_without_a_loader_is_refused),
		cmocka_unit_test(loader_and_modules_must_be_of_one_build),
		cmocka_unit_test(two_entries_of_one_label_are_refused),
		cmocka_unit_test(initramfs_tools_must_be_there),
		cmocka_unit_test(all_that_dracut_needs_must_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
