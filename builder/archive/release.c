/* SPDX-License-Identifier: MIT */
#include "archive/release.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deb/deb822.h"
#include "base/memory.h"

static int parse_month(const char *s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (strncmp(s, months + (ptrdiff_t)3 * i, 3) == 0)
			return i;
	return -1;
}

/* Seconds east of UTC. */
static int parse_zone(const char *s, int64_t *ret)
{
	unsigned hours, minutes;
	int end = 0;

	if (streq(s, "UTC") || streq(s, "GMT") || streq(s, "Z")) {
		*ret = 0;
		return 0;
	}
	if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2u%2u%n", &hours, &minutes, &end) != 2 ||
	    end != 4 || s[5] != '\0' || hours > 14 || minutes > 59)
		return -EINVAL;
	*ret = (int64_t)(hours * 3600 + minutes * 60) * (*s == '-' ? -1 : 1);
	return 0;
}

int release_parse_date(const char *s, int64_t *ret)
{
	struct tm tm = { 0 };
	char month[4], zone[8];
	const char *comma = strchr(s, ',');
	int64_t east;
	int end = 0;

	if (comma)
		s = comma + 1;
	if (sscanf(s, " %2d %3s %4d %2d:%2d:%2d %7s%n", &tm.tm_mday, month, &tm.tm_year,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, zone, &end) != 7 ||
	    s[end] != '\0')
		return -EINVAL;
	tm.tm_mon = parse_month(month);
	if (tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_year < 1970 ||
	    tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 ||
	    tm.tm_sec > 60 || parse_zone(zone, &east) < 0)
		return -EINVAL;
	tm.tm_year -= 1900;
	*ret = (int64_t)timegm(&tm) - east;
	return 0;
}

static int compare_files(const void *a, const void *b)
{
	const struct release_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* "DIGEST SIZE PATH", any number of blanks between. */
static int parse_file(const char *name, char *line, struct release *r, struct err *err)
{
	char *save = NULL;
	const char *digest = strtok_r(line, " \t", &save);
	const char *size = strtok_r(NULL, " \t", &save);
	const char *path = strtok_r(NULL, " \t", &save);
	struct release_file file = { 0 };

	if (!path || strtok_r(NULL, " \t", &save) || !digest_is_valid(digest) ||
	    parse_u64(size, &file.size) < 0)
		return err_set(err, ERR_TRUST, "%s: malformed line in its SHA256 list", name);
	if (r->file_count == RELEASE_FILES_MAX)
		return err_set(err, ERR_TRUST, "%s: more than %d files in its SHA256 list", name,
			       RELEASE_FILES_MAX);
	memcpy(file.sha256, digest, DIGEST_HEX);
	file.path = xstrdup(path);
	GROW(r->file, r->file_count, r->file_allocated);
	r->file[r->file_count++] = file;
	return 0;
}

static int parse_files(const char *name, const char *list, struct release *r, struct err *err)
{
	cleanup_free char *copy = xstrdup(list);
	char *save = NULL;
	int k = 0;

	for (char *line = strtok_r(copy, "\n", &save); line && k == 0;
	     line = strtok_r(NULL, "\n", &save))
		k = parse_file(name, line, r, err);
	if (k < 0)
		return k;
	if (r->file_count == 0)
		return err_set(err, ERR_TRUST, "%s: it lists no file", name);
	qsort(r->file, r->file_count, sizeof(r->file[0]), compare_files);
	for (size_t i = 1; i < r->file_count; i++)
		if (streq(r->file[i - 1].path, r->file[i].path))
			return err_set(err, ERR_TRUST, "%s: it lists '%s' twice", name,
				       r->file[i].path);
	return 0;
}

static char *copy_field(const struct deb822_stanza *s, const char *field)
{
	const char *value = deb822_get(s, field);

	return xstrdup(value ? value : "");
}

static int parse_dates(const char *name, const struct deb822_stanza *s, struct release *r,
		       struct err *err)
{
	const char *until = deb822_get(s, "Valid-Until");

	r->date = copy_field(s, "Date");
	if (release_parse_date(r->date, &r->date_seconds) < 0)
		return err_set(err, ERR_TRUST, "%s: its Date '%s' cannot be read", name, r->date);
	if (!until)
		return 0;
	r->valid_until = xstrdup(until);
	if (release_parse_date(until, &r->valid_until_seconds) < 0)
		return err_set(err, ERR_TRUST, "%s: its Valid-Until '%s' cannot be read", name,
			       until);
	return 0;
}

static int parse_pin_priority(const struct deb822_stanza *s)
{
	if (!streq(deb822_get(s, "NotAutomatic"), "yes"))
		return PIN_PRIORITY_DEFAULT;
	return streq(deb822_get(s, "ButAutomaticUpgrades"), "yes") ? PIN_PRIORITY_UPGRADES
								   : PIN_PRIORITY_NOT_AUTOMATIC;
}

static int parse_stanza(const char *name, const struct deb822_stanza *s, struct release *r,
			struct err *err)
{
	const char *value = deb822_get(s, "Acquire-By-Hash");
	int k;

	r->origin = copy_field(s, "Origin");
	r->label = copy_field(s, "Label");
	r->suite = copy_field(s, "Suite");
	r->codename = copy_field(s, "Codename");
	r->by_hash = streq(value, "yes");
	r->pin_priority = parse_pin_priority(s);
	value = deb822_get(s, "Components");
	strv_split(&r->components, value ? value : "", " \t\n");
	value = deb822_get(s, "Architectures");
	strv_split(&r->architectures, value ? value : "", " \t\n");
	value = deb822_get(s, "No-Support-for-Architecture-all");
	r->all_apart = strv_has(&r->architectures, "all") && !streq(value, "Packages");
	k = parse_dates(name, s, r, err);
	if (k < 0)
		return k;
	value = deb822_get(s, "SHA256");
	if (!value)
		return err_set(err, ERR_TRUST, "%s: it has no SHA256 list", name);
	return parse_files(name, value, r, err);
}

int release_parse(const char *name, const char *text, size_t size, struct release *ret,
		  struct err *err)
{
	struct deb822 reader = {
		.name = name,
		.data = text,
		.size = size,
		.class = ERR_TRUST,
	};
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	CLEANUP(deb822_stanza_release) struct deb822_stanza more = { 0 };
	CLEANUP(release_release) struct release r = { 0 };
	int k;

	k = deb822_next(&reader, &stanza, err);
	if (k < 0)
		return k;
	if (k == 0)
		return err_set(err, ERR_TRUST, "%s: it is empty", name);
	k = parse_stanza(name, &stanza, &r, err);
	if (k < 0)
		return k;
	k = deb822_next(&reader, &more, err);
	if (k < 0)
		return k;
	if (k > 0)
		return err_set(err, ERR_TRUST, "%s: it has more than one stanza", name);
	*ret = r;
	r = (struct release){ 0 };
	return 0;
}

const struct release_file *release_find(const struct release *r, const char *path)
{
	size_t low = 0, high = r->file_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = strcmp(path, r->file[middle].path);

		if (c == 0)
			return &r->file[middle];
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static const char *date_text(int64_t seconds, char buffer[32])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(buffer, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		(void)snprintf(buffer, 32, "%lld", (long long)seconds);
	return buffer;
}

int release_check_fresh(const struct release *r, const char *name, int64_t now, int64_t last_seen,
			struct err *err)
{
	char a[32], b[32];

	if (r->date_seconds > now + RELEASE_FUTURE_TOLERANCE) {
		(void)err_set(err, ERR_TRUST,
			      "%s is from the future: its Date is %s, this machine's clock says %s",
			      name, date_text(r->date_seconds, a), date_text(now, b));
		return err_hint(err, "set this machine's clock");
	}
	if (r->valid_until && r->valid_until_seconds < now) {
		(void)err_set(err, ERR_TRUST,
			      "%s expired: it was valid until %s, this machine's clock says %s",
			      name, date_text(r->valid_until_seconds, a), date_text(now, b));
		return err_hint(err,
				"the mirror no longer follows the archive, or the clock is wrong; "
				"try another --mirror, or build from a lock (--lock), which "
				"does not expire");
	}
	if (r->date_seconds < last_seen) {
		(void)err_set(
			err, ERR_TRUST,
			"%s is older than what was seen before: its Date is %s, the store has "
			"seen %s",
			name, date_text(r->date_seconds, a), date_text(last_seen, b));
		return err_hint(err, "the mirror lags behind or replays an old state, which hides "
				     "security updates; try again later or another --mirror");
	}
	return 0;
}

int release_check_suite(const struct release *r, const char *name, const char *wanted,
			struct err *err)
{
	if (streq(wanted, r->suite) || streq(wanted, r->codename))
		return 0;
	return err_set(err, ERR_TRUST, "%s is not '%s': its Suite is '%s', its Codename '%s'", name,
		       wanted, r->suite, r->codename);
}

void release_release(struct release *r)
{
	for (size_t i = 0; i < r->file_count; i++)
		free(r->file[i].path);
	free(r->file);
	free(r->origin);
	free(r->label);
	free(r->suite);
	free(r->codename);
	free(r->date);
	free(r->valid_until);
	strv_release(&r->components);
	strv_release(&r->architectures);
	*r = (struct release){ 0 };
}
