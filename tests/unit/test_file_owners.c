/* SPDX-License-Identifier: MIT */
/* Whose file is it, by dpkg's lists and diversions? */
#include "unit.h"

#include "base/memory.h"
#include "publish/file-owners.h"

#define TEXT(s) ((char[]){ s })

/* A tree of which bin and lib are links, as with a merged /usr. Sorted by path. */
static struct member tree[] = {
	{ .path = TEXT("") },
	{ .path = TEXT("bin"), .target = TEXT("usr/bin") },
	{ .path = TEXT("etc/absolute"), .target = TEXT("/opt/real") },
	{ .path = TEXT("etc/loop"), .target = TEXT("loop") },
	{ .path = TEXT("lib"), .target = TEXT("usr/lib") },
	{ .path = TEXT("opt/real/file") },
	{ .path = TEXT("run/tool/pid") },
	{ .path = TEXT("srv/up"), .target = TEXT("../usr/lib/deep") },
	{ .path = TEXT("usr/bin/link"), .target = TEXT("tool") },
	{ .path = TEXT("usr/bin/sh") },
	{ .path = TEXT("usr/bin/sh.distrib") },
	{ .path = TEXT("usr/bin/tool") },
	{ .path = TEXT("usr/lib/deep/file") },
	{ .path = TEXT("usr/lib/short"), .target = TEXT("deep") },
	{ .path = TEXT("var/run"), .target = TEXT("../run") },
};
static const struct members members = { .item = tree, .count = ARRAY_SIZE(tree) };

static void take(struct file_owners *owners, const char *path, const char *content)
{
	cleanup_free char *copy = xstrdup(content), *name = xstrdup(path);
	const struct member m = { .path = name };
	const struct text text = { .data = copy, .length = strlen(copy) };
	CLEANUP(err_release) struct err err = { 0 };

	assert_true(file_owners_wants(&m, owners));
	assert_int_equal(file_owners_take(&m, &text, owners, &err), 0);
}

/* "a b": the packages that own the path, in order. */
static void assert_owners(const struct file_owners *owners, const char *path, const char *expected)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	cleanup_free char *joined = NULL;
	size_t first, count = file_owners_find(owners, path, &first);

	for (size_t i = first; i < first + count; i++)
		strv_add(&names, owners->package.item[owners->item[i].package]);
	joined = strv_join(&names, " ");
	assert_string_equal(joined, expected);
}

static void only_lists_and_diversions_are_wanted(void **state)
{
	static char list[] = "var/lib/dpkg/info/a.list", other[] = "var/lib/dpkg/info/a.postinst",
		    status[] = "var/lib/dpkg/status", diversions[] = "var/lib/dpkg/diversions";

	(void)state;
	assert_true(file_owners_wants(&(struct member){ .path = list }, NULL));
	assert_true(file_owners_wants(&(struct member){ .path = diversions }, NULL));
	assert_false(file_owners_wants(&(struct member){ .path = other }, NULL));
	assert_false(file_owners_wants(&(struct member){ .path = status }, NULL));
}

static void links_of_directories_are_followed(void **state)
{
	CLEANUP(file_owners_release) struct file_owners owners = { 0 };

	(void)state;
	take(&owners, "var/lib/dpkg/info/tool.list",
	     "/.\n/bin\n/bin/tool\n/lib/deep/file\n/var/run/tool/pid\n/etc/absolute/file\n");
	take(&owners, "var/lib/dpkg/info/up.list", "/srv/up/file\n");
	take(&owners, "var/lib/dpkg/info/second.list", "/lib/short/file\n/usr/bin/tool\n");
	file_owners_resolve(&owners, &members);
	assert_owners(&owners, "", "tool");
	/* The first directory, one further down, an absolute target, one that climbs, two in a
	 * row. */
	assert_owners(&owners, "usr/bin/tool", "tool second");
	assert_owners(&owners, "run/tool/pid", "tool");
	assert_owners(&owners, "opt/real/file", "tool");
	assert_owners(&owners, "usr/lib/deep/file", "tool up second");
	assert_owners(&owners, "bin/tool", "");
}

static void the_last_component_is_not_followed(void **state)
{
	CLEANUP(file_owners_release) struct file_owners owners = { 0 };

	(void)state;
	take(&owners, "var/lib/dpkg/info/a.list", "/bin/link\n/lib\n/etc/loop/x\n/not/there\n");
	file_owners_resolve(&owners, &members);
	assert_owners(&owners, "usr/bin/link", "a");
	assert_owners(&owners, "usr/bin/tool", "");
	assert_owners(&owners, "lib", "a");
	assert_owners(&owners, "usr/lib", "");
	/* What leads nowhere stays as it is written. */
	assert_owners(&owners, "etc/loop/x", "a");
	assert_owners(&owners, "not/there", "a");
}

static void diversions_move_the_files_of_others(void **state)
{
	CLEANUP(file_owners_release) struct file_owners owners = { 0 };

	(void)state;
	take(&owners, "var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\ndash\n");
	take(&owners, "var/lib/dpkg/info/bash.list", "/bin/sh\n");
	take(&owners, "var/lib/dpkg/info/dash:amd64.list", "/bin/sh\n");
	/* dpkg compares what is written: this is another path to it. */
	take(&owners, "var/lib/dpkg/info/other.list", "/usr/bin/sh\n");
	file_owners_resolve(&owners, &members);
	assert_owners(&owners, "usr/bin/sh", "dash other");
	assert_owners(&owners, "usr/bin/sh.distrib", "bash");
}

static void the_administrators_diversions_move_those_of_all(void **state)
{
	CLEANUP(file_owners_release) struct file_owners owners = { 0 };

	(void)state;
	take(&owners, "var/lib/dpkg/info/dash.list", "/bin/sh\n");
	take(&owners, "var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\n:\n");
	file_owners_resolve(&owners, &members);
	assert_owners(&owners, "usr/bin/sh", "");
	assert_owners(&owners, "usr/bin/sh.distrib", "dash");
}

static void architectures_are_one_package(void **state)
{
	CLEANUP(file_owners_release) struct file_owners owners = { 0 };

	(void)state;
	take(&owners, "var/lib/dpkg/info/libx:amd64.list", "/usr/lib/deep/file\n");
	take(&owners, "var/lib/dpkg/info/libx:i386.list", "/usr/lib/deep/file\n");
	file_owners_resolve(&owners, &members);
	assert_owners(&owners, "usr/lib/deep/file", "libx libx");
}

static void nothing_is_nobodys(void **state)
{
	CLEANUP(file_owners_release) struct file_owners owners = { 0 };

	(void)state;
	file_owners_resolve(&owners, &members);
	assert_owners(&owners, "usr/bin/sh", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_lists_and_diversions_are_wanted),
		cmocka_unit_test(links_of_directories_are_followed),
		cmocka_unit_test(the_last_component_is_not_followed),
		cmocka_unit_test(diversions_move_the_files_of_others),
		cmocka_unit_test(the_administrators_diversions_move_those_of_all),
		cmocka_unit_test(architectures_are_one_package),
		cmocka_unit_test(nothing_is_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
