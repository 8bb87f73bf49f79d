/* SPDX-License-Identifier: MIT */
#include "command/stage-cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/stage-entries.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "publish/packed.h"
#include "rootfs/rootfs-state.h"

#define STATE_MAX ((size_t)64 << 20)
#define LOOK_MAX ((size_t)2 << 30)
/* Of an entry for the tree: its state, what pack has read of it, and digest and size of the tar,
 * which is no blob. */
#define TREE_WORDS 4

static const char *const names[] = { "base", "rest", "tree" };
static const char *const what[] = { "tree after the stage base", "tree after the stage rest",
				    "packed tree" };
/* What of a sandbox is kept, in this order. */
static const char *const places[] = { "/", SANDBOX_SCRATCH };

static void kept_release(struct kept *k)
{
	for (size_t i = 0; i < k->count; i++)
		cleanup_close_fd(&k->fd[i]);
	free(k->fd);
	strv_release(&k->word);
	text_release(&k->state);
	text_release(&k->look);
	*k = (struct kept){ 0 };
}

void stage_cache_release(struct stage_cache *c)
{
	kept_release(&c->tree);
	text_release(&c->common);
	strv_release(&c->taken);
	free(c->sandbox);
	*c = (struct stage_cache){ 0 };
}

/* ---- taking ---- */

static int read_blob(struct store *s, const char *digest, size_t limit, struct text *ret,
		     struct err *err)
{
	cleanup_fd int fd = -1;
	int r = store_get(s, digest, &fd, err);

	return r < 0 || fd < 0 ? r : read_fd(fd, "what stands beside a tree", limit, ret, err);
}

static bool is_whole(enum cached_stage stage, const struct strv *word)
{
	if (stage != CACHED_TREE)
		return word->count == 1 + ARRAY_SIZE(places);
	return word->count > TREE_WORDS && digest_is_valid(word->item[2]);
}

/* Opens all blobs of an entry; *ret stays empty if one is missing or damaged. */
static int open_blobs(struct store *s, enum cached_stage stage, struct kept *k, struct kept *ret,
		      struct err *err)
{
	const size_t first = stage == CACHED_TREE ? TREE_WORDS : 1;
	int r = read_blob(s, k->word.item[0], STATE_MAX, &k->state, err);

	if (r < 0 || !k->state.data)
		return r;
	r = stage == CACHED_TREE ? read_blob(s, k->word.item[1], LOOK_MAX, &k->look, err) : 0;
	if (r < 0 || (stage == CACHED_TREE && !k->look.data))
		return r;
	k->fd = xcalloc(k->word.count, sizeof(*k->fd));
	for (size_t i = first; i < k->word.count; i++) {
		r = store_get(s, k->word.item[i], &k->fd[k->count], err);
		if (r < 0 || k->fd[k->count] < 0)
			return r;
		k->count++;
	}
	*ret = TAKE(*k);
	return 0;
}

/* *ret stays empty if the store does not have the entry, with all that it names; what is left of
 * such a one is removed. */
static int open_kept(struct store *s, enum cached_stage stage, const char *key, struct kept *ret,
		     struct err *err)
{
	CLEANUP(kept_release) struct kept k = { 0 };
	int r = stage_entry_find(s, names[stage], key, &k.word, err);

	if (r < 0 || !is_whole(stage, &k.word))
		return r;
	r = open_blobs(s, stage, &k, ret, err);
	return r < 0 || ret->count > 0 ? r : stage_entry_forget(s, names[stage], key, err);
}

/* Before the state of rootfs there is the description of the sandbox. */
static int take_state(struct stage_cache *c, const struct kept *k, struct rootfs *rootfs,
		      struct err *err)
{
	size_t length = strnlen(k->state.data, k->state.length) + 1;
	struct text state = { .data = k->state.data + length };

	if (length > k->state.length)
		return err_set(err, ERR_BUILD, "what was noted beside a kept tree is not whole");
	state.length = k->state.length - length;
	free(c->sandbox);
	c->sandbox = xstrdup(k->state.data);
	return rootfs_state_read(&state, rootfs, err);
}

/* The build itself does not need it, here as in unless_kept(). */
static int use_again(const struct rootfs *rootfs, enum cached_stage stage, const char *key,
		     const struct kept *k, struct err *err)
{
	CLEANUP(err_release) struct err failure = { 0 };
	int r = stage_entry_note(rootfs->store, names[stage], key, rootfs->recipe->name, &k->word,
				 &failure);

	if (r == 0)
		return 0;
	if (failure.class == ERR_INTERRUPTED)
		return err_move(err, &failure);
	log_warning(
		"cannot note in the store that the %s was used again, so that it may be removed "
		"before others: %s",
		what[stage], failure.message);
	return 0;
}

void stage_cache_say(struct stage_cache *c, const char *stage)
{
	progress_start(stage, 0, PROGRESS_STEPS);
	progress_end("from the cache");
	strv_add(&c->taken, stage);
}

static int find_tree_of(struct stage_cache *c, const struct rootfs *rootfs, const char *kind,
			struct err *err)
{
	CLEANUP(text_release) struct text common = { 0 };
	char key[DIGEST_HEX];
	int r = stage_key_begin(rootfs->lock, kind, &common, err);

	if (r < 0)
		return r;
	stage_key(rootfs, CACHED_TREE, &common, key);
	r = open_kept(rootfs->store, CACHED_TREE, key, &c->tree, err);
	if (r < 0 || c->tree.count == 0)
		return r;
	c->has_tree = true;
	return use_again(rootfs, CACHED_TREE, key, &c->tree, err);
}

int stage_cache_find_tree(struct stage_cache *c, const struct rootfs *rootfs, const char *kind,
			  struct err *err)
{
	static const char *const kinds[] = { "namespace", "guestfs" };
	bool automatic = streq(kind, "auto");

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !c->off && !c->has_tree; i++) {
		int r;

		if ((!automatic && !streq(kind, kinds[i])) || !sandbox_is_installed(kinds[i]))
			continue;
		r = find_tree_of(c, rootfs, kinds[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool keeps_trees(const struct rootfs *rootfs)
{
	return streq(sandbox_kind(rootfs->sandbox), "namespace");
}

static int restore(struct stage_cache *c, struct rootfs *rootfs, struct kept *k, struct err *err)
{
	int r = take_state(c, k, rootfs, err);

	for (size_t i = 0; r == 0 && i < k->count; i++)
		r = sandbox_restore(rootfs->sandbox, k->fd[i], places[i], err);
	if (r == 0)
		return 0;
	err_wrap(err, "going on from a kept tree");
	return err_hint(err, "build with --no-cache, which starts from nothing");
}

int stage_cache_find(struct stage_cache *c, struct rootfs *rootfs, struct err *err)
{
	int r;

	if (c->off)
		return 0;
	r = stage_key_begin(rootfs->lock, sandbox_kind(rootfs->sandbox), &c->common, err);
	if (r < 0 || !keeps_trees(rootfs))
		return r;
	for (int i = CACHED_REST; i >= (int)CACHED_BASE && c->start == 0; i--) {
		enum cached_stage stage = (enum cached_stage)i;
		CLEANUP(kept_release) struct kept k = { 0 };
		char key[DIGEST_HEX];

		stage_key(rootfs, stage, &c->common, key);
		r = open_kept(rootfs->store, stage, key, &k, err);
		if (r < 0)
			return r;
		if (k.count == 0)
			continue;
		c->start = i + 1;
		r = restore(c, rootfs, &k, err);
		if (r == 0)
			r = use_again(rootfs, stage, key, &k, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int stage_cache_take_tree(struct stage_cache *c, struct rootfs *rootfs, struct result *res,
			  struct err *err)
{
	CLEANUP(strv_release) struct strv path = { 0 };
	int r = take_state(c, &c->tree, rootfs, err);

	if (r < 0)
		return r;
	packed_paths(res, &path);
	if (path.count != c->tree.count || parse_u64(c->tree.word.item[3], &res->tar_size) < 0)
		return err_set(err, ERR_BUILD, "a kept tree does not have the image's kernels");
	memcpy(res->tar_sha256, c->tree.word.item[2], DIGEST_HEX);
	for (size_t i = 0; i < path.count; i++) {
		r = packed_put(res, path.item[i], c->tree.fd[i], err);
		if (r < 0)
			return r;
	}
	return packed_origins(res, rootfs, &c->tree.look, err);
}

const char *stage_cache_sandbox(const struct stage_cache *c, const struct rootfs *rootfs)
{
	return rootfs->sandbox ? sandbox_description(rootfs->sandbox) : c->sandbox;
}

/* ---- keeping ---- */

static int keep_bytes(const struct rootfs *rootfs, const struct text *bytes, struct strv *word,
		      struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	char digest[DIGEST_HEX];
	int r = store_put_begin(rootfs->store, &put, err);

	if (r < 0)
		return r;
	r = write_all(put.fd, bytes->length ? bytes->data : "", bytes->length);
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write to the store");
	r = store_put_commit(&put, NULL, digest, err);
	if (r == 0)
		strv_add(word, digest);
	return r;
}

static int keep_state(const struct rootfs *rootfs, struct strv *word, struct err *err)
{
	CLEANUP(text_release) struct text state = { 0 };
	const char *sandbox = sandbox_description(rootfs->sandbox);

	text_append(&state, sandbox, strlen(sandbox) + 1);
	rootfs_state_write(rootfs, &state);
	return keep_bytes(rootfs, &state, word, err);
}

/* The digest is ours, and not one that the sandbox tells. */
static int keep_place(const struct rootfs *rootfs, const char *place, struct strv *word,
		      struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	char digest[DIGEST_HEX];
	int r = store_put_begin(rootfs->store, &put, err);

	if (r < 0)
		return r;
	r = sandbox_snapshot(rootfs->sandbox, place, put.fd, err);
	if (r < 0)
		return r;
	r = store_put_commit(&put, NULL, digest, err);
	if (r == 0)
		strv_add(word, digest);
	return r;
}

static int keep_file(const struct rootfs *rootfs, int dir_fd, const char *path, struct strv *word,
		     struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	cleanup_fd int fd = openat(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char digest[DIGEST_HEX];
	int r;

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s' back", path);
	r = store_put_begin(rootfs->store, &put, err);
	if (r < 0)
		return r;
	r = copy_fd(fd, put.fd, NULL, err);
	if (r < 0)
		return r;
	r = store_put_commit(&put, NULL, digest, err);
	if (r == 0)
		strv_add(word, digest);
	return r;
}

static int note(const struct stage_cache *c, const struct rootfs *rootfs, enum cached_stage stage,
		const struct strv *word, struct err *err)
{
	char key[DIGEST_HEX];

	stage_key(rootfs, stage, &c->common, key);
	return stage_entry_note(rootfs->store, names[stage], key, rootfs->recipe->name, word, err);
}

/* The build itself does not need it. */
static int unless_kept(enum cached_stage stage, struct err *failure, struct err *err)
{
	if (failure->class == ERR_NONE)
		return 0;
	if (failure->class == ERR_INTERRUPTED)
		return err_move(err, failure);
	log_warning("the %s was not kept in the store, so the next build has to make it again: %s",
		    what[stage], failure->message);
	return 0;
}

static int keep_sandbox(const struct stage_cache *c, const struct rootfs *rootfs,
			enum cached_stage stage, struct err *err)
{
	CLEANUP(strv_release) struct strv word = { 0 };
	int r = keep_state(rootfs, &word, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++)
		r = keep_place(rootfs, places[i], &word, err);
	return r < 0 ? r : note(c, rootfs, stage, &word, err);
}

int stage_cache_keep(struct stage_cache *c, const struct rootfs *rootfs, enum cached_stage stage,
		     struct err *err)
{
	CLEANUP(err_release) struct err failure = { 0 };

	if (c->off || !keeps_trees(rootfs))
		return 0;
	(void)keep_sandbox(c, rootfs, stage, &failure);
	return unless_kept(stage, &failure, err);
}

static int keep_packed(const struct stage_cache *c, const struct rootfs *rootfs,
		       const struct result *res, struct err *err)
{
	CLEANUP(strv_release) struct strv word = { 0 };
	CLEANUP(strv_release) struct strv path = { 0 };
	int r = keep_state(rootfs, &word, err);

	if (r == 0)
		r = keep_bytes(rootfs, &res->look, &word, err);
	strv_add(&word, res->tar_sha256);
	strv_addf(&word, "%llu", (unsigned long long)res->tar_size);
	packed_paths(res, &path);
	for (size_t i = 0; r == 0 && i < path.count; i++)
		r = keep_file(rootfs, res->dir_fd, path.item[i], &word, err);
	return r < 0 ? r : note(c, rootfs, CACHED_TREE, &word, err);
}

int stage_cache_keep_tree(struct stage_cache *c, const struct rootfs *rootfs,
			  const struct result *res, struct err *err)
{
	CLEANUP(err_release) struct err failure = { 0 };

	if (c->off)
		return 0;
	(void)keep_packed(c, rootfs, res, &failure);
	return unless_kept(CACHED_TREE, &failure, err);
}
