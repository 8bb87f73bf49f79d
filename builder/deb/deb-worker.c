/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err-report.h"
#include "base/err-line.h"
#include "base/io.h"
#include "base/libarchive.h"
#include "base/line.h"
#include "base/memory.h"
#include "deb/deb-reader.h"
#include "deb/deb-rewrite.h"
#include "deb/deb.h"

#define REQUEST_MAX 512
#define TAR_BLOCK (256 << 10)

static int rewrite(struct store *s, const char *original, uint64_t installed_size,
		   char ret_plain[DIGEST_HEX], struct text *ret_control, struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	cleanup_fd int fd = -1;
	int r;

	r = store_get(s, original, &fd, err);
	if (r < 0)
		return r;
	if (fd < 0) {
		err_set(err, ERR_BUILD, "the store does not have it");
		return err_hint(err, "build again: it will be fetched anew");
	}
	r = store_put_begin(s, &put, err);
	if (r < 0)
		return r;
	r = deb_rewrite(fd, put.fd, installed_size, ret_control, err);
	/* With these the fault is the disk's, not the package's. */
	if (r == -ENOSPC || r == -EDQUOT || r == -EFBIG)
		err_wrap(err, "writing its plain form to the store '%s'", store_path(s));
	else if (r < 0 && err->errnum == 0)
		err_hint(err, "the package is damaged or malicious: do without it, or tell whoever "
			      "made it");
	return r < 0 ? r : store_put_commit(&put, NULL, ret_plain, err);
}

/* Splits "DIGEST REST\n" in place and returns REST; NULL if the line does not read so. */
static char *split_request(char *line)
{
	char *rest = strchr(line, ' ');

	line[strcspn(line, "\n")] = '\0';
	if (!rest)
		return NULL;
	*rest = '\0';
	return digest_is_valid(line) ? rest + 1 : NULL;
}

/* deb.c reads it as the answer to what it asked last, or is about to ask. */
static void answer_error(const struct err *err)
{
	CLEANUP(text_release) struct text line = { 0 };

	err_to_line(err, &line);
	printf("error %s\n", line.data);
}

static void answer(struct store *s, char *line)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text control = { 0 };
	CLEANUP(text_release) struct text control_line = { 0 };
	char plain[DIGEST_HEX];
	char *rest = split_request(line);
	uint64_t installed_size;

	if (!rest || parse_u64(rest, &installed_size) < 0)
		err_set(&err, ERR_BUILD, "netrescue deb-worker got a malformed request: '%s'",
			line);
	else
		rewrite(s, line, installed_size, plain, &control, &err);
	if (err.class) {
		answer_error(&err);
		return;
	}
	line_escape(control.data, &control_line);
	printf("ok %s %s\n", plain, control_line.length < STORE_FACT_MAX ? control_line.data : "");
}

/* The builder that asked was killed, so nobody is left to report to: what was written so far is
 * dropped. */
static int end_quietly(void)
{
	__fpurge(stdout);
	clearerr(stdout);
	return 1;
}

int deb_worker(const char *store_path)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	char line[REQUEST_MAX];

	if (store_open(store_path, &s, &err) < 0) {
		answer_error(&err);
		return fflush(stdout) == 0 ? err_exit_code(&err) : end_quietly();
	}
	while (fgets(line, sizeof(line), stdin)) {
		answer(s, line);
		if (fflush(stdout) != 0)
			return end_quietly();
	}
	return 0;
}

static int tar_data(struct archive *tar, int fd, const char *name, struct err *err)
{
	cleanup_free char *block = xmalloc(TAR_BLOCK);
	ssize_t n;

	while ((n = read(fd, block, TAR_BLOCK)) > 0)
		if (archive_write_data(tar, block, (size_t)n) != n)
			return deb_archive_error(tar, err, name);
	if (n < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read the plain form of '%s'", name);
	return 0;
}

static int tar_blob(struct store *s, struct archive *tar, const char *digest, const char *name,
		    struct err *err)
{
	CLEANUP(archive_entry_cleanup) struct archive_entry *entry = archive_entry_new();
	cleanup_fd int fd = -1;
	struct stat st;
	int r;

	r = store_get(s, digest, &fd, err);
	if (r < 0)
		return r;
	if (fd < 0)
		return err_set(err, ERR_BUILD, "the store has lost the plain form of '%s'", name);
	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read the plain form of '%s'", name);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, st.st_size);
	if (archive_write_header(tar, entry) != ARCHIVE_OK)
		return deb_archive_error(tar, err, name);
	return tar_data(tar, fd, name, err);
}

/* The list of what to send comes on stdin, the stream goes to stdout. */
static int tar_all(struct store *s, struct archive *tar, struct err *err)
{
	char line[REQUEST_MAX];

	archive_write_set_format_ustar(tar);
	archive_write_set_bytes_per_block(tar, TAR_BLOCK);
	/* Without padding at the end, which a reader would have to take from the pipe. */
	archive_write_set_bytes_in_last_block(tar, 1);
	if (archive_write_open_fd(tar, STDOUT_FILENO) != ARCHIVE_OK)
		return deb_archive_error(tar, err, "cannot send the packages to the sandbox");
	while (fgets(line, sizeof(line), stdin)) {
		char *name = split_request(line);
		int r;

		if (!name)
			return err_set(err, ERR_BUILD,
				       "netrescue deb-tar got a malformed request: '%s'", line);
		r = tar_blob(s, tar, line, name, err);
		if (r < 0)
			return r;
	}
	if (archive_write_close(tar) != ARCHIVE_OK)
		return deb_archive_error(tar, err, "cannot send the packages to the sandbox");
	return 0;
}

static void free_writer(struct archive **a)
{
	/* Not archive_write_close(): after an error the stream must not look complete. */
	archive_write_fail(*a);
	archive_write_free(*a);
}

int deb_tar(const char *store_path)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(store_cleanup) struct store *s = NULL;
	CLEANUP(free_writer) struct archive *tar = archive_write_new();
	CLEANUP(text_release) struct text line = { 0 };

	if (store_open(store_path, &s, &err) == 0 && tar_all(s, tar, &err) == 0)
		return 0;
	/* If nobody reads the stream any more, the reader reports why. */
	if (err.errnum != EPIPE) {
		err_to_line(&err, &line);
		(void)write_all(DEB_TAR_ERROR_FD, line.data, line.length);
	}
	return err_exit_code(&err);
}
