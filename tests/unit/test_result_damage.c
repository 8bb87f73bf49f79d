/* SPDX-License-Identifier: MIT */
/* What a result and its descriptions disagree in. Links in the places of what describes it may lead
 * to anything, so nothing is read through them. */
#include "unit.h"

#include <errno.h>

#include "base/io.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "publish/result-damage.h"

#define MANIFEST                                                                                   \
	"{\"recipe\": \"x\", \"lock-sha256\": \"%s\", \"files\": [{\"path\": \"x.lock\", "         \
	"\"size\": 5, \"sha256\": \"%s\"}]}"
#define LINKED_LOCK                                                                                \
	"{\"recipe\": \"x\", \"lock-sha256\": \"\", \"files\": [{\"path\": \"x.lock\", "           \
	"\"link\": \"../lock\"}]}"
#define LOCK "lock\n"

static int top_fd = -1; /* the result */

/* A whole result, as small as one can be. manifest: NULL for one that is right. */
static void make_result(const char *manifest)
{
	char lock_sum[DIGEST_HEX], manifest_sum[DIGEST_HEX];
	cleanup_free char *right = NULL, *sums = NULL;

	digest_bytes(LOCK, strlen(LOCK), lock_sum);
	right = manifest ? xstrdup(manifest) : xasprintf(MANIFEST, lock_sum, lock_sum);
	digest_bytes(right, strlen(right), manifest_sum);
	sums = manifest ? xasprintf("%s  manifest.json\n", manifest_sum)
			: xasprintf("%s  manifest.json\n%s  x.lock\n", manifest_sum, lock_sum);
	assert_int_equal(mkdirat(scratch_fd, "top", 0755), 0);
	top_fd = openat(scratch_fd, "top", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(top_fd >= 0);
	scratch_file("top/x.lock", LOCK);
	scratch_file("top/manifest.json", right);
	scratch_file("top/SHA256SUMS", sums);
}

/* Moves the file out of the result and puts a link to it in its place. */
static void link_out(const char *name, const char *outside)
{
	cleanup_free char *target = xasprintf("../%s", outside);

	assert_int_equal(renameat(top_fd, name, scratch_fd, outside), 0);
	assert_int_equal(symlinkat(target, top_fd, name), 0);
}

/* NULL: none. */
static void assert_damage(const char *words)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *damage = NULL;

	assert_int_equal(result_damage(top_fd, NULL, &damage, &err), 0);
	if (words)
		assert_string_equal(damage ?: "none", words);
	else
		assert_null(damage);
}

static int teardown(void **state)
{
	(void)close(top_fd);
	return scratch_teardown(state);
}

static void agrees_with_itself(void **state)
{
	(void)state;
	make_result(NULL);
	assert_damage(NULL);
}

static void a_link_is_no_list(void **state)
{
	(void)state;
	make_result(NULL);
	link_out("SHA256SUMS", "sums");
	assert_damage("its SHA256SUMS is missing or malformed");
}

static void every_file_is_named(void **state)
{
	(void)state;
	make_result(NULL);
	scratch_file("top/more", "x");
	assert_damage("more is not named in its SHA256SUMS");
}

static void what_is_named_is_there(void **state)
{
	(void)state;
	make_result(NULL);
	assert_int_equal(unlinkat(top_fd, "x.lock", 0), 0);
	assert_damage("x.lock, which its SHA256SUMS names, is missing");
}

static void a_changed_file_is_named(void **state)
{
	(void)state;
	make_result(NULL);
	scratch_file("top/x.lock", "clock\n");
	assert_damage("x.lock is not what its SHA256SUMS says");
}

static void a_link_is_no_manifest(void **state)
{
	(void)state;
	make_result(NULL);
	link_out("manifest.json", "manifest");
	assert_damage("manifest.json, which its SHA256SUMS names, is missing");
}

/* Also where the manifest says that it is one, and gives it the sum that a link has: none. */
static void a_link_is_no_lock(void **state)
{
	(void)state;
	make_result(LINKED_LOCK);
	link_out("x.lock", "lock");
	assert_damage("the lock of the recipe that its manifest.json names is missing");
}

static void reads_no_link(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	make_result(NULL);
	assert_int_equal(read_file_nofollow(top_fd, "x.lock", 100, &t, &err), 0);
	assert_string_equal(t.data, LOCK);
	link_out("x.lock", "lock");
	assert_true(read_file_nofollow(top_fd, "x.lock", 100, &t, &err) < 0);
	assert_non_null(strstr(err.message, strerror(ELOOP)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(agrees_with_itself),     TEST(every_file_is_named),
		TEST(what_is_named_is_there), TEST(a_changed_file_is_named),
		TEST(a_link_is_no_list),      TEST(a_link_is_no_manifest),
		TEST(a_link_is_no_lock),      TEST(reads_no_link),
	};

	return cmocka_run_group_tests_name("result_damage", tests, NULL, NULL);
}
