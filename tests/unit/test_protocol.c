/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "sandbox/protocol.h"

static int pair[2];

static int make_pair(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

static int close_pair(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			(void)close(pair[i]);
	return 0;
}

static void hang_up(void)
{
	assert_int_equal(close(pair[0]), 0);
	pair[0] = -1;
}

static void values(void **state)
{
	static const char *const list[] = { "a", "", "long one", NULL };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(message_release) struct message m = { .type = MESSAGE_RUN };
	CLEANUP(message_release) struct message got = { 0 };
	CLEANUP(strv_release) struct strv words = { 0 };
	size_t size;

	(void)state;
	message_put_u64(&m, UINT64_MAX);
	message_put_text(&m, "text");
	message_put_text(&m, NULL);
	message_put_bytes(&m, "a\0b", 3);
	message_put_list(&m, list);
	message_put_list(&m, NULL);
	assert_int_equal(message_send(pair[0], &m, &err), 0);
	assert_int_equal(message_receive(pair[1], -1, &got, &err), 1);
	assert_int_equal(got.type, MESSAGE_RUN);
	assert_true(message_get_u64(&got) == UINT64_MAX);
	cleanup_free char *text = message_get_text(&got);
	assert_string_equal(text, "text");
	cleanup_free char *none = message_get_text(&got);
	assert_string_equal(none, "");
	assert_memory_equal(message_get_bytes(&got, &size), "a\0b", 3);
	assert_int_equal(size, 3);
	message_get_list(&got, &words);
	assert_int_equal(words.count, 3);
	assert_string_equal(words.item[1], "");
	assert_string_equal(words.item[2], "long one");
	message_get_list(&got, &words);
	assert_int_equal(words.count, 3);
	assert_int_equal(message_end(&got, &err), 0);
}

static void descriptors(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(message_release) struct message m = { .type = MESSAGE_PUT };
	CLEANUP(message_release) struct message got = { 0 };
	CLEANUP(message_release) struct message forgotten = { 0 };
	struct stat sent, received;

	(void)state;
	scratch_file("x", "content");
	cleanup_fd int fd = openat(scratch_fd, "x", O_RDONLY | O_CLOEXEC);
	message_put_fd(&m, fd);
	assert_int_equal(message_send(pair[0], &m, &err), 0);
	assert_int_equal(message_send(pair[0], &m, &err), 0);
	assert_int_equal(message_receive(pair[1], -1, &got, &err), 1);
	cleanup_fd int mine = message_take_fd(&got);
	assert_int_equal(fstat(fd, &sent), 0);
	assert_int_equal(fstat(mine, &received), 0);
	assert_true(sent.st_ino == received.st_ino && mine != fd);
	assert_true(fcntl(mine, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(message_end(&got, &err), 0);
	assert_int_equal(message_take_fd(&got), -1);
	assert_true(message_end(&got, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	err_release(&err);
	assert_int_equal(message_receive(pair[1], -1, &forgotten, &err), 1);
	assert_true(message_end(&forgotten, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
}

static void missing_values(void **state)
{
	static const char huge[] = "\377\377\377\377\377\377\377\177\0\0\0\0\0\0\0";
	CLEANUP(strv_release) struct strv words = { 0 };
	size_t size;

	(void)state;
	for (size_t length = 0; length <= sizeof(huge); length++) {
		CLEANUP(err_release) struct err err = { 0 };
		CLEANUP(message_release) struct message bytes = { 0 };
		CLEANUP(message_release) struct message list = { 0 };

		text_append(&bytes.body, huge, length);
		text_append(&list.body, huge, length);
		assert_string_equal(message_get_bytes(&bytes, &size), "");
		assert_int_equal(size, 0);
		assert_true(message_end(&bytes, &err) < 0);
		assert_int_equal(err.class, ERR_BUILD);
		assert_true(message_get_u64(&bytes) == 0);
		err_release(&err);
		message_get_list(&list, &words);
		assert_int_equal(words.count, 0);
		assert_true(message_end(&list, &err) < 0);
		assert_int_equal(err.class, ERR_BUILD);
	}
}

static void leftover_and_nul(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(message_release) struct message left = { 0 };
	CLEANUP(message_release) struct message nul = { 0 };

	(void)state;
	message_put_u64(&left, 1);
	assert_true(message_end(&left, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	err_release(&err);
	message_put_bytes(&nul, "a\0b", 3);
	cleanup_free char *text = message_get_text(&nul);
	assert_string_equal(text, "");
	assert_true(message_end(&nul, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
}

/* Raw bytes as a stranger would send them. */
static void assert_refused(const void *data, size_t size, bool hangs_up, int expected)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(message_release) struct message got = { 0 };
	int r;

	assert_int_equal(write(pair[0], data, size), size);
	if (hangs_up)
		hang_up();
	r = message_receive(pair[1], -1, &got, &err);
	assert_true(expected < 0 ? r < 0 : r == expected);
	assert_true(got.body.data == NULL);
}

static void wrong_magic(void **state)
{
	const uint32_t header[4] = { 1, MESSAGE_OK, 0, 0 };

	(void)state;
	assert_refused(header, sizeof(header), false, -1);
}

static void too_long(void **state)
{
	const uint32_t header[4] = { 0x6e727331, MESSAGE_OK, MESSAGE_BODY_MAX + 1, 0 };

	(void)state;
	assert_refused(header, sizeof(header), false, -1);
}

static void promised_descriptor(void **state)
{
	const uint32_t header[4] = { 0x6e727331, MESSAGE_OK, 0, 1 };

	(void)state;
	assert_refused(header, sizeof(header), false, -1);
}

static void cut_header(void **state)
{
	(void)state;
	assert_refused("1srn", 4, true, -1);
}

static void cut_body(void **state)
{
	const uint32_t header[5] = { 0x6e727331, MESSAGE_OK, 8, 0, 0 };

	(void)state;
	assert_refused(header, sizeof(header), true, -1);
}

static void silence(void **state)
{
	(void)state;
	assert_refused("", 0, true, 0);
}

static void over_the_limit(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(message_release) struct message m = { .type = MESSAGE_WRITE };
	cleanup_free char *data = xcalloc(1, MESSAGE_BODY_MAX);

	(void)state;
	message_put_bytes(&m, data, MESSAGE_BODY_MAX);
	assert_true(message_send(pair[0], &m, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	assert_true(recv(pair[1], data, 1, MSG_DONTWAIT) < 0);
}

/* More than a socket buffer, so that both sides have to take turns. */
static void large_body(void **state)
{
	const size_t size = (size_t)8 << 20;
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(message_release) struct message got = { 0 };
	cleanup_free char *data = xmalloc(size);
	size_t length;
	int status;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < size; i++)
		data[i] = (char)(i * 7 + i / 251);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct message m = { .type = MESSAGE_WRITE };

		message_put_bytes(&m, data, size);
		_exit(message_send(pair[0], &m, &err) == 0 ? 0 : 1);
	}
	assert_int_equal(message_receive(pair[1], -1, &got, &err), 1);
	assert_memory_equal(message_get_bytes(&got, &length), data, size);
	assert_int_equal(length, size);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void errors(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err back = { 0 };
	CLEANUP(err_release) struct err bad = { 0 };
	CLEANUP(message_release) struct message m = { .type = MESSAGE_ERROR };
	CLEANUP(message_release) struct message none = { .type = MESSAGE_ERROR };

	(void)state;
	err_errno(&err, ERR_TRUST, ENOENT, "cannot open '%s'", "x");
	err_hint(&err, "do %s", "this");
	message_put_err(&m, &err);
	assert_int_equal(message_take_err(&m, &back), -ENOENT);
	assert_int_equal(back.class, ERR_TRUST);
	assert_string_equal(back.message, err.message);
	assert_string_equal(back.hint, "do this");
	message_put_err(&none, &(struct err){ 0 });
	assert_true(message_take_err(&none, &bad) < 0);
	assert_int_equal(bad.class, ERR_BUILD);
}

/* The line that an error points at is printed with it, and this one comes from outside. */
static void position_of_an_error(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err back = { 0 };
	CLEANUP(message_release) struct message m = { .type = MESSAGE_ERROR };

	(void)state;
	err_at(&err, ERR_TRUST, "/etc/passwd", 1, 2, "look here");
	message_put_err(&m, &err);
	assert_true(message_take_err(&m, &back) < 0);
	assert_int_equal(back.class, ERR_TRUST);
	assert_string_equal(back.message, "look here");
	assert_null(back.file);
	assert_int_equal(back.line, 0);
	assert_int_equal(back.column, 0);
}

/* A sandbox that was taken over does not choose how we end, nor how much is read. */
static void errors_that_lie(void **state)
{
	CLEANUP(err_release) struct err err = { .class = ERR_INTERRUPTED };
	CLEANUP(err_release) struct err back = { 0 };
	CLEANUP(message_release) struct message m = { .type = MESSAGE_ERROR };

	(void)state;
	err.message = xmalloc(100001);
	memset(err.message, 'x', 100000);
	err.message[100000] = '\0';
	message_put_err(&m, &err);
	assert_true(message_take_err(&m, &back) < 0);
	assert_int_equal(back.class, ERR_BUILD);
	assert_int_equal(strlen(back.message), (16 << 10) - 1);
	assert_true(ends_with(back.message, "xxx …"));
}

int main(void)
{
#define ON_PAIR(test) cmocka_unit_test_setup_teardown(test, make_pair, close_pair)
	const struct CMUnitTest tests[] = {
		ON_PAIR(values),
		ON_PAIR(descriptors),
		cmocka_unit_test(missing_values),
		cmocka_unit_test(leftover_and_nul),
		ON_PAIR(wrong_magic),
		ON_PAIR(too_long),
		ON_PAIR(promised_descriptor),
		ON_PAIR(cut_header),
		ON_PAIR(cut_body),
		ON_PAIR(silence),
		ON_PAIR(over_the_limit),
		ON_PAIR(large_body),
		cmocka_unit_test(errors),
		cmocka_unit_test(errors_that_lie),
		cmocka_unit_test(position_of_an_error),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
