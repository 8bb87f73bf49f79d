/* SPDX-License-Identifier: MIT */
#include "archive/transfer.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/url.h"
#include "base/io.h"
#include "base/memory.h"

#define BESIDES_MAX ((size_t)256 * 1024)
#define REDIRECTS_MAX 5

/* Tells curl that nothing was taken, which ends the transfer; *why says for what reason. */
static size_t stop(struct transfer *t, bool *why)
{
	(void)t;
	*why = true;
	return 0;
}

static size_t receive_head(struct transfer *t, const char *data, size_t size)
{
	uint64_t most = t->item->range ? t->item->range : t->item->limit;
	size_t room = (size_t)(most - t->received);

	if (size > room && !t->item->range)
		return stop(t, &t->too_long);
	text_append(&t->head, data, size < room ? size : room);
	t->received += size < room ? size : room;
	/* A server that ignores the range is not read to its end. */
	return size > room ? stop(t, &t->enough) : size;
}

/* Counts what a server sends beside the file, and ends the transfer when it is too much. */
static size_t receive_besides(struct transfer *t, size_t size, const char *what)
{
	t->besides += size < BESIDES_MAX ? size : BESIDES_MAX;
	if (t->besides <= BESIDES_MAX)
		return size;
	if (!t->fault)
		t->fault = xasprintf("the server sends %s with more than %zu bytes", what,
				     BESIDES_MAX);
	return 0;
}

/* Headers, and the trailers of an answer in chunks. */
static size_t receive_header(char *data, size_t one, size_t count, void *user)
{
	(void)data;
	return receive_besides(user, one * count, "headers");
}

static size_t receive(char *data, size_t one, size_t count, void *user)
{
	struct transfer *t = user;
	uint64_t most = t->item->size ? t->item->size : t->item->limit;
	size_t size = one * count;
	int r;

	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 300)
		return receive_besides(t, size, "a redirect");
	if (t->item->range || !*t->item->sha256)
		return receive_head(t, data, size);
	if (size > most - t->received)
		return stop(t, &t->too_long);
	r = write_all(t->put.fd, data, size);
	if (r < 0) {
		t->errnum = -r;
		return 0;
	}
	digest_update(t->digest, data, size);
	t->received += size;
	return size;
}

/* The machine itself is asked without a proxy: apt's settings know no exceptions. */
static const char *proxy_for(const struct transfer *t, const char *url)
{
	CLEANUP(url_release) struct url parts = url_split(url);

	if (streq(parts.host, "127.0.0.1") || streq(parts.host, "localhost") ||
	    streq(parts.host, "[::1]"))
		return "";
	return t->options->network ? t->options->network->proxy : NULL;
}

int transfer_init(struct transfer *t, struct store *s, struct fetch_item *item,
		  const struct fetch_options *options, struct err *err)
{
	cleanup_fd int fd = -1;
	struct stat st;
	ssize_t n;
	int r;

	*t = (struct transfer){
		.store = s,
		.item = item,
		.options = options,
		.put = STORE_PUT_INIT,
	};
	if (!*item->sha256)
		return 0;
	item->damaged = store_has(s, item->sha256);
	r = store_get(s, item->sha256, &fd, err);
	if (r < 0 || fd < 0)
		return r;
	item->damaged = false;
	if (item->size && !item->range && fstat(fd, &st) == 0 && (uint64_t)st.st_size != item->size)
		return err_set(err, ERR_TRUST,
			       "the file of SHA-256 %s has %lld bytes, not the %llu it should have",
			       item->sha256, (long long)st.st_size, (unsigned long long)item->size);
	t->received = item->range ? item->range : item->size;
	t->state = TRANSFER_DONE;
	if (!item->range)
		return 0;
	cleanup_free char *head = xmalloc((size_t)item->range);

	n = read_all(fd, head, (size_t)item->range);
	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n, "cannot read from the store '%s'",
				 store_path(s));
	text_append(&item->head, head, (size_t)n);
	return 0;
}

static CURLcode set_authority(struct transfer *t, const struct authority *authority)
{
	struct curl_blob content = { .data = authority->content.data,
				     .len = authority->content.length,
				     .flags = CURL_BLOB_COPY };
	CURLcode c = content.data ? curl_easy_setopt(t->easy, CURLOPT_CAINFO_BLOB, &content)
				  : curl_easy_setopt(t->easy, CURLOPT_CAINFO, authority->file);

	return c == CURLE_OK ? curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL) : c;
}

/* A server is asked with the password and the authorities that are meant for it, and redirects are
 * followed by us, so that the next server gets its own. */
static CURLcode set_access(struct transfer *t, const char *url)
{
	const struct network *network = t->options->network;
	const struct login *login = network ? logins_find(&network->logins, url) : NULL;
	const struct authority *authority = network ? network_authority(network, url) : NULL;
	const char *proxy = proxy_for(t, url);
	CURLcode c = CURLE_OK;

	if (proxy)
		c = curl_easy_setopt(t->easy, CURLOPT_PROXY, proxy);
	if (c == CURLE_OK && login)
		c = curl_easy_setopt(t->easy, CURLOPT_USERNAME, login->user);
	if (c == CURLE_OK && login)
		c = curl_easy_setopt(t->easy, CURLOPT_PASSWORD, login->password);
	return c == CURLE_OK && authority ? set_authority(t, authority) : c;
}

/* The protocols that this URL may have: what was asked for by https is not got by http, nor
 * anything from the network out of a file. */
static const char *protocols_for(const char *url)
{
	CLEANUP(url_release) struct url parts = url_split(url);

	return streq(parts.scheme, "https")  ? "https"
	       : streq(parts.scheme, "http") ? "http"
					     : "file";
}

static int set_options(struct transfer *t, const char *url)
{
	CURLcode c = set_access(t, url);
	char range[32];

#define SET(option, value)                                                                         \
	do {                                                                                       \
		if (c == CURLE_OK)                                                                 \
			c = curl_easy_setopt(t->easy, option, value);                              \
	} while (0)

	SET(CURLOPT_URL, url);
	SET(CURLOPT_PRIVATE, t);
	SET(CURLOPT_WRITEFUNCTION, receive);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_HEADERFUNCTION, receive_header);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_ERRORBUFFER, t->message);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_FAILONERROR, 1L);
	/* What is at fault already is not opened: it has no protocol, and fails at once. */
	SET(CURLOPT_PROTOCOLS_STR, t->fault ? "https" : protocols_for(url));
	SET(CURLOPT_USERAGENT, "netrescue");
	SET(CURLOPT_BUFFERSIZE, 128L * 1024);
	if (t->item->range) {
		(void)snprintf(range, sizeof(range), "0-%llu",
			       (unsigned long long)t->item->range - 1);
		SET(CURLOPT_RANGE, range);
	}
#undef SET
	return c == CURLE_OK ? transfer_set_limits(t) : -EINVAL;
}

/* libcurl would open a FIFO and wait, deaf to signals, for somebody to write into it. */
static bool is_special(const char *url)
{
	cleanup_free char *path = url_file(url);
	struct stat st;

	return path && stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

int transfer_start(struct transfer *t, struct err *err)
{
	const char *url = transfer_asked(t);
	cleanup_free char *public = url_public(t->item->url.item[t->url]);
	int r;

	t->received = 0;
	t->besides = 0;
	t->too_long = t->enough = t->item->absent = false;
	free(take_ptr(t->fault));
	t->fault = is_special(url) ? xstrdup("it is not a file") : NULL;
	t->message[0] = '\0';
	text_release(&t->head);
	if (*t->item->sha256 && !t->item->range) {
		r = store_put_begin(t->store, &t->put, err);
		if (r < 0)
			return r;
		t->digest = digest_new();
	}
	t->easy = curl_easy_init();
	if (!t->easy || set_options(t, url) < 0)
		return err_set(err, ERR_BUILD, "libcurl cannot be set up for '%s'", public);
	t->state = TRANSFER_RUNNING;
	return 0;
}

static enum transfer_outcome wrong_size(struct transfer *t, const char *url)
{
	const struct fetch_item *item = t->item;
	struct err *err = transfer_error(t->item, ERR_TRUST);

	if (!item->size && !item->range)
		(void)err_set(err, ERR_TRUST,
			      "'%s' has more than %llu bytes, more than such a file can have", url,
			      (unsigned long long)item->limit);
	else
		(void)err_set(err, ERR_TRUST, "'%s' has %s than the %llu bytes it must have", url,
			      t->too_long ? "more" : "less",
			      (unsigned long long)(item->range ? item->range : item->size));
	(void)err_hint(err, "the mirror has another file under this name; try another --mirror");
	return OUTCOME_OTHER;
}

/* Checks what has arrived, once the server has sent everything. */
static enum transfer_outcome judge_content(struct transfer *t, bool length_known, const char *url,
					   struct err *err)
{
	struct fetch_item *item = t->item;
	char found[DIGEST_HEX];

	if (t->received < item->range)
		return length_known ? wrong_size(t, url)
				    : transfer_failed(t, CURLE_PARTIAL_FILE, 0);
	if (item->range || !*item->sha256) {
		text_release(&item->head);
		text_append(&t->head, "", 0);
		item->head = TAKE(t->head);
		return OUTCOME_DONE;
	}
	if (t->received < item->size && length_known)
		return wrong_size(t, url);
	if (t->received < item->size)
		return transfer_failed(t, CURLE_PARTIAL_FILE, 0);
	digest_final(t->digest, found);
	if (!streq(found, item->sha256)) {
		struct err *why = transfer_error(item, ERR_TRUST);

		(void)err_set(why, ERR_TRUST, "'%s' has SHA-256 %s, but %s was expected", url,
			      found, item->sha256);
		(void)err_hint(why, "the mirror's file is damaged or was changed; try another "
				    "--mirror");
		return OUTCOME_OTHER;
	}
	if (store_put_commit(&t->put, found, NULL, err) < 0)
		return OUTCOME_FATAL;
	return OUTCOME_DONE;
}

/* Whether we go from one URL to another. If not, t->fault says why: only the web, never from what
 * nobody can listen to to what everybody can, and with no name and password but ours. */
static bool may_lead(struct transfer *t, const char *from, const char *to)
{
	CLEANUP(url_release) struct url a = url_split(from), b = url_split(to);
	cleanup_free char *public = url_public(to);
	cleanup_free char *origin = url_origin(from), *next = url_origin(to);

	if (!streq(b.scheme, "http") && !streq(b.scheme, "https"))
		t->fault = xasprintf("the server sends us to '%s', which is not of the web", to);
	else if (streq(a.scheme, "https") && streq(b.scheme, "http"))
		t->fault = xasprintf("the server sends us from https to http, to '%s'", public);
	else if (!streq(public, to) && !streq(origin, next))
		t->fault = xasprintf("the server sends us to '%s' with a password that it has made "
				     "up",
				     public);
	return !t->fault;
}

/* Whether the server has said where to ask instead, and we may. */
static bool follow(struct transfer *t)
{
	char *location = NULL;

	if (curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &location) != CURLE_OK || !location ||
	    t->redirects == REDIRECTS_MAX || !may_lead(t, transfer_asked(t), location))
		return false;
	free(t->location);
	t->location = xstrdup(location);
	t->redirects++;
	return true;
}

/* A part that nobody asked for is not taken for the part, or the whole, that was. */
static bool is_part_asked_for(struct transfer *t, long status)
{
	struct curl_header *header = NULL;
	const char *range = "none";

	if (status != 206)
		return true;
	if (curl_easy_header(t->easy, "Content-Range", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
		range = header->value;
	if (t->item->range && starts_with(range, "bytes 0-"))
		return true;
	t->fault =
		xasprintf("the server answers with another part than was asked for (%.80s)", range);
	return false;
}

enum transfer_outcome transfer_finish(struct transfer *t, CURLcode code, struct err *err)
{
	cleanup_free char *url = url_public(t->item->url.item[t->url]);
	enum transfer_outcome outcome;
	curl_off_t length = -1;
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (t->errnum) {
		(void)err_errno(err, ERR_BUILD, t->errnum, "cannot write to the store '%s'",
				store_path(t->store));
		outcome = OUTCOME_FATAL;
	} else if (t->too_long) {
		outcome = wrong_size(t, url);
	} else if (t->fault) {
		outcome = transfer_failed(t, code, status);
	} else if (code == CURLE_OK && status >= 300) {
		outcome = follow(t) ? OUTCOME_REDIRECT
				    : transfer_failed(t, CURLE_HTTP_RETURNED_ERROR, status);
	} else if ((code == CURLE_OK || t->enough) && !is_part_asked_for(t, status)) {
		outcome = transfer_failed(t, code, status);
	} else if (code == CURLE_OK || t->enough) {
		outcome = judge_content(t, length >= 0, url, err);
	} else {
		outcome = transfer_failed(t, code, status);
	}
	curl_easy_cleanup(take_ptr(t->easy));
	digest_free(take_ptr(t->digest));
	store_put_release(&t->put);
	if (outcome != OUTCOME_REDIRECT) {
		free(take_ptr(t->location));
		t->redirects = 0;
	}
	if (outcome == OUTCOME_DONE) {
		t->item->from = take_ptr(url);
		err_release(&t->item->err);
	}
	return outcome;
}

uint64_t transfer_progress(const struct transfer *t)
{
	return t->received;
}

void transfer_release(struct transfer *t)
{
	if (t->easy)
		curl_easy_cleanup(t->easy);
	digest_free(t->digest);
	if (t->store)
		store_put_release(&t->put);
	text_release(&t->head);
	free(t->location);
	free(t->fault);
	*t = (struct transfer){ .put = STORE_PUT_INIT };
}
