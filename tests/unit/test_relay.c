/* SPDX-License-Identifier: MIT */
/*
 * What sandbox-guestfs makes of the appliance's bytes, when whoever sends them has taken it over.
 * The appliance is a process of this test, at the other end of what else is QEMU's serial port.
 */
#include "unit.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "sandbox/frame.h"
#include "sandbox/guestfs/guestfs.h"

#define CONTENT_MAX ((uint64_t)1 << 20)

static struct relay relay;
static int main_program, driver, appliance; /* the other ends */
static pid_t player;

static void make_pair(int *ours, int *theirs)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*ours = pair[0];
	*theirs = pair[1];
}

static int begin(void **state)
{
	if (scratch_setup(state) < 0)
		return -1;
	relay = (struct relay){ .directory = scratch_fd, .content_max = CONTENT_MAX };
	make_pair(&relay.sock, &main_program);
	make_pair(&relay.report, &driver);
	make_pair(&relay.port, &appliance);
	return 0;
}

static int end(void **state)
{
	const int fd[] = { relay.sock, relay.report, relay.port, main_program, driver };

	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		(void)close(fd[i]);
	(void)kill(player, SIGKILL);
	(void)waitpid(player, NULL, 0);
	return scratch_teardown(state);
}

/* ---- the appliance -------------------------------------------------------------------------- */

static void say(enum frame_type type, uint32_t request, const void *data, size_t size)
{
	struct frame f = { FRAME_MAGIC, type, request, (uint32_t)size };

	if (write(appliance, &f, sizeof(f)) != (ssize_t)sizeof(f) ||
	    write(appliance, data, size) != (ssize_t)size)
		_exit(0);
}

static void say_message(enum message_type type, bool with_fd, const char *body, size_t size)
{
	CLEANUP(text_release) struct text t = { 0 };
	struct frame_message head = { (uint32_t)type, with_fd };

	text_append(&t, &head, sizeof(head));
	text_append(&t, body, size);
	say(FRAME_MESSAGE, 1, t.data, t.length);
}

static void say_hole(uint64_t zeros)
{
	say(FRAME_HOLE, 1, &zeros, sizeof(zeros));
}

static void honest(void)
{
	say(FRAME_DATA, 1, "content", 7);
	say_hole((uint64_t)3 << 30); /* the lab's disks are mostly that */
	say(FRAME_END, 1, "", 0);
	say_message(MESSAGE_OK, true, "", 0);
}

static void endless_content(void)
{
	char zeros[65536] = "";

	for (;;)
		say(FRAME_DATA, 1, zeros, sizeof(zeros));
}

static void endless_holes(void)
{
	for (;;)
		say_hole((uint64_t)1 << 38);
}

static void hole_beyond_everything(void)
{
	say(FRAME_DATA, 1, "x", 1);
	say_hole(UINT64_MAX);
}

static void half_a_hole(void)
{
	say(FRAME_HOLE, 1, "x", 1);
}

static void another_request(void)
{
	say(FRAME_DATA, 7, "x", 1);
}

static void a_request_of_its_own(void)
{
	say_message(MESSAGE_OPEN, false, "", 0);
}

/* "netrescue: all signatures are good" */
static void words_of_ours(void)
{
	say_message(MESSAGE_NOTE, false, "\6\0\0\0\0\0\0\0trust!", 14);
}

static void no_message(void)
{
	say(FRAME_MESSAGE, 1, "x", 1);
}

static void another_kind(void)
{
	say((enum frame_type)99, 1, "", 0);
}

static void a_long_frame(void)
{
	const struct frame f = { FRAME_MAGIC, FRAME_DATA, 1, UINT32_MAX };

	(void)!write(appliance, &f, sizeof(f));
}

static void garbage(void)
{
	static const char words[] = "root:x:0:0:root:/root:/bin/bash\n";

	(void)!write(appliance, words, sizeof(words) - 1);
}

static void a_file_of_nobody(void)
{
	say_message(MESSAGE_OK, true, "", 0);
}

/* Starts the appliance and passes a request to it. */
static int ask(enum message_type type, void (*play)(void), int fd, struct err *err)
{
	struct message request = { .type = type };

	player = fork();
	assert_true(player >= 0);
	if (player == 0) {
		(void)alarm(60);
		(void)close(relay.port);
		play();
		(void)pause();
		_exit(0);
	}
	assert_int_equal(close(appliance), 0);
	if (fd >= 0)
		message_put_fd(&request, fd);
	(void)alarm(50);
	int r = relay_request(&relay, &request, err);
	(void)alarm(0);
	return r;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void passes_a_file_on(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(message_release) struct message reply = { 0 };
	char content[7];
	struct stat st;

	(void)state;
	assert_int_equal(ask(MESSAGE_READ, honest, -1, &err), 0);
	assert_int_equal(message_receive(main_program, -1, &reply, &err), 1);
	cleanup_fd int fd = message_take_fd(&reply);
	assert_int_equal(message_end(&reply, &err), 0);
	assert_int_equal(read(fd, content, 7), 7);
	assert_memory_equal(content, "content", 7);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, ((off_t)3 << 30) + 7);
}

struct lie {
	enum message_type type;
	void (*play)(void);
	const char *message;
};

static void refuses(void **state)
{
	const struct lie *lie = *state;
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int out = openat(scratch_fd, "out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	assert_true(ask(lie->type, lie->play, lie->type == MESSAGE_ARCHIVE ? out : -1, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	assert_non_null(strstr(err.message, lie->message));
	assert_int_equal(fstat(out, &st), 0);
	assert_true(st.st_blocks <= (blkcnt_t)(CONTENT_MAX / 512 + 64));
	/* The main program has not been told anything. */
	assert_int_equal(recv(main_program, &st, 1, MSG_DONTWAIT), -1);
}

static int begin_lie(void **state)
{
	void *lie = *state;
	int r = begin(state);

	*state = lie;
	return r;
}

#define MALFORMED "the appliance sent a malformed message"
#define TOO_MUCH "the appliance sent more than the 1.0 MB that it may"
static struct lie lies[] = {
	{ MESSAGE_ARCHIVE, endless_content, TOO_MUCH },
	{ MESSAGE_READ, endless_content, TOO_MUCH },
	{ MESSAGE_RUN, endless_content, MALFORMED },
	{ MESSAGE_ARCHIVE, endless_holes, MALFORMED },
	{ MESSAGE_READ, endless_holes, MALFORMED },
	{ MESSAGE_RUN, endless_holes, MALFORMED },
	{ MESSAGE_READ, hole_beyond_everything, MALFORMED },
	{ MESSAGE_READ, half_a_hole, MALFORMED },
	{ MESSAGE_READ, another_request, MALFORMED },
	{ MESSAGE_RUN, a_request_of_its_own, MALFORMED },
	{ MESSAGE_RUN, words_of_ours, MALFORMED },
	{ MESSAGE_RUN, no_message, MALFORMED },
	{ MESSAGE_RUN, another_kind, MALFORMED },
	{ MESSAGE_READ, a_long_frame, MALFORMED },
	{ MESSAGE_READ, garbage, MALFORMED },
	{ MESSAGE_RUN, a_file_of_nobody, MALFORMED },
};

#define LIE(n)                                                                                     \
	{                                                                                          \
		"refuses lie " #n, refuses, begin_lie, end, &lies[n]                               \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(passes_a_file_on, begin, end),
		LIE(0),
		LIE(1),
		LIE(2),
		LIE(3),
		LIE(4),
		LIE(5),
		LIE(6),
		LIE(7),
		LIE(8),
		LIE(9),
		LIE(10),
		LIE(11),
		LIE(12),
		LIE(13),
		LIE(14),
		LIE(15),
	};

	return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
