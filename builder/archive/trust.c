/* SPDX-License-Identifier: MIT */
#include "archive/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "archive/archived-suite.h"
#include "archive/armour.h"
#include "archive/keyring.h"
#include "base/child.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"

#define STATUS_MAX ((size_t)1024 * 1024)

/* The descriptors' numbers in gpgv. */
enum { FD_STATUS = 3, FD_KEYRING = 4, FD_SIGNATURE = 5 };

/* In ascending order: of several signatures that do not count, the highest is reported. */
enum verdict {
	VERDICT_NONE,
	VERDICT_UNKNOWN_KEY,
	VERDICT_UNCHECKABLE,
	VERDICT_EXPIRED_SIGNATURE,
	VERDICT_EXPIRED_KEY,
	VERDICT_REVOKED_KEY,
	VERDICT_GOOD,
	VERDICT_BAD, /* above good: one changed signature spoils the file */
};

struct signature {
	enum verdict verdict;
	char key[65];	  /* key id or fingerprint, as gpgv names it */
	char primary[65]; /* from VALIDSIG, as is the next one */
	uint64_t made;	  /* seconds */
	uint64_t expired; /* when its key did; 0: unknown, or it did not */
	bool valid;
};

void trust_debian_keyrings(const char *ret[TRUST_DEBIAN_KEYRINGS])
{
	static const char *const path[TRUST_DEBIAN_KEYRINGS][2] = {
		{ "/usr/share/keyrings/debian-archive-keyring.gpg",
		  "/usr/share/keyrings/debian-archive-keyring.pgp" },
		{ "/usr/share/keyrings/debian-archive-removed-keys.gpg",
		  "/usr/share/keyrings/debian-archive-removed-keys.pgp" },
	};

	for (size_t i = 0; i < TRUST_DEBIAN_KEYRINGS; i++) {
		ret[i] = NULL;
		for (size_t k = 0; k < 2 && !ret[i]; k++)
			if (access(path[i][k], R_OK) == 0)
				ret[i] = path[i][k];
	}
}

const char *trust_debian_keyring(void)
{
	const char *keyring[TRUST_DEBIAN_KEYRINGS];

	trust_debian_keyrings(keyring);
	return keyring[0];
}

static int read_back(int fd, size_t limit, struct text *ret, struct err *err)
{
	char buffer[16384];
	ssize_t n;

	(void)lseek(fd, 0, SEEK_SET);
	text_append(ret, "", 0);
	while ((n = read_all(fd, buffer, sizeof(buffer))) > 0) {
		if ((size_t)n > limit - ret->length)
			return err_set(err, ERR_BUILD, "gpgv wrote more than %zu bytes", limit);
		text_append(ret, buffer, (size_t)n);
	}
	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n, "cannot read what gpgv wrote");
	return 0;
}

static void raise_verdict(struct signature *s, enum verdict verdict, const char *key)
{
	if (verdict <= s->verdict)
		return;
	s->verdict = verdict;
	(void)snprintf(s->key, sizeof(s->key), "%.64s", key);
}

/* "[GNUPG:] KEYWORD argument…" */
static void read_status_line(char *line, struct signature *s)
{
	static const struct {
		const char *keyword;
		enum verdict verdict;
	} known[] = {
		{ "GOODSIG", VERDICT_GOOD },
		{ "BADSIG", VERDICT_BAD },
		{ "EXPKEYSIG", VERDICT_EXPIRED_KEY },
		{ "REVKEYSIG", VERDICT_REVOKED_KEY },
		{ "EXPSIG", VERDICT_EXPIRED_SIGNATURE },
		{ "ERRSIG", VERDICT_UNCHECKABLE },
	};
	char *save = NULL;
	const char *mark = strtok_r(line, " ", &save);
	const char *keyword = strtok_r(NULL, " ", &save);
	const char *argument = strtok_r(NULL, " ", &save);

	if (!streq(mark, "[GNUPG:]") || !keyword)
		return;
	argument = argument ? argument : "?";
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (streq(keyword, known[i].keyword))
			raise_verdict(s, known[i].verdict, argument);
	/* NO_PUBKEY follows the ERRSIG it explains. */
	if (streq(keyword, "NO_PUBKEY") && s->verdict == VERDICT_UNCHECKABLE)
		s->verdict = VERDICT_UNKNOWN_KEY;
	if (streq(keyword, "KEYEXPIRED")) {
		uint64_t expired = 0;

		if (parse_u64(argument, &expired) == 0 && (!s->expired || expired < s->expired))
			s->expired = expired;
	}
	if (streq(keyword, "VALIDSIG")) {
		const char *word, *last = argument;

		for (int i = 1; (word = strtok_r(NULL, " ", &save)); i++) {
			if (i == 2 && parse_u64(word, &s->made) < 0)
				s->made = 0;
			last = word;
		}
		(void)snprintf(s->primary, sizeof(s->primary), "%.64s", last);
		s->valid = true;
	}
}

/* A key that has expired has signed while it held. */
static bool held_then(const struct signature *s)
{
	return s->verdict == VERDICT_EXPIRED_KEY && s->valid && s->made > 0 && s->made < s->expired;
}

/* Whether the signature is as it should be. */
static bool is_good(const struct signature *s, const struct trust *trust, const char *name)
{
	if (s->verdict == VERDICT_GOOD)
		return true;
	if (!trust->then || !held_then(s))
		return false;
	log_warning("%s is signed by key %s, which has expired since; it is taken, because what it "
		    "signs is not of today",
		    name, s->key);
	return true;
}

/* Finds the signature that decides: a changed one if there is any, else the first good one, else
 * the one whose verdict says most. */
static struct signature judge(char *status)
{
	struct signature decisive = { 0 }, running = { 0 };
	char *save = NULL;

	for (char *line = strtok_r(status, "\n", &save);; line = strtok_r(NULL, "\n", &save)) {
		if (!line || starts_with(line, "[GNUPG:] NEWSIG")) {
			if (running.verdict == VERDICT_GOOD && !running.valid)
				running.verdict = VERDICT_UNCHECKABLE;
			if (running.verdict > decisive.verdict)
				decisive = running;
			running = (struct signature){ 0 };
		}
		if (!line)
			return decisive;
		read_status_line(line, &running);
	}
}

static int refuse(const struct signature *s, const struct trust *trust, const char *name,
		  struct err *err)
{
	switch (s->verdict) {
	case VERDICT_BAD:
		(void)err_set(err, ERR_TRUST,
			      "%s was changed after it was signed: bad signature of key %s", name,
			      s->key);
		return trust->subject == TRUST_DEBIAN
			       ? err_hint(err, "do not use this mirror; try another --mirror")
			       : err_value(err);
	case VERDICT_REVOKED_KEY:
		return err_set(err, ERR_TRUST, "%s is signed by key %s, which was revoked", name,
			       s->key);
	case VERDICT_EXPIRED_KEY:
		(void)err_set(err, ERR_TRUST, "%s is signed by key %s, which has expired", name,
			      s->key);
		if (trust->subject == TRUST_RESULT)
			return err_value(err);
		return err_hint(err,
				"a newer keyring package may have its prolonged form; an archive "
				"whose keys have all expired can be used from a lock only");
	case VERDICT_EXPIRED_SIGNATURE:
		return err_set(err, ERR_TRUST, "%s: the signature of key %s has expired", name,
			       s->key);
	case VERDICT_UNCHECKABLE:
		return err_set(err, ERR_TRUST,
			       "%s: the signature of key %s cannot be relied on: its algorithm is "
			       "unknown or too weak",
			       name, s->key);
	case VERDICT_UNKNOWN_KEY:
		(void)err_set(err, ERR_TRUST, "%s is signed by key %s, which is not in '%s'", name,
			      s->key, trust->keyring);
		if (trust->subject == TRUST_RESULT)
			return err_value(err);
		if (trust->subject == TRUST_THIRD_PARTY)
			return err_hint(err,
					"'keyring:' of this repository in the recipe must name a "
					"file that holds this key; the archive's own page says "
					"where to get it");
		if (trust->archived)
			return err_hint(err, "%s", ARCHIVED_SUITE_HINT);
		return err_hint(err,
				"install a newer debian-archive-keyring, or name the keyring of "
				"this archive (--keyring)");
	case VERDICT_NONE:
	case VERDICT_GOOD:
		break;
	}
	return err_set(err, ERR_TRUST, "%s: gpgv found no signature", name);
}

/* The descriptors gpgv gets. */
struct gpgv {
	int keyring, input, output, status, message;
	int signature; /* -1: input is one signed text */
};
#define GPGV_INIT                                                                                  \
	{                                                                                          \
		-1, -1, -1, -1, -1, -1                                                             \
	}

static void gpgv_release(struct gpgv *g)
{
	cleanup_close_fd(&g->keyring);
	cleanup_close_fd(&g->input);
	cleanup_close_fd(&g->output);
	cleanup_close_fd(&g->status);
	cleanup_close_fd(&g->message);
	cleanup_close_fd(&g->signature);
}

static int run_gpgv(const struct gpgv *g, struct err *err)
{
	CLEANUP(child_release) struct child child = CHILD_INIT;
	bool detached = g->signature >= 0;
	/* The home does not exist, so that no keyring and no configuration of the user takes
	 * part. */
	const char *const argv[] = {
		"gpgv",
		"--homedir",
		"/nonexistent",
		"--weak-digest",
		"SHA1",
		"--weak-digest",
		"RIPEMD160",
		"--status-fd",
		"3",
		"--keyring",
		"/proc/self/fd/4",
		"--output",
		"-",
		detached ? "/proc/self/fd/5" : "-",
		detached ? "-" : NULL,
		NULL,
	};
	const struct child_options options = {
		.argv = argv,
		.fd = { { STDIN_FILENO, g->input },
			{ STDOUT_FILENO, g->output },
			{ STDERR_FILENO, g->message },
			{ FD_STATUS, g->status },
			{ FD_KEYRING, g->keyring },
			{ FD_SIGNATURE, g->signature } },
		.fd_count = detached ? 6 : 5,
	};
	char buffer[64];
	int ended, r;

	r = child_start(&child, &options, err);
	if (r < 0)
		return err_hint(err, "install the package gpgv");
	r = child_wait(&child, &ended, err);
	if (r < 0)
		return r;
	if (WIFSIGNALED(ended))
		return err_set(err, ERR_BUILD, "gpgv, which checks signatures, failed: %s",
			       child_status_text(ended, buffer));
	return 0;
}

/* Runs gpgv over data and judges what it says. In g the keyring is open, and so is the signature if
 * it is detached. */
static int verify(struct gpgv *g, const char *data, size_t size, struct signature *ret,
		  struct err *err)
{
	CLEANUP(text_release) struct text lines = { 0 };
	CLEANUP(text_release) struct text words = { 0 };
	int r = memory_fd(data, size, &g->input, err);

	if (r < 0)
		return r;
	r = memory_fd("", 0, &g->output, err);
	if (r < 0)
		return r;
	r = memory_fd("", 0, &g->status, err);
	if (r < 0)
		return r;
	r = memory_fd("", 0, &g->message, err);
	if (r < 0)
		return r;
	r = run_gpgv(g, err);
	if (r < 0)
		return r;
	r = read_back(g->status, STATUS_MAX, &lines, err);
	if (r < 0)
		return r;
	r = read_back(g->message, STATUS_MAX, &words, err);
	if (r < 0)
		return r;
	log_debug("gpgv:\n%s", words.data);
	*ret = judge(lines.data);
	return 0;
}

int trust_verify(const struct trust *trust, const char *name, const char *data, size_t size,
		 struct text *ret_content, char **ret_fingerprint, struct err *err)
{
	CLEANUP(gpgv_release) struct gpgv g = GPGV_INIT;
	CLEANUP(text_release) struct text content = { 0 };
	struct signature decisive;
	int r;

	r = armour_check_signed(name, data, size, err);
	if (r < 0)
		return r;
	r = keyring_open(trust->keyring, trust->digest, &g.keyring, err);
	if (r < 0)
		return r;
	r = verify(&g, data, size, &decisive, err);
	if (r < 0)
		return err_wrap(err, "checking the signature of %s", name);
	if (!is_good(&decisive, trust, name))
		return refuse(&decisive, trust, name, err);
	r = read_back(g.output, size, &content, err);
	if (r < 0)
		return err_wrap(err, "checking the signature of %s", name);
	text_release(ret_content);
	*ret_content = TAKE(content);
	*ret_fingerprint = xstrdup(decisive.primary);
	return 0;
}

int trust_verify_detached(const struct trust *trust, const char *name, const struct text *data,
			  const struct text *sig, char **ret_fingerprint, struct err *err)
{
	CLEANUP(gpgv_release) struct gpgv g = GPGV_INIT;
	struct signature decisive;
	int r = armour_check_signature(name, sig, err);

	if (r < 0)
		return r;
	r = keyring_open(trust->keyring, trust->digest, &g.keyring, err);
	if (r < 0)
		return r;
	r = memory_fd(sig->data, sig->length, &g.signature, err);
	if (r < 0)
		return r;
	r = verify(&g, data->data, data->length, &decisive, err);
	if (r < 0)
		return err_wrap(err, "checking the signature of %s", name);
	if (!is_good(&decisive, trust, name))
		return refuse(&decisive, trust, name, err);
	*ret_fingerprint = xstrdup(decisive.primary);
	return 0;
}
