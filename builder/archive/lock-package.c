/* SPDX-License-Identifier: MIT */
/* Compares what a package's own bytes say with what the lock says. What they say is remembered as
 * the fact LOCK_FACT_DEB: "TIME NAME VERSION ARCHITECTURE". */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "deb/ar.h"
#include "deb/control.h"
#include "deb/deb822.h"
#include "archive/lock-format.h"
#include "base/io.h"
#include "base/memory.h"

static int add_identity(int fd, const char *path, struct text *ret, struct err *err)
{
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	CLEANUP(text_release) struct text control = { 0 };
	const char *name, *version, *architecture;
	int r = control_read_as(fd, path, ERR_TRUST, &control, err);

	if (r < 0)
		return r;
	r = deb822_first(path, ERR_TRUST, &control, &stanza, err);
	if (r < 0)
		return r;
	name = deb822_get(&stanza, "Package");
	version = deb822_get(&stanza, "Version");
	architecture = deb822_get(&stanza, "Architecture");
	if (!name || !version || !architecture)
		return err_set(err, ERR_TRUST,
			       "the control file of '%s' lacks Package, Version or Architecture",
			       path);
	text_printf(ret, " %s %s %s", name, version, architecture);
	return 0;
}

/* *ret stays NULL if the store has no such file. */
static int read_deb(struct store *s, const struct package *p, char **ret, struct err *err)
{
	CLEANUP(text_release) struct text fact = { 0 };
	cleanup_fd int fd = -1;
	char head[AR_HEAD];
	int64_t time;
	ssize_t n;
	int r = store_get(s, p->sha256, &fd, err);

	if (r < 0 || fd < 0)
		return r;
	n = read_all(fd, head, sizeof(head));
	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n, "cannot read %s from the store", p->name);
	r = ar_time(p->path, head, (size_t)n, &time, err);
	if (r < 0)
		return r;
	text_printf(&fact, "%" PRId64, time);
	r = add_identity(fd, p->path, &fact, err);
	if (r < 0)
		return r;
	if (strchr(fact.data, '\n'))
		return err_set(err, ERR_TRUST,
			       "the control file of '%s' has a name, version or architecture of "
			       "more than one line",
			       p->path);
	r = store_fact_set(s, LOCK_FACT_DEB, p->sha256, fact.data, err);
	if (r < 0)
		return r;
	*ret = text_take(&fact);
	return 0;
}

int lock_package_time(struct store *s, const struct package *p, int64_t *ret, struct err *err)
{
	cleanup_free char *fact = NULL;
	CLEANUP(strv_release) struct strv word = { 0 };
	uint64_t time = 0;
	int r = store_fact_get(s, LOCK_FACT_DEB, p->sha256, &fact, err);

	if (r < 0)
		return r;
	r = fact ? 0 : read_deb(s, p, &fact, err);
	if (r < 0)
		return r;
	*ret = 0;
	if (!fact)
		return 0;
	strv_split(&word, fact, " ");
	if (word.count == 0 || parse_u64(word.item[0], &time) < 0 || time > INT64_MAX)
		return err_set(err, ERR_BUILD,
			       "the store's fact about '%s' is damaged: remove '%s/" STORE_FACTS
			       "/" LOCK_FACT_DEB "', which is made again",
			       p->path, store_path(s));
	if (word.count == 4 && (!streq(word.item[1], p->name) || !streq(word.item[2], p->version) ||
				!streq(word.item[3], p->architecture)))
		return err_set(err, ERR_TRUST,
			       "the package of this SHA-256 is not '%s' %s %s but '%s' %s %s",
			       p->name, p->version, p->architecture, word.item[1], word.item[2],
			       word.item[3]);
	*ret = (int64_t)time;
	return 0;
}
