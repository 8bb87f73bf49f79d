/* SPDX-License-Identifier: MIT */
#include "recipe/pin.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define SOURCE_PREFIX "src:"

static const char key_letter[PIN_KEYS] = {
	[PIN_ARCHIVE] = 'a', [PIN_CODENAME] = 'n',  [PIN_FROM] = 'o',
	[PIN_LABEL] = 'l',   [PIN_COMPONENT] = 'c',
};

static bool is_pattern(const char *text, const char **hint)
{
	if (*text != '/')
		return *text != '\0';
	*hint = "regular expressions cannot be used here: write a pattern with * and ?";
	return false;
}

/* "n=trixie-backports" */
static bool parse_condition(const char *text, struct pin *ret, const char **hint)
{
	const char *letter = memchr(key_letter, tolower((unsigned char)*text), PIN_KEYS);
	char **value = letter ? &ret->value[letter - key_letter] : NULL;

	if (!value || text[1] != '=' || *value) {
		*hint = "a release is told by a= (its archive: the Suite of its Release file), "
			"n= (code name), o= (origin), l= (label) or c= (component), each "
			"once, with commas between";
		return false;
	}
	*value = xstrdup(text + 2 + strspn(text + 2, " "));
	return is_pattern(*value, hint);
}

static bool parse_release(const char *text, struct pin *ret, const char **hint)
{
	CLEANUP(strv_release) struct strv condition = { 0 };

	if (!strchr(text, '=')) {
		ret->pattern = xstrdup(text);
		if (strpbrk(text, ", "))
			*hint = "one code name or archive, or conditions such as n=trixie,c=main";
		else if (isdigit((unsigned char)*text))
			*hint = "a release is told by its code name, not by its version: n=trixie";
		else
			return is_pattern(text, hint);
		return false;
	}
	strv_split(&condition, text, ",");
	for (size_t i = 0; i < condition.count; i++) {
		char *item = condition.item[i];
		size_t length = strlen(item);

		while (length > 0 && item[length - 1] == ' ')
			item[--length] = '\0';
		if (!parse_condition(item + strspn(item, " "), ret, hint))
			return false;
	}
	return condition.count > 0;
}

static bool parse_origin(const char *text, struct pin *ret, const char **hint)
{
	size_t length = strlen(text);

	if (length >= 2 && *text == '"' && text[length - 1] == '"')
		ret->pattern = xstrndup(text + 1, length - 2);
	else
		ret->pattern = xstrdup(text);
	if (*ret->pattern == '\0' || strpbrk(ret->pattern, "\" ="))
		*hint = "origin is the host of an archive; what its Release calls Origin is "
			"'release o=…'";
	else
		return is_pattern(ret->pattern, hint);
	return false;
}

bool pin_parse(const char *text, struct pin *ret, const char **ret_hint)
{
	size_t kind = strcspn(text, " ");
	const char *rest = text + kind + strspn(text + kind, " ");

	*ret = (struct pin){ 0 };
	if (*rest == '\0')
		return false;
	if (kind == strlen("version") && starts_with(text, "version")) {
		ret->kind = PIN_VERSION;
		ret->pattern = xstrdup(rest);
		return !strchr(rest, ' ') && is_pattern(rest, ret_hint);
	}
	if (kind == strlen("release") && starts_with(text, "release")) {
		ret->kind = PIN_RELEASE;
		return parse_release(rest, ret, ret_hint);
	}
	ret->kind = PIN_ORIGIN;
	return kind == strlen("origin") && starts_with(text, "origin") &&
	       parse_origin(rest, ret, ret_hint);
}

void pin_release(struct pin *pin)
{
	free(pin->pattern);
	for (size_t i = 0; i < PIN_KEYS; i++)
		free(pin->value[i]);
	*pin = (struct pin){ 0 };
}

bool pin_pattern_fits(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, FNM_CASEFOLD) == 0;
}

bool pin_fits_release(const struct pin *pin, const char *const value[PIN_KEYS], const char *host)
{
	if (pin->kind == PIN_ORIGIN)
		return *host && pin_pattern_fits(pin->pattern, host);
	if (pin->kind != PIN_RELEASE)
		return false;
	if (pin->pattern)
		return pin_pattern_fits(pin->pattern, value[PIN_ARCHIVE]) ||
		       pin_pattern_fits(pin->pattern, value[PIN_CODENAME]);
	for (size_t i = 0; i < PIN_KEYS; i++)
		if (pin->value[i] && !pin_pattern_fits(pin->value[i], value[i]))
			return false;
	return true;
}

bool pin_fits_version(const struct pin *pin, const char *version)
{
	return pin->kind == PIN_VERSION && pin_pattern_fits(pin->pattern, version);
}

char *pin_host(const char *url)
{
	const char *host = strstr(url, "://");
	const char *at;
	size_t length;

	if (!host)
		return xstrdup("");
	host += strlen("://");
	length = strcspn(host, "/");
	at = memrchr(host, '@', length);
	if (at)
		length -= (size_t)(at + 1 - host);
	host = at ? at + 1 : host;
	return xstrndup(host, *host == '[' ? length : strcspn(host, ":/"));
}

void pin_package_parse(const char *text, struct pin_package *ret)
{
	const char *colon;

	*ret = (struct pin_package){ .source = starts_with(text, SOURCE_PREFIX) };
	if (ret->source)
		text += strlen(SOURCE_PREFIX);
	colon = strrchr(text, ':');
	ret->name = colon ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	if (colon)
		ret->architecture = xstrdup(streq(colon + 1, "any") ? "*" : colon + 1);
}

void pin_package_release(struct pin_package *package)
{
	free(package->name);
	free(package->architecture);
	*package = (struct pin_package){ 0 };
}

bool pin_is_general(const char *package)
{
	return streq(package, "*");
}
