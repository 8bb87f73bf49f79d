/* SPDX-License-Identifier: MIT */
#include "archive/release.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deb/deb822.h"
#include "deb/package.h"
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

/* Reads a date such as "Sat, 12 Sep 2026 07:55:41 UTC" (RFC 5322, with UTC, GMT, Z or +hhmm),
 * whatever locale and time zone are; -EINVAL if it is no date. */
static int parse_date(const char *s, int64_t *ret)
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

/* A line is "DIGEST SIZE PATH", with any number of blanks between them. */
static int parse_file(const char *name, char *line, struct release *release, struct err *err)
{
	char *save = NULL;
	const char *digest = strtok_r(line, " \t", &save);
	const char *size = strtok_r(NULL, " \t", &save);
	const char *path = strtok_r(NULL, " \t", &save);
	struct release_file file = { 0 };

	if (!path || strtok_r(NULL, " \t", &save) || !digest_is_valid(digest) ||
	    parse_u64(size, &file.size) < 0)
		return err_set(err, ERR_TRUST, "%s has a malformed line in its SHA256 list", name);
	if (!package_path_is_safe(path))
		return err_set(err, ERR_TRUST,
			       "%s lists '%s', which is not a path below its directory", name,
			       path);
	if (release->file_count == RELEASE_FILES_MAX)
		return err_set(err, ERR_TRUST, "%s has more than %d files in its SHA256 list", name,
			       RELEASE_FILES_MAX);
	memcpy(file.sha256, digest, DIGEST_HEX);
	file.path = xstrdup(path);
	GROW(release->file, release->file_count, release->file_allocated);
	release->file[release->file_count++] = file;
	return 0;
}

static int parse_files(const char *name, const char *list, struct release *release, struct err *err)
{
	cleanup_free char *copy = xstrdup(list);
	char *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int r = parse_file(name, line, release, err);

		if (r < 0)
			return r;
	}
	if (release->file_count == 0)
		return err_set(err, ERR_TRUST, "%s lists no file", name);
	qsort(release->file, release->file_count, sizeof(release->file[0]), compare_files);
	for (size_t i = 1; i < release->file_count; i++)
		if (streq(release->file[i - 1].path, release->file[i].path))
			return err_set(err, ERR_TRUST, "%s lists '%s' twice", name,
				       release->file[i].path);
	return 0;
}

static char *copy_field(const struct deb822_stanza *s, const char *field)
{
	const char *value = deb822_get(s, field);

	return xstrdup(value ? value : "");
}

static int parse_dates(const char *name, const struct deb822_stanza *s, struct release *release,
		       struct err *err)
{
	const char *until = deb822_get(s, "Valid-Until");

	release->date = copy_field(s, "Date");
	if (parse_date(release->date, &release->date_seconds) < 0)
		return err_set(err, ERR_TRUST, "%s has a Date that cannot be read: '%s'", name,
			       release->date);
	if (!until)
		return 0;
	release->valid_until = xstrdup(until);
	if (parse_date(until, &release->valid_until_seconds) < 0)
		return err_set(err, ERR_TRUST, "%s has a Valid-Until that cannot be read: '%s'",
			       name, until);
	return 0;
}

static int parse_pin_priority(const struct deb822_stanza *s)
{
	if (!streq(deb822_get(s, "NotAutomatic"), "yes"))
		return PIN_PRIORITY_DEFAULT;
	return streq(deb822_get(s, "ButAutomaticUpgrades"), "yes") ? PIN_PRIORITY_UPGRADES
								   : PIN_PRIORITY_NOT_AUTOMATIC;
}

static int parse_stanza(const char *name, const struct deb822_stanza *s, struct release *release,
			struct err *err)
{
	const char *value = deb822_get(s, "Acquire-By-Hash");
	int r;

	release->origin = copy_field(s, "Origin");
	release->label = copy_field(s, "Label");
	release->suite = copy_field(s, "Suite");
	release->codename = copy_field(s, "Codename");
	release->by_hash = streq(value, "yes");
	release->pin_priority = parse_pin_priority(s);
	value = deb822_get(s, "Components");
	strv_split(&release->components, value ? value : "", " \t\n");
	value = deb822_get(s, "Architectures");
	strv_split(&release->architectures, value ? value : "", " \t\n");
	value = deb822_get(s, "No-Support-for-Architecture-all");
	release->all_apart = strv_has(&release->architectures, "all") && !streq(value, "Packages");
	r = parse_dates(name, s, release, err);
	if (r < 0)
		return r;
	value = deb822_get(s, "SHA256");
	if (!value)
		return err_set(err, ERR_TRUST, "%s has no SHA256 list", name);
	return parse_files(name, value, release, err);
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
	CLEANUP(release_release) struct release release = { 0 };
	int r;

	r = deb822_next(&reader, &stanza, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_TRUST, "%s is empty", name);
	r = parse_stanza(name, &stanza, &release, err);
	if (r < 0)
		return r;
	r = deb822_next(&reader, &more, err);
	if (r < 0)
		return r;
	if (r > 0)
		return err_set(err, ERR_TRUST, "%s has more than one stanza", name);
	*ret = TAKE(release);
	return 0;
}

const struct release_file *release_find(const struct release *release, const char *path)
{
	size_t low = 0, high = release->file_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = strcmp(path, release->file[middle].path);

		if (c == 0)
			return &release->file[middle];
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

static const char *clock_text(const struct release_clock *clock)
{
	return clock->snapshot ? "the snapshot is of" : "this machine's clock says";
}

int release_check_date(const struct release *release, const char *name,
		       const struct release_clock *clock, int64_t last_seen, struct err *err)
{
	char a[32], b[32];

	if (release->date_seconds > clock->now + RELEASE_FUTURE_TOLERANCE) {
		(void)err_set(err, ERR_TRUST, "%s is from the future: its Date is %s, %s %s", name,
			      date_text(release->date_seconds, a), clock_text(clock),
			      date_text(clock->now, b));
		return err_hint(err,
				clock->snapshot
					? "that archive answers with a later state than it was "
					  "asked for: write another one into `mirrors:`, or a "
					  "later moment"
					: "set this machine's clock");
	}
	if (release->date_seconds < last_seen) {
		(void)err_set(
			err, ERR_TRUST,
			"%s is older than what was seen before: its Date is %s, the store has "
			"seen %s",
			name, date_text(release->date_seconds, a), date_text(last_seen, b));
		return err_hint(err, "the mirror lags behind or replays an old state, which hides "
				     "security updates; try again later or another --mirror");
	}
	return 0;
}

int release_check_valid(const struct release *release, const char *name,
			const struct release_clock *clock, struct err *err)
{
	char a[32], b[32];

	if (!release->valid_until || release->valid_until_seconds >= clock->now)
		return 0;
	(void)err_set(err, ERR_TRUST, "%s expired: it was valid until %s, %s %s", name,
		      date_text(release->valid_until_seconds, a), clock_text(clock),
		      date_text(clock->now, b));
	return err_hint(err,
			clock->snapshot
				? "that archive answers with a much older state than it was asked "
				  "for: write another one into `mirrors:`, or an earlier moment"
				: "the mirror no longer follows the archive, or the clock is "
				  "wrong; try another --mirror, or build from a lock (--lock), "
				  "which does not expire");
}

int release_check_suite(const struct release *release, const char *name, const char *wanted,
			struct err *err)
{
	if (streq(wanted, release->suite) || streq(wanted, release->codename))
		return 0;
	return err_set(err, ERR_TRUST, "%s is not '%s': its Suite is '%s', its Codename '%s'", name,
		       wanted, release->suite, release->codename);
}

void release_release(struct release *release)
{
	for (size_t i = 0; i < release->file_count; i++)
		free(release->file[i].path);
	free(release->file);
	free(release->origin);
	free(release->label);
	free(release->suite);
	free(release->codename);
	free(release->date);
	free(release->valid_until);
	strv_release(&release->components);
	strv_release(&release->architectures);
	*release = (struct release){ 0 };
}
