/* SPDX-License-Identifier: MIT */
#include "serve/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/progress.h"

#define SHOWN_MAX 4096

/* "\r     32768  12%  …", again and again: the last one that has its percent sign. */
bool upload_parse_progress(const char *text, uint64_t *ret)
{
	CLEANUP(text_release) struct text digits = { 0 };
	const char *p = strrchr(text, '%');

	if (!p)
		return false;
	while (p > text && p[-1] != '\r' && p[-1] != '\n')
		p--;
	p += strspn(p, " ");
	text_append(&digits, p, strspn(p, "0123456789"));
	return digits.length && parse_u64(digits.data, ret) == 0;
}

static int follow(struct child *c, int fd, struct err *err)
{
	char buffer[SHOWN_MAX + 1];

	for (;;) {
		struct pollfd watch[] = {
			{ .fd = fd, .events = POLLIN },
			{ .fd = interrupt_fd(), .events = POLLIN },
		};
		int n = poll(watch, ARRAY_SIZE(watch), 1000), r = interrupt_check(err);
		uint64_t done;
		ssize_t got;

		if (r < 0)
			return r;
		if (n == 0)
			progress_tick();
		if (n <= 0 || !watch[0].revents)
			continue;
		got = read(fd, buffer, SHOWN_MAX);
		if (got < 0 && errno != EINTR)
			return err_errno(err, ERR_BUILD, errno, "cannot read what '%s' prints",
					 c->name);
		if (got == 0)
			return 0;
		buffer[got > 0 ? got : 0] = '\0';
		if (upload_parse_progress(buffer, &done))
			progress_update(done);
	}
}

static void add_command(struct strv *argv, const struct session *s, const char *from,
			const char *to)
{
	const char *const options[] = { "rsync",
					"-rt",
					"--checksum",
					"--partial",
					"--chmod=D700,F600",
					"--files-from=-",
					"--info=progress2,name0",
					"--no-human-readable" };

	if (!s->place->host && s->sudo) {
		strv_add(argv, "sudo");
		strv_add(argv, "-n");
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		strv_add(argv, options[i]);
	if (s->place->host) {
		strv_add(argv, "-e");
		strv_add(argv, s->ssh ? s->ssh : "ssh");
		if (s->sudo)
			strv_add(argv, "--rsync-path=sudo -n rsync");
	}
	strv_add(argv, "--");
	/* rsync takes what stands before a colon, without a slash, for a host. */
	strv_addf(argv, "%s%s/", *from == '/' ? "" : "./", from);
	if (s->place->host)
		strv_addf(argv, "%s:%s/", s->place->host, to);
	else
		strv_addf(argv, "%s/", to);
}

static int run(const struct strv *argv, int list, struct err *err)
{
	CLEANUP(child_release) struct child c = CHILD_INIT;
	int pipe_fd[2], status = 0, r;
	char text[64];

	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a pipe");
	cleanup_fd int reader = pipe_fd[0];
	const struct child_options options = {
		.argv = (const char *const *)argv->item,
		.env = (const char *const *)environ,
		.fd = { { STDIN_FILENO, list }, { STDOUT_FILENO, pipe_fd[1] } },
		.fd_count = 2,
	};
	r = child_start(&c, &options, err);
	(void)close(pipe_fd[1]);
	if (r == 0)
		r = follow(&c, reader, err);
	if (r == 0)
		r = child_wait(&c, &status, err);
	if (r < 0)
		return r;
	if (status == 0)
		return 0;
	err_set(err, ERR_NETWORK, "the upload failed: rsync, %s", child_status_text(status, text));
	return err_hint(err, "what rsync says above has the reason; run it again to go on where it "
			     "ended");
}

int upload_files(const struct session *s, const char *from, const struct strv *files,
		 uint64_t bytes, const char *to, struct err *err)
{
	CLEANUP(strv_release) struct strv argv = { 0 };
	cleanup_free char *list = strv_join(files, "\n");
	cleanup_free char *lines = xasprintf("%s\n", list);
	cleanup_fd int fd = -1;
	char size[16];
	int r = memory_fd(lines, strlen(lines), &fd, err);

	if (r < 0)
		return r;
	add_command(&argv, s, from, to);
	progress_start("upload", bytes, PROGRESS_BYTES);
	r = run(&argv, fd, err);
	if (r < 0) {
		progress_abort();
		return r;
	}
	progress_update(bytes);
	progress_end(human_size(bytes, size));
	return 0;
}
