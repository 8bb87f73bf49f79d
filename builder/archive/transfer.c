/* SPDX-License-Identifier: MIT */
#include "archive/transfer.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"

#define CONNECT_TIMEOUT 15L /* seconds */
#define STALL_DEFAULT 20
#define SLOWEST 100L /* bytes a second; a transfer slower than this counts as stalled */
#define REDIRECTS_MAX 5L

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

static size_t receive(char *data, size_t one, size_t count, void *user)
{
	struct transfer *t = user;
	uint64_t most = t->item->size ? t->item->size : t->item->limit;
	size_t size = one * count;
	int r;

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

static char *url_part(const char *url, CURLUPart part)
{
	CURLU *u = curl_url();
	char *value = NULL;
	char *copy = NULL;

	if (u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    curl_url_get(u, part, &value, CURLU_DEFAULT_PORT) == CURLUE_OK)
		copy = xstrdup(value);
	curl_free(value);
	curl_url_cleanup(u);
	return copy ? copy : xstrdup("");
}

char *transfer_host(const char *url)
{
	cleanup_free char *scheme = url_part(url, CURLUPART_SCHEME);
	cleanup_free char *host = url_part(url, CURLUPART_HOST);
	cleanup_free char *port = url_part(url, CURLUPART_PORT);

	return xasprintf("%s://%s:%s", scheme, host, port);
}

char *fetch_url_text(const char *url)
{
	const char *host = strstr(url, "://");
	const char *at;

	if (!host)
		return xstrdup(url);
	host += 3;
	at = memrchr(host, '@', strcspn(host, "/?#"));
	return at ? xasprintf("%.*s%s", (int)(host - url), url, at + 1) : xstrdup(url);
}

/* The machine itself is asked without a proxy: apt's settings know no exceptions. */
static const char *proxy_for(const struct transfer *t, const char *url)
{
	cleanup_free char *host = url_part(url, CURLUPART_HOST);

	if (streq(host, "127.0.0.1") || streq(host, "localhost") || streq(host, "[::1]"))
		return "";
	return t->options->proxy;
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

static int set_options(struct transfer *t, const char *url)
{
	unsigned stall = t->options->stall ? t->options->stall : STALL_DEFAULT;
	const char *proxy = proxy_for(t, url);
	CURLcode c = CURLE_OK;
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
	SET(CURLOPT_ERRORBUFFER, t->message);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_FAILONERROR, 1L);
	SET(CURLOPT_FOLLOWLOCATION, 1L);
	SET(CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	SET(CURLOPT_PROTOCOLS_STR, "http,https,file");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_USERAGENT, "netrescue");
	SET(CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT);
	SET(CURLOPT_LOW_SPEED_LIMIT, SLOWEST);
	SET(CURLOPT_LOW_SPEED_TIME, (long)stall);
	SET(CURLOPT_BUFFERSIZE, 128L * 1024);
	if (proxy)
		SET(CURLOPT_PROXY, proxy);
	if (t->item->range) {
		(void)snprintf(range, sizeof(range), "0-%llu",
			       (unsigned long long)t->item->range - 1);
		SET(CURLOPT_RANGE, range);
	}
#undef SET
	return c == CURLE_OK ? 0 : -EINVAL;
}

int transfer_start(struct transfer *t, struct err *err)
{
	const char *url = t->item->url.item[t->url];
	int r;

	t->received = 0;
	t->too_long = t->enough = t->item->absent = false;
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
		return err_set(err, ERR_BUILD, "libcurl cannot be set up for '%s'", url);
	t->state = TRANSFER_RUNNING;
	return 0;
}

/* The first failure is reported, but wrong bytes outrank a mirror that does not answer. */
static struct err *reported_error(struct fetch_item *item, enum err_class class)
{
	if (class == ERR_TRUST && item->err.class == ERR_NETWORK)
		err_release(&item->err);
	return &item->err;
}

static bool is_passing(CURLcode code, long status)
{
	switch ((int)code) {
	case CURLE_HTTP_RETURNED_ERROR:
		return status >= 500 || status == 429 || status == 408;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	default:
		return false;
	}
}

/* Some servers forbid what they do not have, since they do not let it be known. */
static bool is_absent(CURLcode code, long status)
{
	return code == CURLE_FILE_COULDNT_READ_FILE ||
	       (code == CURLE_HTTP_RETURNED_ERROR &&
		(status == 404 || status == 403 || status == 410));
}

/* --mirror is Debian's: it changes nothing for a third party's archive. */
static const char *way_out(const struct fetch_item *item, CURLcode code, long status, bool passing)
{
	if (status == 401 || status == 403)
		return "the server wants a password or forbids access: archives that need a "
		       "password cannot be used";
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return "this machine does not trust who signed the server's certificate: put a "
		       "site's own CA, as a file NAME.crt, into /usr/local/share/ca-certificates "
		       "and run update-ca-certificates";
	if (passing)
		return item->third_party
			       ? "check the network and the proxy, or try again later"
			       : "check the network and the proxy, or give another mirror "
				 "(--mirror URL)";
	if (item->absent && item->absent_hint)
		return item->absent_hint;
	return item->third_party ? "the archive does not have it: check the repository's url, "
				   "suite and components in the recipe"
				 : "the mirror does not have it: check the suite and the URL, or "
				   "give another mirror (--mirror URL)";
}

static enum transfer_outcome judge_failure(struct transfer *t, CURLcode code, long status,
					   const char *url)
{
	struct err *err = reported_error(t->item, ERR_NETWORK);
	bool passing = is_passing(code, status);

	t->item->absent = is_absent(code, status);
	if (code == CURLE_HTTP_RETURNED_ERROR)
		(void)err_set(err, ERR_NETWORK, "cannot fetch '%s': the server answers %ld%s", url,
			      status, status == 404 ? " (not found)" : "");
	else if (code == CURLE_PARTIAL_FILE)
		(void)err_set(err, ERR_NETWORK,
			      "cannot fetch '%s': the connection ended after %llu bytes", url,
			      (unsigned long long)t->received);
	else
		(void)err_set(err, ERR_NETWORK, "cannot fetch '%s': %s", url,
			      *t->message ? t->message : curl_easy_strerror(code));
	(void)err_hint(err, "%s", way_out(t->item, code, status, passing));
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
	    code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_OPERATION_TIMEDOUT)
		return OUTCOME_UNREACHABLE;
	return passing ? OUTCOME_AGAIN : OUTCOME_OTHER;
}

static enum transfer_outcome wrong_size(struct transfer *t, const char *url)
{
	const struct fetch_item *item = t->item;
	struct err *err = reported_error(t->item, ERR_TRUST);

	if (!item->size)
		(void)err_set(err, ERR_TRUST,
			      "'%s' has more than %llu bytes, more than such a file can have", url,
			      (unsigned long long)item->limit);
	else
		(void)err_set(err, ERR_TRUST, "'%s' has %s than the %llu bytes it must have", url,
			      t->too_long ? "more" : "less", (unsigned long long)item->size);
	(void)err_hint(err, "the mirror has another file under this name; try another --mirror");
	return OUTCOME_OTHER;
}

/* Checks what has arrived, once the server has sent everything. */
static enum transfer_outcome judge_content(struct transfer *t, bool length_known, const char *url,
					   struct err *err)
{
	struct fetch_item *item = t->item;
	char found[DIGEST_HEX];

	if (item->range || !*item->sha256) {
		text_release(&item->head);
		text_append(&t->head, "", 0);
		item->head = TAKE(t->head);
		return OUTCOME_DONE;
	}
	if (t->received < item->size && length_known)
		return wrong_size(t, url);
	if (t->received < item->size)
		return judge_failure(t, CURLE_PARTIAL_FILE, 0, url);
	digest_final(t->digest, found);
	if (!streq(found, item->sha256)) {
		struct err *why = reported_error(item, ERR_TRUST);

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

enum transfer_outcome transfer_finish(struct transfer *t, CURLcode code, struct err *err)
{
	const char *given = t->item->url.item[t->url];
	cleanup_free char *url = fetch_url_text(given);
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
	} else if (code == CURLE_OK && status >= 300) { /* a redirect without a target */
		outcome = judge_failure(t, CURLE_HTTP_RETURNED_ERROR, status, url);
	} else if (code == CURLE_OK || t->enough) {
		outcome = judge_content(t, length >= 0, url, err);
	} else {
		outcome = judge_failure(t, code, status, url);
	}
	curl_easy_cleanup(take_ptr(t->easy));
	digest_free(take_ptr(t->digest));
	store_put_release(&t->put);
	if (outcome == OUTCOME_DONE) {
		t->item->from = xstrdup(given);
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
	*t = (struct transfer){ .put = STORE_PUT_INIT };
}
