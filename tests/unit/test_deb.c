/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/progress.h"
#include "deb/deb-rewrite.h"
#include "deb/deb.h"
#include "seed.h"

/* One member of a package under test; content NULL for what has none. */
struct member {
	const char *path;
	unsigned type;
	const char *content; /* of a file; target of a link */
	bool hard;	     /* content is a hard link's target */
	la_int64_t size;     /* if not content's: a file of zeroes */
};

static void write_entry(struct archive *a, const struct member *m)
{
	static const char zeroes[1 << 16];
	struct archive_entry *e = archive_entry_new();
	bool file = m->type == AE_IFREG && !m->hard;
	la_int64_t size = m->size	       ? m->size
			  : file && m->content ? (la_int64_t)strlen(m->content)
					       : 0;

	archive_entry_set_pathname(e, m->path);
	archive_entry_set_perm(e, 04755);
	archive_entry_set_mtime(e, 1000000000, 0);
	archive_entry_set_uname(e, "root");
	archive_entry_set_filetype(e, m->type);
	archive_entry_set_size(e, size);
	if (m->hard)
		archive_entry_set_hardlink(e, m->content);
	else if (m->type == AE_IFLNK)
		archive_entry_set_symlink(e, m->content);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	while (m->size && size > 0) {
		size_t n = size < (la_int64_t)sizeof(zeroes) ? (size_t)size : sizeof(zeroes);

		assert_int_equal(archive_write_data(a, zeroes, n), n);
		size -= (la_int64_t)n;
	}
	if (file && m->content && !m->size)
		assert_int_equal(archive_write_data(a, m->content, (size_t)size), size);
	archive_entry_free(e);
}

/* A tar of the members in the scratch file `name`, compressed by `filter`. */
static void write_tar(const char *name, const struct member *m, int filter)
{
	struct archive *a = archive_write_new();
	int fd = openat(scratch_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	archive_write_set_format_gnutar(a);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	for (; m->path; m++)
		write_entry(a, m);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	(void)close(fd);
}

static void add_file(struct archive *a, const char *name, const char *file, const char *content)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	struct archive_entry *e = archive_entry_new();

	if (content)
		text_add(&t, content);
	else
		assert_int_equal(read_file(scratch_fd, file, (size_t)1 << 30, &t, &err), 0);
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_size(e, (la_int64_t)t.length);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, t.data, t.length), t.length);
	archive_entry_free(e);
}

static const struct member plain_control[] = {
	{ "./", AE_IFDIR, NULL, false, 0 },
	{ "./control", AE_IFREG, "Package: x\nDepends: y\n", false, 0 },
	{ 0 },
};

struct names { /* of the ar members; NULL leaves one out */
	const char *version;
	const char *control;
	const char *data;
};
static const struct names usual = { "debian-binary", "control.tar.gz", "data.tar.xz" };

/* x.deb in the scratch directory; a descriptor that reads it. */
static int make_deb(const struct member *control, const struct member *data,
		    const struct names *names)
{
	struct archive *a = archive_write_new();
	int fd = openat(scratch_fd, "x.deb", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	write_tar("control", control, ARCHIVE_FILTER_GZIP);
	write_tar("data", data, ARCHIVE_FILTER_XZ);
	archive_write_set_format_ar_svr4(a);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	if (names->version)
		add_file(a, names->version, NULL, "2.0\n");
	if (names->control)
		add_file(a, names->control, "control", NULL);
	if (names->data)
		add_file(a, names->data, "data", NULL);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* The error's message, "" if there was none. Caller frees. */
static char *rewrite(int in, uint64_t installed_size)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text control = { 0 };
	cleanup_fd int out = -1;
	cleanup_fd int from = in;

	seed_fd("deb", in);

	out = openat(scratch_fd, "plain.deb", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (deb_rewrite(from, out, installed_size, &control, &err) < 0) {
		assert_int_equal(err.class, ERR_BUILD);
		return take_ptr(err.message);
	}
	return xstrdup("");
}

static char *rewrite_data(const struct member *data)
{
	return rewrite(make_deb(plain_control, data, &usual), 0);
}

#define refuse(why, ...)                                                                           \
	do {                                                                                       \
		const struct member members_[] = { { "./", AE_IFDIR, NULL, false, 0 },             \
						   __VA_ARGS__,                                    \
						   { 0 } };                                        \
		cleanup_free char *said_ = rewrite_data(members_);                                 \
		if (!strstr(said_, why))                                                           \
			fail_msg("said '%s', not '%s'", said_, why);                               \
	} while (0)

static void test_good_package_passes(void **state)
{
	static const struct member data[] = {
		{ "./", AE_IFDIR, NULL, false, 0 },
		{ "./usr/", AE_IFDIR, NULL, false, 0 },
		{ "./usr/bin/", AE_IFDIR, NULL, false, 0 },
		{ "./usr/bin/a", AE_IFREG, "hello", false, 0 },
		{ "./usr/bin/b", AE_IFREG, "./usr/bin/a", true, 0 },
		{ "./usr/bin/c", AE_IFLNK, "../bin/a", false, 0 },
		{ "./usr/bin/d", AE_IFLNK, "/etc/alternatives/d", false, 0 },
		{ "./usr/bin/e..f", AE_IFREG, "", false, 0 },
		{ 0 },
	};
	cleanup_free char *said = rewrite_data(data);
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text out = { 0 };
	cleanup_free char *deb = xasprintf("%s/plain.deb", scratch_path);
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	static const char *const expected[] = { "debian-binary", "control.tar", "data.tar" };

	(void)state;
	assert_string_equal(said, "");
	archive_read_support_format_ar(a);
	assert_int_equal(archive_read_open_filename(a, deb, 10240), ARCHIVE_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(archive_read_next_header(a, &e), ARCHIVE_OK);
		assert_string_equal(archive_entry_pathname(e), expected[i]);
		assert_int_equal(archive_entry_mtime(e), 0);
	}
	assert_int_equal(archive_read_next_header(a, &e), ARCHIVE_EOF);
	archive_read_free(a);
	/* Uncompressed: the content lies there in the clear. */
	assert_int_equal(read_file(AT_FDCWD, deb, 1 << 20, &out, &err), 0);
	assert_non_null(memmem(out.data, out.length, "hello", 5));
	assert_non_null(memmem(out.data, out.length, "Depends: y", 10));
}

static void test_names_that_leave_the_tree(void **state)
{
	(void)state;
	refuse("leads out of the tree", { "../etc/passwd", AE_IFREG, "x", false, 0 });
	refuse("leads out of the tree", { "./usr/../../x", AE_IFREG, "x", false, 0 });
	refuse("leads out of the tree", { "usr/..", AE_IFDIR, NULL, false, 0 });
	refuse("leads out of the tree", { "/etc/passwd", AE_IFREG, "x", false, 0 });
	refuse("leads out of the tree", { ".//../x", AE_IFREG, "x", false, 0 });
}

static void test_links_that_leave_the_tree(void **state)
{
	(void)state;
	refuse("link out of the tree", { "./a", AE_IFLNK, "../x", false, 0 });
	refuse("link out of the tree", { "./usr/a", AE_IFLNK, "b/../../../x", false, 0 });
	refuse("is a hard link to '/etc/shadow'", { "./a", AE_IFREG, "/etc/shadow", true, 0 });
	refuse("is a hard link to '../etc/shadow'", { "./a", AE_IFREG, "../etc/shadow", true, 0 });
	refuse("not an earlier file", { "./a", AE_IFREG, "./later", true, 0 },
	       { "./later", AE_IFREG, "x", false, 0 });
	refuse("not an earlier file", { "./l", AE_IFLNK, "/etc/shadow", false, 0 },
	       { "./a", AE_IFREG, "./l", true, 0 });
	refuse("'a/passwd' lies below 'a'", { "./a", AE_IFLNK, "/etc", false, 0 },
	       { "./a/passwd", AE_IFREG, "x", false, 0 });
}

static void test_types(void **state)
{
	(void)state;
	refuse("a block device", { "./dev/sda", AE_IFBLK, NULL, false, 0 });
	refuse("a character device", { "./dev/mem", AE_IFCHR, NULL, false, 0 });
	refuse("a fifo", { "./pipe", AE_IFIFO, NULL, false, 0 });
	refuse("appears twice", { "./a", AE_IFREG, "x", false, 0 },
	       { "./a", AE_IFREG, "y", false, 0 });
	refuse("appears twice", { "./a", AE_IFREG, "x", false, 0 },
	       { "./a/", AE_IFDIR, NULL, false, 0 });
}

static void test_bombs(void **state)
{
	static const struct member bomb[] = {
		{ "./big", AE_IFREG, NULL, false, (la_int64_t)80 << 20 },
		{ 0 },
	};
	cleanup_free char *big = NULL, *allowed = NULL;

	(void)state;
	/* The index says 1 MB, the slack is 64 MB. */
	big = rewrite(make_deb(plain_control, bomb, &usual), 1 << 20);
	assert_non_null(strstr(big, "'big' makes the package's files exceed 69206016 bytes"));
	allowed = rewrite(make_deb(plain_control, bomb, &usual), 80 << 20);
	assert_string_equal(allowed, "");
}

static void test_control_members(void **state)
{
	static const struct member link[] = {
		{ "./postinst", AE_IFLNK, "/bin/sh", false, 0 },
		{ 0 },
	};
	static const struct member deep[] = {
		{ "./a/b", AE_IFREG, "x", false, 0 },
		{ 0 },
	};
	cleanup_free char *said_link = rewrite(make_deb(link, plain_control, &usual), 0);
	cleanup_free char *said_deep = rewrite(make_deb(deep, plain_control, &usual), 0);

	(void)state;
	assert_non_null(strstr(said_link, "control.tar: 'postinst' is not a regular file"));
	assert_non_null(strstr(said_deep, "lies in a directory"));
}

static void test_containers(void **state)
{
	static const struct {
		struct names names;
		const char *why;
	} bad[] = {
		{ { NULL, "control.tar.gz", "data.tar.xz" }, "starts with 'control.tar.gz'" },
		{ { "debian-binary", NULL, "data.tar.xz" }, "'data.tar.xz' where control.tar" },
		{ { "debian-binary", "control.tar.gz", NULL }, "only 2 of 3 members" },
		{ { "debian-binary", "control.tar.gz", "data.tar.lz" }, "unknown compression" },
		{ { "debian-binary", "control.tar.gz", "data.tar.gz" }, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cleanup_free char *said =
			rewrite(make_deb(plain_control, plain_control, &bad[i].names), 0);

		if (!*said || !strstr(said, bad[i].why))
			fail_msg("%zu: said '%s'", i, said);
	}
}

static void test_truncated(void **state)
{
	(void)state;
	for (off_t size = 0; size < 400; size += 40) {
		int fd = make_deb(plain_control, plain_control, &usual);
		cleanup_free char *said = NULL;

		assert_int_equal(ftruncate(fd, size), 0);
		said = rewrite(fd, 0);
		assert_string_not_equal(said, "");
	}
}

/* A package of x.deb, whose bytes are in the store. */
static void put_package(struct store *s, struct packages *list, const char *name, int deb)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	struct package *p = packages_add(list);
	cleanup_fd int fd = deb;

	p->name = xstrdup(name);
	p->version = xstrdup("1.0");
	assert_int_equal(store_put_begin(s, &put, &err), 0);
	assert_int_equal(copy_fd(fd, put.fd, &p->size, &err), 0);
	assert_int_equal(store_put_commit(&put, NULL, p->sha256, &err), 0);
}

static void test_workers(void **state)
{
	static const struct member data[] = {
		{ "./a", AE_IFREG, "content of a", false, 0 }, { "./b/", AE_IFDIR, NULL, false, 0 },
		{ "./b/link", AE_IFLNK, "../c", false, 0 },    { "./c", AE_IFREG, "./a", true, 0 },
		{ "./round", AE_IFLNK, "round", false, 0 },    { 0 },
	};
	static const struct member evil[] = {
		{ "./../a", AE_IFREG, "x", false, 0 },
		{ 0 },
	};
	CLEANUP(packages_release) struct packages list = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err refused = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("%s/store", scratch_path);
	bool link;

	(void)state;
	assert_int_equal(store_open(path, &s, &err), 0);
	put_package(s, &list, "good", make_deb(plain_control, data, &usual));
	assert_int_equal(debs_make_plain(s, &list, 4, &err), 0);
	assert_int_equal(deb_read_member(s, &list.item[0], "/b/link", 100, &t, &err), 0);
	assert_string_equal(t.data, "content of a");
	text_release(&t);
	assert_int_equal(deb_read_control(s, &list.item[0], &t, &err), 0);
	assert_string_equal(t.data, "Package: x\nDepends: y");
	assert_int_equal(deb_has_link(s, &list.item[0], "b/link", &link, &err), 0);
	assert_true(link);
	assert_true(deb_read_member(s, &list.item[0], "round", 100, &t, &refused) < 0);
	assert_non_null(strstr(refused.message, "leads back to itself"));
	err_release(&refused);
	assert_true(deb_read_member(s, &list.item[0], "none", 100, &t, &refused) < 0);
	assert_non_null(strstr(refused.message, "package 'good' 1.0 has no file 'none'"));
	err_release(&refused);
	put_package(s, &list, "evil", make_deb(plain_control, evil, &usual));
	assert_true(debs_make_plain(s, &list, 4, &refused) < 0);
	assert_non_null(strstr(refused.message, "package 'evil' 1.0: data.tar: the name './../a'"));
	assert_int_equal(refused.class, ERR_BUILD);
	assert_non_null(strstr(refused.hint, "damaged or malicious"));
}

/* What a worker cannot do because of the store keeps its own words. */
static void test_absent_original(void **state)
{
	CLEANUP(packages_release) struct packages list = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = xasprintf("%s/store", scratch_path);
	struct package *p = packages_add(&list);

	(void)state;
	assert_int_equal(store_open(path, &s, &err), 0);
	p->name = xstrdup("gone");
	p->version = xstrdup("1.0");
	digest_bytes("gone", 4, p->sha256);
	assert_true(debs_make_plain(s, &list, 1, &err) < 0);
	assert_string_equal(err.message, "package 'gone' 1.0: the store does not have it");
	assert_string_equal(err.hint, "build again: it will be fetched anew");
}

/* Once it is known, neither the original nor the plain form is opened for a control file. */
static void test_control_is_kept(void **state)
{
	static const struct member odd[] = {
		{ "./control", AE_IFREG, "Package: x\nDescription: y\n\tz \\n\n", false, 0 },
		{ 0 },
	};
	CLEANUP(packages_release) struct packages list = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("%s/store", scratch_path);
	cleanup_free char *blobs = xasprintf("%s/store/sha256", scratch_path);

	(void)state;
	assert_int_equal(store_open(path, &s, &err), 0);
	put_package(s, &list, "odd", make_deb(odd, plain_control, &usual));
	assert_int_equal(debs_make_plain(s, &list, 1, &err), 0);
	assert_int_equal(nftw(blobs, scratch_remove, 32, FTW_DEPTH | FTW_PHYS), 0);
	assert_int_equal(deb_read_control(s, &list.item[0], &t, &err), 0);
	assert_string_equal(t.data, "Package: x\nDescription: y\n\tz \\n");
}

/* A fact without text is damaged: it is not the control file of a package without dependencies. */
static void test_empty_control_fact(void **state)
{
	static const struct member data[] = { { "./a", AE_IFREG, "content", false, 0 }, { 0 } };
	CLEANUP(packages_release) struct packages list = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("%s/store", scratch_path);

	(void)state;
	assert_int_equal(store_open(path, &s, &err), 0);
	put_package(s, &list, "good", make_deb(plain_control, data, &usual));
	assert_int_equal(store_fact_set(s, "control", list.item[0].sha256, "", &err), 0);
	assert_int_equal(deb_read_control(s, &list.item[0], &t, &err), 0);
	assert_non_null(strstr(t.data, "Package: "));
}

/* A plain form that rots in the store is made again. */
static void test_damaged_plain_form(void **state)
{
	static const struct member data[] = { { "./a", AE_IFREG, "content", false, 0 }, { 0 } };
	CLEANUP(packages_release) struct packages list = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("%s/store", scratch_path);
	cleanup_free char *blob = NULL;
	char plain[DIGEST_HEX];

	(void)state;
	assert_int_equal(store_open(path, &s, &err), 0);
	put_package(s, &list, "good", make_deb(plain_control, data, &usual));
	assert_int_equal(deb_plain_digest(s, &list.item[0], plain, &err), 0);
	blob = xasprintf("store/sha256/%.2s/%s", plain, plain);
	assert_int_equal(fchmodat(scratch_fd, blob, 0644, 0), 0);
	scratch_file(blob, "rot");
	assert_int_equal(deb_read_member(s, &list.item[0], "a", 100, &t, &err), 0);
	assert_string_equal(t.data, "content");
}

int main(int argc, char **argv)
{
#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
	static const struct CMUnitTest tests[] = {
		SCRATCH(test_good_package_passes),
		SCRATCH(test_names_that_leave_the_tree),
		SCRATCH(test_links_that_leave_the_tree),
		SCRATCH(test_types),
		SCRATCH(test_bombs),
		SCRATCH(test_control_members),
		SCRATCH(test_containers),
		SCRATCH(test_truncated),
		SCRATCH(test_workers),
		SCRATCH(test_absent_original),
		SCRATCH(test_control_is_kept),
		SCRATCH(test_empty_control_fact),
		SCRATCH(test_damaged_plain_form),
	};

	/* The module under test executes this program as its worker. */
	if (argc == 3 && strcmp(argv[1], "deb-worker") == 0)
		return deb_worker(argv[2]);
	progress_set_mode(PROGRESS_NONE);
	return cmocka_run_group_tests_name("deb", tests, NULL, NULL);
}
