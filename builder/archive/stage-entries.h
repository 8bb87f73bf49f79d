/* SPDX-License-Identifier: MIT */
/*
 * Results of stages in the store (command/stage-cache.h), as entries that can be found, counted and
 * removed. An entry is a fact of the kind "stage" (store.h):
 *
 *	STAGE.KEY = RECIPE WORD…      base.03fa… = rescue64 77ab… 90cd…
 *
 * KEY is the digest of all that the result was made of. RECIPE is the recipe that was built last
 * with it; the other words are the stage's own, most of them digests of blobs. The fact's time
 * stamp says when the entry was used last.
 */
#pragma once

#include "base/store.h"
#include "base/text.h"

#define STAGE_ENTRY_FACT "stage"

/* Of one recipe and one stage so many entries stay, those used last: the newest, and the one before
 * it, so that an edit that is taken back costs nothing. Each further one is an edit's past. */
#define STAGE_ENTRIES_KEPT 2
/* `netrescue gc` removes entries that nobody has used for so long. */
#define STAGE_ENTRY_SECONDS (7 * 24 * 3600)

struct stage_entry {
	char *name;	  /* STAGE.KEY */
	char *directory;  /* in STORE/known/stage */
	struct strv word; /* the fact's value */
	bool is_own;	  /* with the owner's tag (store.h) */
	int64_t used;	  /* nanoseconds since 1970 */
};

struct stage_entries {
	struct stage_entry *item; /* the one used longest ago first */
	size_t count;
	size_t allocated;
};

/* The words of an entry but the recipe; ret stays empty if there is none. */
int stage_entry_find(struct store *s, const char *stage, const char *key, struct strv *ret,
		     struct err *err);
/* Notes an entry, or that it was used again; then removes the blobs that it named before and no
 * entry names any more, and those entries of the same recipe and stage that are too many. */
int stage_entry_note(struct store *s, const char *stage, const char *key, const char *recipe,
		     const struct strv *word, struct err *err);

/* Removes an entry, with the blobs that no other one names. */
int stage_entry_forget(struct store *s, const char *stage, const char *key, struct err *err);

int stage_entries_list(struct store *s, struct stage_entries *ret, struct err *err);
/* Removes the first `count` entries of the list from the store, with the blobs that none of the
 * others names, and from the list. ret_files and ret_bytes, which are added to, say how many blobs
 * these are; dry_run: nothing is removed. */
int stage_entries_remove(struct store *s, struct stage_entries *entries, size_t count, bool dry_run,
			 uint64_t *ret_files, uint64_t *ret_bytes, struct err *err);
void stage_entries_release(struct stage_entries *e);
