/* SPDX-License-Identifier: MIT */
/*
 * Guesses why two contents differ, from the first words that do. A guess is only shown to people:
 * it may be wrong, but it says what to look for.
 */
#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "verify/difference-parts.h"

#define CAUSE_DATE "a date or a time"
#define CAUSE_RANDOM "a random value"
#define CAUSE_NUMBER "a process number, a counter or a small random number"
#define CAUSE_GZIP "the time stamp in a gzip header"
#define WORD_MAX 200
#define SORT_MAX ((size_t)4 << 20)
#define VALUE_MIN 4		/* shorter ones are found by chance */
#define RANDOM_MIN 6		/* characters: mktemp's XXXXXX */
#define NOISE_MIN 8		/* bytes */
#define PROCESS_MAX 4194304	/* proc(5), pid_max */
#define EPOCH_MIN 1400000000ULL /* seconds: 2014 */
#define EPOCH_MAX 2600000000ULL /* 2052 */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || strchr(":._+-/@", c);
}

/* The word at that place, at most WORD_MAX bytes of it; "" if there is none. */
static char *word_at(const struct text *t, size_t place)
{
	size_t first = place, last = place;

	while (first > 0 && is_word(t->data[first - 1]) && t->data[first - 1])
		first--;
	while (last < t->length && t->data[last] && is_word(t->data[last]))
		last++;
	return xstrndup(t->data + first, last - first < WORD_MAX ? last - first : WORD_MAX);
}

static size_t first_difference(const struct text content[2])
{
	size_t i = 0;

	while (i < content[0].length && i < content[1].length &&
	       content[0].data[i] == content[1].data[i])
		i++;
	return i;
}

static bool all(const char *s, int (*is)(int))
{
	const char *p = s;

	while (*p && is((unsigned char)*p))
		p++;
	return p > s && !*p;
}

/* As date(1) and RFC 5322 begin: "Sun Nov 22", "Sun, 22 Nov". */
static bool is_day_or_month(const char *word)
{
	static const char names[] = "Mon Tue Wed Thu Fri Sat Sun "
				    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
	cleanup_free char *searched = xasprintf("%s ", word);

	return strlen(word) == 3 && strstr(names, searched);
}

/* 21:08, 2026-11-22, 20261122T210847Z, seconds since 1970. */
static bool is_date(const char *word)
{
	uint64_t number;

	if (is_day_or_month(word) ||
	    (parse_u64(word, &number) == 0 && number >= EPOCH_MIN && number <= EPOCH_MAX))
		return true;
	for (const char *p = word; *p; p++) {
		bool clock = isdigit((unsigned char)p[0]) && isdigit((unsigned char)p[1]) &&
			     p[2] == ':' && isdigit((unsigned char)p[3]);
		bool year = (starts_with(p, "19") || starts_with(p, "20")) &&
			    isdigit((unsigned char)p[2]) && isdigit((unsigned char)p[3]) &&
			    (p[4] == '-' || p[4] == '/') && isdigit((unsigned char)p[5]);

		if (clock || year)
			return true;
	}
	return strlen(word) >= 14 && starts_with(word, "20") && strspn(word, "0123456789TZ-") >= 14;
}

static bool is_small_number(const char *word)
{
	uint64_t number;

	return parse_u64(word, &number) == 0 && number <= PROCESS_MAX;
}

/* Digits and letters mixed, hexadecimal, a UUID, or a long number. */
static bool looks_random(const char *word)
{
	size_t length = strlen(word);
	bool has_digit = strpbrk(word, "0123456789"), has_upper = false, has_lower = false;

	for (const char *p = word; *p; p++) {
		has_upper |= isupper((unsigned char)*p) != 0;
		has_lower |= islower((unsigned char)*p) != 0;
	}
	if (length < RANDOM_MIN)
		return false;
	return has_digit || (has_upper && has_lower) || all(word, isxdigit);
}

/* The variation whose new value stands in the rebuild's word, or whose old one in the original's.
 * Only those whose values are words of their own can be recognised like that. */
static const char *by_variation(const struct variations *variations, const char *const word[2])
{
	static const char *const literal[] = {
		"host name",	      "user", "time zone", "home directory", "working directory",
		"kernel by uname(2)",
	};

	for (size_t i = 0; i < variations->count; i++) {
		const struct variation *v = &variations->item[i];
		bool is_literal = false;

		for (size_t k = 0; k < ARRAY_SIZE(literal); k++)
			is_literal |= streq(v->name, literal[k]);
		if (!is_literal || v->why_not)
			continue;
		if ((strlen(v->to) >= VALUE_MIN && strstr(word[1], v->to)) ||
		    (strlen(v->from) >= VALUE_MIN && strstr(word[0], v->from)))
			return v->name;
	}
	return NULL;
}

/* Both have the same length, and hardly a byte is the same. */
static bool is_noise(const struct text content[2])
{
	size_t length = content[0].length, same = 0;

	for (size_t i = 0; i < length && length == content[1].length; i++)
		same += content[0].data[i] == content[1].data[i];
	return length == content[1].length && length >= NOISE_MIN && same <= length / 8;
}

static bool same_words(const struct text content[2])
{
	CLEANUP(strv_release) struct strv a = { 0 };
	CLEANUP(strv_release) struct strv b = { 0 };
	bool same;

	if (content[0].length != content[1].length || content[0].length > SORT_MAX)
		return false;
	strv_split(&a, content[0].data, " \t\n");
	strv_split(&b, content[1].data, " \t\n");
	strv_sort(&a);
	strv_sort(&b);
	same = a.count == b.count && a.count > 1;
	for (size_t i = 0; i < a.count && same; i++)
		same = streq(a.item[i], b.item[i]);
	return same;
}

/* RFC 1952: MTIME is bytes 4 to 7. */
static bool is_gzip_time(const struct text content[2])
{
	const struct text *a = &content[0], *b = &content[1];

	return a->length == b->length && a->length > 8 && memcmp(a->data, "\x1f\x8b", 2) == 0 &&
	       memcmp(a->data, b->data, 4) == 0 &&
	       memcmp(a->data + 8, b->data + 8, a->length - 8) == 0;
}

const char *likely_cause_of_content(const struct variations *variations,
				    const struct text content[2])
{
	size_t place = first_difference(content);
	cleanup_free char *a = word_at(&content[0], place);
	cleanup_free char *b = word_at(&content[1], place);
	const char *found = by_variation(variations, (const char *const[2]){ a, b });

	if (found)
		return found;
	if (is_gzip_time(content))
		return CAUSE_GZIP;
	if (same_words(content))
		return CAUSE_ORDER;
	if (is_date(a) && is_date(b))
		return CAUSE_DATE;
	if (is_small_number(a) && is_small_number(b))
		return CAUSE_NUMBER;
	if ((looks_random(a) && looks_random(b)) || is_noise(content))
		return CAUSE_RANDOM;
	return NULL;
}

const char *likely_cause_of_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return looks_random(dot ? dot + 1 : name) ? "names that differ each time" : NULL;
}
