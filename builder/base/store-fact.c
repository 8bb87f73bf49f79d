/* SPDX-License-Identifier: MIT */
/* What the store remembers: see store.h. A fact is a file of two lines, its value and its tag
 * (store-key.h). */
#include <ctype.h>
#include <string.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/store-parts.h"

#define FACT_NAME_MAX 200

static bool fact_word_is_valid(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > FACT_NAME_MAX || *s == '.')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._:@+-", *s))
			return false;
	return true;
}

static int fact_directory(const char *kind, const char *key, char **ret, struct err *err)
{
	char digest[DIGEST_HEX];

	if (!fact_word_is_valid(kind) || !fact_word_is_valid(key))
		return err_set(err, ERR_BUILD, "'%s/%s' cannot be the name of a fact", kind, key);
	digest_bytes(key, strlen(key), digest);
	*ret = xasprintf(STORE_FACTS "/%s/%.2s", kind, digest);
	return 0;
}

/* Makes the owner's key known, if there is one or `make` says that there shall be one. */
static int know_key(struct store *s, bool make, struct err *err)
{
	return s->key.is_known ? 0 : store_key_find(s->path, make, &s->key, err);
}

/* Ends the value of a fact's text at its tag. False if the text is not whole or its tag is not the
 * owner's. */
static bool is_authentic(const struct store *s, const char *kind, const char *key, char *text,
			 size_t length)
{
	size_t tag_line = DIGEST_HEX; /* its newline included */
	char tag[DIGEST_HEX];
	char *found;

	if (!s->key.is_known || length <= tag_line || strlen(text) != length ||
	    text[length - 1] != '\n' || text[length - tag_line - 1] != '\n')
		return false;
	found = text + length - tag_line;
	text[length - 1] = found[-1] = '\0';
	if (strchr(text, '\n'))
		return false;
	store_key_tag(&s->key, kind, key, text, tag);
	return strlen(found) == sizeof(tag) - 1 && digest_equals(found, tag);
}

int store_fact_get(struct store *s, const char *kind, const char *key, char **ret, struct err *err)
{
	cleanup_free char *directory = NULL;
	cleanup_free char *path = NULL;
	cleanup_free char *text = NULL;
	cleanup_fd int fd = -1;
	ssize_t n;
	int r = fact_directory(kind, key, &directory, err);

	if (r < 0)
		return r;
	*ret = NULL;
	path = xasprintf("%s/%s", directory, key);
	r = store_open_kept(s, path, &fd, err);
	if (r < 0 || fd < 0)
		return r;
	r = know_key(s, false, err);
	if (r < 0)
		return r;
	text = xmalloc(STORE_FACT_FILE_MAX + 2);
	n = read_all(fd, text, STORE_FACT_FILE_MAX + 1);
	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n, "cannot read '%s/%s'", s->path, path);
	text[n] = '\0';
	if (is_authentic(s, kind, key, text, (size_t)n))
		*ret = take_ptr(text);
	return 0;
}

static int write_fact(struct store *s, int fd, const char *kind, const char *key, const char *value,
		      struct err *err)
{
	cleanup_free char *text = NULL;
	char tag[DIGEST_HEX];
	int r = know_key(s, true, err);

	if (r < 0)
		return r;
	store_key_tag(&s->key, kind, key, value, tag);
	text = xasprintf("%s\n%s\n", value, tag);
	r = write_all(fd, text, strlen(text));
	return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot write to the store '%s'", s->path) : 0;
}

int store_fact_set(struct store *s, const char *kind, const char *key, const char *value,
		   struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	cleanup_free char *directory = NULL;
	cleanup_free char *path = NULL;
	int r;

	if (strlen(value) >= STORE_FACT_MAX || strchr(value, '\n'))
		return err_set(err, ERR_BUILD, "fact '%s/%s' is not one line", kind, key);
	r = fact_directory(kind, key, &directory, err);
	if (r < 0)
		return r;
	r = store_put_begin(s, &put, err);
	if (r < 0)
		return r;
	r = write_fact(s, put.fd, kind, key, value, err);
	if (r < 0)
		return r;
	path = xasprintf("%s/%s", directory, key);
	return store_publish(&put, directory, path, err);
}
