/* SPDX-License-Identifier: MIT */
#include "recipe/format.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/text.h"
#include "recipe/recipe-list.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
#define ALNUM LOWER UPPER DIGIT

/* Starts with one of `first`, goes on with `rest`, at most `most` bytes. */
static bool made_of(const char *s, const char *first, const char *rest, size_t most)
{
	return *s && strchr(first, *s) && !s[strspn(s, rest)] && strlen(s) <= most;
}

static bool is_title(const char *s, const char **hint)
{
	(void)hint;
	return !strpbrk(s, "\"'\\$`") && strlen(s) <= 200 && *s != ' ' && !ends_with(s, " ");
}
const struct format format_title = {
	.is = is_title,
	.noun = "a title",
	.rule = "no quotes, backslash, '$' or '`', at most 200 bytes: it goes into several formats",
};

static bool is_menu_text(const char *s, const char **hint)
{
	for (const char *p = s; *p; p++) {
		if ((unsigned char)*p < 0x80)
			continue;
		*hint = "PXELINUX draws its menu in the machine's ROM font: ASCII only";
		return false;
	}
	return is_title(s, hint) && !strpbrk(s, "{}^") && strlen(s) <= 70;
}
const struct format format_menu_text = {
	.is = is_menu_text,
	.noun = "a menu text",
	.rule = "ASCII without quotes, backslash and any of $ ` { } ^, at most 70 characters",
};

static bool is_name(const char *s, const char **hint)
{
	if (streq(s, "latest")) {
		*hint = "'latest' is the link that points at the newest build";
		return false;
	}
	return made_of(s, LOWER DIGIT, LOWER DIGIT "-+.", 63) && !strstr(s, "..");
}
const struct format format_name = {
	.is = is_name,
	.noun = "a recipe name",
	.rule = "lower-case letters, digits, '-', '+' and '.', at most 63: it becomes a directory",
};

static bool is_suite(const char *s, const char **hint)
{
	static const char *const moving[] = { "stable",	 "oldstable", "oldoldstable",
					      "testing", "unstable",  "experimental" };

	for (size_t i = 0; i < ARRAY_SIZE(moving); i++) {
		if (!streq(s, moving[i]))
			continue;
		*hint = "that name moves with each release: write the code name (trixie, sid)";
		return false;
	}
	if (ends_with(s, "-updates") || ends_with(s, "-security")) {
		*hint = "write the release; its pockets go into 'pockets'";
		return false;
	}
	return made_of(s, LOWER, LOWER DIGIT "-", 40);
}
const struct format format_suite = {
	.is = is_suite,
	.noun = "a suite",
	.rule = "its code name, such as trixie",
};

bool format_is_flat_suite(const char *suite)
{
	return ends_with(suite, "/");
}

static bool is_suite_foreign(const char *s, const char **hint)
{
	const char *first = format_is_flat_suite(s) ? ALNUM "./" : ALNUM;

	if (streq(s, "."))
		*hint = "the directory of a flat archive ends with a slash: './'";
	return made_of(s, first, ALNUM "-._/", 80) && !strstr(s, "..") && !strstr(s, "//");
}
const struct format format_suite_foreign = {
	.is = is_suite_foreign,
	.noun = "a suite",
	.rule = "the directory below dists/, such as trixie or stable; or, with a slash at its "
		"end, that of a flat archive, such as ./",
};

static bool is_word(const char *s, const char **hint)
{
	(void)hint;
	return made_of(s, ALNUM, ALNUM "-._+/", 80) && !strstr(s, "..");
}
const struct format format_word = {
	.is = is_word,
	.noun = "a word",
	.rule = "letters, digits and any of - . _ + /",
};

/* Two characters at least (Debian policy 5.6.7). */
static bool is_package_name(const char *s)
{
	return made_of(s, LOWER DIGIT, LOWER DIGIT "+-.", 128) && s[1];
}

/* The name of an architecture, such as i386 or kfreebsd-amd64. */
static bool is_architecture(const char *s)
{
	return made_of(s, LOWER, LOWER DIGIT "-", 40);
}

/* NAME or NAME:ARCHITECTURE */
static bool is_name_of_architecture(const char *s)
{
	cleanup_free char *name = xstrndup(s, strcspn(s, ":"));
	const char *colon = s + strlen(name);

	return is_package_name(name) && (*colon == '\0' || is_architecture(colon + 1));
}

static bool hint_at_relations(const char *s, const char **hint)
{
	if (!strpbrk(s, "<>() "))
		return false;
	*hint = "NAME=VERSION says which version, NAME/SUITE of which suite; other conditions "
		"cannot be said";
	return true;
}

static bool is_package(const char *s, const char **hint)
{
	if (hint_at_relations(s, hint))
		return false;
	if (strchr(s, ':'))
		*hint = "it can only be one of the image's own architecture: leave out what "
			"follows ':'";
	else if (strpbrk(s, "=/?"))
		*hint = "a bare package name, without a version or a suite";
	return is_package_name(s);
}

static bool is_package_excluded(const char *s, const char **hint)
{
	if (!hint_at_relations(s, hint) && strpbrk(s, "=/?"))
		*hint = "a bare package name, without a version or a suite";
	return is_name_of_architecture(s);
}

static bool is_package_choice(const char *s, const char **hint)
{
	cleanup_free char *item = xstrndup(s, strlen(s) - package_is_optional(s));
	cleanup_free char *name = xstrndup(item, package_name_length(item));
	const char *rest = item + strlen(name);

	if (hint_at_relations(s, hint) || !is_name_of_architecture(name))
		return false;
	if (*rest == '=')
		return made_of(rest + 1, DIGIT, ALNUM ".+-:~", 255);
	return *rest == '\0' || made_of(rest + 1, ALNUM, ALNUM "-._", 80);
}
const struct format format_package = {
	.is = is_package,
	.noun = "a package name",
	.rule = "lower-case letters, digits and any of + - . (Debian policy 5.6.7)",
};
const struct format format_package_excluded = {
	.is = is_package_excluded,
	.noun = "a package name",
	.rule = "lower-case letters, digits and any of + - . (Debian policy 5.6.7); with "
		":ARCHITECTURE for one of foreign-architectures",
};
const struct format format_package_choice = {
	.is = is_package_choice,
	.noun = "a package name",
	.rule = "a name of lower-case letters, digits and any of + - . (Debian policy 5.6.7); "
		"NAME:ARCHITECTURE for one of foreign-architectures, NAME=VERSION for one "
		"version, NAME/SUITE for that of one suite; with ? at the end if the image can "
		"do without",
};
const struct format format_kernel = {
	.is = is_package,
	.noun = "a kernel package",
	.rule = "a package such as linux-image-amd64, or none",
};

static bool is_label(const char *s, size_t length)
{
	return length && length <= 63 && s[0] != '-' && s[length - 1] != '-' &&
	       strspn(s, LOWER DIGIT "-") >= length;
}

static bool is_hostname(const char *s, const char **hint)
{
	if (strchr(s, '.'))
		*hint = "without the domain, which goes into server.domain";
	return is_label(s, strlen(s));
}
const struct format format_hostname = {
	.is = is_hostname,
	.noun = "a host name",
	.rule = "lower-case letters, digits and inner hyphens, at most 63 (RFC 1123)",
};

static bool is_domain(const char *s, const char **hint)
{
	(void)hint;
	for (;;) {
		size_t length = strcspn(s, ".");

		if (!is_label(s, length))
			return false;
		if (!s[length])
			return true;
		s += length + 1;
	}
}
const struct format format_domain = {
	.is = is_domain,
	.noun = "a domain name",
	.rule = "lower-case letters, digits and hyphens with dots between, such as example.net",
};

/* language[_TERRITORY][.CODESET][@modifier], setlocale(3). False if it is not; else *ret_bare says
 * that it has neither codeset nor modifier. */
static bool is_locale_name(const char *s, bool *ret_bare)
{
	size_t language = strspn(s, LOWER);
	const char *p = s + language;

	if (language < 2 || language > 3)
		return false;
	if (*p == '_') {
		if (strspn(p + 1, UPPER) != 2)
			return false;
		p += 3;
	}
	*ret_bare = !*p;
	if (*p == '.') {
		size_t codeset = strspn(p + 1, UPPER DIGIT "-");

		if (!codeset || codeset > 20)
			return false;
		p += 1 + codeset;
	}
	return !*p || (*p == '@' && made_of(p + 1, LOWER, LOWER DIGIT, 20));
}

static bool is_locale(const char *s, const char **hint)
{
	size_t length = strcspn(s, " ");
	cleanup_free char *name = xstrndup(s, length);
	const char *charset = s + length + (s[length] == ' ');
	bool bare;

	if (streq(name, "C.UTF-8")) {
		*hint = "C.UTF-8 is always there and needs no generating";
		return false;
	}
	if (!is_locale_name(name, &bare))
		return false;
	if (!s[length]) {
		if (bare)
			*hint = "with its charset: de_DE.UTF-8; 'de_DE ISO-8859-1' is the old one";
		return !bare;
	}
	return made_of(charset, UPPER, UPPER DIGIT "-", 20);
}
const struct format format_locale = {
	.is = is_locale,
	.noun = "a locale",
	.rule = "such as de_DE.UTF-8; other charsets as in /usr/share/i18n/SUPPORTED of the "
		"package locales: ru_RU.KOI8-R, de_DE@euro, de_DE ISO-8859-1",
};

static bool is_default_locale(const char *s, const char **hint)
{
	bool bare;

	(void)hint;
	return streq(s, "C.UTF-8") || is_locale_name(s, &bare);
}
const struct format format_default_locale = {
	.is = is_default_locale,
	.noun = "a locale",
	.rule = "one of 'locales', without what follows a blank, or C.UTF-8",
};

static bool is_keymap(const char *s, const char **hint)
{
	size_t layout = strspn(s, LOWER DIGIT "_");
	const char *p = s + layout;

	(void)hint;
	if (layout < 2 || layout > 20)
		return false;
	if (!*p)
		return true;
	size_t variant = strspn(p + 1, ALNUM "_-");
	return *p == '(' && variant && variant <= 40 && streq(p + 1 + variant, ")");
}
const struct format format_keymap = {
	.is = is_keymap,
	.noun = "a keymap",
	.rule = "an XKB layout, with its variant in parentheses: de, us, de(nodeadkeys)",
};

static bool is_timezone(const char *s, const char **hint)
{
	unsigned parts = 0;

	(void)hint;
	for (;; s++) {
		size_t length = strcspn(s, "/");
		cleanup_free char *part = xstrndup(s, length);

		if (!made_of(part, ALNUM, ALNUM "_+-", 40) || ++parts > 3)
			return false;
		s += length;
		if (!*s)
			return true;
	}
}
const struct format format_timezone = {
	.is = is_timezone,
	.noun = "a time zone",
	.rule = "Area/City, such as Europe/Berlin, or Etc/UTC",
};

static bool is_font(const char *s, const char **hint)
{
	(void)hint;
	return made_of(s, ALNUM, ALNUM, 40);
}
const struct format format_font = {
	.is = is_font,
	.noun = "a console font",
	.rule = "a FONTFACE of console-setup(5): Fixed, Terminus, TerminusBold, VGA",
};

static bool is_font_size(const char *s, const char **hint)
{
	size_t width = strspn(s, DIGIT);

	(void)hint;
	if (!width || width > 2 || s[width] != 'x')
		return width && width <= 2 && !s[width];
	s += width + 1;
	return *s && strspn(s, DIGIT) <= 2 && !s[strspn(s, DIGIT)];
}
const struct format format_font_size = {
	.is = is_font_size,
	.noun = "a font size",
	.rule = "such as 8x16 or 16x32",
};

static bool is_charmap(const char *s, const char **hint)
{
	(void)hint;
	return made_of(s, UPPER, UPPER DIGIT "-", 20);
}
const struct format format_charmap = {
	.is = is_charmap,
	.noun = "a charset",
	.rule = "such as UTF-8",
};

static bool is_terminal(const char *s, const char **hint)
{
	static const char *const prefix[] = { "ttyS", "ttyUSB", "ttyAMA", "hvc", "tty" };

	if (strchr(s, '/'))
		*hint = "without /dev/";
	for (size_t i = 0; i < ARRAY_SIZE(prefix); i++)
		if (starts_with(s, prefix[i]))
			return made_of(s + strlen(prefix[i]), DIGIT, DIGIT, 2) && !streq(s, "tty0");
	return false;
}
const struct format format_terminal = {
	.is = is_terminal,
	.noun = "a terminal",
	.rule = "a virtual console (tty1) or a serial line (ttyS0)",
};

static bool is_unit(const char *s, const char **hint)
{
	(void)hint;
	return made_of(s, ALNUM, ALNUM "@._:\\-", 128) && !strstr(s, "..");
}
const struct format format_unit = {
	.is = is_unit,
	.noun = "a service",
	.rule = "a systemd unit (rpcbind.socket) or an init script (nfs-common)",
};

static bool is_module(const char *s, const char **hint)
{
	if (strstr(s, ".ko"))
		*hint = "the module's name, without .ko";
	return made_of(s, ALNUM, ALNUM "_-", 64);
}
const struct format format_module = {
	.is = is_module,
	.noun = "a kernel module",
	.rule = "the name that lsmod shows, such as overlay",
};

bool format_is_rolling_suite(const char *suite)
{
	return streq(suite, "sid");
}

/* It goes into shell scripts of the image as it is, so that its `*` can match there too. */
static bool is_image_pattern(const char *s, const char **hint)
{
	if (*s == '/' && s[1] && ends_with(s, "/"))
		*hint = "without the slash at its end";
	return *s == '/' && s[1] && !s[strspn(s, ALNUM "/-._+@:=,%*?[]")] && !strstr(s, "//") &&
	       !strstr(s, "/../") && !strstr(s, "/./") && !ends_with(s, "/") &&
	       !ends_with(s, "/..") && !ends_with(s, "/.") && strlen(s) <= 200;
}
const struct format format_image_pattern = {
	.is = is_image_pattern,
	.noun = "a path in the image",
	.rule = "absolute, of letters, digits and any of / - . _ + @ : = , % and of the wildcards "
		"* ? [ ], at most 200",
};

static bool is_command(const char *s, const char **hint)
{
	(void)hint;
	return strlen(s) <= 4096;
}
const struct format format_command = {
	.is = is_command,
	.noun = "a command",
	.rule = "one or more lines of sh, at most 4096 bytes",
	.empty = true,
	.lines = true,
};
