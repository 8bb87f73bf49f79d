/* SPDX-License-Identifier: MIT */
/* Downloads from the loopback server, with every fault that it knows. */
#include "loopback.h"

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>

#include "archive/fetch.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/store-parts.h"
#include "base/tree.h"

#define SIZE 100000

static char content[SIZE];
static char digest[DIGEST_HEX];
static struct store *store;

static int setup(void **state)
{
	cleanup_fd int fd = -1;

	log_set_level(LOG_QUIET);
	if (loopback_setup(state) < 0)
		return -1;
	for (size_t i = 0; i < SIZE; i++)
		content[i] = (char)(i * i / 7);
	digest_bytes(content, SIZE, digest);
	fd = openat(scratch_fd, "m/archive/blob", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd < 0 ? -1 : write_all(fd, content, SIZE);
}

/* Each test begins with an empty store and no faults. */
static int fresh_store(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = xasprintf("%s/store", scratch_path);

	(void)state;
	loopback_fault("");
	scratch_file("m/access.log", "");
	return remove_tree(scratch_fd, "store", &err) < 0 ? -1 : store_open(path, &store, &err);
}

static int close_store(void **state)
{
	DIR *d = fdopendir(openat(store->dirfd, "partial", O_RDONLY | O_CLOEXEC));
	const struct dirent *e;
	int left = 0;

	(void)state;
	while (d && (e = readdir(d)))
		left += e->d_name[0] != '.';
	(void)closedir(d);
	store_free(store);
	store = NULL;
	return left; /* whatever went wrong, no partial file stays */
}

static struct fetch_item item_for(const char *path)
{
	struct fetch_item item = { .size = SIZE };

	memcpy(item.sha256, digest, DIGEST_HEX);
	strv_addf(&item.url, "%s/%s", loopback_url, path);
	return item;
}

static bool is_stored(void)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = -1;

	assert_int_equal(store_get(store, digest, &fd, &err), 0);
	return fd >= 0;
}

static unsigned requests(void)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text log = { 0 };
	unsigned n = 0;

	assert_int_equal(read_file(scratch_fd, "m/access.log", 1000000, &log, &err), 0);
	for (const char *p = log.data; (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

/* One blob under a fault: class ERR_NONE means that it arrives. */
static void expect(const char *fault, enum err_class class, const char *message, unsigned asked)
{
	const struct fetch_options options = { .stall = 1, .pause = 10 };
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
	CLEANUP(err_release) struct err err = { 0 };

	loopback_fault(fault);
	assert_int_equal(fetch_all(store, &item, 1, &options, &err) < 0, class != ERR_NONE);
	assert_int_equal(err.class, class);
	assert_int_equal(is_stored(), class == ERR_NONE);
	assert_int_equal(requests(), asked);
	if (message) {
		assert_non_null(strstr(err.message, message));
		assert_non_null(strstr(err.message, loopback_url));
		assert_non_null(err.hint);
	}
}

static void test_plain(void **state)
{
	(void)state;
	expect("", ERR_NONE, NULL, 1);
	expect("* status 404", ERR_NONE, NULL, 1); /* it is in the store: nobody is asked */
}

static void test_not_found(void **state)
{
	(void)state;
	expect("blob status 404", ERR_NETWORK, "404 (not found)", 1);
}

/* What to do depends on whose archive it is: --mirror changes nothing for a third party's. */
static void test_hints(void **state)
{
	static const struct {
		const char *fault;
		bool third_party;
		const char *hint, *not_hint;
	} cases[] = {
		{ "blob status 404", false, "--mirror", "repository's url" },
		{ "blob status 404", true, "repository's url", "--mirror" },
		{ "blob status 503", false, "--mirror", "try again later" },
		{ "blob status 503", true, "try again later", "--mirror" },
		{ "blob status 401", true, "password", "--mirror" },
		{ "blob status 403", false, "password", "--mirror" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct fetch_options options = { .stall = 1, .pause = 10 };
		CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
		CLEANUP(err_release) struct err err = { 0 };

		item.third_party = cases[i].third_party;
		loopback_fault(cases[i].fault);
		assert_true(fetch_all(store, &item, 1, &options, &err) < 0);
		assert_non_null(strstr(err.hint, cases[i].hint));
		assert_null(strstr(err.hint, cases[i].not_hint));
	}
}

static void test_server_error(void **state)
{
	(void)state;
	expect("blob status 503", ERR_NETWORK, "503", 3);
}

static void test_fails_twice(void **state)
{
	(void)state;
	expect("blob fail 2", ERR_NONE, NULL, 3);
}

static void test_truncated(void **state)
{
	(void)state;
	expect("blob truncate 5000", ERR_NETWORK, "ended after 5000 bytes", 3);
}

static void test_short_file(void **state)
{
	(void)state;
	expect("blob short 5000", ERR_TRUST, "less than the 100000 bytes", 1);
}

static void test_wrong_bytes(void **state)
{
	(void)state;
	expect("blob wrong", ERR_TRUST, "was expected", 1);
}

static void test_redirect(void **state)
{
	cleanup_free char *rule = xasprintf("elsewhere redirect %s/blob", loopback_url);
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("elsewhere");
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	loopback_fault(rule);
	assert_int_equal(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err),
			 0);
	assert_true(is_stored());
}

static void test_redirect_to_file_is_refused(void **state)
{
	static const char *const others[] = { "file://%s/m/archive/blob", "FILE:///%s",
					      "ftp://127.0.0.1/%s", "gopher://127.0.0.1/%s",
					      "scp://127.0.0.1/%s" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		cleanup_free char *rule = NULL;
		cleanup_free char *path = xstrdup(scratch_path);
		CLEANUP(text_release) struct text to = { 0 };

		for (const char *c = others[i]; *c; c++)
			if (c[0] == '%')
				text_add(&to, (c++, path));
			else
				text_append(&to, c, 1);
		rule = xasprintf("blob redirect %s", to.data);
		scratch_file("m/access.log", "");
		expect(rule, ERR_NETWORK, "which is not of the web", 1);
	}
}

/* The password of a URL stays with its server, and one that a redirect brings is not used. */
static void test_redirect_and_passwords(void **state)
{
	const char *port = strrchr(loopback_url, ':') + 1;
	cleanup_free char *away = xasprintf("away redirect http://localhost:%s/blob\n"
					    "here redirect /blob\n"
					    "over redirect //localhost:%s/blob\n"
					    "made redirect http://a:b@localhost:%s/blob\n",
					    port, port, port);
	static const struct {
		const char *path;
		const char *logins; /* "": they are refused */
	} cases[] = {
		{ "away", "u:secret away\n" },
		{ "over", "u:secret over\n" },
		{ "here", "u:secret here\nu:secret blob\n" },
		{ "made", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(fetch_item_release) struct fetch_item item = item_for("");
		CLEANUP(err_release) struct err err = { 0 };
		CLEANUP(text_release) struct text logins = { 0 };
		bool good = *cases[i].logins != '\0';

		assert_int_equal(close_store(state) + fresh_store(state), 0);
		loopback_fault(away);
		scratch_file("m/logins.log", "");
		free(item.url.item[0]);
		item.url.item[0] =
			xasprintf("http://u:secret@127.0.0.1:%s/%s", port, cases[i].path);
		assert_int_equal(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 },
					   &err) == 0,
				 good);
		if (!good) {
			assert_non_null(strstr(err.message, "with a password that it has made up"));
			assert_null(strstr(err.message, "a:b"));
			assert_null(strstr(err.message, "secret"));
			continue;
		}
		assert_int_equal(read_file(scratch_fd, "m/logins.log", 4096, &logins, &err), 0);
		assert_string_equal(logins.data, cases[i].logins);
	}
}

static void test_redirect_loop(void **state)
{
	cleanup_free char *rule = xasprintf("blob redirect %s/blob", loopback_url);

	(void)state;
	expect(rule, ERR_NETWORK, "cannot fetch", 6);
}

static void test_stall(void **state)
{
	(void)state;
	expect("blob stall 100", ERR_NETWORK, "cannot fetch", 3);
}

static void test_too_long(void **state)
{
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	item.size = SIZE - 1;
	assert_true(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	assert_non_null(strstr(err.message, "more than the 99999 bytes"));
}

/* What a server may say in chunks, and what it says beside the file. */
static void test_chunks(void **state)
{
	(void)state;
	expect("blob chunked", ERR_NONE, NULL, 1);
}

/* Nothing that a server sends without end holds us. */
static void test_endless(void **state)
{
	static const struct {
		const char *what;
		enum err_class class;
		const char *message;
		unsigned asked;
	} cases[] = {
		{ "headers", ERR_NETWORK, "headers", 1 },
		{ "header", ERR_NETWORK, "cannot fetch", 1 },
		{ "drops", ERR_NETWORK, "the server is too slow: 0 bytes in", 3 },
		{ "continue", ERR_NETWORK, "headers", 1 },
		{ "body", ERR_TRUST, "more than the 100000 bytes", 1 },
		{ "chunks", ERR_TRUST, "more than the 100000 bytes", 1 },
		{ "trailers", ERR_NETWORK, "headers", 1 },
		{ "extension", ERR_NETWORK, "the server is too slow: 0 bytes in", 3 },
		{ "redirect", ERR_NETWORK, "a redirect with more than", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free char *fault = xasprintf("blob endless %s", cases[i].what);

		print_message("# endless %s\n", cases[i].what);
		scratch_file("m/access.log", "");
		expect(fault, cases[i].class, cases[i].message, cases[i].asked);
	}
}

/* A server that drips, and stays just above what counts in a period. */
static void test_drip_above_the_limit(void **state)
{
	const struct fetch_options options = { .stall = 1, .pause = 10 };
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("drip");
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int fd = -1;

	(void)state;
	item.size = 12000;
	digest_bytes(content, item.size, item.sha256);
	fd = openat(scratch_fd, "m/archive/drip", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write_all(fd, content, item.size), 0);
	loopback_fault("drip slow 2000");
	assert_true(fetch_all(store, &item, 1, &options, &err) < 0);
	assert_int_equal(err.class, ERR_NETWORK);
	assert_non_null(strstr(err.message, "the server is too slow: "));
	assert_non_null(strstr(err.hint, "another mirror (--mirror URL)"));
	assert_non_null(strstr(err.hint, "Acquire::http::Timeout"));
	assert_int_equal(requests(), 1);
}

/* Another mirror is asked, and the slow one no more. */
static void test_drip_and_another_mirror(void **state)
{
	const struct network network = { .timeout = 1 };
	const struct fetch_options options = { .network = &network, .pause = 10 };
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("slow");
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	strv_addf(&item.url, "http://localhost:%s/blob", strrchr(loopback_url, ':') + 1);
	assert_int_equal(symlinkat("blob", scratch_fd, "m/archive/slow"), 0);
	loopback_fault("slow slow 100");
	assert_int_equal(fetch_all(store, &item, 1, &options, &err), 0);
	assert_string_equal(item.from, item.url.item[1]);
	assert_true(is_stored());
}

static void test_wrong_parts(void **state)
{
	static const char *const faults[] = { "blob part 500-631/100000", "blob part */100000",
					      "blob status 206", "blob status 416",
					      "blob short 100" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
		CLEANUP(err_release) struct err err = { 0 };

		item.range = 132;
		loopback_fault(faults[i]);
		assert_true(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 },
				      &err) < 0);
		assert_non_null(strstr(err.message, loopback_url));
		assert_non_null(err.hint);
	}
	scratch_file("m/access.log", "");
	expect("blob part 0-131/100000", ERR_NETWORK, "another part than was asked for", 1);
	scratch_file("m/access.log", "");
	expect("blob status 416", ERR_NETWORK, "416", 1);
}

static void test_nobody_listens(void **state)
{
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	free(item.url.item[0]);
	item.url.item[0] = xstrdup("http://user:secret@127.0.0.1:1/blob");
	assert_true(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err) < 0);
	assert_int_equal(err.class, ERR_NETWORK);
	assert_non_null(strstr(err.message, "http://127.0.0.1:1/blob"));
	assert_null(strstr(err.message, "secret"));
}

static void test_next_mirror(void **state)
{
	static const char *const faults[] = { "bad status 404", "bad wrong", "bad short 10" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		CLEANUP(fetch_item_release) struct fetch_item item = item_for("bad");
		CLEANUP(err_release) struct err err = { 0 };

		strv_addf(&item.url, "%s/blob", loopback_url);
		assert_int_equal(symlinkat("blob", scratch_fd, "m/archive/bad") < 0, i > 0);
		loopback_fault(faults[i]);
		assert_int_equal(
			fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err),
			0);
		assert_string_equal(item.from, item.url.item[1]);
		assert_int_equal(item.err.class, ERR_NONE);
		assert_true(is_stored());
		assert_int_equal(close_store(state) + fresh_store(state), 0);
	}
}

static void test_wrong_bytes_outrank_a_bad_line(void **state)
{
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("absent");
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	strv_addf(&item.url, "%s/blob", loopback_url);
	loopback_fault("blob wrong");
	assert_true(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
}

/* A host that does not answer is not tried again for every file. */
static void test_dead_mirror(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct fetch_item item[20];
	int r;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		item[i] = item_for("blob");
		item[i].range = 10;
		free(item[i].url.item[0]);
		item[i].url.item[0] = xstrdup("http://127.0.0.1:1/blob");
		strv_addf(&item[i].url, "%s/blob", loopback_url);
	}
	r = fetch_all(store, item, 20, &(struct fetch_options){ .connections = 2, .pause = 10 },
		      &err);
	for (size_t i = 0; i < 20; i++)
		fetch_item_release(&item[i]);
	assert_int_equal(r, 0);
	assert_int_equal(requests(), 20);
}

static void expect_head(const char *fault)
{
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
	CLEANUP(err_release) struct err err = { 0 };

	item.range = 132;
	loopback_fault(fault);
	assert_int_equal(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err),
			 0);
	assert_int_equal(item.head.length, 132);
	assert_memory_equal(item.head.data, content, 132);
	assert_false(is_stored());
}

static void test_range(void **state)
{
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	expect_head("");
	expect_head("blob norange");
	expect_head("blob fail 1");
	scratch_file("m/access.log", "");
	expect("", ERR_NONE, NULL, 1);
	item.range = 132; /* out of the store now */
	loopback_fault("* status 404");
	assert_int_equal(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err),
			 0);
	assert_memory_equal(item.head.data, content, 132);
}

static void test_unknown_digest(void **state)
{
	CLEANUP(fetch_item_release) struct fetch_item small = { .limit = SIZE };
	CLEANUP(fetch_item_release) struct fetch_item large = { .limit = SIZE - 1 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	strv_addf(&small.url, "%s/blob", loopback_url);
	strv_addf(&large.url, "%s/blob", loopback_url);
	assert_int_equal(fetch_all(store, &small, 1, &(struct fetch_options){ .pause = 10 }, &err),
			 0);
	assert_int_equal(small.head.length, SIZE);
	assert_memory_equal(small.head.data, content, SIZE);
	assert_true(fetch_all(store, &large, 1, &(struct fetch_options){ .pause = 10 }, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
}

/* A host that does not answer ends all that wait for it; what has no URL can only come from the
 * store. */
static void test_nobody_to_ask(void **state)
{
	const struct fetch_options options = {
		.keep_going = true,
		.connections = 1,
		.pause = 10,
	};
	struct fetch_item item[3] = { { .limit = SIZE }, { .limit = SIZE }, { .limit = SIZE } };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	strv_addf(&item[0].url, "http://127.0.0.1:1/a");
	strv_addf(&item[1].url, "http://127.0.0.1:1/b");
	assert_int_equal(fetch_all(store, item, 3, &options, &err), 0);
	assert_non_null(strstr(item[0].err.message, "http://127.0.0.1:1"));
	assert_non_null(strstr(item[1].err.message, "http://127.0.0.1:1"));
	assert_non_null(strstr(item[2].err.message, "not in the store"));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(item[i].err.class, ERR_NETWORK);
		fetch_item_release(&item[i]);
	}
}

static void test_keep_going(void **state)
{
	const struct fetch_options options = { .keep_going = true, .pause = 10 };
	struct fetch_item item[2] = { { .limit = SIZE }, { .limit = SIZE } };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	strv_addf(&item[0].url, "%s/absent", loopback_url);
	strv_addf(&item[1].url, "%s/blob", loopback_url);
	assert_int_equal(fetch_all(store, item, 2, &options, &err), 0);
	assert_int_equal(item[0].err.class, ERR_NETWORK);
	assert_int_equal(item[1].err.class, ERR_NONE);
	assert_int_equal(item[1].head.length, SIZE);
	fetch_item_release(&item[0]);
	fetch_item_release(&item[1]);
}

static void test_file_url(void **state)
{
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	free(item.url.item[0]);
	item.url.item[0] = xasprintf("file://%s/m/archive/blob", scratch_path);
	assert_int_equal(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err),
			 0);
	assert_true(is_stored());
	assert_int_equal(requests(), 0);
}

/* Nobody writes into that FIFO, and to open it would hold us. */
static void test_file_url_of_a_fifo(void **state)
{
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(mkfifoat(scratch_fd, "m/archive/a fifo", 0600), 0);
	free(item.url.item[0]);
	item.url.item[0] = xasprintf("file://%s/m/archive/a%%20fifo", scratch_path);
	assert_true(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err) < 0);
	assert_int_equal(err.class, ERR_NETWORK);
	assert_non_null(strstr(err.message, "a%20fifo"));
	assert_non_null(strstr(err.message, "it is not a file"));
}

/* The file size limit stands for a full disk: the write fails in the same place. */
static void test_no_room(void **state)
{
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
	CLEANUP(err_release) struct err err = { 0 };
	struct rlimit old, small;
	int r;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	r = fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_true(r < 0);
	assert_int_equal(err.class, ERR_BUILD);
	assert_int_equal(err.errnum, EFBIG);
	assert_non_null(strstr(err.message, "store"));
}

/* Last: the signal stays pending. */
static void test_interrupt(void **state)
{
	CLEANUP(fetch_item_release) struct fetch_item item = item_for("blob");
	CLEANUP(err_release) struct err err = { 0 };
	pid_t pid;

	(void)state;
	interrupt_init();
	loopback_fault("blob stall 100");
	pid = fork();
	if (pid == 0) {
		(void)usleep(300000);
		(void)kill(getppid(), SIGTERM);
		_exit(0);
	}
	assert_true(fetch_all(store, &item, 1, &(struct fetch_options){ .pause = 10 }, &err) < 0);
	assert_int_equal(err.class, ERR_INTERRUPTED);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(requests(), 1);
}

#define FETCH_TEST(f) cmocka_unit_test_setup_teardown(f, fresh_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FETCH_TEST(test_plain),
		FETCH_TEST(test_not_found),
		FETCH_TEST(test_hints),
		FETCH_TEST(test_server_error),
		FETCH_TEST(test_fails_twice),
		FETCH_TEST(test_truncated),
		FETCH_TEST(test_short_file),
		FETCH_TEST(test_wrong_bytes),
		FETCH_TEST(test_redirect),
		FETCH_TEST(test_redirect_to_file_is_refused),
		FETCH_TEST(test_redirect_loop),
		FETCH_TEST(test_stall),
		FETCH_TEST(test_chunks),
		FETCH_TEST(test_endless),
		FETCH_TEST(test_redirect_and_passwords),
		FETCH_TEST(test_drip_above_the_limit),
		FETCH_TEST(test_drip_and_another_mirror),
		FETCH_TEST(test_wrong_parts),
		FETCH_TEST(test_too_long),
		FETCH_TEST(test_nobody_listens),
		FETCH_TEST(test_next_mirror),
		FETCH_TEST(test_wrong_bytes_outrank_a_bad_line),
		FETCH_TEST(test_dead_mirror),
		FETCH_TEST(test_range),
		FETCH_TEST(test_unknown_digest),
		FETCH_TEST(test_nobody_to_ask),
		FETCH_TEST(test_keep_going),
		FETCH_TEST(test_file_url),
		FETCH_TEST(test_file_url_of_a_fifo),
		FETCH_TEST(test_no_room),
		FETCH_TEST(test_interrupt),
	};

	return cmocka_run_group_tests(tests, setup, loopback_teardown);
}
