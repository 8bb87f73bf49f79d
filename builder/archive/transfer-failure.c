/* SPDX-License-Identifier: MIT */
/* What a server's refusal means, in words: see transfer.h. */
#include <openssl/x509_vfy.h>

#include "archive/transfer.h"
#include "archive/url.h"
#include "base/memory.h"

#define TIMER 100 /* milliseconds that libcurl may end too early */

struct err *transfer_error(struct fetch_item *item, enum err_class class)
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

/* It has answered, but not in time. */
static bool is_slow(const struct transfer *t, CURLcode code)
{
	curl_off_t asked = 0;

	return code == CURLE_OPERATION_TIMEDOUT &&
	       curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &asked) == CURLE_OK &&
	       asked > 0;
}

static curl_off_t microseconds_of(const struct transfer *t)
{
	curl_off_t total = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &total);
	return total;
}

/* The server's certificate is not trusted. */
static char *certificate_hint(const struct transfer *t)
{
	const struct network *network = t->options->network;
	const struct authority *authority =
		network ? network_authority(network, transfer_asked(t)) : NULL;
	long result = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &result);
	if (result == X509_V_ERR_CERT_HAS_EXPIRED || result == X509_V_ERR_CERT_NOT_YET_VALID)
		return xstrdup("the certificate does not hold at the time of this machine's clock: "
			       "set the clock, or have the server's certificate renewed");
	if (result == X509_V_OK || result == X509_V_ERR_UNSPECIFIED) /* the chain is good */
		return xstrdup("the certificate is another host's: write the URL with the name "
			       "that the certificate has");
	if (authority)
		return xasprintf("no certificate in '%s' vouches for the server: the file must "
				 "hold that of the CA that signed the server's",
				 authority->file);
	return xasprintf("this machine does not know the CA that signed the server's certificate: "
			 "if it is a site's own, %sname its file by Acquire::https::CAInfo in "
			 "apt.conf, or put it, as NAME.crt, into /usr/local/share/ca-certificates "
			 "and run update-ca-certificates",
			 t->item->third_party ? "name its file by `ca` beside the repository's "
						"`url`, or "
					      : "");
}

static char *login_hint(const struct transfer *t, long status)
{
	static const struct logins none;
	const struct network *network = t->options->network;
	cleanup_free char *hint = logins_hint(network ? &network->logins : &none, transfer_asked(t),
					      t->item->third_party);

	return xasprintf("%s: %s",
			 status == 401 ? "the server wants a password"
				       : "the server forbids it, as some do with files that they "
					 "do not have: check the URL; if it needs a password",
			 hint);
}

/* curl names the file only where it reads it itself. */
static char *authority_hint(const struct transfer *t)
{
	const struct network *network = t->options->network;
	const struct authority *authority =
		network ? network_authority(network, transfer_asked(t)) : NULL;

	return authority ? xasprintf("the file '%s' must hold certificates, as text (PEM)",
				     authority->file)
			 : xstrdup("the file of certificates must hold them as text (PEM)");
}

/* --mirror is Debian's: it changes nothing for a third party's archive. */
static char *way_out(const struct transfer *t, CURLcode code, long status, bool passing)
{
	const struct fetch_item *item = t->item;

	if (status == 401 || status == 403)
		return login_hint(t, status);
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return certificate_hint(t);
	if (code == CURLE_SSL_CACERT_BADFILE)
		return authority_hint(t);
	if (t->fault)
		return xstrdup(item->third_party
				       ? "whoever runs the archive has to mend that: tell them"
				       : "do not use this mirror; give another one (--mirror URL)");
	if (is_slow(t, code))
		return xasprintf("%s; if the line is slow, give it more time: "
				 "'Acquire::http::Timeout \"120\";' in apt.conf",
				 item->third_party ? "try again later"
						   : "give another mirror (--mirror URL)");
	if (passing)
		return xstrdup(item->third_party
				       ? "check the network and the proxy, or try again later"
				       : "check the network and the proxy, or give another mirror "
					 "(--mirror URL)");
	if (item->absent && item->absent_hint)
		return xstrdup(item->absent_hint);
	return xstrdup(item->third_party
			       ? "the archive does not have it: check the repository's url, "
				 "suite and components in the recipe"
			       : "the mirror does not have it: check the suite and the URL, or "
				 "give another mirror (--mirror URL)");
}

static char *reason(const struct transfer *t, CURLcode code, long status)
{
	if (t->fault)
		return xstrdup(t->fault);
	if (is_slow(t, code))
		return xasprintf("the server is too slow: %llu bytes in %lld seconds",
				 (unsigned long long)t->received,
				 (long long)(microseconds_of(t) / 1000000));
	if (code == CURLE_HTTP_RETURNED_ERROR && status < 400)
		return xasprintf("the server answers %ld%s", status,
				 t->redirects > 0 ? ", again and again"
						  : " without a place to go to");
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return xasprintf("the server answers %ld%s", status,
				 status == 404 ? " (not found)" : "");
	if (code == CURLE_PARTIAL_FILE)
		return xasprintf("the connection ended after %llu bytes",
				 (unsigned long long)t->received);
	return xstrdup(*t->message ? t->message : curl_easy_strerror(code));
}

enum transfer_outcome transfer_failed(struct transfer *t, CURLcode code, long status)
{
	struct err *err = transfer_error(t->item, ERR_NETWORK);
	bool passing = !t->fault && is_passing(code, status);
	cleanup_free char *url = url_public(t->item->url.item[t->url]);
	cleanup_free char *origin = t->location ? url_origin(t->location) : NULL;
	cleanup_free char *why = reason(t, code, status);
	cleanup_free char *hint = NULL;

	t->item->absent = is_absent(code, status);
	hint = way_out(t, code, status, passing);
	(void)err_set(err, ERR_NETWORK, "cannot fetch '%s'%s%s: %s", url,
		      origin ? ", which is now at " : "", origin ? origin : "", why);
	(void)err_hint(err, "%s", hint);
	if (!passing)
		return OUTCOME_OTHER;
	if (is_slow(t, code) && microseconds_of(t) / 1000 + TIMER >= transfer_patience(t))
		return OUTCOME_SLOW;
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
	    code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_OPERATION_TIMEDOUT)
		return OUTCOME_UNREACHABLE;
	return OUTCOME_AGAIN;
}
