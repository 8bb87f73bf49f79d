/* SPDX-License-Identifier: MIT */
/*
 * A sandbox by hand, for the tests: reads one request a line from stdin, words separated by tabs, and does
 * it. Ends with the first failure, printed as netrescue prints it, and its exit code.
 *
 *	sandbox-driver STORE [disk] [space=BYTES] [kind=WORD] [LIMIT=N]
 *
 * "record FILE COMMAND…" keeps the recording of a command as FILE and FILE.tar, and lists it as FILE.text;
 * "match FILE" compares it with the tree, "replay FILE" lays what the command has made.
 *
 * LIMIT: memory (bytes), processes, files, silence or timeout (seconds).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/err-report.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "sandbox/recording.h"
#include "sandbox/sandbox.h"

static enum sweep_action action_of(const char *word)
{
	return streq(word, "remove")	? SWEEP_REMOVE
	       : streq(word, "empty")	? SWEEP_EMPTY
	       : streq(word, "content") ? SWEEP_CONTENT
					: SWEEP_RECURSIVE;
}

static int put(struct sandbox *sb, const struct strv *w, struct err *err)
{
	cleanup_fd int fd = open(w->item[1], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot open '%s'", w->item[1]);
	return sandbox_put(sb, fd, w->item[2], err);
}

static int restore(struct sandbox *sb, const struct strv *w, struct err *err)
{
	cleanup_fd int fd = open(w->item[1], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot open '%s'", w->item[1]);
	return sandbox_restore(sb, fd, w->item[2], err);
}

static int snapshot(struct sandbox *sb, const struct strv *w, struct err *err)
{
	cleanup_fd int fd = open(w->item[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot open '%s'", w->item[1]);
	return sandbox_snapshot(sb, w->item[2], fd, err);
}

static int archive(struct sandbox *sb, const struct strv *w, struct err *err)
{
	cleanup_fd int fd = open(w->item[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	char digest[DIGEST_HEX];
	uint64_t size;
	int r;

	if (fd < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot open '%s'", w->item[1]);
	r = sandbox_archive(sb, w->count > 2 ? (const char *const *)&w->item[2] : NULL, fd, digest,
			    &size, err);
	if (r == 0)
		printf("%s %llu\n", digest, (unsigned long long)size);
	return r;
}

static int show(struct sandbox *sb, const char *path, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	int r = sandbox_read(sb, path, 1 << 20, &t, err);

	if (r == 0)
		(void)fwrite(t.data, 1, t.length, stdout);
	return r;
}

static int exists(struct sandbox *sb, const char *path, struct err *err)
{
	bool there = false;
	int r = sandbox_exists(sb, path, &there, err);

	if (r == 0)
		puts(there ? "yes" : "no");
	return r;
}

/* run, may-fail, look (read-only): the words; together: commands separated by the word "+" */
static int run(struct sandbox *sb, struct strv *w, struct err *err)
{
	struct sandbox_command c[16] = { 0 };
	size_t count = 0;
	int r;

	c[count++].argv = (const char *const *)&w->item[1];
	for (size_t i = 1; i < w->count; i++) {
		if (!streq(w->item[0], "together") || !streq(w->item[i], "+"))
			continue;
		free(w->item[i]);
		w->item[i] = NULL;
		c[count++].argv = (const char *const *)&w->item[i + 1];
	}
	c[0].may_fail = streq(w->item[0], "may-fail");
	c[0].read_only = streq(w->item[0], "look");
	r = sandbox_run(sb, c, count, err);
	if (r == 0 && c[0].may_fail)
		printf("status %d\n", c[0].status);
	return r;
}

static int extract(struct sandbox *sb, const struct strv *w, struct err *err)
{
	struct strv debs = { .item = &w->item[2], .count = w->count - 2 };

	return sandbox_extract(sb, &debs, (unsigned)atoi(w->item[1]), err);
}

static int feed(struct sandbox *sb, const struct strv *w, struct err *err)
{
	struct sandbox_command c = { .argv = (const char *const *)&w->item[3],
				     .input = w->item[1],
				     .output = w->item[2] };

	return sandbox_run(sb, &c, 1, err);
}

/* ---- recordings ----------------------------------------------------------------------------- */

static int keep(const char *file, const char *end, const char *data, size_t size, struct err *err)
{
	cleanup_free char *path = xasprintf("%s%s", file, end);
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0 || write_all(fd, data, size) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot write '%s'", path);
	return 0;
}

static int keep_text(const char *file, const struct text *bytes, struct err *err)
{
	static const char *const look[] = { "none", "way", "status", "content" };
	CLEANUP(recording_release) struct recording recording = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	int r = recording_parse(bytes->data, bytes->length, &recording, err);

	if (r < 0)
		return r;
	text_add(&t, "");
	for (size_t i = 0; i < recording.count; i++)
		text_printf(&t, "%s\t%s\t%s\n", look[recording.item[i].look],
			    recording.item[i].path, recording.item[i].seen);
	for (size_t i = 0; i < recording.removed.count; i++)
		text_printf(&t, "removed\t%s\n", recording.removed.item[i]);
	return keep(file, ".text", t.data, t.length, err);
}

static int record(struct sandbox *sb, const struct strv *w, struct err *err)
{
	CLEANUP(sandbox_record_release) struct sandbox_record record = { 0 };
	struct sandbox_command c = { .argv = (const char *const *)&w->item[2], .record = true };
	cleanup_free char *path = xasprintf("%s.tar", w->item[1]);
	cleanup_fd int tar = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int r = tar < 0 ? err_errno(err, ERR_USAGE, errno, "cannot open '%s'", path)
			: sandbox_run(sb, &c, 1, err);

	if (r == 0)
		r = sandbox_recorded(sb, tar, &record, err);
	if (r < 0)
		return r;
	if (record.why)
		printf("no recording: %s\n", record.why);
	else
		printf("recorded %llu paths of %llu calls\n", (unsigned long long)record.paths,
		       (unsigned long long)record.calls);
	r = record.why ? 0 : keep_text(w->item[1], &record.bytes, err);
	return r < 0 ? r : keep(w->item[1], "", record.bytes.data, record.bytes.length, err);
}

static int match(struct sandbox *sb, const char *file, struct err *err)
{
	CLEANUP(text_release) struct text bytes = { 0 };
	cleanup_free char *different = NULL;
	int r = read_file(AT_FDCWD, file, 64 << 20, &bytes, err);

	if (r == 0)
		r = sandbox_matches(sb, bytes.data, bytes.length, &different, err);
	if (r == 0)
		printf("%s%s\n", different ? "different: " : "the same",
		       different ? different : "");
	return r;
}

static int replay(struct sandbox *sb, const char *file, struct err *err)
{
	CLEANUP(text_release) struct text bytes = { 0 };
	cleanup_free char *path = xasprintf("%s.tar", file);
	cleanup_fd int tar = open(path, O_RDONLY | O_CLOEXEC);
	int r = tar < 0 ? err_errno(err, ERR_USAGE, errno, "cannot open '%s'", path)
			: read_file(AT_FDCWD, file, 64 << 20, &bytes, err);

	return r < 0 ? r : sandbox_replay(sb, bytes.data, bytes.length, tar, err);
}

static int act(struct sandbox *sb, struct strv *w, struct err *err)
{
	const char *verb = w->item[0];
	size_t n = w->count - 1;

	if (streq(verb, "put") && n == 2)
		return put(sb, w, err);
	if (streq(verb, "restore") && n == 2)
		return restore(sb, w, err);
	if (streq(verb, "snapshot") && n == 2)
		return snapshot(sb, w, err);
	if (streq(verb, "archive") && n >= 1)
		return archive(sb, w, err);
	if (streq(verb, "extract") && n >= 2)
		return extract(sb, w, err);
	if (streq(verb, "read") && n == 1)
		return show(sb, w->item[1], err);
	if (streq(verb, "exists") && n == 1)
		return exists(sb, w->item[1], err);
	if (streq(verb, "kernel") && n == 1)
		return sandbox_set_kernel(sb, w->item[1], err);
	if (streq(verb, "write") && n == 3)
		return sandbox_write(sb, w->item[1], w->item[3], strlen(w->item[3]),
				     (unsigned)strtoul(w->item[2], NULL, 8), err);
	if (streq(verb, "sweep") && n == 2)
		return sandbox_sweep(sb, &(struct sweep){ action_of(w->item[1]), w->item[2] }, 1,
				     err);
	if (streq(verb, "record") && n >= 2)
		return record(sb, w, err);
	if (streq(verb, "match") && n == 1)
		return match(sb, w->item[1], err);
	if (streq(verb, "replay") && n == 1)
		return replay(sb, w->item[1], err);
	if (streq(verb, "feed") && n >= 3)
		return feed(sb, w, err);
	if ((streq(verb, "run") || streq(verb, "may-fail") || streq(verb, "look") ||
	     streq(verb, "together")) &&
	    n >= 1)
		return run(sb, w, err);
	return err_set(err, ERR_USAGE, "sandbox-driver: what is '%s' with %zu words?", verb, n);
}

/* refused, then another request: it has to fail, and what its message says is printed. */
static int act_or_refuse(struct sandbox *sb, struct strv *w, struct err *err)
{
	struct strv rest = { .item = w->item + 1, .count = w->count - 1 };
	CLEANUP(err_release) struct err failure = { 0 };
	CLEANUP(text_release) struct text words = { 0 };

	if (w->count < 2 || !streq(w->item[0], "refused"))
		return act(sb, w, err);
	if (act(sb, &rest, &failure) == 0)
		return err_set(err, ERR_BUILD, "'%s' was not refused", w->item[2]);
	text_add_escaped(&words, failure.message);
	printf("refused: %s\n", words.data);
	return 0;
}

static int act_all(struct store *s, const struct sandbox_options *options, struct err *err)
{
	CLEANUP(sandbox_cleanup) struct sandbox *sb = NULL;
	cleanup_free char *line = NULL;
	size_t allocated = 0;
	ssize_t n;
	int r = sandbox_open(s, options, &sb, err);

	if (r == 0)
		printf("%s\n", sandbox_description(sb));
	while (r == 0 && (n = getline(&line, &allocated, stdin)) > 0) {
		CLEANUP(strv_release) struct strv w = { 0 };

		line[n - 1] = '\0';
		strv_split(&w, line, "\t");
		(void)fflush(stdout);
		r = act_or_refuse(sb, &w, err);
	}
	return r;
}

int main(int argc, char **argv)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	struct sandbox_options o = { .kind = "auto",
				     .source_date_epoch = 1700000000,
				     .hostname = "netrescue",
				     .log_fd = 1,
				     .space = 512 << 20 };

	const struct {
		const char *name;
		uint64_t *value;
	} number[] = {
		{ "space=", &o.space },
		{ "memory=", &o.limits.memory },
		{ "processes=", &o.limits.processes },
		{ "files=", &o.limits.files },
	};

	interrupt_init();
	for (int i = 2; i < argc; i++) {
		if (streq(argv[i], "disk"))
			o.on_disk = true;
		else if (starts_with(argv[i], "silence="))
			o.limits.silence = (unsigned)atoi(argv[i] + 8);
		else if (starts_with(argv[i], "timeout="))
			o.limits.timeout = (unsigned)atoi(argv[i] + 8);
		else if (starts_with(argv[i], "kind="))
			o.kind = argv[i] + 5;
		for (size_t n = 0; n < ARRAY_SIZE(number); n++)
			if (starts_with(argv[i], number[n].name))
				(void)parse_u64(argv[i] + strlen(number[n].name), number[n].value);
	}
	if (argc > 1 && store_open(argv[1], &s, &err) == 0)
		(void)act_all(s, &o, &err);
	err_print(&err, stderr);
	return err_exit_code(&err);
}
