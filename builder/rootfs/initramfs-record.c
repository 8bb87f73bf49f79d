/* SPDX-License-Identifier: MIT */
/* Initramfses in the store, each with a recording of what it was made of. */
#include <string.h>
#include <unistd.h>

#include "archive/stage-entries.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "rootfs/initramfs-parts.h"
#include "sandbox/recording.h"

#define ENTRIES_MAX 3 /* of one key: a branch or two beside the tree of the last build */
#define WORDS 3
#define LOG_MAX ((size_t)4 << 20)

int initramfs_entries_find(struct rootfs *rootfs, const char *script, struct initramfs_entries *ret,
			   struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	size_t number = 0;

	if (!rootfs->made_by || !sandbox_can_record(rootfs->sandbox))
		return 0;
	while (rootfs->kernel != rootfs->kernels.item[number].release)
		number++;
	/* Beside those of another kernel, of which as many stay. */
	ret->rootfs = rootfs;
	ret->stage = xasprintf("initramfs%zu", number);
	/* uname(2) tells of the first kernel, whichever the initramfs is for (stage_plan). */
	text_printf(&t, "%s\nuname %s\nkernel %s\nscript %s\n", rootfs->made_by,
		    rootfs->kernels.item[0].release, rootfs->kernel, script);
	digest_bytes(t.data, t.length, ret->key);
	return stage_entry_find(rootfs->store, ret->stage, ret->key, &ret->word, err);
}

void initramfs_entries_release(struct initramfs_entries *e)
{
	free(e->stage);
	strv_release(&e->word);
	*e = (struct initramfs_entries){ 0 };
}

/* ---- use ------------------------------------------------------------------------------------ */

/* The blob as text. 0: the store does not have it any more. */
static int read_blob(struct store *s, const char *digest, size_t limit, struct text *ret,
		     struct err *err)
{
	cleanup_fd int fd = -1;
	int r = digest_is_valid(digest) ? store_get(s, digest, &fd, err) : 0;

	if (r < 0 || fd < 0)
		return r;
	r = read_fd(fd, digest, limit, ret, err);
	return r < 0 ? r : 1;
}

/* 1: the tree has all that the entry was made of, and now what it made. */
static int lay(struct initramfs_entries *e, char *const word[WORDS], struct text *ret_log,
	       struct err *err)
{
	CLEANUP(text_release) struct text recording = { 0 };
	CLEANUP(text_release) struct text log = { 0 };
	struct sandbox *sb = e->rootfs->sandbox;
	cleanup_free char *different = NULL;
	cleanup_fd int tar = -1;
	int r = read_blob(e->rootfs->store, word[0], RECORDING_BYTES_MAX, &recording, err);

	if (r <= 0)
		return r;
	r = sandbox_matches(sb, recording.data, recording.length, &different, err);
	if (r < 0)
		return r;
	if (different) {
		log_debug("the initramfs of another build was made of another '/%s'", different);
		return 0;
	}
	r = read_blob(e->rootfs->store, word[2], LOG_MAX, &log, err);
	if (r > 0 && digest_is_valid(word[1]))
		r = store_get(e->rootfs->store, word[1], &tar, err);
	if (r < 0 || tar < 0)
		return r < 0 ? r : 0;
	r = sandbox_replay(sb, recording.data, recording.length, tar, err);
	if (r < 0)
		return r;
	*ret_log = TAKE(log);
	return 1;
}

/* The entry that was used comes first. What it made lies in the tree already, so the build goes on
 * where that cannot be noted. */
static int put_first(struct initramfs_entries *e, size_t at, struct err *err)
{
	CLEANUP(err_release) struct err failure = { 0 };
	CLEANUP(strv_release) struct strv word = { 0 };

	for (size_t i = 0; i < WORDS; i++)
		strv_add(&word, e->word.item[at + i]);
	for (size_t i = 0; i < e->word.count; i++)
		if (i < at || i >= at + WORDS)
			strv_add(&word, e->word.item[i]);
	if (stage_entry_note(e->rootfs->store, e->stage, e->key, e->rootfs->made_for, &word,
			     &failure) == 0)
		return 0;
	if (failure.class == ERR_INTERRUPTED)
		return err_move(err, &failure);
	log_warning("cannot note in the store that the initramfs was used again, so that it may be "
		    "removed before others: %s",
		    failure.message);
	return 0;
}

int initramfs_entries_use(struct initramfs_entries *e, struct text *ret_log, struct err *err)
{
	for (size_t i = 0; i + WORDS <= e->word.count; i += WORDS) {
		int r = lay(e, &e->word.item[i], ret_log, err);

		if (r < 0)
			return r;
		if (r > 0) {
			r = put_first(e, i, err);
			return r < 0 ? r : 1;
		}
	}
	return 0;
}

/* ---- keep ----------------------------------------------------------------------------------- */

static int put_text(struct store *s, const struct text *t, char ret[DIGEST_HEX], struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	int r = store_put_begin(s, &put, err);

	if (r < 0)
		return r;
	r = write_all(put.fd, t->data, t->length);
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write to the store");
	return store_put_commit(&put, NULL, ret, err);
}

static int note(struct initramfs_entries *e, const char *const digest[WORDS], struct err *err)
{
	CLEANUP(strv_release) struct strv word = { 0 };

	for (size_t i = 0; i < WORDS; i++)
		strv_add(&word, digest[i]);
	for (size_t i = 0; i < e->word.count && i < (size_t)(ENTRIES_MAX - 1) * WORDS; i++)
		strv_add(&word, e->word.item[i]);
	return stage_entry_note(e->rootfs->store, e->stage, e->key, e->rootfs->made_for, &word,
				err);
}

static int keep(struct initramfs_entries *e, const struct text *log, struct err *err)
{
	CLEANUP(sandbox_record_release) struct sandbox_record record = { 0 };
	CLEANUP(store_put_release) struct store_put tar = STORE_PUT_INIT;
	struct store *s = e->rootfs->store;
	char digest[WORDS][DIGEST_HEX];
	int r = store_put_begin(s, &tar, err);

	if (r < 0)
		return r;
	r = sandbox_recorded(e->rootfs->sandbox, tar.fd, &record, err);
	if (r < 0)
		return r;
	if (record.why) {
		log_note("the next build makes the initramfs again in any case: %s", record.why);
		return 0;
	}
	log_debug("the initramfs was made of %llu paths, named by %llu system calls",
		  (unsigned long long)record.paths, (unsigned long long)record.calls);
	r = put_text(s, &record.bytes, digest[0], err);
	if (r == 0)
		r = store_put_commit(&tar, NULL, digest[1], err);
	if (r == 0)
		r = put_text(s, log, digest[2], err);
	return r < 0 ? r : note(e, (const char *const[]){ digest[0], digest[1], digest[2] }, err);
}

int initramfs_entries_keep(struct initramfs_entries *e, const struct text *log, struct err *err)
{
	CLEANUP(err_release) struct err failure = { 0 };

	if (!e->stage || keep(e, log, &failure) == 0)
		return 0;
	if (failure.class == ERR_INTERRUPTED)
		return err_move(err, &failure);
	log_warning("the initramfs was not kept in the store, so the next build has to make it "
		    "again: %s",
		    failure.message);
	return 0;
}
