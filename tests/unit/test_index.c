/* SPDX-License-Identifier: MIT */
/* Trust in an archive: what indices_update() takes from a mirror, and what it refuses. */
#include "loopback.h"

#include <time.h>

#include "archive/index.h"
#include "archive/release.h"
#include "archive/trust.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"

static struct store *store;
static bool published; /* as it is by default */
static struct mirrors mirrors;
static char *keyring;
static char recipe_path[] = "test.yaml", suite[] = "trixie", architecture[] = "amd64";
static char word_main[] = "main", word_updates[] = "updates", word_security[] = "security";
static struct recipe_name component[] = { { .value = word_main } };
static struct recipe_name pocket[] = { { .value = word_updates }, { .value = word_security } };
static struct recipe recipe = {
	.path = recipe_path,
	.suite = suite,
	.architecture = architecture,
	.components = { .item = component, .count = 1 },
	.pockets = { .item = pocket, .count = 2 },
};

/* Publishing takes longer than most tests: it is done again only after one that changed it. */
#define publish(...)                                                                               \
	do {                                                                                       \
		published = false;                                                                 \
		loopback("publish", "", __VA_ARGS__);                                              \
	} while (0)

static int setup(void **state)
{
	log_set_level(LOG_QUIET);
	return loopback_setup(state);
}

static int fresh(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = xasprintf("%s/store", scratch_path);

	(void)state;
	loopback_fault("");
	if (!published)
		publish("%s", "");
	published = true;
	keyring = xasprintf("%s/m/keyring.gpg", scratch_path);
	strv_add(&mirrors.archive, loopback_url);
	strv_add(&mirrors.security, loopback_url);
	return remove_tree(scratch_fd, "store", &err) < 0 ? -1 : store_open(path, &store, &err);
}

static int done(void **state)
{
	(void)state;
	store_free(store);
	free(keyring);
	mirrors_release(&mirrors);
	return 0;
}

static void update(bool offline, enum err_class class, const char *message)
{
	const struct index_options options = {
		.keyring = keyring,
		.offline = offline,
		.now = time(NULL),
	};
	CLEANUP(indices_release) struct indices x = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	int r = indices_update(store, &recipe, &mirrors, &options, &x, &err);

	if (err.class != class)
		print_error("%s\n", err.message ? err.message : "no error");
	assert_int_equal(err.class, class);
	assert_int_equal(r < 0, class != ERR_NONE);
	if (!message)
		return;
	if (!strstr(err.message, message))
		print_error("%s\n", err.message);
	assert_non_null(strstr(err.message, message));
}

static void refused(const char *message)
{
	cleanup_free char *last = NULL;
	CLEANUP(err_release) struct err err = { 0 };

	update(false, ERR_TRUST, message);
	/* What was refused is not remembered. */
	assert_int_equal(store_fact_get(store, "index", "Debian:trixie", &last, &err), 0);
	assert_null(last);
}

static void test_good(void **state)
{
	const struct index_options options = { .keyring = keyring, .now = time(NULL) };
	CLEANUP(indices_release) struct indices x = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	char text[4096] = "";

	(void)state;
	assert_int_equal(indices_update(store, &recipe, &mirrors, &options, &x, &err), 0);
	assert_int_equal(x.count, 3);
	assert_int_equal(x.release_count, 3);
	assert_string_equal(x.file[0].suite, "trixie");
	assert_string_equal(x.file[0].repository, "");
	assert_false(x.file[0].pocket);
	assert_string_equal(x.file[1].suite, "trixie-updates");
	assert_true(x.file[1].pocket);
	assert_string_equal(x.file[2].suite, "trixie-security");
	assert_string_equal(x.file[2].repository, "security");
	assert_string_equal(x.release[0].url, loopback_url);
	assert_int_equal(strlen(x.release[0].fingerprint), 40);
	for (size_t i = 0; i < 3; i++) {
		cleanup_fd int fd = -1;
		ssize_t n;

		assert_int_equal(index_open_text(store, &x.file[i], &fd, &err), 0);
		n = read_all(fd, text, sizeof(text) - 1);
		assert_true(n >= 0);
		text[n] = '\0';
		assert_int_equal(strstr(text, "Package: hello\n") != NULL, i == 0);
		assert_int_equal(strstr(text, "Package: fix\n") != NULL, i == 2);
	}
}

static void test_by_hash(void **state)
{
	(void)state;
	loopback_fault("dists/*/Packages.xz status 404");
	update(false, ERR_NONE, NULL);
}

static void test_without_by_hash(void **state)
{
	(void)state;
	loopback_fault("*by-hash* status 404");
	update(false, ERR_NONE, NULL);
	publish("--no-by-hash --date %lld", (long long)time(NULL) + 5);
	update(false, ERR_NONE, NULL);
}

static void test_wrong_packages(void **state)
{
	(void)state;
	loopback_fault("*by-hash* wrong\n*Packages.xz status 404");
	refused("was expected");
}

static void test_unsigned(void **state)
{
	(void)state;
	published = false;
	scratch_file("m/archive/dists/trixie/InRelease", "<html>Please log in</html>\n");
	refused("is not a signed file");
	scratch_file("m/archive/dists/trixie/InRelease", "-----BEGIN PGP SIGNED MESSAGE-----\n");
	refused("breaks off");
}

/* Each line changes the InRelease file by sed. Without a message it is taken: what was signed is
 * still what it was; these come last, as they are remembered. */
static void test_tampered(void **state)
{
	static const struct {
		const char *sed;
		const char *message;
	} cases[] = {
		{ "s/^Version: 13/Version: 14/", "changed after it was signed" },
		{ "s/^Suite:/Valid-Until: x\\nSuite:/", "changed after it was signed" },
		{ "$ a\\\nSuite: other", "goes on after its signature" },
		{ "1 i\\\nSuite: other", "is not a signed file" },
		{ "$ d", "breaks off" },
		{ "/BEGIN PGP SIGNATURE/,$ d", "breaks off" },
		{ "s/^Suite:/Evil:/", "changed after it was signed" },
		{ "s/^Hash:.*/&\\nNotDashEscaped: x/", "a header other than Hash" },
		{ "s/^Hash:.*/&\\nComment: x/", "a header other than Hash" },
		{ "s/^Hash:.*/&\\nOrigin: Debian/", "a header other than Hash" },
		{ "s/$/\\r/", "a control character" },
		{ "s/^Suite:/Odd: \\x0c\\nSuite:/", "changed after it was signed" },
		{ "s/^Suite:/-----BEGIN PGP SIGNED MESSAGE-----\\n&/",
		  "more than one signed text" },
		{ "s/^Suite:/-----BEGIN PGP PUBLIC KEY BLOCK-----\\n&/", "begins with a dash" },
		{ "s/^Suite:/- -----BEGIN PGP SIGNED MESSAGE-----\\n&/",
		  "changed after it was signed" },
		{ "$ {p; s/.*/-----BEGIN PGP SIGNATURE-----/}", "goes on after its signature" },
		{ "/BEGIN PGP SIGNATURE/ s/SIGNATURE/MESSAGE/", "begins with a dash" },
		{ "/END PGP SIGNATURE/ s/SIGNATURE/MESSAGE/", "does not end as one" },
		{ "s/^Suite:/- &/", NULL },
		{ "s/^Suite:.*/&  \\t/", NULL },
	};
	cleanup_free char *copy = NULL;

	(void)state;
	copy = xasprintf("mv %s/m/archive/dists/trixie/InRelease %s/InRelease", scratch_path,
			 scratch_path);
	publish("%s", "");
	assert_int_equal(system(copy), 0);
	published = false;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *command =
			xasprintf("sed '%s' %s/InRelease >%s/m/archive/dists/trixie/InRelease",
				  cases[i].sed, scratch_path, scratch_path);

		assert_int_equal(system(command), 0);
		if (cases[i].message)
			refused(cases[i].message);
		else
			update(false, ERR_NONE, NULL);
	}
}

static void test_keys(void **state)
{
	static const struct {
		const char *arguments;
		const char *message;
	} cases[] = {
		{ "--key unknown", "which is not in" },
		{ "--key expired", "which has expired" },
		{ "--key revoked", "which was revoked" },
		{ "--digest SHA1", "too weak" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		publish("%s", cases[i].arguments);
		refused(cases[i].message);
	}
}

/* Whose signatures count when there are several. */
static void test_two_signatures(void **state)
{
	static const struct {
		const char *keys;
		const char *message; /* NULL: it is taken */
	} cases[] = {
		{ "good,unknown", NULL },
		{ "unknown,good", NULL },
		{ "expired,good", NULL },
		{ "good,bad", "changed after it was signed" },
		{ "bad,good", "changed after it was signed" },
		{ "unknown,expired", "which has expired" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("# %s\n", cases[i].keys);
		publish("--key %s --date %lld %s", cases[i].keys, (long long)time(NULL) + (long)i,
			i % 4 == 3 ? "--detached" : "");
		if (cases[i].message)
			update(false, ERR_TRUST, cases[i].message);
		else
			update(false, ERR_NONE, NULL);
	}
}

/* A Release beside which there is no InRelease is no way back to an older state, nor is a good
 * Release of yesterday beside the InRelease of today. */
static void test_older_detached(void **state)
{
	long long now = time(NULL);

	(void)state;
	publish("--date %lld", now);
	update(false, ERR_NONE, NULL);
	publish("--detached --date %lld", now - 60);
	update(false, ERR_TRUST, "older than what was seen before");
	update(true, ERR_NONE, NULL);
}

/* One name of a file is as good as the other. */
static void test_by_hash_differs(void **state)
{
	(void)state;
	loopback_fault("*by-hash* wrong");
	update(false, ERR_NONE, NULL);
}

static void test_times(void **state)
{
	long long now = time(NULL);

	(void)state;
	publish("--date %lld --valid-for 600", now - 3600);
	refused("expired: it was valid until");
	publish("--date %lld", now + 3600);
	refused("from the future");
	publish("--date %lld", now + 300); /* within the tolerance */
	update(false, ERR_NONE, NULL);
}

static void test_older_than_seen(void **state)
{
	long long now = time(NULL);

	(void)state;
	publish("--date %lld", now);
	update(false, ERR_NONE, NULL);
	update(false, ERR_NONE, NULL);
	publish("--date %lld", now - 60);
	update(false, ERR_TRUST, "older than what was seen before");
	publish("--date %lld", now + 60);
	update(false, ERR_NONE, NULL);
}

/* The key was named, so it is a mirror of one's own; tests/integration/fetch.t has Debian's. */
static void test_another_archive(void **state)
{
	(void)state;
	publish("--origin Other --label Other --codename bookworm");
	update(false, ERR_NONE, NULL);
	update(true, ERR_NONE, NULL);
}

static void test_next_mirror(void **state)
{
	cleanup_free char *other = xasprintf("%s/absent", loopback_url);

	(void)state;
	free(mirrors.archive.item[0]);
	mirrors.archive.item[0] = take_ptr(other);
	strv_add(&mirrors.archive, loopback_url);
	update(false, ERR_NONE, NULL);
	loopback_fault("absent/*InRelease redirect http://127.0.0.1:1/x");
	update(false, ERR_NONE, NULL);
}

static void test_offline(void **state)
{
	(void)state;
	update(true, ERR_NETWORK, "has no index");
	update(false, ERR_NONE, NULL);
	loopback_fault("* status 500");
	update(true, ERR_NONE, NULL);
	free(keyring); /* what is remembered is verified again */
	keyring = xasprintf("%s/empty.gpg", scratch_path);
	scratch_file("empty.gpg", "");
	update(true, ERR_TRUST, "which is not in");
}

static void test_armoured_keyring(void **state)
{
	cleanup_free char *command = NULL;

	(void)state;
	command =
		xasprintf("gpg --enarmor <%s 2>/dev/null | sed 's/ARMORED FILE/PUBLIC KEY BLOCK/; "
			  "/^Comment/d' >%s/key.asc",
			  keyring, scratch_path);
	assert_int_equal(system(command), 0);
	free(keyring);
	keyring = xasprintf("%s/key.asc", scratch_path);
	update(false, ERR_NONE, NULL);
	scratch_file("key.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!!\n"
				"-----END PGP PUBLIC KEY BLOCK-----\n");
	update(false, ERR_USAGE, "broken key block");
	scratch_file("key.asc", "no key at all\n");
	update(false, ERR_TRUST, NULL);
	assert_int_equal(unlinkat(scratch_fd, "key.asc", 0), 0);
	update(false, ERR_USAGE, "reading the keyring");
}

static void test_missing_component(void **state)
{
	char word[] = "contrib";
	struct recipe_name two[] = { { .value = word_main },
				     { .value = word, .at = { .file = "t.yaml", .line = 7 } } };

	(void)state;
	recipe.components = (struct recipe_list){ .item = two, .count = 2 };
	update(false, ERR_USAGE, "no component 'contrib'");
	recipe.components = (struct recipe_list){ .item = component, .count = 1 };
}

/* A third party: any Origin, its own keyring, its own URL. */
static void test_repository(void **state)
{
	char name[] = "trixie-updates", flat[] = "./", below[] = "/below/";
	cleanup_free char *url = xasprintf("%s/", loopback_url);
	struct recipe_repository repository = {
		.url = url,
		.suite = name,
		.components = { .item = component, .count = 1 },
		.keyring = { .path = keyring },
		.at = { .file = "t.yaml", .line = 9 },
	};
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = open(keyring, O_RDONLY | O_CLOEXEC);

	(void)state;
	recipe.repository = &repository;
	recipe.repository_count = 1;
	digest_bytes("", 0, repository.keyring.digest);
	update(false, ERR_TRUST, "changed after the recipe was read");
	assert_int_equal(digest_fd(fd, repository.keyring.digest, &err), 0);
	update(false, ERR_NONE, NULL);
	update(true, ERR_NONE, NULL);
	publish("--date %lld", (long long)time(NULL) + 6);
	repository.suite = flat;
	repository.components.count = 0;
	update(false, ERR_NETWORK, "suite './': cannot fetch");
	publish("--flat . --date %lld", (long long)time(NULL) + 7);
	update(false, ERR_NONE, NULL);
	update(true, ERR_NONE, NULL);
	repository.suite = below;
	publish("--flat below --detached --date %lld", (long long)time(NULL) + 7);
	update(false, ERR_NONE, NULL);
	update(true, ERR_NONE, NULL);
	recipe.repository = NULL;
	recipe.repository_count = 0;
}

/* What pins ask an index for, and the priority that the recipe gives a third party's. */
static void test_priority(void **state)
{
	const struct index_options options = { .keyring = keyring, .now = time(NULL) };
	char name[] = "trixie-updates";
	struct recipe_repository repository = {
		.url = loopback_url,
		.suite = name,
		.components = { .item = component, .count = 1 },
		.keyring = { .path = keyring },
		.priority = 700,
	};
	CLEANUP(indices_release) struct indices x = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = open(keyring, O_RDONLY | O_CLOEXEC);

	(void)state;
	recipe.repository = &repository;
	recipe.repository_count = 1;
	assert_int_equal(digest_fd(fd, repository.keyring.digest, &err), 0);
	assert_int_equal(indices_update(store, &recipe, &mirrors, &options, &x, &err), 0);
	recipe.repository = NULL;
	recipe.repository_count = 0;
	assert_int_equal(x.count, 4);
	assert_int_equal(x.file[2].pin_priority, PIN_PRIORITY_DEFAULT);
	assert_int_equal(x.file[3].pin_priority, 700);
	assert_string_equal(x.file[2].archive, "stable-security");
	assert_string_equal(x.file[2].codename, "trixie-security");
	assert_string_equal(x.file[2].origin, "Debian");
	assert_string_equal(x.file[2].label, "Debian-Security");
	assert_string_equal(x.file[2].architecture, "amd64");
}

/* Debian's archive must have what is asked for. */
static void test_foreign_architecture(void **state)
{
	char i386[] = "i386";
	struct recipe_name foreign = { .value = i386 };

	(void)state;
	recipe.foreign_architectures = (struct recipe_list){ .item = &foreign, .count = 1 };
	update(false, ERR_USAGE, "suite 'trixie' has no component 'main' for architecture 'i386'");
	recipe.foreign_architectures = (struct recipe_list){ 0 };
}

#define INDEX_TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INDEX_TEST(test_good),
		INDEX_TEST(test_by_hash),
		INDEX_TEST(test_without_by_hash),
		INDEX_TEST(test_wrong_packages),
		INDEX_TEST(test_unsigned),
		INDEX_TEST(test_tampered),
		INDEX_TEST(test_keys),
		INDEX_TEST(test_two_signatures),
		INDEX_TEST(test_older_detached),
		INDEX_TEST(test_by_hash_differs),
		INDEX_TEST(test_times),
		INDEX_TEST(test_older_than_seen),
		INDEX_TEST(test_another_archive),
		INDEX_TEST(test_next_mirror),
		INDEX_TEST(test_offline),
		INDEX_TEST(test_armoured_keyring),
		INDEX_TEST(test_missing_component),
		INDEX_TEST(test_repository),
		INDEX_TEST(test_priority),
		INDEX_TEST(test_foreign_architecture),
	};

	return cmocka_run_group_tests(tests, setup, loopback_teardown);
}
