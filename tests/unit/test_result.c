/* SPDX-License-Identifier: MIT */
/* out/RECIPE/VERSION: whole or not at all, the same bytes or an error. */
#include "unit.h"

#include <errno.h>
#include <sys/file.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"
#include "publish/menu.h"
#include "recipe/recipe-list.h"
#include "publish/result-files.h"

#define EPOCH 1787976000

struct fixture {
	struct recipe recipe;
	struct lock lock;
	struct store *store;
	char *out;
	char *directory; /* out/RECIPE/VERSION, relative to the scratch directory */
};

static void add_package(struct lock *lock, const char *name, const char *version)
{
	struct package *p = packages_add(&lock->packages);

	*p = (struct package){ .name = xstrdup(name),
			       .version = xstrdup(version),
			       .architecture = xstrdup("amd64"),
			       .suite = xstrdup("trixie"),
			       .component = xstrdup("main"),
			       .path = xstrdup("pool/x.deb"),
			       .repository = xstrdup(""),
			       .size = 1,
			       .role = ROLE_BOOT };
	memset(p->sha256, 'a', DIGEST_HEX - 1);
}

static void add_boot_package(struct fixture *f, const char *name, const char *version)
{
	recipe_list_add(&f->recipe.boot_packages, name, &(struct position){ 0 });
	add_package(&f->lock, name, version);
}

static void fill(struct fixture *f)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *version = NULL, *text = NULL;
	cleanup_free char *store = xasprintf("%s/store", scratch_path);

	memset(f, 0, sizeof(*f));
	assert_int_equal(store_open(store, &f->store, &err), 0);
	f->recipe.name = xstrdup("demo");
	f->recipe.title = xstrdup("Demo");
	f->recipe.kernel = xstrdup("linux-image-amd64");
	f->recipe.menu.title = xstrdup("Demo");
	f->recipe.menu.timeout = 300;
	f->recipe.menu.entry = xcalloc(1, sizeof(struct recipe_menu_entry));
	f->recipe.menu.entry[0] = (struct recipe_menu_entry){ .kind = MENU_RESCUE,
							      .label = xstrdup("rescue"),
							      .title = xstrdup("Rescue"),
							      .append = xstrdup("") };
	f->recipe.menu.entry_count = 1;
	f->recipe.nfs.path = xstrdup("/srv/pxe/demo");
	f->recipe.nfs.overlay_size = xstrdup("50%");
	f->recipe.menu.default_entry = xstrdup("rescue");
	f->recipe.server.address = xstrdup("192.168.1.1");
	f->recipe.server.subnet = xstrdup("192.168.1.0");
	f->recipe.server.netmask = xstrdup("255.255.255.0");
	f->recipe.server.tftp_root = xstrdup("/srv/pxe/tftp");
	f->lock.recipe_name = xstrdup("demo");
	f->lock.suite = xstrdup("trixie");
	f->lock.architecture = xstrdup("amd64");
	f->lock.source_date_epoch = EPOCH;
	f->lock.bytes_epoch = BYTES_EPOCH;
	memset(f->lock.recipe_digest, 'c', DIGEST_HEX - 1);
	add_boot_package(f, "pxelinux", "6.04");
	add_boot_package(f, "syslinux-common", "6.04");
	add_boot_package(f, "shim-signed", "1.51");
	add_boot_package(f, "shim-helpers-amd64-signed", "16.1");
	add_boot_package(f, "grub-efi-amd64-signed", "2.12");
	add_package(&f->lock, "zstd", "1.5.7");
	packages_sort(&f->lock.packages);
	text = lock_text(&f->lock);
	digest_bytes(text, strlen(text), f->lock.digest);
	f->out = xasprintf("%s/out", scratch_path);
	version = lock_version(&f->lock);
	f->directory = xasprintf("out/demo/%s", version);
}

static void fixture_release(struct fixture *f)
{
	recipe_release(&f->recipe);
	lock_release(&f->lock);
	store_free(f->store);
	free(f->out);
	free(f->directory);
}

static int begin(struct fixture *f, struct result *res, struct err *err)
{
	return result_begin(f->store, &f->recipe, &f->lock, NULL, f->out, res, err);
}

/* A result whose only files are the ones given, committed. */
static int build(struct fixture *f, const char *content, bool *ret_up_to_date, struct err *err)
{
	CLEANUP(result_release) struct result res = RESULT_INIT;
	struct rootfs rootfs = { 0 };
	cleanup_free char *path = NULL, *expected = NULL;
	int r;

	assert_int_equal(begin(f, &res, err), 0);
	assert_int_equal(result_write(&res, "tftp/kernel/x", content, strlen(content), err), 0);
	assert_int_equal(result_add_menu(&res, err), 0);
	assert_int_equal(result_add_server(&res, err), 0);
	assert_int_equal(result_add_manifest(&res, &rootfs, err), 0);
	assert_int_equal(result_add_sums(&res, err), 0);
	assert_int_equal(result_add_provenance(&res, content, &(struct strv){ 0 }, err), 0);
	r = result_commit(&res, &path, err);
	if (r < 0)
		return r;
	expected = xasprintf("%s/%s", scratch_path, f->directory);
	assert_string_equal(path, expected);
	*ret_up_to_date = res.up_to_date;
	return 0;
}

static int count_entry(const struct walk_entry *e, void *data, struct err *err)
{
	(void)e;
	(void)err;
	++*(unsigned *)data;
	return 0;
}

static unsigned count_below(const char *path)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = openat(scratch_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned n = 0;

	assert_true(fd >= 0);
	assert_int_equal(walk_tree(fd, count_entry, &n, &err), 0);
	return n;
}

static bool exists(const char *path)
{
	struct stat st;

	return fstatat(scratch_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void assert_link(const char *path, const char *target)
{
	char buffer[256] = "";

	assert_true(readlinkat(scratch_fd, path, buffer, sizeof(buffer) - 1) > 0);
	assert_string_equal(buffer, target);
}

static int check_finished(const struct walk_entry *e, void *data, struct err *err)
{
	(void)data;
	(void)err;
	assert_int_equal(e->st->st_mtim.tv_sec, EPOCH);
	assert_int_equal(e->st->st_mtim.tv_nsec, 0);
	if (S_ISDIR(e->st->st_mode))
		assert_int_equal(e->st->st_mode & 07777, 0750);
	else if (S_ISREG(e->st->st_mode))
		assert_int_equal(e->st->st_mode & 07777, 0640);
	return 0;
}

static void modes_obey_the_umask_and_times_the_lock(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	cleanup_fd int fd = -1;
	struct stat st;
	bool up_to_date;
	mode_t old = umask(0027);

	(void)state;
	fill(&f);
	assert_int_equal(build(&f, "one", &up_to_date, &err), 0);
	umask(old);
	assert_false(up_to_date);
	assert_int_equal(open_dir(scratch_fd, f.directory, &fd, &err), 0);
	assert_int_equal(walk_tree(fd, check_finished, NULL, &err), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(st.st_mtim.tv_sec, EPOCH);
}

static void sums_name_every_file_but_provenance(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	CLEANUP(text_release) struct text sums = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 }, paths = { 0 };
	cleanup_fd int fd = -1;
	bool up_to_date;
	char *version;

	(void)state;
	fill(&f);
	assert_int_equal(build(&f, "one", &up_to_date, &err), 0);
	assert_int_equal(open_dir(scratch_fd, f.directory, &fd, &err), 0);
	assert_int_equal(read_file(fd, "SHA256SUMS", 1 << 20, &sums, &err), 0);
	strv_split(&lines, sums.data, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		cleanup_fd int file = openat(fd, lines.item[i] + 66, O_RDONLY | O_CLOEXEC);
		char hex[DIGEST_HEX];

		assert_true(file >= 0);
		assert_int_equal(digest_fd(file, hex, &err), 0);
		assert_memory_equal(lines.item[i], hex, 64);
		assert_memory_equal(lines.item[i] + 64, "  ", 2);
		strv_add(&paths, lines.item[i] + 66);
	}
	strv_sort(&paths);
	version = strrchr(f.directory, '/') + 1;
	cleanup_free char *grub = xasprintf("tftp/menu/%s/grub.cfg", version);
	cleanup_free char *menu = xasprintf("tftp/menu/%s/pxelinux.cfg/default", version);
	const char *const expected[] = { "demo.lock",
					 "manifest.json",
					 "server/README",
					 "server/dhcpd.conf",
					 "server/exports",
					 "server/tftpd-hpa",
					 "tftp/kernel/x",
					 grub,
					 menu };

	assert_int_equal(paths.count, 9);
	for (size_t i = 0; i < 9; i++) {
		assert_string_equal(paths.item[i], expected[i]);
		assert_string_equal(lines.item[i] + 66, expected[i]);
	}
	assert_true(exists("out/demo/latest/provenance.json"));
}

static void the_same_bytes_again_are_up_to_date(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	struct stat before, after;
	bool up_to_date;
	unsigned n;

	(void)state;
	fill(&f);
	assert_int_equal(build(&f, "one", &up_to_date, &err), 0);
	n = count_below("out");
	assert_int_equal(fstatat(scratch_fd, f.directory, &before, 0), 0);
	assert_int_equal(unlinkat(scratch_fd, "out/demo/latest", 0), 0);
	assert_int_equal(build(&f, "one", &up_to_date, &err), 0);
	assert_true(up_to_date);
	assert_int_equal(count_below("out"), n);
	assert_int_equal(fstatat(scratch_fd, f.directory, &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_link("out/demo/latest", strrchr(f.directory, '/') + 1);
}

static void other_bytes_are_an_error_and_both_stay(void **state)
{
	CLEANUP(err_release) struct err err = { 0 }, again = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	cleanup_free char *differs = NULL, *file = NULL;
	CLEANUP(text_release) struct text content = { 0 };
	bool up_to_date;

	(void)state;
	fill(&f);
	differs = xasprintf("%s.differs", f.directory);
	file = xasprintf("%s/tftp/kernel/x", f.directory);
	assert_int_equal(build(&f, "one", &up_to_date, &err), 0);
	assert_true(build(&f, "two", &up_to_date, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	assert_non_null(strstr(err.message, "not reproducible: 'tftp/kernel/x' differs"));
	assert_non_null(err.hint);
	assert_true(exists(differs));
	assert_int_equal(read_file(scratch_fd, file, 100, &content, &again), 0);
	assert_string_equal(content.data, "one");
	assert_true(build(&f, "three", &up_to_date, &again) < 0);
	assert_int_equal(count_below("out/demo"), 2 * count_below(f.directory) + 3);
}

static void a_damaged_old_result_is_not_called_irreproducible(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	cleanup_free char *file = NULL;
	bool up_to_date;

	(void)state;
	fill(&f);
	assert_int_equal(build(&f, "one", &up_to_date, &err), 0);
	file = xasprintf("%s/tftp/kernel/x", f.directory);
	scratch_file(file, "bad");
	assert_true(build(&f, "one", &up_to_date, &err) < 0);
	assert_non_null(strstr(err.message, "was changed after it was built"));
	assert_null(strstr(err.message, "not reproducible"));
	err_release(&err);
	assert_int_equal(unlinkat(scratch_fd, file, 0), 0);
	assert_true(build(&f, "one", &up_to_date, &err) < 0);
	assert_non_null(strstr(err.message, "was changed after it was built"));
}

static bool is_reused(struct fixture *f)
{
	CLEANUP(result_release) struct result res = RESULT_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = NULL;

	assert_int_equal(begin(f, &res, &err), 0);
	assert_int_equal(result_reuse(&res, &path, &err), 0);
	assert_true(res.up_to_date == (path != NULL));
	return path != NULL;
}

static void only_a_whole_result_is_used_again(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	cleanup_free char *file = NULL, *sums = NULL, *more = NULL, *link = NULL;
	bool up_to_date;

	(void)state;
	fill(&f);
	assert_false(is_reused(&f));
	assert_int_equal(build(&f, "one", &up_to_date, &err), 0);
	assert_true(is_reused(&f));
	file = xasprintf("%s/tftp/kernel/x", f.directory);
	scratch_file(file, "two");
	assert_false(is_reused(&f));
	scratch_file(file, "one");
	assert_true(is_reused(&f));
	assert_int_equal(unlinkat(scratch_fd, file, 0), 0);
	assert_false(is_reused(&f));
	scratch_file(file, "one");
	more = xasprintf("%s/tftp/more", f.directory);
	scratch_file(more, "not listed");
	assert_false(is_reused(&f));
	assert_int_equal(unlinkat(scratch_fd, more, 0), 0);
	assert_true(is_reused(&f));
	assert_int_equal(symlinkat("kernel", scratch_fd, more), 0);
	assert_false(is_reused(&f));
	assert_int_equal(unlinkat(scratch_fd, more, 0), 0);
	link = xasprintf("%s/tftp/menu/current", f.directory);
	assert_int_equal(unlinkat(scratch_fd, link, 0), 0);
	assert_false(is_reused(&f));
	assert_int_equal(symlinkat("/elsewhere", scratch_fd, link), 0);
	assert_false(is_reused(&f));
	assert_int_equal(unlinkat(scratch_fd, link, 0), 0);
	assert_int_equal(symlinkat(strrchr(f.directory, '/') + 1, scratch_fd, link), 0);
	assert_true(is_reused(&f));
	sums = xasprintf("%s/SHA256SUMS", f.directory);
	scratch_file(sums, "");
	assert_false(is_reused(&f));
	assert_int_equal(unlinkat(scratch_fd, sums, 0), 0);
	assert_false(is_reused(&f));
}

/* One that agrees with itself may be anybody's, if out/ is. It is compared with what is built. */
static void only_a_result_built_here_is_used_again(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	cleanup_free char *elsewhere = xasprintf("%s/elsewhere", scratch_path);
	cleanup_free char *here = xstrdup(getenv("XDG_STATE_HOME"));
	bool up_to_date;

	(void)state;
	fill(&f);
	assert_int_equal(build(&f, "one", &up_to_date, &err), 0);
	assert_true(is_reused(&f));
	(void)setenv("XDG_STATE_HOME", elsewhere, 1);
	store_free(take_ptr(f.store));
	cleanup_free char *store = xasprintf("%s/store", scratch_path);
	assert_int_equal(store_open(store, &f.store, &err), 0);
	assert_false(is_reused(&f));
	assert_true(build(&f, "two", &up_to_date, &err) < 0);
	err_release(&err);
	assert_false(is_reused(&f));
	assert_int_equal(build(&f, "one", &up_to_date, &err), 0);
	assert_true(up_to_date);
	assert_true(is_reused(&f));
	(void)setenv("XDG_STATE_HOME", here, 1);
	store_free(take_ptr(f.store));
	assert_int_equal(store_open(store, &f.store, &err), 0);
	assert_false(is_reused(&f));
}

static void directories_in_use_stay(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	struct result res = RESULT_INIT;
	cleanup_fd int other = -1;

	(void)state;
	fill(&f);
	assert_int_equal(begin(&f, &res, &err), 0);
	other = openat(scratch_fd, "out/demo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	result_release(&res);
	assert_true(exists("out/demo"));
}

static void an_unfinished_result_leaves_nothing(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	struct result res = RESULT_INIT;

	(void)state;
	fill(&f);
	assert_int_equal(begin(&f, &res, &err), 0);
	assert_int_equal(result_write(&res, "a/b/c", "x", 1, &err), 0);
	assert_true(exists("out/demo"));
	result_release(&res);
	assert_false(exists("out"));
	assert_int_equal(mkdirat(scratch_fd, "out", 0755), 0);
	assert_int_equal(begin(&f, &res, &err), 0);
	result_release(&res);
	assert_true(exists("out"));
	assert_false(exists("out/demo"));
}

static void what_a_killed_build_left_goes_and_a_running_one_stays(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	CLEANUP(result_release) struct result running = RESULT_INIT, res = RESULT_INIT;
	cleanup_free char *path = NULL;

	(void)state;
	fill(&f);
	assert_int_equal(make_dirs(scratch_fd, "out/demo/.new-dead/tftp", 0755, &err), 0);
	scratch_file("out/demo/.new-dead/tftp/x", "x");
	assert_int_equal(begin(&f, &running, &err), 0);
	assert_false(exists("out/demo/.new-dead"));
	path = xasprintf("out/demo/%s", running.temporary);
	assert_int_equal(begin(&f, &res, &err), 0);
	assert_true(exists(path));
	assert_string_not_equal(res.temporary, running.temporary);
}

static void an_unusable_out_is_an_error(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(fixture_release) struct fixture f;
	struct result res = RESULT_INIT;

	(void)state;
	fill(&f);
	scratch_file("out", "a file");
	assert_true(begin(&f, &res, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	assert_non_null(strstr(err.message, f.out));
	assert_non_null(strstr(err.hint, "--out"));
}

/* The recipe's own limits leave room, so only a recipe that is made by hand gets there. */
static void limits_of_loader_and_kernel(void **state)
{
	CLEANUP(err_release) struct err err = { 0 }, second = { 0 };
	char append[2048], name[128], path[] = "/srv/x", size[] = "50%", title[] = "X",
				      label[] = "x";
	struct recipe_menu_entry entry = { .kind = MENU_RESCUE, .append = append };
	struct recipe r = { .menu = { .title = title, .entry = &entry, .entry_count = 1 } };
	struct menu m = { 0 };

	(void)state;
	entry.label = label;
	entry.title = title;
	r.name = name;
	r.nfs.path = path;
	r.nfs.overlay_size = size;
	memset(name, 'n', 100);
	name[100] = '\0';
	append[0] = '\0';
	assert_true(menu_describe(&r, "20260829T041900Z-1f3a9c2e", NULL, &m, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, "127 bytes"));
	name[1] = '\0';
	memset(append, 'a', 1850);
	append[1850] = '\0';
	assert_true(menu_describe(&r, "20260829T041900Z-1f3a9c2e", NULL, &m, &second) < 0);
	assert_non_null(strstr(second.message, "command line"));
	assert_non_null(strstr(second.hint, "2047"));
	append[1700] = '\0';
	err_release(&second);
	assert_int_equal(menu_describe(&r, "20260829T041900Z-1f3a9c2e", NULL, &m, &second), 0);
	menu_release(&m);
}

int main(void)
{
#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		SCRATCH(modes_obey_the_umask_and_times_the_lock),
		SCRATCH(sums_name_every_file_but_provenance),
		SCRATCH(the_same_bytes_again_are_up_to_date),
		SCRATCH(other_bytes_are_an_error_and_both_stay),
		SCRATCH(a_damaged_old_result_is_not_called_irreproducible),
		SCRATCH(only_a_whole_result_is_used_again),
		SCRATCH(only_a_result_built_here_is_used_again),
		SCRATCH(directories_in_use_stay),
		SCRATCH(an_unfinished_result_leaves_nothing),
		SCRATCH(what_a_killed_build_left_goes_and_a_running_one_stays),
		SCRATCH(an_unusable_out_is_an_error),
		cmocka_unit_test(limits_of_loader_and_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
